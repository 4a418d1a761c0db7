"""Checks of an HDF5 file's raw bytes, before the HDF5 library reads texts of variable length from them.

The library loops for ever on some damaged global heaps (where texts of variable length are kept), so
their objects are walked here first, in the way the library will. And it takes the memory that a text
claims to need before it looks for the text, so lengths are compared with the file's.
"""

from __future__ import annotations

import contextlib
import math
import mmap
import os
import struct
from collections.abc import Iterator

from .errors import ModelFileError
from .hdf5_headers import attributes_at, text_references
from .limits import MAX_AXES

SIGNATURE = b"\x89HDF\r\n\x1a\n"

#: What the encoding of a text's type holds after its first four bytes, the class and flags: elements of 16 bytes.
_TEXT_TYPE = b"\x10\0\0\0"
_HEAP = b"GCOL\x01"
_HEAP_HEADER = 16
_SMALLEST_HEAP = 4096
#: Objects of heaps that are always looked at.
_FEW_OBJECTS = 200_000
#: Index, count of references, reserved bytes and size before the data of an object.
_OBJECT = struct.Struct("<HHIQ")


class Bytes:
    """The bytes of a file, or those of an archive's member in it, counted from the member's start."""

    def __init__(self, data: mmap.mmap, start: int = 0, size: int | None = None):
        self._data, self._start = data, start
        self._size = len(data) - start if size is None else size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, key: slice) -> bytes:
        first, last, _ = key.indices(self._size)
        return self._data[self._start + first : self._start + last]

    def part(self, start: int, size: int) -> Bytes:
        """The bytes of a part of this one."""
        return Bytes(self._data, self._start + start, size)

    def find(self, wanted: bytes, start: int = 0) -> int:
        """Where ``wanted`` stands next, -1 if nowhere."""
        found = self._data.find(wanted, self._start + start, self._start + self._size)
        return found if found < 0 else found - self._start


@contextlib.contextmanager
def mapped(path: str) -> Iterator[Bytes]:
    """The bytes of the file ``path``. OSError where there is none, ModelFileError for one without content."""
    if os.path.isdir(path):
        raise IsADirectoryError(f"{path!r} is a folder, not a model file.")
    try:
        file = open(path, "rb")
    except FileNotFoundError:
        raise FileNotFoundError(f"There is no file {path!r}.") from None
    with file:
        if not os.fstat(file.fileno()).st_size:
            raise ModelFileError(f"{path!r}: the file is empty.")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            yield Bytes(data)


class Texts:
    """The texts of variable length in a file, each checked before the library reads it.

    Attributes:
        data: the file's bytes.
        superblock: where its superblock stands in them.
    """

    def __init__(self, path: str, data: Bytes):
        self.path = path
        self.data = data
        self.superblock = check_superblock(path, data)
        self._sound: set[int] = set()
        self._searched = False
        self._walk = _Walk(path, len(data))
        #: the object whose header was read last, and its attributes
        self._attributes: tuple[int, dict[bytes, list[bytes]]] = (-1, {})

    def check(self, address: int, name: str, count: int) -> int | None:
        """How many bytes the ``count`` texts take in the attribute ``name`` of the object at ``address``, None if that isn't known.

        ModelFileError for what the library wouldn't survive.
        """
        if self._attributes[0] != address:
            self._attributes = address, attributes_at(self.data, self.superblock, address)
        stored = self._attributes[1].get(name.encode("utf8", "surrogateescape"))
        references = None if stored is None else text_references(stored, self.superblock, count)
        if references is None:
            # they stand elsewhere than in all real files: everything that looks like them is checked
            if not self._searched:
                check_bytes(self.path, self.data)
                self._searched = True
            return None
        for reference in references:
            if reference.length > len(self.data):
                raise ModelFileError(f"{self.path!r}: damaged (the length of a text in the attribute {name!r}).")
            if reference.length and reference.heap not in self._sound:
                self._check_heap(reference.heap)
                self._sound.add(reference.heap)
        return sum(reference.length for reference in references)

    def _check_heap(self, start: int) -> None:
        header = self.data[start : start + _HEAP_HEADER]
        size = int.from_bytes(header[8:], "little")
        # anything else than a heap, or one that leaves the file, is refused by the library itself
        if header.startswith(_HEAP) and _SMALLEST_HEAP <= size <= len(self.data) - start and not _whole(self.data, start, size, self._walk):
            raise ModelFileError(f"{self.path!r}: damaged (a heap of texts at byte {start}).")


