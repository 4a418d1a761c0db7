"""The rows of the op specs.

A row is data: the name of a function of ``K``, calls to try with example inputs, and what they must
give. Functions of tensors have a reference in plain NumPy; functions that deal with state (variables,
functions, settings, randomness) have named checks instead. Rows know no backend.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

FLOATX = "float"

#: In.kind values that become placeholders
FED = ("placeholder", "fixed", "unknown")


@dataclass(frozen=True)
class In:
    """An example input: ``shape`` filled with uniform values in [low, high), or given ``values``.

    ``dtype`` 'float' means the dtype under test. ``kind`` says how the backend gets it: 'placeholder'
    (its first dimension is the batch, unknown until a call), 'fixed' (a placeholder of known shape),
    'unknown' (a placeholder of known rank only), 'variable', or 'array' (passed as it is).
    ``fill(rng, shape)`` makes values with a structure of their own.
    """

    shape: tuple[int, ...] = (3, 4)
    low: float = -2.0
    high: float = 2.0
    dtype: str = FLOATX
    kind: str = "placeholder"
    values: Any = None
    fill: Callable | None = None

    @property
    def fed(self) -> bool:
        return self.kind in FED

    @property
    def static_shape(self) -> tuple[int | None, ...]:
        """The shape as the backend is told it."""
        shape = np.shape(self.values) if self.values is not None else self.shape
        if self.kind == "placeholder" and shape:
            return (None, *shape[1:])
        return (None,) * len(shape) if self.kind == "unknown" else tuple(shape)

    def array(self, key: str, floatx: str) -> np.ndarray:
        """The example's values; ``key`` seeds them, so that they are the same everywhere."""
        dtype = floatx if self.dtype == FLOATX else self.dtype
        if self.values is not None:
            return np.array(self.values, dtype=dtype)
        rng = np.random.RandomState(zlib.crc32(key.encode()))
        if self.fill is not None:
            return np.asarray(self.fill(rng, self.shape)).astype(dtype)
        if np.dtype(dtype).kind in "iu":
            return rng.randint(int(self.low), int(self.high), self.shape).astype(dtype)
        if dtype == "bool":
            return rng.uniform(size=self.shape) > 0.5
        return rng.uniform(self.low, self.high, self.shape).astype(dtype)


@dataclass(frozen=True)
class Case:
    """One call: ``args`` and ``kwargs`` as for the function, with ``In`` where a tensor stands."""

    args: tuple = ()
    kwargs: dict = field(default_factory=dict)
    #: indices (in reading order) of the float inputs whose gradient is checked against central
    #: differences of the reference; None: all of them
    grad: tuple[int, ...] | None = None
    #: what ``K.gradients(K.sum(result), float inputs)`` must give exactly: an array or None each. For kinks,
    #: ties and functions without a gradient; replaces the central differences
    grads: tuple | None = None
    #: dtype of the result where it is neither the dtype under test nor what the reference returns
    dtype: str | None = None
    #: False where the call has no meaning with an empty batch
    empty: bool = True
    #: False where a backend can't know the result's dimensions before a call
    static: bool = True
    #: False where float16 has too few digits for what the call shows
    float16: bool = True
    #: relative tolerance in float32 where the row's is too narrow for this call
    rtol: float | None = None
    #: what is special about this call
    note: str = ""

    def inputs(self) -> list[In]:
        """The ``In`` of this call in reading order, also those inside lists."""
        return [v for value in (*self.args, *self.kwargs.values()) for v in _inputs(value)]

    def fill(self, values: list) -> tuple[tuple, dict]:
        """``args`` and ``kwargs`` with ``values`` in place of the ``In``, in reading order."""
        rest = iter(values)
        return tuple(_replace(a, rest) for a in self.args), {k: _replace(v, rest) for k, v in self.kwargs.items()}


@dataclass(frozen=True)
class Check:
    """A named piece of behaviour; ``run(K)`` raises AssertionError (see ``expect``) where it is not so."""

    name: str
    run: Callable
    #: backends it is about; None: all
    backends: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Op:
    """A row: a function of ``K``, its reference, its cases and its checks.

    ``reference`` takes the case's arguments with plain arrays for ``In`` and returns an array or a
    tuple of them (other values are compared with ``==``); it may use NumPy only, never a backend.
    ``call(K, *args, **kwargs)`` replaces the plain method call where a function takes functions, or
    needs a setting of its own.
    """

    name: str
    reference: Callable | None = None
    cases: tuple[Case, ...] = ()
    checks: tuple[Check, ...] = ()
    #: whether gradients flow through it
    gradient: bool = True
    rtol: float = 1e-5
    atol: float = 1e-6
    call: Callable | None = None
    #: backends that have the function (elsewhere it is an error that names them); None: all
    backends: tuple[str, ...] | None = None
    note: str = ""


def checks(*functions: Callable, backends: tuple[str, ...] | None = None) -> tuple[Check, ...]:
    """Checks named as the functions that make them."""
    return tuple(Check(f.__name__, f, backends) for f in functions)


def expect(actual: Any, expected: Any, what: str, rtol: float = 1e-5, atol: float = 1e-6) -> None:
    """AssertionError unless both are equal: arrays within the tolerances, all else by ``==``."""
    if isinstance(expected, (np.ndarray, float)):
        actual, expected = np.asarray(actual), np.asarray(expected)
        same = actual.shape == expected.shape and np.allclose(actual, expected, rtol=rtol, atol=atol, equal_nan=True)
    else:
        same = bool(actual == expected)
    if not same:
        raise AssertionError(f"{what}: expected {expected!r}, got {actual!r}")


def expect_error(kind: type[BaseException] | tuple, words: tuple[str, ...], run: Callable[..., Any]) -> None:
    """AssertionError unless ``run()`` raises ``kind`` with a message that holds all ``words``."""
    try:
        run()
    except kind as error:
        missing = [w for w in words if w not in str(error)]
        if missing:
            raise AssertionError(f"the error lacks {missing}: {error}") from error
        return
    raise AssertionError(f"no {kind} was raised")


# ---------------------------------------------------------------------- values with a structure


def probabilities(rng, shape):
    """Positive values with sum 1 over the last axis."""
    x = rng.uniform(0.1, 1.0, shape)
    return x / x.sum(axis=-1, keepdims=True)


def one_hot_rows(rng, shape):
    """One 1 in each row of the last axis."""
    return np.eye(shape[-1])[rng.randint(0, shape[-1], shape[:-1])]


def bits(rng, shape):
    """Zeros and ones."""
    return rng.uniform(size=shape) > 0.5


def off_grid(rng, shape):
    """Multiples of 0.25 in random order: distinct, never a whole number or a half."""
    n = int(np.prod(shape))
    return (rng.permutation(n).reshape(shape) - n // 2 + 0.3) * 0.25


# ---------------------------------------------------------------------- inside


def _inputs(value: Any) -> Iterator[In]:
    if isinstance(value, In):
        yield value
    elif isinstance(value, (list, tuple)):
        for v in value:
            yield from _inputs(v)


def _replace(value: Any, rest: Iterator) -> Any:
    if isinstance(value, In):
        return next(rest)
    if isinstance(value, (list, tuple)) and any(True for _ in _inputs(value)):
        return type(value)(_replace(v, rest) for v in value)
    return value
