"""The tensors of a checkpoint: what ``NAME.index`` lists, and their values in ``NAME.data-0000N-of-0000M``.

Everything is checked against what the files hold before memory is taken.
"""

from __future__ import annotations

import contextlib
import math
import mmap
import os
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..errors import ModelFileError
from ..limits import MAX_ARRAYS, MAX_AXES, MAX_TEXT
from ..reading import failures_named
from . import wire
from .checksum import masked_crc
from .table import entries

#: number of a type in files -> its name in NumPy
_TYPES = {
    1: "f4", 2: "f8", 3: "i4", 4: "u1", 5: "i2", 6: "i1", 9: "i8", 10: "b1", 17: "u2", 19: "f2", 22: "u4", 23: "u8",
    14: "bfloat16",
}  # fmt: skip
_STRING = 7
#: numbers of types that no weight has
_OTHER_TYPES = {
    7: "string", 8: "complex64", 11: "qint8", 12: "quint8", 13: "qint32", 15: "qint16", 16: "quint16", 18: "complex128", 20: "resource",
    21: "variant", 24: "float8_e5m2", 25: "float8_e4m3fn", 29: "int4", 30: "uint4",
}  # fmt: skip

#: Where the names of objects and of their variables are kept.
OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
_SUFFIX_OF_VALUES = "/.ATTRIBUTES/VARIABLE_VALUE"
_MAX_SHARDS = 100_000


class _Entry(NamedTuple):
    """A record of the index."""

    type: int
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    crc: int
    #: (start, length or -1) along each axis, of each part that is stored by itself
    slices: tuple[tuple[tuple[int, int], ...], ...] = ()


class Tensor:
    """A tensor whose type, size and place have been checked, not read yet."""

    def __init__(self, bundle: Bundle, key: str, entry: _Entry):
        self._bundle, self._entry = bundle, entry
        #: its name in the checkpoint; a name without what the object graph adds
        self.where = key
        self.name = key.removesuffix(_SUFFIX_OF_VALUES)
        self.path = bundle.path
        self.shape = entry.shape
        if entry.type not in _TYPES:
            raise self._error(f"its type is {_OTHER_TYPES.get(entry.type, entry.type)}, but weights are numbers.")
        stored = _TYPES[entry.type]
        #: as it is read: values of bfloat16 become float32
        self.dtype = np.dtype("f4" if stored == "bfloat16" else stored)
        self._stored = np.dtype("u2" if stored == "bfloat16" else stored).newbyteorder(bundle.byte_order)  # type: ignore[arg-type]  # "<" or ">"
        self.nbytes = math.prod(self.shape) * self.dtype.itemsize
        if entry.slices:
            self._parts = bundle.parts(key, entry)
        elif entry.size != math.prod(self.shape) * self._stored.itemsize:
            raise self._error(
                f"its shape {self.shape} needs {math.prod(self.shape) * self._stored.itemsize} bytes, but {entry.size} are stored."
            )

    def renamed(self, name: str) -> Tensor:
        """Itself, called otherwise."""
        self.name = name
        return self

    def _error(self, problem: str) -> ModelFileError:
        return ModelFileError(f"{self.path!r}, tensor {self.where!r}: {problem}")

    def read(self) -> np.ndarray:
        """The values. ModelFileError if they don't have the checksum that the index tells."""
        if not self._entry.slices:
            return self._values(self._entry)
        whole, known = np.empty(self.shape, self.dtype), np.zeros(self.shape, bool)
        for place, entry in self._parts:
            if known[place].any():
                raise self._error("two parts of it overlap.")
            whole[place], known[place] = self._values(entry), True
        return whole

    def _values(self, entry: _Entry) -> np.ndarray:
        data = self._bundle.content(self.where, entry)
        if masked_crc(data) != entry.crc:
            raise self._error("its checksum is wrong: the data were changed.")
        values = np.frombuffer(data, self._stored).reshape(entry.shape)
        if _TYPES[entry.type] == "bfloat16":
            return (values.astype(np.uint32) << np.uint32(16)).view(np.float32)
        if _TYPES[entry.type] == "b1":
            return values.view(np.uint8).astype(bool)
        return values.astype(self._stored.newbyteorder("="))


