"""Whatever stands in an HDF5 file, reading it gives the data or a ModelFileError, in bounded memory."""

import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from kbridge.inspection import inspect_file
from kbridge.layers import Dense
from kbridge.models import Sequential, load_model
from kbridge.saving.errors import ModelFileError
from kbridge.saving.reading import open_file
from kbridge.saving.weights import weights_origin


@pytest.fixture
def made(tmp_path):
    """A function that makes a file with ``build(h5)`` and returns its path."""

    def make(build):
        path = str(tmp_path / "made.h5")
        with h5py.File(path, "w") as h5:
            build(h5)
        return path

    return make


def read_array(path, name="w", shape=None):
    with open_file(path) as root:
        return root.array(name).read(shape)


def test_arrays_texts_names_and_counts_are_read(made):
    def build(h5):
        h5["g/w:0"] = np.arange(6.0).reshape(2, 3)
        h5.attrs["bytes"] = np.bytes_(b"text")
        h5.attrs["unicode"] = "t\u00e4xt"
        h5.attrs["names"] = np.array([b"a", b"bc"])
        h5.attrs["unicode_names"] = ["a", "b\u00e4"]
        h5.attrs["count"] = 3

    with open_file(made(build)) as root:
        assert root.group("g").array("w:0").read((2, 3)).tolist() == [[0, 1, 2], [3, 4, 5]]
        assert root.array("g/w:0").shape == (2, 3)
        assert root.text("bytes") == "text"
        assert root.text("unicode") == "t\u00e4xt"
        assert root.text("none") is None
        assert root.names("names") == ["a", "bc"]
        assert root.names("unicode_names") == ["a", "b\u00e4"]
        assert root.names("none") is None
        assert root.integer("count") == 3


def test_compressed_arrays_are_read(made):
    path = made(lambda h5: h5.create_dataset("w", data=np.ones((50, 50)), compression="gzip", shuffle=True, fletcher32=True))
    assert read_array(path).sum() == 2500


def test_missing_file_is_not_a_damaged_one(tmp_path):
    with pytest.raises(FileNotFoundError, match="no file"), open_file(tmp_path / "none.h5"):
        pass


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a zip", b"\x89HDF\r\n\x1a\n", b"\x89HDF\r\n\x1a\n" + b"\xff" * 500])
def test_what_is_no_hdf5_file_is_refused(tmp_path, content):
    path = tmp_path / "x.h5"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match="x.h5"), open_file(path):
        pass


