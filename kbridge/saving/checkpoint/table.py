"""The sorted table of LevelDB in which a checkpoint lists its tensors: blocks of entries whose keys share beginnings.

Layout: blocks, each followed by a byte for its compression and a checksum; at the end a footer with the place of the block that lists
the others, and eight bytes that no other file ends in.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ..kinds import TABLE_MAGIC
from ..limits import MAX_ARRAYS, MAX_TEXT
from .checksum import masked_crc
from .wire import Damaged, varint

_FOOTER = 48
#: Compression byte and checksum behind a block.
_TRAILER = 5
#: Bytes of a key: names of variables, with the part of a variable that is stored by itself.
_MAX_KEY = 4096


def entries(data: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """(key, value) of all entries of the table ``data``, in the order of the keys. Damaged for whatever is wrong in it."""
    if len(data) < _FOOTER or bytes(data[-8:]) != TABLE_MAGIC:
        raise Damaged("its end is missing, or it isn't the list of a checkpoint's tensors.")
    footer = data[-_FOOTER:]
    at = 0
    for _ in range(2):
        _, at = varint(footer, at)  # the block of filters, which is empty
    offset, at = varint(footer, at)
    size, _ = varint(footer, at)
    seen = total = read = 0
    last = b""
    for _, handle in _block_entries(_block(data, offset, size)):
        start, at = varint(handle, 0)
        length, _ = varint(handle, at)
        read += length
        if read > len(data):
            raise Damaged("its list of blocks has more bytes than the file: it names blocks again.")
        for key, value in _block_entries(_block(data, start, length)):
            seen += 1
            total += len(key)
            if seen > 4 * MAX_ARRAYS or total > MAX_TEXT:
                raise Damaged(f"it lists more than {4 * MAX_ARRAYS} tensors, or names of more than {MAX_TEXT} bytes.")
            if seen > 1 and key <= last:
                raise Damaged("its entries are not in order.")
            last = key
            yield key, value


def _block(data: memoryview, offset: int, size: int) -> memoryview:
    """The content of a block, which ends in the number of places where keys are stored whole."""
    end = offset + size
    if end + _TRAILER > len(data) - _FOOTER or size < 4:
        raise Damaged(f"a block of {size} bytes at byte {offset} goes beyond the end of the file.")
    kind = data[end]
    if kind == 1:
        raise Damaged("its blocks are compressed with snappy, which TensorFlow before 1.0 did. Load it with TensorFlow and save it again.")
    if kind:
        raise Damaged(f"a block at byte {offset} has an unknown compression ({kind}).")
    (stored,) = struct.unpack("<I", data[end + 1 : end + _TRAILER])
    if masked_crc(data[offset : end + 1]) != stored:
        raise Damaged(f"the checksum of the block at byte {offset} is wrong: some bytes were changed.")
    return data[offset:end]


def _block_entries(block: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    (restarts,) = struct.unpack("<I", block[-4:])
    end = len(block) - 4 - 4 * restarts
    if end < 0:
        raise Damaged("a block claims to hold more keys than it has bytes.")
    at, key = 0, b""
    while at < end:
        shared, at = varint(block, at)
        rest, at = varint(block, at)
        length, at = varint(block, at)
        if shared > len(key) or shared + rest > _MAX_KEY or at + rest + length > end:
            raise Damaged("an entry goes beyond the end of its block, or its name is too long.")
        key = key[:shared] + bytes(block[at : at + rest])
        at += rest
        yield key, block[at : at + length]
        at += length
