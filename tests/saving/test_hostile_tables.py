"""Tables of checkpoints that would keep a reader busy for hours."""

import struct
import time

import pytest

from kbridge.saving.checkpoint.checksum import masked_crc
from kbridge.saving.checkpoint.table import entries
from kbridge.saving.errors import ModelFileError
from kbridge.saving.kinds import TABLE_MAGIC

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