def test_truncated_file_is_refused(made, tmp_path):
    path = made(lambda h5: h5.create_dataset("w", data=np.ones(10_000)))
    whole = Path(path).read_bytes()
    for size in (100, 1000, len(whole) // 2, len(whole) - 1):
        (tmp_path / "cut.h5").write_bytes(whole[:size])
        with pytest.raises(ModelFileError):
            read_array(str(tmp_path / "cut.h5"))


@pytest.mark.parametrize("link", [h5py.SoftLink("/other"), h5py.ExternalLink("other.h5", "/w")])
def test_links_are_refused(made, link):
    def build(h5):
        h5["other"] = np.ones(3)
        h5["w"] = link

    with pytest.raises(ModelFileError, match="no links"):
        read_array(made(build))


def test_link_in_the_middle_of_a_path_is_refused(made):
    def build(h5):
        h5["real/w"] = np.ones(3)
        h5["g"] = h5py.SoftLink("/real")

    with pytest.raises(ModelFileError, match="no links"):
        read_array(made(build), "g/w")


@pytest.mark.parametrize("name", ["../w", "./w", "/w", "g/../w", ""])
def test_names_that_leave_their_group_are_refused(made, name):
    def build(h5):
        h5["w"] = np.ones(3)
        h5["g/w"] = np.ones(3)

    with open_file(made(build)) as root, pytest.raises(ModelFileError, match="isn't a name"):
        root.group("g").array(name)


def test_external_storage_is_refused(made, tmp_path):
    (tmp_path / "secret").write_bytes(b"12345678" * 10)
    path = made(lambda h5: h5.create_dataset("w", (10,), "f8", external=[(str(tmp_path / "secret"), 0, 80)]))
    with pytest.raises(ModelFileError, match="another file"):
        read_array(path)


def test_virtual_dataset_is_refused(made):
    def build(h5):
        layout = h5py.VirtualLayout(shape=(3,), dtype="f8")
        layout[:] = h5py.VirtualSource("other.h5", "w", shape=(3,))
        h5.create_virtual_dataset("w", layout)

    with pytest.raises(ModelFileError, match="virtual"):
        read_array(made(build))


@pytest.mark.parametrize("dtype", [h5py.string_dtype(), "S5", h5py.ref_dtype, [("a", "f4")], h5py.vlen_dtype("f4"), "c8"])
def test_arrays_of_anything_but_numbers_are_refused(made, dtype):
    path = made(lambda h5: h5.create_dataset("w", (2,), dtype))
    with pytest.raises(ModelFileError, match="numbers"):
        read_array(path)


def test_declared_but_not_stored_data_is_refused(made):
    path = made(lambda h5: h5.create_dataset("w", (2**20, 2**20), "f4"))
    with pytest.raises(ModelFileError, match="declared"):
        read_array(path)


def test_large_array_out_of_almost_no_data_is_refused(made):
    path = made(lambda h5: h5.create_dataset("w", (2**18, 2**18), "f4", compression="gzip"))
    with pytest.raises(ModelFileError, match="compress"):
        read_array(path)


def test_compressed_data_never_grows_past_the_shape_that_was_asked_for(made):
    path = made(lambda h5: h5.create_dataset("w", (2**11, 2**11), "f4", compression="gzip"))
    with pytest.raises(ModelFileError, match="expected"):
        read_array(path, shape=(3, 4))


def test_one_chunk_larger_than_the_array_is_refused(made):
    path = made(lambda h5: h5.create_dataset("w", (10,), "f4", maxshape=(None,), chunks=(2**27,), compression="gzip"))
    with pytest.raises(ModelFileError, match="chunk"):
        read_array(path)


def test_unknown_filter_is_refused(made):
    path = made(lambda h5: h5.create_dataset("w", data=np.ones(300), compression="gzip"))
    raw = bytearray(Path(path).read_bytes())
    # The filter pipeline message holds the filter's number 1 (deflate) and its name.
    position = raw.index(b"deflate\0")
    start = raw.rindex(b"\x01\x00\x08\x00", 0, position)
    raw[start : start + 2] = (32013).to_bytes(2, "little")
    Path(path).write_bytes(raw)
    with pytest.raises(ModelFileError, match="filter 32013"):
        read_array(path)


def test_many_references_to_one_long_text_are_refused(made):
    path = made(lambda h5: h5.attrs.create("names", ["x" * 60_000] * 1500, dtype=h5py.string_dtype()))
    with open_file(path) as root, pytest.raises(ModelFileError, match="of variable length, which take"):
        root.names("names")


@pytest.mark.parametrize("options", [{}, {"libver": "latest"}, {"userblock_size": 512}])
def test_names_of_variable_length_are_read_from_a_file_of_any_size(tmp_path, options):
    """What they take counts, not what the file is large by: ResNet50 has 177 layers and 100 MB."""
    path = tmp_path / "large.h5"
    names = [f"layer_{k}" for k in range(1000)]
    with h5py.File(path, "w", **options) as h5:
        for k in range(4):
            h5.attrs[f"text{k}"] = "x" * 1000
        group = h5.create_group("model_weights")
        group.attrs["backend"] = "tensorflow"
        for k in range(4):
            group.attrs[f"text{k}"] = "x" * 1000
        group.attrs["layer_names"] = names
    os.truncate(path, 2**27)
    with open_file(path) as root:
        assert root.group("model_weights").names("layer_names") == names
        assert root.text("text3") == "x" * 1000


def test_texts_whose_lengths_are_not_in_the_header_are_counted_as_the_longest_possible(tmp_path):
    """More than eight attributes lie in a heap of their own there, which isn't searched."""
    path = tmp_path / "dense.h5"
    with h5py.File(path, "w", libver="latest") as h5:
        for k in range(20):
            h5.attrs[f"text{k}"] = "x"
        h5.attrs["names"] = ["a"] * 20
    with open_file(path) as root:
        assert root.names("names") == ["a"] * 20
    os.truncate(path, 2**27)
    with open_file(path) as root, pytest.raises(ModelFileError, match="of variable length, which take"):
        root.names("names")


def test_empty_parts_of_names_mean_nothing(made):
    path = made(lambda h5: h5.create_group("net").create_dataset("net//conv/kernel:0", data=np.arange(3)))
    with open_file(path) as root:
        array = root.group("net").array("net//conv/kernel:0")
        assert array.where == "/net/net/conv/kernel:0"
        np.testing.assert_array_equal(array.read(), [0, 1, 2])
        assert root.group("net").array("net///conv//kernel:0").where == array.where


@pytest.mark.parametrize("value", [3.5, -1, np.array([1, 2]), np.array([[b"a"]])])
def test_wrong_types_of_attributes_are_named(made, value):
    path = made(lambda h5: h5.attrs.create("a", value))
    with open_file(path) as root:
        with pytest.raises(ModelFileError, match="'a'"):
            root.names("a")
        with pytest.raises(ModelFileError, match="'a'"):
            root.integer("a")


def test_the_backend_of_kernels_is_told_by_the_file_or_by_the_group_of_the_weights(made):
    for places in (["/"], ["g"], ["/", "g"]):

        def build(h5, places=places):
            h5.create_group("g").attrs["layer_names"] = np.array([], "S1")
            for place in places:
                h5[place].attrs["backend"] = "theano"

        with open_file(made(build)) as root:
            assert weights_origin(root, root.group("g")).backend == "theano"


def test_text_that_is_a_number_is_refused(made):
    path = made(lambda h5: h5.attrs.create("a", 3))
    with open_file(path) as root, pytest.raises(ModelFileError, match="should be a text"):
        root.text("a")


def test_group_and_array_are_not_confused(made):
    def build(h5):
        h5["w"] = np.ones(3)
        h5.create_group("g")

    with open_file(made(build)) as root:
        with pytest.raises(ModelFileError, match="should be a group"):
            root.group("w")
        with pytest.raises(ModelFileError, match="should be an array"):
            root.array("g")
        with pytest.raises(ModelFileError, match="missing"):
            root.array("none")


def test_numbers_that_no_type_can_hold_are_named_wherever_they_stand(tmp_path):
    """Floats with a bias of the exponent that no computer has: h5py has no dtype for them."""
    odd = h5py.h5t.IEEE_F32LE.copy()
    odd.set_ebias(100_000)
    space = h5py.h5s.create_simple((4,))
    for place in ("array", "attribute"):
        path = tmp_path / f"{place}.h5"
        Sequential([Dense(4, input_dim=3, name="one")]).save(path)
        with h5py.File(path, "r+") as h5:
            group = h5["model_weights/one"]
            if place == "array":
                name = group.attrs["weight_names"][1]
                del group[name]
                h5py.h5d.create(group.id, name if isinstance(name, bytes) else name.encode(), odd, space)
            else:
                del group.attrs["weight_names"]
                h5py.h5a.create(group.id, b"weight_names", odd, space)
        with pytest.raises(ModelFileError, match="Insufficient precision"):
            load_model(path)
        with pytest.raises(ModelFileError, match="Insufficient precision"):
            inspect_file(str(path))
