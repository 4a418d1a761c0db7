"""How many weights may be made while a file's model is built: no more than the file holds.

A config of a few bytes can describe a layer of any size, so the size is compared with the file
before the memory is taken.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from contextvars import ContextVar

from .errors import ModelFileError

_remaining: ContextVar[list[int] | None] = ContextVar("remaining weights", default=None)


@contextlib.contextmanager
def weight_budget(values: int) -> Iterator[None]:
    """Within the context, weights of at most ``values`` numbers in all can be made."""
    token = _remaining.set([values, values])
    try:
        yield
    finally:
        _remaining.reset(token)


def spend(shape: Sequence[int | None]) -> None:
    """Announce a new array of ``shape``. ModelFileError if a file is being loaded that has fewer numbers."""
    budget = _remaining.get()
    if budget is None:
        return
    budget[0] -= math.prod(int(n) for n in shape if n is not None)
    if budget[0] < 0:
        raise ModelFileError(
            f"its layers need more weights than the file holds ({budget[1]} numbers): one of the shape {tuple(shape)} is too much."
        )
