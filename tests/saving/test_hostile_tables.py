"""Checkpoints that would keep a reader busy for hours, or make it take more memory than their files have bytes."""

import os
import struct
import time

import pytest

from kbridge.saving.checkpoint.bundle import open_bundle
from kbridge.saving.checkpoint.checksum import masked_crc
from kbridge.saving.checkpoint.objects import Objects
from kbridge.saving.checkpoint.table import entries
from kbridge.saving.errors import ModelFileError
from kbridge.saving.kinds import TABLE_MAGIC, kind_of

pytestmark = pytest.mark.once


def varint(value):
    data = bytearray()
    while value > 127:
        data.append(value & 127 | 128)
        value >>= 7
    return bytes([*data, value])


def closed(block):
    return block + b"\0" + struct.pack("<I", masked_crc(block + b"\0"))


def test_a_list_that_names_one_empty_block_again_and_again_is_refused_at_once():
    size = 2**20
    block = bytes(size - 4) + struct.pack("<I", size // 4 - 1)  # no entry, and a right checksum
    data, handle = closed(block), varint(0) + varint(size)
    listed = b"".join(varint(0) + varint(4) + varint(len(handle)) + struct.pack(">I", k) + handle for k in range(5000))
    listed += struct.pack("<II", 0, 1)
    footer = varint(0) + varint(0) + varint(len(data)) + varint(len(listed))
    data += closed(listed) + footer + bytes(40 - len(footer)) + TABLE_MAGIC
    start = time.process_time()
    with pytest.raises(ModelFileError, match="names blocks again"):
        list(entries(memoryview(data)))
    assert time.process_time() - start < 3


# ---------------------------------------------------------------------- whole checkpoints


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def index_of(records):
    """A table with one block of (key, record) pairs."""
    block = b"".join(varint(0) + varint(len(key)) + varint(len(value)) + key + value for key, value in sorted(records.items()))
    block += struct.pack("<II", 0, 1)
    handle = varint(0) + varint(len(block))
    listed = varint(0) + varint(1) + varint(len(handle)) + b"~" + handle + struct.pack("<II", 0, 1)
    footer = varint(0) + varint(0) + varint(len(closed(block))) + varint(len(listed))
    return closed(block) + closed(listed) + footer + bytes(40 - len(footer)) + TABLE_MAGIC


def shape_of(*lengths):
    return b"".join(field(2, field(1, length)) for length in lengths)


def write(folder, records, data):
    (folder / "x.index").write_bytes(index_of({b"": field(1, 1), **records}))
    (folder / "x.data-00000-of-00001").write_bytes(data)
    return str(folder / "x")


def tensor(data, *lengths, offset=0, kind=1):
    return field(1, kind) + field(2, shape_of(*lengths)) + field(4, offset) + field(5, len(data)) + field(6, masked_crc(data))


def test_tensors_that_share_their_bytes_are_refused(tmp_path):
    data = bytes(4000)
    with open_bundle(write(tmp_path, {b"a": tensor(data, 1000), b"b": tensor(data, 1000)}, data)) as bundle:
        with pytest.raises(ModelFileError, match="several lie at one place"):
            bundle.tensor("a")
        with pytest.raises(ModelFileError, match="several lie at one place"):
            _ = bundle.values


def test_a_shape_without_its_numbers_is_refused_before_a_model_is_built_for_it(tmp_path):
    with open_bundle(write(tmp_path, {b"a": tensor(bytes(8), 2**20, 2**20)}, bytes(8))) as bundle:
        with pytest.raises(ModelFileError, match="needs 4398046511104 bytes"):
            _ = bundle.values


def test_parts_of_a_tensor_may_not_overlap(tmp_path):
    first, second = bytes(8), bytes(range(8))

    def part(start):
        return field(1, (field(1, start) if start else b"") + field(2, 2))

    def key(start):
        return b"\0a\0\1\1\1" + bytes([0x80 | start, 0x82])

    for starts, problem in (((0, 1), "overlap"), ((0, 2), None)):
        whole = field(1, 1) + field(2, shape_of(4)) + b"".join(field(7, part(start)) for start in starts)
        records = {
            b"a": whole,
            key(starts[0]): tensor(first, 2),
            key(starts[1]): tensor(second, 2, offset=8),
        }
        with open_bundle(write(tmp_path, records, first + second)) as bundle:
            if problem:
                with pytest.raises(ModelFileError, match=problem):
                    bundle.tensor("a").read()
            else:
                assert bundle.tensor("a").read().tobytes() == first + second


def graph_of_objects(nodes):
    """Nodes as dicts from names to numbers of nodes, in the text that a checkpoint keeps."""
    return b"".join(
        field(1, b"".join(field(1, field(1, child) + field(2, name.encode())) for name, child in node.items())) for node in nodes
    )


def test_objects_that_all_refer_to_one_list_are_refused_at_once(tmp_path):
    count = 20_000
    hub = {f"v{i}": 2 + i for i in range(count)}
    nodes = [{f"layer_with_weights-{i}": 2 + i for i in range(count)}, hub, *[{"all": 1} for _ in range(count)]]
    graph = graph_of_objects(nodes)
    stored = varint(len(graph)) + b"\0\0\0\0" + graph
    prefix = write(tmp_path, {b"_CHECKPOINTABLE_OBJECT_GRAPH": tensor(stored, kind=7)}, stored)
    start = time.process_time()
    with open_bundle(prefix) as bundle, pytest.raises(ModelFileError, match="refer to each other too often"):
        objects = Objects(bundle)
        for node in objects.layers(0):
            objects.variables(node)
    assert time.process_time() - start < 10


def test_the_list_of_checkpoints_with_a_path_of_a_megabyte_takes_no_time(tmp_path):
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "' + "a/" * 500_000 + 'x"')
    write(tmp_path, {}, b"")
    start = time.process_time()
    assert kind_of(tmp_path).path == str(tmp_path / "x")
    assert time.process_time() - start < 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no such files")
def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "x.index")
    with pytest.raises(ModelFileError, match="isn't a file"):
        with open_bundle(str(tmp_path / "x")):
            pass
    with pytest.raises(ModelFileError, match="neither a file nor a folder"):
        kind_of(tmp_path / "x.index")
