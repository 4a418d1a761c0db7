"""Ops that pass their input on: constant for gradients, printed, or one of two by the learning phase."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..graph import Op, Tensor, make
from .common import as_tensor
from .filling import zeros_like


class StopGradient(Op):
    """The same values, constant for gradients."""

    name = "stop_gradient"
    view = True

    def infer(self, attrs, x):
        return x.shape, x.dtype

    def lowered(self, value):
        return value.inputs[0]


class Print(Op):
    """The same values; running it prints them."""

    name = "print"
    pure = False

    def infer(self, attrs, x):
        return x.shape, x.dtype

    def gradient(self, node, g):
        return [g]

    def emit(self, ctx, attrs, out, x):
        ctx.call(np.copyto, out, x)
        ctx.call(_show, attrs, out)


def _show(message: str, value: np.ndarray) -> None:
    print(message, value)


class PhaseSwitch(Op):
    """The first input in training, the second in test; ``inputs[2]`` is the learning phase.

    Plans are made for one learning phase, so the side not taken is never computed.
    """

    name = "phase_switch"
    chooses = True
    static = (2,)

    def infer(self, attrs, x, alt, phase):
        if x.dtype != alt.dtype or len(x.shape) != len(alt.shape):
            raise ValueError(
                f"The two phases must have the same shape and dtype, got shapes {x.shape} and {alt.shape}, dtypes {x.dtype} and "
                f"{alt.dtype}."
            )
        return tuple(m if m == n else None for m, n in zip(x.shape, alt.shape)), x.dtype

    def gradient(self, node, g):
        x, alt, phase = node.inputs
        # zeros in the shape of the side itself: lengths that are unknown until a run may differ
        return [make(self, (g, zeros_like(x), phase)), make(self, (zeros_like(alt), g, phase)), None]

    def lowered(self, value):
        x, alt, phase = value.inputs
        return x if phase.constant_value() else alt


STOP, PRINT, PHASE = StopGradient(), Print(), PhaseSwitch()


def stop_gradient(x: Any) -> Tensor:
    """``x``, constant for gradients."""
    return make(STOP, (as_tensor(x),))
