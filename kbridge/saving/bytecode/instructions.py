"""The instructions of a stored function, one by one: numbers of a Python's own as names, long arguments put together."""

from __future__ import annotations

from typing import NamedTuple

from .opcodes import HAVE_ARGUMENT, caches_of, names_of
from .records import Unreadable

#: Instructions of one function.
MAX_INSTRUCTIONS = 5_000


class Instruction(NamedTuple):
    name: str
    argument: int


def instructions_of(code: bytes, version: str) -> list[Instruction]:
    """Return the instructions in ``code``, if a Python of this version wrote it. Raises Unreadable where it can't have."""
    words = _pairs(code) if version in ("2.7", "3.4", "3.5") else _words(code)
    names, caches = names_of(version), caches_of(version)
    found: list[Instruction] = []
    extended = 0
    skipped = 0
    for number, argument in words:
        if skipped:
            if number or argument:
                raise Unreadable(f"the bytecode isn't that of Python {version}")
            skipped -= 1
            continue
        name = names.get(number)
        if name is None or name == "CACHE":
            raise Unreadable(f"Python {version} has no instruction {number}")
        argument |= extended
        if argument >= 2**31:
            raise Unreadable(f"an instruction's argument is {argument}")
        if name == "EXTENDED_ARG":
            extended = argument << (16 if version in ("2.7", "3.4", "3.5") else 8)
            continue
        extended = 0
        found.append(Instruction(name, argument))
        if len(found) > MAX_INSTRUCTIONS:
            raise Unreadable(f"it has more than {MAX_INSTRUCTIONS} instructions")
        skipped = caches.get(name, 0)
    if extended or skipped or not found:
        raise Unreadable(f"the bytecode isn't that of Python {version}")
    return found


def _words(code: bytes):
    """From Python 3.6 on: an instruction and its argument are a byte each."""
    if len(code) % 2:
        raise Unreadable("the bytecode ends within an instruction")
    return zip(code[::2], code[1::2], strict=True)


def _pairs(code: bytes):
    """Up to Python 3.5: an instruction is a byte, and from ``HAVE_ARGUMENT`` on two more bytes are its argument."""
    place = 0
    while place < len(code):
        number = code[place]
        place += 1
        if number < HAVE_ARGUMENT:
            yield number, 0
            continue
        if place + 2 > len(code):
            raise Unreadable("the bytecode ends within an instruction")
        yield number, code[place] | code[place + 1] << 8
        place += 2
