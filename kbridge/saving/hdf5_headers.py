"""How much text an attribute of an HDF5 file refers to, found in the raw bytes of its object's header.

The library takes memory for each text of variable length as the attribute claims it, and many may refer to one long text, so
the file's size doesn't bound what reading them takes. The lengths stand in the header; they are added up before the library reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

_CONTINUATION, _ATTRIBUTE = 0x10, 0x0C

#: A text is stored as its length (4 bytes), the address of a heap (8) and its number there (4).
_ELEMENT = 16

#: Pieces into which an object's header may be split.
_MAX_PIECES = 1000

_SHARED = 0x02


class Raw(Protocol):
    """The bytes of a file, or of a part of one."""

    def __len__(self) -> int: ...

    def __getitem__(self, key: slice, /) -> bytes: ...


class _Message(NamedTuple):
    kind: int
    flags: int
    data: bytes


class Reference(NamedTuple):
    """Where a text of variable length is kept, and how long it is said to be."""

    length: int
    heap: int


def attributes_at(data: Raw, superblock: int, address: int) -> dict[bytes, list[bytes]]:
    """The values of each attribute of the object at ``address``, as they are stored; those of all that share a name.

    ``superblock``: where the file's superblock stands, from which addresses count. Shared and very long attributes stand elsewhere.
    """
    found: dict[bytes, list[bytes]] = {}
    for message in _messages(data, superblock, superblock + address):
        if message.kind == _ATTRIBUTE and not message.flags & _SHARED:
            name, stored = _named_elements(message.data)
            if stored is not None:
                found.setdefault(name, []).append(stored)
    return found


def text_references(stored: list[bytes], superblock: int, count: int) -> list[Reference] | None:
    """The ``count`` texts that an attribute refers to, of which ``attributes_at`` gave the values; None where there are fewer."""
    found: list[Reference] = []
    # of several that share a name the library takes one, whichever it is
    for values in stored:
        if len(values) < _ELEMENT * count:
            return None
        for i in range(0, _ELEMENT * count, _ELEMENT):
            length, heap = int.from_bytes(values[i : i + 4], "little"), int.from_bytes(values[i + 4 : i + 12], "little")
            found.append(Reference(length, superblock + heap))
    return found


def _messages(data: Raw, base: int, start: int) -> Iterator[_Message]:
    """The messages of an object's header, of the layout of version 1 or 2. What makes no sense ends them."""
    head = data[start : start + 64]
    if head[:4] == b"OHDR":
        flags = head[5] if len(head) > 5 else 0
        first = 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
        width = 1 << (flags & 3)
        pieces = [(start + first + width, int.from_bytes(head[first : first + width], "little"))]
        entry = 6 if flags & 0x04 else 4
    elif head[:1] == b"\x01":
        pieces = [(start + 16, int.from_bytes(head[8:12], "little"))]
        entry = 8
    else:
        return
    second = head[:4] == b"OHDR"
    left = len(data)
    for number in range(_MAX_PIECES):
        if number == len(pieces):
            return
        position, length = pieces[number]
        block = data[position : position + min(length, len(data))]
        left -= len(block)
        if left < 0:  # some of it stand at several places
            return
        at = 0
        while at + entry <= len(block):
            kind = block[at] if second else int.from_bytes(block[at : at + 2], "little")
            size = int.from_bytes(block[at + 1 : at + 3] if second else block[at + 2 : at + 4], "little")
            message = _Message(kind, block[at + 3] if second else block[at + 4], block[at + entry : at + entry + size])
            at += entry + size
            if kind == _CONTINUATION and len(message.data) >= 16:
                target, extent = (int.from_bytes(message.data[i : i + 8], "little") for i in (0, 8))
                # a later piece of version 2 has a signature before its messages and a checksum behind
                pieces.append((base + target + 4, max(extent - 8, 0)) if second else (base + target, extent))
            yield message


def _named_elements(message: bytes) -> tuple[bytes, bytes | None]:
    """The name and the values in an attribute's message, if it says all about itself."""
    if len(message) < 9 or message[0] not in (1, 2, 3):
        return b"", None
    version, flags = message[0], message[1]
    if version > 1 and flags & 0x03:
        return b"", None  # type or shape stand elsewhere
    sizes = [int.from_bytes(message[i : i + 2], "little") for i in (2, 4, 6)]
    start = 9 if version == 3 else 8
    name = message[start : start + sizes[0]].rstrip(b"\0")
    return name, message[start + sum((size + 7) // 8 * 8 if version == 1 else size for size in sizes) :]
