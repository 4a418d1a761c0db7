"""Which thread runs a graph: one of TensorFlow's, or the one that calls the function.

TensorFlow hands a run to a thread of its own and waits for it. For a small model that takes longer than the computation, and in a loop
of small operations threads mostly wait for each other. Graphs whose operations can't do much at the same time therefore run in the
caller's thread. A single operation still uses as many threads as it may.
"""

from __future__ import annotations

import ctypes
import functools
import platform
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...config import num_threads
from ...cores import allowed_cores
from .phases import ordered

#: what of the callers' options stands for the caller's own thread
CALLERS = -1

#: operations that may take long beside others, such as the two gradients of a convolution. A graph with one of them is TensorFlow's
LONG = ("Conv2D", "Conv3D", "DepthwiseConv2dNative")
LOOPS = ("While", "StatelessWhile")
#: how many operations a graph in the caller's thread has at most
SMALL = 600

#: the bytes of C's fenv_t, and more
_ENVIRONMENT = ctypes.c_uint32 * 32
#: for each kind of processor: which number of it says how subnormal numbers are computed, and the bits that make them 0
_FLUSH = {"x86_64": (7, 0x8040), "AMD64": (7, 0x8040), "aarch64": (0, 1 << 24)}


def by_caller(roots: Sequence) -> bool:
    """Whether a run of the operations ``roots`` belongs into the caller's thread: always where there is one thread only, else where the
    graph is small, has no convolution, and its loops follow each other."""
    if _functions() is None:
        return False
    if (num_threads() or allowed_cores()) == 1:
        return True
    count = loops = 0
    #: how many loops follow each other up to an operation
    chain: dict[Any, int] = {}
    for op in ordered(roots):
        if op.type in LONG:
            return False
        looping = op.type in LOOPS
        loops += looping
        count += op.type != "Const"
        sources = [*(x.op for x in op.inputs), *op.control_inputs]
        chain[op] = max((chain[source] for source in sources), default=0) + looping
    return count <= SMALL and max(chain.values(), default=0) == loops


def in_callers_thread(call: Callable) -> Callable:
    """``call``, during which subnormal numbers are 0 in this thread, as in TensorFlow's own: with them, processors compute many times slower."""
    functions = _functions()
    assert functions is not None
    get, put = functions
    place, bits = _FLUSH[platform.machine()]

    def run(*values):
        before, now = _ENVIRONMENT(), _ENVIRONMENT()
        get(before)
        get(now)
        now[place] |= bits
        put(now)
        try:
            return call(*values)
        finally:
            put(before)

    return run


@functools.cache
def _functions() -> tuple[Callable, Callable] | None:
    """C's functions that read and write how this thread computes with floats; None where they don't do what is expected of them."""
    if not sys.platform.startswith("linux") or platform.machine() not in _FLUSH:
        return None
    try:
        library = ctypes.PyDLL("libm.so.6")
        get, put = library.fegetenv, library.fesetenv
    except (OSError, AttributeError):
        return None
    get.argtypes = put.argtypes = (_ENVIRONMENT,)
    place, bits = _FLUSH[platform.machine()]
    before, now = _ENVIRONMENT(), _ENVIRONMENT()
    get(before)
    get(now)
    now[place] |= bits
    small = np.full(1, 1e-38, np.float32)
    put(now)
    flushed = small * np.float32(0.5)
    put(before)
    return (get, put) if flushed[0] == 0 and (small * np.float32(0.5))[0] != 0 else None
