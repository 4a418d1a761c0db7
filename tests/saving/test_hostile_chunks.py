"""HDF5 files whose chunks, heaps and attributes would take far more memory or time than the file has bytes."""

import struct
import time
import zlib

import h5py
import numpy as np
import pytest

from kbridge.saving.errors import ModelFileError
from kbridge.saving.precheck import check_bytes, mapped
from kbridge.saving.reading import open_file

pytestmark = pytest.mark.once


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "arrays.h5")


def read(path):
    with open_file(path) as root:
        return root.array("a").read()


def refused(path, match):
    start = time.process_time()
    with pytest.raises(ModelFileError, match=match):
        read(path)
    assert time.process_time() - start < 3


def stored_as(path, raw, **options):
    """An array of a thousand numbers whose one chunk is ``raw``."""
    with h5py.File(path, "w") as h5:
        h5.create_dataset("a", (1000,), "f4", chunks=(1000,), **options).id.write_direct_chunk((0,), raw)


@pytest.mark.parametrize(
    "options",
    [
        {"chunks": (16, 50)}, {"compression": "gzip"}, {"compression": "lzf"}, {"fletcher32": True}, {"shuffle": True},
        {"compression": "gzip", "shuffle": True, "fletcher32": True}, {"compression": "lzf", "shuffle": True, "fletcher32": True},
        {"scaleoffset": 0, "dtype": "i4"}, {"maxshape": (None, None)},
    ],
)  # fmt: skip
def test_arrays_in_chunks_are_read(options, path):
    values = np.arange(5000).reshape(100, 50)
    with h5py.File(path, "w") as h5:
        h5.create_dataset("a", data=values, **{"dtype": "f4", **options})
    np.testing.assert_array_equal(read(path), values)


def test_a_chunk_that_is_longer_when_it_is_unpacked_is_refused_before_the_library_unpacks_it(path):
    stored_as(path, zlib.compress(bytes(2**26)), compression="gzip")
    refused(path, "should have 4000 bytes, but has more")


def test_a_chunk_that_is_too_short_is_refused(path):
    # the library would go on with what lies behind it in memory
    stored_as(path, zlib.compress(bytes(100)), compression="gzip")
    refused(path, "should have 4000 bytes, but has only 100")
    stored_as(path, bytes(100))
    refused(path, "are stored|only 100")


def test_a_chunk_that_went_through_no_filter_is_read(path):
    with h5py.File(path, "w") as h5:
        array = h5.create_dataset("a", (1000,), "f4", chunks=(1000,), compression="gzip")
        array.id.write_direct_chunk((0,), np.arange(1000, dtype="<f4").tobytes(), filter_mask=1)
    np.testing.assert_array_equal(read(path), np.arange(1000))


def test_millions_of_chunks_of_a_few_bytes_are_refused(path):
    with h5py.File(path, "w") as h5:
        h5.create_dataset("a", (4000, 4000), "f4", chunks=(1, 1), compression="gzip")
    refused(path, "16000000 chunks of 4 bytes")


def test_several_compressions_are_refused(path):
    for filters in ((1, 32000), (1, 1)):
        with h5py.File(path, "w") as h5:
            properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            properties.set_chunk((1000,))
            for number in filters:
                properties.set_filter(number, 1, (4,) if number == 1 else (4, 261, 4000))
            h5py.h5d.create(h5.id, b"a", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((1000,)), properties)
        refused(path, "packed several times")


def test_an_lzf_filter_that_claims_other_chunks_is_refused(path):
    with h5py.File(path, "w") as h5:
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk((1000,))
        properties.set_filter(32000, 1, (4, 261, 4000))
        h5py.h5d.create(h5.id, b"a", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((1000,)), properties)
    with open(path, "r+b") as file:
        raw = file.read()
        place = raw.index(struct.pack("<2I", 261, 4000))
        file.seek(place + 4)
        file.write(struct.pack("<I", 2**32 - 1))
    refused(path, "chunks of another size")


def test_names_in_thousands_of_attributes_are_refused_or_read_quickly(path):
    with h5py.File(path, "w") as h5:
        for i in range(3000):
            h5.attrs.create(f"weight_names{i}", np.array(["x"], dtype=object), dtype=h5py.string_dtype())
    start = time.process_time()
    with open_file(path) as root:
        assert len(root.names("weight_names")) == 1000
    assert time.process_time() - start < 3


def nested_heaps(count):
    """Objects of 16 bytes, each the beginning of a heap with all that follow."""
    return b"".join(
        b"\1\0\0\0\0\0\0\0" + (16).to_bytes(8, "little") + b"GCOL\1\0\0\0" + (32 * (count - i) - 16).to_bytes(8, "little")
        for i in range(count)
    )


def texts_to_the_end(count):
    """What looks like attributes with texts, as many as the rest of the file has bytes."""
    shape = b"\1\1\0\0\0\0\0\0" + (2**50).to_bytes(8, "little")
    return (b"\x19\0\0\0\x10\0\0\0" + bytes(16) + shape) * count


@pytest.mark.parametrize("hostile", [nested_heaps, texts_to_the_end])
def test_what_lies_in_itself_again_and_again_is_refused(hostile, path):
    with h5py.File(path, "w") as h5:
        h5["a"] = np.zeros(3)
    with open(path, "ab") as file:
        file.write(hostile(40_000))
    start = time.process_time()
    with mapped(path) as data, pytest.raises(ModelFileError, match="lie in each other|length of a text"):
        check_bytes(path, data)
    assert time.process_time() - start < 5
