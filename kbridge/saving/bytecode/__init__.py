"""Functions that a file stores as bytecode, read as data: never unmarshalled, never run.

Keras 1, 2 and 3 store the functions of Lambda and Merge layers as ``marshal`` data of the Python that saved them. Loading such data would run
foreign code, and another Python answers "bad marshal data" or crashes. Here the records are walked (``records``), the instructions of a
straight-line function are named (``opcodes``, ``instructions``) and followed with a stack of nodes (``walk``, ``expressions``), and what it
returns becomes a graph of operations from the closed table of ``kbridge.operations`` (``lower``). Whatever is none of that is refused with
the instruction or the name that stopped it.
"""

from __future__ import annotations

from typing import Any

__all__ = ["function_name", "read_live", "read_stored"]


def function_name(stored: Any) -> str | None:
    """The own name of a stored function, in any form that a config has; None if it isn't clear."""
    from .records import Unreadable, read_code
    from .texts import parts_of

    try:
        name = read_code(parts_of(stored)[0])[0].name
    except Unreadable:
        return None
    return name if name.isidentifier() or name == "<lambda>" else None


def read_stored(value: Any, arguments: Any = None, shapes: bool = False) -> Any:
    """See ``stored.read_stored``."""
    from .stored import read_stored

    return read_stored(value, arguments, shapes)


def read_live(function: Any, arguments: Any = None, shapes: bool = False) -> Any:
    """See ``live.read_live``."""
    from .live import read_live

    return read_live(function, arguments, shapes)
