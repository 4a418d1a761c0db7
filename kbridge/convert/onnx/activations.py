"""Activations of Keras 2 and 3 as operators of ONNX."""

from __future__ import annotations

from math import sqrt
from typing import Any

from ...backends.composites.activations import SELU_ALPHA, SELU_SCALE


def _gelu(g, x):
    return g.op("Mul", g.op("Mul", x, g.number(0.5)), g.op("Add", g.op("Erf", g.op("Mul", x, g.number(sqrt(0.5)))), g.number(1)))


def _mish(g, x):
    return g.op("Mul", x, g.op("Tanh", g.op("Softplus", x)))


def _between(g, x, low, high):
    return g.op("Min", g.op("Max", x, g.number(low)), g.number(high))


def _soft_shrink(g, x):
    return g.op("Sub", x, _between(g, x, -0.5, 0.5))


def _hard_shrink(g, x):
    return g.op("Where", g.op("Greater", g.op("Abs", x), g.number(0.5)), x, g.number(0))


def _squareplus(g, x):
    return g.op("Mul", g.op("Add", x, g.op("Sqrt", g.op("Add", g.op("Mul", x, x), g.number(4)))), g.number(0.5))


def _sparse_plus(g, x):
    curve = _between(g, g.op("Add", x, g.number(1)), 0.0, 2.0)
    return g.op("Add", g.op("Mul", g.op("Mul", curve, curve), g.number(0.25)), g.op("Relu", g.op("Sub", x, g.number(1))))


def _glu(g, x):
    first, second = g.op("Split", x, outputs=2, axis=-1)
    return g.op("Mul", first, g.op("Sigmoid", second))


def _sparsemax(g, x):
    length = g.op("Slice", g.op("Shape", x), g.integers(-1), g.integers(2**62))
    sorted_x, _ = g.op("TopK", x, length, outputs=2, axis=-1, largest=1, sorted=1)
    last = g.integers(-1)
    places = g.op("CumSum", g.op("Cast", g.op("Equal", sorted_x, sorted_x), to=1), last)
    sums = g.op("CumSum", sorted_x, last)
    # the largest numbers stay above 0: as many as this holds for
    stay = g.op("Cast", g.op("Greater", g.op("Add", g.number(1), g.op("Mul", places, sorted_x)), sums), to=1)
    count, total = (g.op("ReduceSum", part, last, keepdims=1) for part in (stay, g.op("Mul", stay, sorted_x)))
    return g.op("Relu", g.op("Sub", x, g.op("Div", g.op("Sub", total, g.number(1)), count)))


#: name -> function (builder, tensor) that gives the result
COMPOSED: dict[str, Any] = {
    "leaky_relu": lambda g, x: g.op("LeakyRelu", x, alpha=0.2),
    "relu6": lambda g, x: _between(g, x, 0.0, 6.0),
    "selu": lambda g, x: g.op("Selu", x, alpha=SELU_ALPHA, gamma=SELU_SCALE),
    "celu": lambda g, x: g.op("Celu", x, alpha=1.0),
    "gelu": _gelu,
    "silu": lambda g, x: g.op("Mul", x, g.op("Sigmoid", x)),
    "hard_silu": lambda g, x: g.op("HardSwish", x),
    "mish": _mish,
    "exponential": lambda g, x: g.op("Exp", x),
    "log_sigmoid": lambda g, x: g.op("Neg", g.op("Softplus", g.op("Neg", x))),
    "log_softmax": lambda g, x: g.op("LogSoftmax", x, axis=-1),
    "hard_tanh": lambda g, x: _between(g, x, -1.0, 1.0),
    "hard_shrink": _hard_shrink,
    "soft_shrink": _soft_shrink,
    "tanh_shrink": lambda g, x: g.op("Sub", x, g.op("Tanh", x)),
    "squareplus": _squareplus,
    "sparse_plus": _sparse_plus,
    "sparse_sigmoid": lambda g, x: _between(g, g.op("Mul", g.op("Add", x, g.number(1)), g.number(0.5)), 0.0, 1.0),
    "glu": _glu,
    "sparsemax": _sparsemax,
}