class Bundle:
    """A checkpoint that is open: the names in it and its tensors."""

    def __init__(self, prefix: str, index: memoryview, files: contextlib.ExitStack):
        self.path = prefix
        self._files = files
        self._shards: dict[int, mmap.mmap | bytes] = {}
        self.byte_order = "<"
        self._count = 1
        self._entries: dict[str, _Entry] = {}
        self._sliced: dict[bytes, _Entry] = {}
        for number, (key, value) in enumerate(entries(index)):
            if not key:
                self._read_header(value)
            elif not number:
                raise self.error("the list of its tensors has no header.")
            elif key[0] == 0:
                self._sliced[key] = _entry(value)
            else:
                self._entries[key.decode("utf8", "backslashreplace")] = _entry(value)
        if len(self._entries) > MAX_ARRAYS:
            raise self.error(f"it lists {len(self._entries)} tensors; the limit is {MAX_ARRAYS}.")
        #: bytes of all tensors in each file with data
        self._claimed: Counter[int] = Counter()
        for entry in (*self._entries.values(), *self._sliced.values()):
            self._claimed[entry.shard] += 0 if entry.slices else entry.size

    def error(self, problem: str) -> ModelFileError:
        """An error about this checkpoint."""
        return ModelFileError(f"{self.path!r}: {problem}")

    def _read_header(self, value: memoryview) -> None:
        for number, _, item in wire.fields(value):
            if number == 1:
                self._count = wire.number(item)
            elif number == 2:
                self.byte_order = ">" if wire.number(item) else "<"
        if not 0 < self._count <= _MAX_SHARDS:
            raise self.error(f"it says that its tensors are in {self._count} files.")

    @property
    def names(self) -> list[str]:
        """The names of all tensors."""
        return list(self._entries)

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def is_weight(self, name: str) -> bool:
        """Whether a tensor holds numbers."""
        return self._entries[name].type in _TYPES

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor."""
        return self._entries[name].shape

    @property
    def values(self) -> int:
        """How many numbers all tensors hold. ModelFileError if the files don't have them."""
        return sum(math.prod(self.tensor(name).shape) for name in self._entries if self.is_weight(name))

    def tensor(self, name: str) -> Tensor:
        """The tensor ``name``, not read yet."""
        if name not in self._entries:
            raise self.error(f"the tensor {name!r} is missing.")
        tensor = Tensor(self, name, self._entries[name])
        for entry in [entry for _, entry in tensor._parts] if tensor._entry.slices else [tensor._entry]:
            self._check_place(name, entry)
        return tensor

    def text(self, name: str) -> bytes:
        """The bytes of a tensor that is one text: the length, a checksum of it, then the bytes."""
        entry = self._entries[name]
        if entry.type != _STRING or entry.shape or entry.size > MAX_TEXT:
            raise self.error(f"the tensor {name!r} should be a single text of at most {MAX_TEXT} bytes.")
        self._check_place(name, entry)
        data = self.content(name, entry)
        length, at = wire.varint(data, 0)
        if length != len(data) - at - 4:
            raise self.error(f"the tensor {name!r} claims to be a text of {length} bytes, but {len(data) - at - 4} are stored.")
        return bytes(data[at + 4 :])

    def parts(self, name: str, entry: _Entry) -> list[tuple[tuple[slice, ...], _Entry]]:
        """The parts of a variable that was kept in pieces: where each belongs, and its record."""
        found = []
        covered = 0
        for extents in entry.slices:
            part = self._sliced.get(_key_of_slice(name, extents))
            if part is None or len(extents) != len(entry.shape) or part.type != entry.type or part.slices:
                raise self.error(f"a part of the tensor {name!r} is missing.")
            place = tuple(
                slice(start, size if length < 0 else start + length) for (start, length), size in zip(extents, entry.shape, strict=True)
            )
            shape = tuple(min(p.stop, size) - p.start for p, size in zip(place, entry.shape, strict=True))
            if part.shape != shape or any(n < 0 for n in shape):
                raise self.error(f"a part of the tensor {name!r} has the shape {part.shape}; {shape} was expected.")
            covered += math.prod(shape)
            if part.size != math.prod(shape) * np.dtype(_TYPES.get(part.type, "b1").replace("bfloat16", "u2")).itemsize:
                raise self.error(f"a part of the tensor {name!r} has the wrong size: {part.size} bytes.")
            found.append((place, part))
        if covered != math.prod(entry.shape):
            raise self.error(f"the parts of the tensor {name!r} don't make up the whole tensor.")
        return found

    # ------------------------------------------------------------------ the files with the data

    def _check_place(self, name: str, entry: _Entry) -> None:
        size = len(self._shard(entry.shard))
        if entry.offset + entry.size > size:
            raise self.error(
                f"the data of the tensor {name!r} should end at byte {entry.offset + entry.size}, but the file has only {size} "
                "bytes: its end is missing."
            )
        if self._claimed[entry.shard] > size:
            raise self.error(
                f"its tensors have {self._claimed[entry.shard]} bytes, but the file has only {size}: several lie at one place."
            )

    def content(self, name: str, entry: _Entry) -> memoryview:
        """The bytes of a tensor."""
        self._check_place(name, entry)
        return memoryview(self._shard(entry.shard))[entry.offset : entry.offset + entry.size]

    def _shard(self, number: int) -> mmap.mmap | bytes:
        if number not in self._shards:
            if number >= self._count:
                raise self.error(f"it says that a tensor is in file {number + 1} of {self._count}.")
            path = f"{self.path}.data-{number:05d}-of-{self._count:05d}"
            if not os.path.isfile(path):
                raise self.error(
                    f"the file {os.path.basename(path)!r} with its values is missing. It must be beside "
                    f"{os.path.basename(self.path)}.index."
                )
            file = self._files.enter_context(open(path, "rb"))
            empty = not os.fstat(file.fileno()).st_size
            # closed when the last array that looks into it is gone
            self._shards[number] = b"" if empty else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return self._shards[number]


