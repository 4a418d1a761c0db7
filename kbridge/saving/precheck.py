"""Checks of an HDF5 file's raw bytes, before the HDF5 library sees them.

The library loops for ever on some damaged global heaps (where texts of variable length are kept), so
their objects are walked here first, in the way the library will.
"""

from __future__ import annotations

import mmap
import os
import struct

from .errors import ModelFileError

SIGNATURE = b"\x89HDF\r\n\x1a\n"

_HEAP = b"GCOL\x01"
_HEAP_HEADER = 16
_SMALLEST_HEAP = 4096
#: Index, count of references, reserved bytes and size before the data of an object.
_OBJECT = struct.Struct("<HHIQ")


def check_file(path: str) -> None:
    """ModelFileError if ``path`` is no HDF5 file or one that the library wouldn't survive."""
    if os.path.isdir(path):
        raise IsADirectoryError(f"{path!r} is a directory, not a model file.")
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if not size:
                raise ModelFileError(f"{path!r}: the file is empty.")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                _check_superblock(path, data)
                _check_heaps(path, data)
    except FileNotFoundError:
        raise FileNotFoundError(f"There is no file {path!r}.") from None


def _other_format(data: mmap.mmap) -> str:
    if data[:4] == b"PK\x03\x04":
        return "but a zip archive, such as a .keras file of Keras 3, which can't be read"
    return "its signature is missing"


def _check_superblock(path: str, data: mmap.mmap) -> None:
    offset = 0
    # It stands at 0, 512, 1024, 2048 ... : a block of the user's own may precede it.
    while data[offset : offset + len(SIGNATURE)] != SIGNATURE:
        offset = offset * 2 or 512
        if offset >= len(data):
            raise ModelFileError(f"{path!r}: not an HDF5 file ({_other_format(data)}).")
    version = data[offset + 8 : offset + 9]
    sizes = data[offset + 13 : offset + 15] if version in (b"\0", b"\1") else data[offset + 9 : offset + 11]
    if sizes != b"\x08\x08":
        raise ModelFileError(f"{path!r}: damaged, or an HDF5 file whose addresses don't have 8 bytes.")


def _check_heaps(path: str, data: mmap.mmap) -> None:
    start = data.find(_HEAP)
    while start >= 0:
        header = data[start : start + _HEAP_HEADER]
        size = int.from_bytes(header[8:], "little")
        # Anything smaller or larger is refused by the library, or is no heap but weights that look like one.
        if len(header) == _HEAP_HEADER and _SMALLEST_HEAP <= size <= len(data) - start and not _whole(data, start, size):
            raise ModelFileError(f"{path!r}: damaged (a heap of texts at byte {start}).")
        start = data.find(_HEAP, start + 1)


def _whole(data: mmap.mmap, start: int, size: int) -> bool:
    """Whether the objects of a heap fill it exactly."""
    position, end = start + _HEAP_HEADER, start + size
    while end - position >= _OBJECT.size:
        index, _, _, length = _OBJECT.unpack_from(data, position)
        step = length if index == 0 else _OBJECT.size + (length + 7) // 8 * 8
        if not _OBJECT.size <= step <= end - position:
            return False
        position += step
    return True
