"""The records of stored bytecode as plain values: what ``marshal`` data of Python 2.7 and 3.4 to 3.13 says, without unmarshalling it.

Nothing here makes a code object. A record becomes a value of Python's own plain types, or a ``Code``: texts, numbers
and bytes that say what a function's instructions are.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, NamedTuple

#: Bytes of one stored function.
MAX_BYTES = 1_000_000
_MAX_RECORDS = 20_000
_MAX_NESTING = 50
#: Characters of a name.
MAX_NAME = 500


class Unreadable(Exception):
    """The data is no stored function of any Python that is known here; or not one that can be followed: then it says why."""


class Opaque(NamedTuple):
    """A constant of a kind that no function of tensors needs."""

    kind: str


#: The kind of a function among the constants of another.
CODE = "a function"


@dataclass(frozen=True)
class Code:
    """The contents of a code object, as data."""

    name: str
    code: bytes
    constants: tuple
    names: tuple[str, ...]
    #: Arguments first, then local variables.
    locals: tuple[str, ...]
    cells: tuple[str, ...]
    free: tuple[str, ...]
    arguments: int
    keyword_only: int
    flags: int
    #: From Python 3.11 on, one numbering for all variables: their names.
    joined: tuple[str, ...] | None = None
    #: From Python 3.11 on, where exceptions are caught.
    handlers: bytes = b""


#: The Pythons that write one layout of a code record, and the names of the integers at its head.
_LAYOUTS = (
    (("3.4", "3.5", "3.6", "3.7"), ("arguments", "keyword_only", "locals", "stack", "flags")),
    (("2.7",), ("arguments", "locals", "stack", "flags")),
    (("3.8", "3.9", "3.10"), ("arguments", "positional_only", "keyword_only", "locals", "stack", "flags")),
    (("3.11", "3.12", "3.13"), ("arguments", "positional_only", "keyword_only", "stack", "flags")),
)


def read_code(data: bytes) -> tuple[Code, tuple[str, ...]]:
    """The function in ``data`` and the Pythons that may have written it, by the layout of its records. Raises Unreadable."""
    if len(data) > MAX_BYTES:
        raise Unreadable(f"its bytecode has more than {MAX_BYTES} bytes")
    for versions, integers in _LAYOUTS:
        reader = _Reader(data, integers, joined=versions[0] == "3.11", texts=versions[0] == "2.7")
        try:
            code = reader.record(0)
        except (Unreadable, struct.error, UnicodeError, ValueError, RecursionError):
            continue
        if isinstance(code, Code) and reader.position == len(data):
            return code, versions
    raise Unreadable("its bytecode is damaged, or from a version of Python that kbridge doesn't know")


class _Reader:
    def __init__(self, data: bytes, integers: tuple[str, ...], joined: bool, texts: bool):
        self.data = data
        self.integers = integers
        self.joined = joined
        #: Python 2's bytes are its texts.
        self.texts = texts
        self.position = 0
        self.references: list = []
        self.interned: list[str] = []
        self.records = 0
        #: Bytes of instructions, those of functions that share them counted for each.
        self.instructions = 0

    def take(self, count: int) -> bytes:
        if count < 0 or self.position + count > len(self.data):
            raise Unreadable
        self.position += count
        return self.data[self.position - count : self.position]

    def integer(self) -> int:
        return struct.unpack("<i", self.take(4))[0]

    def record(self, depth: int) -> Any:
        self.records += 1
        if depth > _MAX_NESTING or self.records > _MAX_RECORDS:
            raise Unreadable
        code = self.take(1)[0]
        kind, referable = chr(code & 0x7F), bool(code & 0x80)
        index = len(self.references)
        if referable:
            self.references.append(_UNFINISHED)
        value = self.content(kind, depth)
        if referable:
            self.references[index] = value
        return value

    def content(self, kind: str, depth: int) -> Any:
        if kind in _SINGLE:
            return _SINGLE[kind]
        if kind in _NUMBERS:
            size, form = _NUMBERS[kind]
            return struct.unpack(form, self.take(size))[0]
        if kind == "y":
            self.take(16)
            return Opaque("a complex number")
        if kind == "l":
            return self.long()
        if kind in "fx":
            parts = [float(self.take(self.take(1)[0])) for _ in range(2 if kind == "x" else 1)]
            return parts[0] if kind == "f" else Opaque("a complex number")
        if kind in "stuaAzZ":
            return self.text(kind)
        if kind == "R":
            return self.item(self.interned, self.integer())
        if kind == "r":
            return self.item(self.references, self.integer())
        if kind in "([<>)":
            count = self.take(1)[0] if kind == ")" else self.integer()
            if not 0 <= count <= len(self.data):
                raise Unreadable
            items = tuple(self.record(depth + 1) for _ in range(count))
            return items if kind in "()" else Opaque("a list" if kind == "[" else "a set")
        if kind == "c":
            return self.code(depth)
        raise Unreadable

    def long(self) -> int | Opaque:
        count = self.integer()
        digits = struct.unpack(f"<{abs(count)}h", self.take(2 * abs(count)))
        if any(digit < 0 for digit in digits):
            raise Unreadable
        if len(digits) > 5:
            return Opaque("a number of more than 64 bits")
        value = sum(digit << (15 * place) for place, digit in enumerate(digits))
        return -value if count < 0 else value

    def text(self, kind: str) -> str | bytes:
        length = self.take(1)[0] if kind in "zZ" else self.integer()
        raw = self.take(length)
        if kind == "s" and not self.texts:
            return raw
        value = raw.decode("utf8", "surrogateescape") if kind in "tu" else raw.decode("latin-1")
        if kind == "t":
            self.interned.append(value)
        return value

    @staticmethod
    def item(values: list, index: int) -> Any:
        if not 0 <= index < len(values) or values[index] is _UNFINISHED:
            raise Unreadable
        return values[index]

    def code(self, depth: int) -> Code:
        head = dict(zip(self.integers, struct.unpack(f"<{len(self.integers)}i", self.take(4 * len(self.integers))), strict=True))
        kinds = None
        instructions = self.raw(self.record(depth + 1))
        constants = self.record(depth + 1)
        names = self.names(depth)
        if self.joined:
            every = self.names(depth)
            kinds = self.record(depth + 1)
            if not isinstance(kinds, bytes) or len(kinds) != len(every):
                raise Unreadable
            local, cells, free = (_of_kind(every, kinds, bit) for bit in (0x20, 0x40, 0x80))
        else:
            every = None
            local, free, cells = (self.names(depth) for _ in range(3))
        self.record(depth + 1)  # the file
        name = self.record(depth + 1)
        if self.joined:
            self.record(depth + 1)  # the name with those of what it is defined in
        self.integer()  # the first line's number
        self.record(depth + 1)  # the numbers of the other lines
        handlers = self.raw(self.record(depth + 1)) if self.joined else b""
        arguments, keyword_only = head["arguments"], head.get("keyword_only", 0)
        if not isinstance(name, str) or len(name) > MAX_NAME or not isinstance(constants, tuple) or not _fits(constants):
            raise Unreadable
        if arguments < 0 or keyword_only < 0 or arguments + keyword_only > len(local):
            raise Unreadable
        return Code(name, instructions, constants, names, local, cells, free, arguments, keyword_only, head["flags"], every, handlers)

    def names(self, depth: int) -> tuple[str, ...]:
        value = self.record(depth + 1)
        if not isinstance(value, tuple) or not all(isinstance(name, str) and len(name) <= MAX_NAME for name in value):
            raise Unreadable
        return value

    def raw(self, value: Any) -> bytes:
        self.instructions += len(value) if isinstance(value, (str, bytes)) else 0
        if self.instructions > MAX_BYTES:
            raise Unreadable
        if isinstance(value, str):
            value = value.encode("latin-1")
        if not isinstance(value, bytes):
            raise Unreadable
        return value


class _Unfinished:
    """In the place of a record that is still being read: no stored function refers to one."""


_UNFINISHED = _Unfinished()

_SINGLE = {"N": None, "F": False, "T": True, "S": Opaque("StopIteration"), ".": ...}

#: kind of a number -> its size and form
_NUMBERS = {"i": (4, "<i"), "I": (8, "<q"), "g": (8, "<d")}


def _of_kind(names: tuple[str, ...], kinds: bytes, bit: int) -> tuple[str, ...]:
    return tuple(name for name, kind in zip(names, kinds, strict=True) if kind & bit)


def _fits(value: Any, most: int = 10_000) -> bool:
    """Whether ``value`` has at most so many parts, those that stand at several places counted at each, and isn't nested too deeply."""
    pending = [(value, 0)]
    while pending:
        most -= 1
        item, depth = pending.pop()
        if isinstance(item, tuple) and not isinstance(item, Opaque):
            pending.extend((part, depth + 1) for part in item)
        if most < 0 or len(pending) > most or depth > _MAX_NESTING:
            return False
    return True
