"""Random numbers of a worker's own, on any backend: its two random primitives get seeds that depend on the worker."""

from __future__ import annotations

import functools
import inspect
import zlib

import numpy as np


def own_draws(backend, rank: int) -> None:
    """Have the random primitives of ``backend`` draw other numbers than on workers of another ``rank``.

    NumPy's global state moves on as it would, so that what all workers draw from it stays the same.
    """
    for name in ("random_uniform", "random_normal"):
        setattr(backend, name, _with_seed(getattr(backend, name), rank))


def _with_seed(draw, rank: int):
    signature = inspect.signature(draw)

    @functools.wraps(draw)
    def own(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        seed = bound.arguments.get("seed")
        if seed is None:
            seed = int(np.random.randint(0, 2**31 - 1))
        bound.arguments["seed"] = seed_of(seed, rank)
        return draw(*bound.args, **bound.kwargs)

    return own


def seed_of(seed: int, rank: int) -> int:
    """The seed of worker ``rank`` where one process would use ``seed``."""
    return zlib.crc32(f"{seed} {rank}".encode()) & 0x7FFFFFFF if rank else seed
