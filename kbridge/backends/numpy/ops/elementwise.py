"""Ops that work element by element, with broadcasting.

Most are one ufunc: a row of the tables at the end gives the ufunc, the dtype rule and the gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import settings
from ..graph import Op, Tensor, make
from ..operators import IMPLEMENTATIONS
from .broadcasting import broadcast, sum_to
from .choosing import where
from .common import BOOL, INT32, as_dtype, as_tensor, as_tensors, cast, is_float
from .filling import zeros_like
from .ufuncs import CLIP, limits


class Elementwise(Op):
    """One ufunc. ``rule`` gives the gradients of the inputs, before they are summed to their shapes."""

    inplace = True
    elementwise = True

    def __init__(self, name: str, ufunc: Callable, rule: Callable | None = None, dtype: np.dtype | None = None):
        self.name = name
        self.ufunc = ufunc
        self.rule = rule
        self.dtype = dtype

    def infer(self, attrs, *inputs):
        shape = inputs[0].shape
        for other in inputs[1:]:
            if other.shape != shape:
                shape = broadcast(shape, other.shape, f"operands of {self.name}")
        return shape, self.dtype or inputs[0].dtype

    def gradient(self, node, g):
        if self.rule is None or not is_float(node.dtype):
            return [None] * len(node.inputs)
        grads = self.rule(node, g, *node.inputs)
        if not isinstance(grads, tuple):
            grads = (grads,)
        return [None if d is None else sum_to(d, x) for d, x in zip(grads, node.inputs)]

    def emit(self, ctx, attrs, out, *inputs):
        ctx.call(self.ufunc, *inputs, out)


class Composed(Elementwise):
    """An elementwise function that takes several ufunc calls: ``program(ctx, out, *inputs)``.

    ``inplace`` holds: every program reads its inputs in its first call only.
    """

    def __init__(self, name: str, program: Callable, rule: Callable | None = None):
        super().__init__(name, program, rule)
        self.program = program

    def emit(self, ctx, attrs, out, *inputs):
        self.program(ctx, out, *inputs)


def unary(name: str, x: Any) -> Tensor:
    """A row of UNARY; integers and booleans become floatx where the function is not exact on them."""
    x = as_tensor(x)
    if name == "round" and not is_float(x.dtype):
        return x
    if not is_float(x.dtype) and name not in EXACT:
        x = cast(x, as_dtype(None))
    return make(UNARY[name], (x,))


def binary(name: str, x: Any, y: Any) -> Tensor:
    """A row of BINARY on operands that are first promoted to one dtype."""
    x, y = as_tensors(x, y)
    if x.dtype == BOOL and name in ARITHMETIC:
        x, y = cast(x, INT32), cast(y, INT32)
    if name in ("divide", "arctan2") and not is_float(x.dtype):
        x, y = cast(x, as_dtype(None)), cast(y, as_dtype(None))
    if name.startswith("logical"):
        x, y = cast(x, BOOL), cast(y, BOOL)
    return make(BINARY[name], (x, y))


def greater(x, y):
    return binary("greater", x, y)


def greater_equal(x, y):
    return binary("greater_equal", x, y)


def less_equal(x, y):
    return binary("less_equal", x, y)


# ---------------------------------------------------------------------- programs and gradients


def _flat(node, g, x):
    return zeros_like(x)


def _sigmoid(ctx, out, x):
    one = ctx.scalar(1, out.dtype)
    ctx.call(np.negative, x, out)
    ctx.call(np.exp, out, out)
    ctx.call(np.add, out, one, out)
    ctx.call(np.divide, one, out, out)


def _softplus(ctx, out, x):
    ctx.call(np.logaddexp, x, ctx.scalar(0, out.dtype), out)


def _sqrt(ctx, out, x):
    ctx.call(CLIP, x, ctx.scalar(0, out.dtype), ctx.scalar(np.inf, out.dtype), out)
    ctx.call(np.sqrt, out, out)


def _maximum(ctx, out, x, y):
    # clip: np.maximum takes its out by keyword only, and is slower
    ctx.call(CLIP, x, y, ctx.scalar(limits(out.dtype)[1], out.dtype), out)


def _minimum(ctx, out, x, y):
    ctx.call(CLIP, x, ctx.scalar(limits(out.dtype)[0], out.dtype), y, out)


def _sqrt_gradient(node, g, x):
    half = 0.5 * g / where(greater(node, 0), node, 1)
    return where(greater(node, 0), half, as_tensor(0, g.dtype))


def _power_gradient(node, g, x, a):
    dx = g * a * binary("power", x, a - 1)
    positive = greater(x, 0)
    log_x = unary("log", where(positive, x, as_tensor(1, x.dtype)))
    return dx, where(positive, g * node * log_x, as_tensor(0, g.dtype))


def _angle_gradient(node, g, y, x):
    squared = unary("square", x) + unary("square", y)
    return g * x / squared, -g * y / squared


def _first_at_ties(compare: str) -> Callable:
    def rule(node, g, x, y):
        zero = as_tensor(0, g.dtype)
        first = binary(compare, x, y)
        return where(first, g, zero), where(first, zero, g)

    return rule


UNARY: dict[str, Elementwise] = {
    op.name: op
    for op in (
        Elementwise("negative", np.negative, lambda node, g, x: -g),
        Elementwise("absolute", np.absolute, lambda node, g, x: g * unary("sign", x)),
        Elementwise("sign", np.sign, _flat),
        Elementwise("round", np.rint, _flat),
        Elementwise("floor", np.floor, _flat),
        Elementwise("ceil", np.ceil, _flat),
        Elementwise("exp", np.exp, lambda node, g, x: g * node),
        Elementwise("expm1", np.expm1, lambda node, g, x: g * (node + 1.0)),
        Elementwise("log1p", np.log1p, lambda node, g, x: g / (1.0 + x)),
        Elementwise("log", np.log, lambda node, g, x: g / x),
        Composed("sqrt", _sqrt, _sqrt_gradient),
        Elementwise("square", np.square, lambda node, g, x: g * (2.0 * x)),
        Elementwise("sin", np.sin, lambda node, g, x: g * unary("cos", x)),
        Elementwise("cos", np.cos, lambda node, g, x: -g * unary("sin", x)),
        Elementwise("tan", np.tan, lambda node, g, x: g * (1.0 + unary("square", node))),
        Elementwise("arcsin", np.arcsin, lambda node, g, x: g / unary("sqrt", 1.0 - unary("square", x))),
        Elementwise("arccos", np.arccos, lambda node, g, x: -g / unary("sqrt", 1.0 - unary("square", x))),
        Elementwise("arctan", np.arctan, lambda node, g, x: g / (1.0 + unary("square", x))),
        Elementwise("sinh", np.sinh, lambda node, g, x: g * unary("cosh", x)),
        Elementwise("cosh", np.cosh, lambda node, g, x: g * unary("sinh", x)),
        Elementwise("arcsinh", np.arcsinh, lambda node, g, x: g / unary("sqrt", 1.0 + unary("square", x))),
        Elementwise("arccosh", np.arccosh, lambda node, g, x: g / unary("sqrt", unary("square", x) - 1.0)),
        Elementwise("arctanh", np.arctanh, lambda node, g, x: g / (1.0 - unary("square", x))),
        Elementwise("tanh", np.tanh, lambda node, g, x: g * (1.0 - unary("square", node))),
        Composed("sigmoid", _sigmoid, lambda node, g, x: g * (node * (1.0 - node))),
        Composed("softplus", _softplus, lambda node, g, x: g * unary("sigmoid", x)),
        Elementwise("logical_not", np.logical_not, dtype=BOOL),
    )
}


#: functions that integers keep their dtype in
EXACT = {"negative", "absolute", "sign", "round", "floor", "ceil", "square", "logical_not"}


ARITHMETIC = {"add", "subtract", "multiply", "divide", "floor_divide", "remainder", "power"}


BINARY: dict[str, Elementwise] = {
    op.name: op
    for op in (
        Elementwise("add", np.add, lambda node, g, x, y: (g, g)),
        Elementwise("subtract", np.subtract, lambda node, g, x, y: (g, -g)),
        Elementwise("multiply", np.multiply, lambda node, g, x, y: (g * y, g * x)),
        Elementwise("divide", np.divide, lambda node, g, x, y: (g / y, -(g * (node / y)))),
        Elementwise("floor_divide", np.floor_divide),
        Elementwise("remainder", np.remainder, lambda node, g, x, y: (g, -g * binary("floor_divide", x, y))),
        Elementwise("power", np.power, _power_gradient),
        Elementwise("arctan2", np.arctan2, _angle_gradient),
        Composed("maximum", _maximum, _first_at_ties("greater_equal")),
        Composed("minimum", _minimum, _first_at_ties("less_equal")),
        *(
            Elementwise(name, getattr(np, name), dtype=BOOL)
            for name in (
                "equal", "not_equal", "greater", "greater_equal", "less", "less_equal", "logical_and", "logical_or",
            )
        ),
    )
}  # fmt: skip
# fmt: skip


def _power(x: Any, a: Any) -> Tensor:
    """``x ** a``, through cheaper ops for the exponents 1, 2 and 0.5 and for negative integers."""
    if isinstance(x, Tensor) and isinstance(a, (int, float)) and not isinstance(a, bool):
        if a == 1:
            return x
        if a == 2:
            return unary("square", x)
        if a < 0 and not is_float(x.dtype):
            x = cast(x, settings.floatx())
    return binary("power", x, a)


for _name in ("negative", "absolute", "logical_not"):
    IMPLEMENTATIONS[_name] = lambda x, _name=_name: unary(_name, x if _name != "logical_not" else cast(x, BOOL))
for _name in (*ARITHMETIC, "logical_and", "logical_or", "less", "less_equal", "greater", "greater_equal"):
    IMPLEMENTATIONS[_name] = lambda x, y, _name=_name: binary(_name, x, y)
IMPLEMENTATIONS["power"] = _power