@contextlib.contextmanager
def open_bundle(prefix: str) -> Iterator[Bundle]:
    """The checkpoint whose files are ``prefix`` with endings. ModelFileError for anything wrong in it."""
    with contextlib.ExitStack() as files:
        with failures_named(prefix, problem="damaged, or not a checkpoint of TensorFlow"):
            if os.path.exists(f"{prefix}.index") and not os.path.isfile(f"{prefix}.index"):
                raise ModelFileError(f"{os.path.basename(prefix)}.index isn't a file.")
            with open(f"{prefix}.index", "rb") as file:
                size = os.fstat(file.fileno()).st_size
                if size > MAX_TEXT:
                    raise ModelFileError(f"the list of its tensors has {size} bytes; the limit is {MAX_TEXT}.")
                index = file.read(MAX_TEXT)
            bundle = Bundle(prefix, memoryview(index), files)
        yield bundle


# ---------------------------------------------------------------------- records


def _entry(data: memoryview) -> _Entry:
    kind, shard, offset, size, crc = 0, 0, 0, 0, 0
    shape: tuple[int, ...] = ()
    slices: list[tuple[tuple[int, int], ...]] = []
    for number, _, value in wire.fields(data):
        if number == 1:
            kind = wire.number(value)
        elif number == 2:
            shape = _shape(wire.message(value))
        elif number == 3:
            shard = wire.number(value)
        elif number == 4:
            offset = wire.number(value)
        elif number == 5:
            size = wire.number(value)
        elif number == 6:
            crc = wire.number(value)
        elif number == 7:
            slices.append(_extents(wire.message(value)))
            if len(slices) > MAX_ARRAYS:
                raise wire.Damaged("a tensor is stored in too many parts.")
    return _Entry(kind, shape, shard, offset, size, crc, tuple(slices))


def _shape(data: memoryview) -> tuple[int, ...]:
    sizes = []
    for dimension in wire.messages(data, 2):
        size = 0
        for number, _, value in wire.fields(dimension):
            if number == 1:
                size = wire.signed(wire.number(value))
        if size < 0:
            raise wire.Damaged(f"a tensor has an axis of length {size}.")
        sizes.append(size)
        if len(sizes) > MAX_AXES:
            raise wire.Damaged(f"a tensor has more than {MAX_AXES} axes.")
    return tuple(sizes)


def _extents(data: memoryview) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    for extent in wire.messages(data, 1):
        start, length = 0, -1
        for number, _, value in wire.fields(extent):
            if number == 1:
                start = wire.signed(wire.number(value))
            elif number == 2:
                length = wire.signed(wire.number(value))
        if start < 0 or length < -1 or len(found) >= MAX_AXES:
            raise wire.Damaged("the position of a part of a tensor is damaged.")
        found.append((start, length))
    return tuple(found)


def _key_of_slice(name: str, extents: tuple[tuple[int, int], ...]) -> bytes:
    """The key under which a part is listed: a 0, the name and its place, each in a code that sorts as its value does."""
    escaped = name.encode("utf8").replace(b"\0", b"\0\xff").replace(b"\xff", b"\xff\0")
    return b"".join([b"\0", escaped, b"\0\1", _counted(len(extents)), *(_ordered(n) for extent in extents for n in extent)])


def _counted(value: int) -> bytes:
    """A count: the number of its bytes, then they."""
    size = (value.bit_length() + 7) // 8
    return bytes([size]) + value.to_bytes(size, "big")


def _ordered(value: int) -> bytes:
    """A signed number: as many leading ones as it takes bytes, a zero, then its bits; all inverted below 0."""
    if value < 0:
        return bytes(byte ^ 0xFF for byte in _ordered(~value))
    size = value.bit_length() // 7 + 1
    if size > 7:
        raise wire.Damaged("the position of a part of a tensor is too large.")
    ones = ((1 << size) - 1) << (8 * size - size)
    return (ones | value).to_bytes(size, "big")
