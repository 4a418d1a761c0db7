"""The wire format of protocol buffers: the fields of a message one by one, never more than the bytes that are there.

What the fields mean, readers know; nested messages are read by calling ``fields`` again.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import ModelFileError

#: Wire types.
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

Value = int | memoryview


class Damaged(ModelFileError):
    """A record that breaks off or makes no sense."""


def varint(data: memoryview | bytes, at: int) -> tuple[int, int]:
    """The number of up to 64 bits at ``at``, and where the next field begins."""
    value = 0
    for place in range(10):
        if at + place >= len(data):
            raise Damaged("a number breaks off at the end of a record.")
        byte = data[at + place]
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at + place + 1
    raise Damaged("a number has more than 64 bits.")


def signed(value: int) -> int:
    """A number of 64 bits as a signed one."""
    return value - 2**64 if value >= 2**63 else value


def fields(data: memoryview | bytes) -> Iterator[tuple[int, int, Value]]:
    """(number of the field, wire type, value) of each field of a message; texts and messages are views into ``data``."""
    data = memoryview(data)
    at, end = 0, len(data)
    while at < end:
        tag, at = varint(data, at)
        number, kind = tag >> 3, tag & 7
        if not number:
            raise Damaged("a field has the number 0.")
        value: Value
        if kind == VARINT:
            value, at = varint(data, at)
        elif kind == BYTES:
            length, at = varint(data, at)
            if length > end - at:
                raise Damaged(f"a field claims to have {length} bytes, but only {end - at} are left.")
            value = data[at : at + length]
            at += length
        elif kind in (FIXED64, FIXED32):
            length = 8 if kind == FIXED64 else 4
            if length > end - at:
                raise Damaged("a number breaks off at the end of a record.")
            value = int.from_bytes(data[at : at + length], "little")
            at += length
        else:
            raise Damaged(f"a field has the unknown wire type {kind}.")
        yield number, kind, value


def messages(data: memoryview | bytes, number: int) -> Iterator[memoryview]:
    """The values of all fields ``number`` that hold texts or messages."""
    for field, kind, value in fields(data):
        if field == number and kind == BYTES:
            yield value  # type: ignore[misc]


def text(value: Value) -> str:
    """A field's value as a text."""
    if isinstance(value, int):
        raise Damaged("there is a number where a text was expected.")
    try:
        return bytes(value).decode("utf8")
    except UnicodeDecodeError:
        raise Damaged("a text isn't valid UTF-8.") from None


def number(value: Value) -> int:
    """A field's value as a number."""
    if not isinstance(value, int):
        raise Damaged("there is a text where a number was expected.")
    return value


def message(value: Value) -> memoryview:
    """A field's value as a message."""
    if isinstance(value, int):
        raise Damaged("there is a number where a record was expected.")
    return value
