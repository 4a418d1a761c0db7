"""Find the name of a function in bytecode stored by Keras 1, without unmarshalling it.

Keras 1 stored the functions of Lambda and Merge layers as ``marshal`` data of the Python that saved
them. Loading such data runs foreign code and may crash another Python; here its records are only
walked, far enough to read ``co_name``, so that an error can say which function is missing.
"""

from __future__ import annotations

import struct

#: For each family of Pythons: integers at the head of a code record, objects before the name, and
#: whether a qualified name and an exception table follow.
_LAYOUTS = (
    (5, 7, False),  # 3.0 to 3.7
    (4, 7, False),  # 2.x
    (6, 7, False),  # 3.8 to 3.10
    (5, 6, True),  # 3.11 and later
)
_MAX_RECORDS = 100_000
_MAX_NESTING = 50


class _Unreadable(Exception):
    pass


def function_name(stored: str) -> str | None:
    """``co_name`` of the code in ``stored`` (decoded with ``raw_unicode_escape``, as Keras 1 did); None if unclear."""
    try:
        data = stored.encode("raw_unicode_escape")
    except UnicodeError:
        return None
    for layout in _LAYOUTS:
        try:
            walker = _Walker(data, layout)
            name = walker.code_name()
        except (_Unreadable, struct.error, UnicodeError):
            continue
        if walker.position == len(data) and isinstance(name, str) and (name.isidentifier() or name == "<lambda>"):
            return name
    return None


class _Walker:
    def __init__(self, data: bytes, layout: tuple[int, int, bool]):
        self.data = data
        self.layout = layout
        self.position = 0
        self.references: list = []
        self.interned: list[str] = []
        self.records = 0

    def code_name(self):
        value = self.record(0)
        if not isinstance(value, _Code):
            raise _Unreadable
        return value.name

    def take(self, count: int) -> bytes:
        if count < 0 or self.position + count > len(self.data):
            raise _Unreadable
        self.position += count
        return self.data[self.position - count : self.position]

    def integer(self) -> int:
        return struct.unpack("<i", self.take(4))[0]

    def record(self, depth: int):
        """Walk one record. Texts and code come back as such, all else as None."""
        self.records += 1
        if depth > _MAX_NESTING or self.records > _MAX_RECORDS:
            raise _Unreadable
        code = self.take(1)[0]
        kind, referable = chr(code & 0x7F), bool(code & 0x80)
        index = len(self.references)
        if referable:
            self.references.append(None)
        value = self.content(kind, depth)
        if referable:
            self.references[index] = value
        return value

    def content(self, kind: str, depth: int):
        if kind in "0NFTS.":
            return None
        if kind in "iIgy":
            self.take({"i": 4, "I": 8, "g": 8, "y": 16}[kind])
            return None
        if kind == "l":
            self.take(2 * abs(self.integer()))
            return None
        if kind in "fx":
            for _ in range(2 if kind == "x" else 1):
                self.take(self.take(1)[0])
            return None
        if kind in "stuaAzZ":
            return self.text(kind)
        if kind == "R":
            return self.item(self.interned, self.integer())
        if kind == "r":
            return self.item(self.references, self.integer())
        if kind in "([<>)":
            count = self.take(1)[0] if kind == ")" else self.integer()
            if count < 0:
                raise _Unreadable
            for _ in range(count):
                self.record(depth + 1)
            return None
        if kind == "c":
            return self.code(depth)
        raise _Unreadable

    def text(self, kind: str) -> str:
        length = self.take(1)[0] if kind in "zZ" else self.integer()
        raw = self.take(length)
        value = raw.decode("utf8", "surrogateescape") if kind in "tu" else raw.decode("latin-1")
        if kind == "t":
            self.interned.append(value)
        return value

    @staticmethod
    def item(values: list, index: int):
        if not 0 <= index < len(values):
            raise _Unreadable
        return values[index]

    def code(self, depth: int) -> _Code:
        integers, before_name, qualified = self.layout
        self.take(4 * integers)
        for _ in range(before_name):
            self.record(depth + 1)
        name = self.record(depth + 1)
        if qualified:
            self.record(depth + 1)
        self.integer()  # the first line's number
        for _ in range(2 if qualified else 1):
            self.record(depth + 1)
        return _Code(name)


class _Code:
    def __init__(self, name):
        self.name = name
