"""Random numbers, and the choice of the learning phase, as operators of ONNX."""

from __future__ import annotations

import numpy as np

from .... import backend as K
from ...recording import Recorded
from .recorder import emits


@emits("phase_switch")
def _phase_switch(r, shadow, x, alt):
    return r.name(alt, K.dtype(shadow))


@emits("random_uniform")
def _random_uniform(r, shadow, shape, low=0.0, high=1.0, dtype=None, seed=None):
    if any(isinstance(n, Recorded) for n in shape):
        zeros = r.g.op("Expand", r.g.constant(np.zeros((), K.dtype(shadow))), r.lengths(shape))
        return r.g.op("RandomUniformLike", zeros, low=float(low), high=float(high))
    return r.g.op("RandomUniform", shape=[int(n) for n in shape], low=float(low), high=float(high))


@emits("random_normal")
def _random_normal(r, shadow, shape, mean=0.0, std=1.0, dtype=None, seed=None):
    if any(isinstance(n, Recorded) for n in shape):
        zeros = r.g.op("Expand", r.g.constant(np.zeros((), K.dtype(shadow))), r.lengths(shape))
        return r.g.op("RandomNormalLike", zeros, mean=float(mean), scale=float(std))
    return r.g.op("RandomNormal", shape=[int(n) for n in shape], mean=float(mean), scale=float(std))
