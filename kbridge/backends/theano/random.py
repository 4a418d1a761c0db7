"""Random tensors from Theano's MRG31k3p generator, which runs in C."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import theano.tensor as T
from theano.graph.basic import Variable
from theano.sandbox.rng_mrg import MRG_RandomStream

from .static import set_shape
from .tensors import as_tensor, floatx

#: streams that share the work: preparing each takes time, and on a CPU they run one after the other
STREAMS = 64


def _stream(seed: int | None) -> MRG_RandomStream:
    if seed is None:
        seed = np.random.randint(1, 2**31 - 1)
    # the generator can't start from zeros
    return MRG_RandomStream(seed=int(seed) % (2**31 - 2) + 1)


def _sizes(shape: Any) -> tuple[list, tuple[int | None, ...]]:
    """Lengths for the generator, and what is known of them."""
    sizes = [n if isinstance(n, Variable) else int(n) for n in shape]
    return [T.cast(n, "int64") if isinstance(n, Variable) else n for n in sizes], tuple(
        None if isinstance(n, Variable) else n for n in sizes
    )


def _draw(kind: str, shape: Any, dtype: str | None, seed: int | None):
    dtype = dtype or floatx()
    made_in = "float64" if dtype == "float64" else "float32"
    sizes, known = _sizes(shape)
    stream = _stream(seed)
    total = None if None in known else math.prod(n for n in known if n is not None)
    if total == 0:
        return T.zeros(known, dtype=dtype)
    streams = STREAMS if total is None else max(1, min(STREAMS, total // 2))
    size = tuple(sizes) if total is not None else T.stack([as_tensor(n) for n in sizes]) if len(sizes) > 1 else (sizes[0],)
    options = {"ndim": len(sizes), "dtype": made_in, "nstreams": streams}
    x = stream.uniform(size, 0.0, 1.0, **options) if kind == "uniform" else stream.normal(size, 0.0, 1.0, **options)
    return set_shape(T.cast(x, dtype), known)


def random_uniform(shape, low=0.0, high=1.0, dtype=None, seed=None):
    x = _draw("uniform", shape, dtype, seed)
    return x if (low, high) == (0.0, 1.0) else x * (high - low) + low


def random_normal(shape, mean=0.0, std=1.0, dtype=None, seed=None):
    x = _draw("normal", shape, dtype, seed)
    return x if (mean, std) == (0.0, 1.0) else x * std + mean