class _Walk:
    """Counts the objects and texts that are looked at, which fill the file once or twice at most; where heaps lie in each other, far more."""

    def __init__(self, path: str, size: int):
        self.path = path
        self.left = _FEW_OBJECTS + size // 8

    def spend(self, count: int, start: int) -> None:
        self.left -= count
        if self.left < 0:
            raise ModelFileError(f"{self.path!r}: damaged (heaps of texts lie in each other, at byte {start}).")


def check_bytes(path: str, data: Bytes) -> None:
    """ModelFileError if anything in ``data`` looks like texts that the library wouldn't survive. This takes time in a large file."""
    _check_heaps(path, data)
    _check_text_lengths(path, data)


def _other_format(data: Bytes) -> str:
    if data[:4] == b"PK\x03\x04":
        return "but a zip archive, such as a .keras file of Keras 3, which can't be read"
    return "its signature is missing"


def check_superblock(path: str, data: Bytes) -> int:
    offset = 0
    # It stands at 0, 512, 1024, 2048 ... : a block of the user's own may precede it.
    while data[offset : offset + len(SIGNATURE)] != SIGNATURE:
        offset = offset * 2 or 512
        if offset >= len(data):
            raise ModelFileError(f"{path!r}: not an HDF5 file ({_other_format(data)}).")
    version = data[offset + 8 : offset + 9]
    sizes = data[offset + 13 : offset + 15] if version in (b"\0", b"\1") else data[offset + 9 : offset + 11]
    if sizes != b"\x08\x08":
        raise ModelFileError(f"{path!r}: damaged, or an HDF5 file whose addresses aren't 8 bytes long.")
    return offset


def _check_heaps(path: str, data: Bytes) -> None:
    start, walk = data.find(_HEAP), _Walk(path, len(data))
    while start >= 0:
        header = data[start : start + _HEAP_HEADER]
        size = int.from_bytes(header[8:], "little")
        # Anything smaller or larger is refused by the library, or is no heap but weights that look like one.
        if len(header) == _HEAP_HEADER and _SMALLEST_HEAP <= size <= len(data) - start and not _whole(data, start, size, walk):
            raise ModelFileError(f"{path!r}: damaged (a heap of texts at byte {start}).")
        start = data.find(_HEAP, start + 1)


def _whole(data: Bytes, start: int, size: int, walk: _Walk) -> bool:
    """Whether the objects of a heap fill it exactly."""
    position, end = start + _HEAP_HEADER, start + size
    while end - position >= _OBJECT.size:
        walk.spend(1, start)
        index, _, _, length = _OBJECT.unpack(data[position : position + _OBJECT.size])
        step = length if index == 0 else _OBJECT.size + (length + 7) // 8 * 8
        if not _OBJECT.size <= step <= end - position:
            return False
        position += step
    return True


def _check_text_lengths(path: str, data: Bytes) -> None:
    """No text in an attribute may claim to be longer than the file: the library takes that memory before it looks."""
    found, walk = data.find(_TEXT_TYPE), _Walk(path, len(data))
    while found >= 0:
        start = found - 4
        # class 9 is a type of variable length; the encoding of its elements' type follows
        if start >= 0 and _byte(data, start) & 0x0F == 9 and 1 <= _byte(data, start) >> 4 <= 4 and start + 16 < len(data):
            size = 16 if _byte(data, start + 8) & 0x0F == 3 else 20
            # messages of version 1 pad the type and the shape to 8 bytes, later ones don't
            claimed = {_longest_text(data, start + _padded(size), True, walk), _longest_text(data, start + size, False, walk)} - {None}
            if claimed and min(length for length in claimed if length is not None) > len(data):
                raise ModelFileError(f"{path!r}: damaged (the length of a text, at byte {start}).")
        found = data.find(_TEXT_TYPE, found + 1)


def _longest_text(data: Bytes, start: int, padded: bool, walk: _Walk) -> int | None:
    """The largest length in an attribute's texts, if the shape of the attribute stands at ``start``."""
    version, axes, flags = data[start : start + 3].ljust(3, b"\0")
    if version not in (1, 2) or axes > MAX_AXES or flags > 1:
        return None
    head = 8 if version == 1 else 4
    shape = [int.from_bytes(data[start + head + 8 * i : start + head + 8 * i + 8], "little") for i in range(axes)]
    size = head + 8 * axes * (1 + flags)
    first = start + (_padded(size) if padded else size)
    count = max(min(math.prod(shape), (len(data) - first) // 16), 0)
    walk.spend(count, start)
    return max((int.from_bytes(data[first + 16 * i : first + 16 * i + 4], "little") for i in range(count)), default=0)


def _byte(data: Bytes, position: int) -> int:
    return data[position : position + 1][0]


def _padded(size: int) -> int:
    return (size + 7) // 8 * 8
