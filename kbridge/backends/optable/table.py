"""What a row of the op table is."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class In:
    """An example input: ``shape`` filled with uniform values in [low, high), or given ``values``.

    ``dtype`` 'float' means the dtype under test. ``kind`` says how the engine gets it: 'placeholder'
    (first dimension unknown), 'variable', or 'array' (passed as it is).
    """

    shape: tuple[int, ...] = (3, 4)
    low: float = -2.0
    high: float = 2.0
    dtype: str = "float"
    kind: str = "placeholder"
    values: Any = None

    def array(self, key: str, floatx: str) -> np.ndarray:
        """The example's values; ``key`` seeds them, so that they are the same everywhere."""
        dtype = floatx if self.dtype == "float" else self.dtype
        if self.values is not None:
            return np.asarray(self.values, dtype=dtype)
        rng = np.random.RandomState(zlib.crc32(key.encode()))
        return rng.uniform(self.low, self.high, self.shape).astype(dtype)


@dataclass(frozen=True)
class Case:
    """One call: ``args`` and ``kwargs`` as for the function, with ``In`` where a tensor stands."""

    args: tuple = ()
    kwargs: dict = field(default_factory=dict)
    #: indices (in reading order) of the float inputs whose gradient is checked; None: all of them
    grad: tuple[int, ...] | None = None

    def inputs(self) -> Iterator[In]:
        """The ``In`` of this call in reading order, also those inside lists."""
        for value in (*self.args, *self.kwargs.values()):
            if isinstance(value, In):
                yield value
            elif isinstance(value, (list, tuple)):
                yield from (v for v in value if isinstance(v, In))


@dataclass(frozen=True)
class Op:
    """A row: a function of ``K``, its reference and its cases.

    ``reference`` takes the case's arguments with plain arrays for ``In`` and returns an array (or a
    tuple of them); it may use NumPy only, never an engine. ``call(backend, *args, **kwargs)``
    replaces the plain method call where a function needs a setting of its own.
    """

    name: str
    reference: Callable | None
    cases: tuple[Case, ...]
    gradient: bool = True
    rtol: float = 1e-5
    atol: float = 1e-6
    call: Callable | None = None
    note: str = ""
