"""Random tensors: new values each time a function runs.

A node owns its generator, so that a forward pass and its gradient see the same draw and one seed
gives one sequence whatever else runs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..graph import Op, Tensor
from .common import as_dtype, is_float
from .shapes import sizes


class Generator:
    """A generator with its seed; hashed by identity, so that no two draws are merged."""

    def __init__(self, seed: int | None):
        # NumPy's global state decides where no seed is given: np.random.seed makes a run repeatable
        self.rng = np.random.Generator(np.random.SFC64(np.random.randint(0, 2**31 - 1) if seed is None else int(seed)))


class Draw(Op):
    """``attrs`` is (generator, scale, shift, fixed shape or None); the input, if any, is the shape."""

    pure = False
    static = (0,)

    def __init__(self, name: str, method: str):
        self.name = name
        self.method = method

    def infer(self, attrs, size=None):
        if attrs[3] is not None:
            return attrs[3], attrs[4]
        value = size.constant_value()
        return ((None,) * size.shape[0] if value is None else tuple(int(n) for n in value)), attrs[4]

    def emit(self, ctx, attrs, out, size=None):
        generator, scale, shift = attrs[:3]
        draw = getattr(generator.rng, self.method)
        if out.dtype.itemsize >= 4:
            ctx.call(draw, None, out.dtype, out)
        else:
            wide = ctx.scratch(out.shape, np.dtype("float32"))
            ctx.call(draw, None, wide.dtype, wide)
            ctx.call(np.copyto, out, wide, "same_kind")
        if scale != 1:
            ctx.call(np.multiply, out, ctx.scalar(scale, out.dtype), out)
        if shift != 0:
            ctx.call(np.add, out, ctx.scalar(shift, out.dtype), out)


UNIFORM, NORMAL = Draw("random_uniform", "random"), Draw("random_normal", "standard_normal")


def _draw(op: Draw, shape: Any, scale: float, shift: float, dtype: Any, seed: int | None) -> Tensor:
    dtype = as_dtype(dtype)
    if not is_float(dtype):
        raise ValueError(f"{op.name}: the dtype must be a float, got {dtype}.")
    fixed, vector = sizes(shape)
    inputs = () if vector is None else (vector,)
    attrs = (Generator(seed), scale, shift, fixed, dtype)
    inferred, _ = op.infer(attrs, *inputs)
    if vector is not None and isinstance(shape, (list, tuple)):
        inferred = tuple(None if isinstance(n, Tensor) else int(n) for n in shape)
    return Tensor(op, inputs, attrs, inferred, dtype)


def random_uniform(shape: Any, low: float = 0.0, high: float = 1.0, dtype: Any = None, seed: int | None = None) -> Tensor:
    """Values in [low, high)."""
    return _draw(UNIFORM, shape, high - low, low, dtype, seed)


def random_normal(shape: Any, mean: float = 0.0, std: float = 1.0, dtype: Any = None, seed: int | None = None) -> Tensor:
    """Normal values."""
    return _draw(NORMAL, shape, std, mean, dtype, seed)
