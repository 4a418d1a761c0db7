"""Functions of each element as operations of Keras 3."""

from __future__ import annotations

import numpy as np

from ...recording import Recorded
from .recorder import E, emits, meeting

for _name, _class in {
    "add": "Add", "subtract": "Subtract", "multiply": "Multiply", "divide": "TrueDivide", "floor_divide": "FloorDivide", "mod": "Mod",
    "maximum": "Maximum", "minimum": "Minimum",
}.items():  # fmt: skip
    E[_name] = lambda r, shadow, x, y, cls=_class: r.op(cls, *meeting(r, shadow, x, y))


@emits("pow", "power")
def _power(r, shadow, x, y=None, a=None):
    return r.op("Power", *meeting(r, shadow, x, a if y is None else y))


@emits("arctan2")
def _arctan2(r, shadow, y, x):
    return r.op("Arctan2", *meeting(r, shadow, y, x))


for _name, _class in {
    "greater": "Greater", "greater_equal": "GreaterEqual", "lesser": "Less", "lesser_equal": "LessEqual", "equal": "Equal", "not_equal": "NotEqual",
    "logical_and": "LogicalAnd", "logical_or": "LogicalOr",
}.items():  # fmt: skip
    E[_name] = lambda r, shadow, x, y, cls=_class: r.op(cls, x, y)

for _name, _class in {
    "negative": "Negative", "abs": "Absolute", "sign": "Sign", "round": "Round", "floor": "Floor", "ceil": "Ceil", "exp": "Exp", "expm1": "Expm1",
    "log": "Log", "log1p": "Log1p", "erf": "Erf", "sqrt": "Sqrt", "square": "Square", "sin": "Sin", "cos": "Cos", "tan": "Tan", "arcsin": "Arcsin",
    "arccos": "Arccos", "arctan": "Arctan", "sinh": "Sinh", "cosh": "Cosh", "tanh": "Tanh", "arcsinh": "Arcsinh", "arccosh": "Arccosh",
    "arctanh": "Arctanh", "sigmoid": "Sigmoid", "softplus": "Softplus", "softsign": "Softsign", "selu": "Selu", "silu": "Silu", "relu6": "Relu6",
    "logical_not": "LogicalNot", "stop_gradient": "StopGradient",
}.items():  # fmt: skip
    E[_name] = lambda r, shadow, cls=_class, **x: r.op(cls, *x.values())


@emits("round")
def _round(r, shadow, x):
    return r.op("Round", x, decimals=0)


@emits("relu")
def _relu(r, shadow, x, alpha=0.0, max_value=None):
    if max_value == 6 and not alpha:
        return r.op("Relu6", x)
    found = r.op("LeakyRelu", x, negative_slope=float(alpha)) if alpha else r.op("Relu", x)
    return found if max_value is None else r.op("Minimum", Recorded(r, found, shadow), max_value)


@emits("elu")
def _elu(r, shadow, x, alpha=1.0):
    return r.op("Elu", x, alpha=float(alpha))


@emits("leaky_relu")
def _leaky_relu(r, shadow, x, negative_slope=0.2):
    return r.op("LeakyRelu", x, negative_slope=float(negative_slope))


@emits("gelu")
def _gelu(r, shadow, x, approximate=False):
    return r.op("Gelu", x, approximate=bool(approximate))


@emits("softmax")
def _softmax(r, shadow, x, axis=-1):
    return r.op("Softmax", x, axis=axis)


@emits("log_softmax")
def _log_softmax(r, shadow, x, axis=-1):
    return r.op("LogSoftmax", x, axis=axis)


@emits("cast")
def _cast(r, shadow, x, dtype):
    found = r.as_type(x, dtype)
    return found.place if isinstance(found, Recorded) else np.asarray(found, dtype)


E["constant"] = lambda r, shadow, **_: None  # its place is made of its value


@emits("clip")
def _clip(r, shadow, x, min_value, max_value):
    if min_value is None or max_value is None:
        return (
            x.place
            if max_value is min_value is None
            else r.op("Minimum", x, max_value)
            if min_value is None
            else r.op("Maximum", x, min_value)
        )
    if isinstance(min_value, Recorded) or isinstance(max_value, Recorded):
        return r.op("Maximum", Recorded(r, r.op("Minimum", x, max_value), shadow), min_value)
    return r.op("Clip", x, x_min=min_value, x_max=max_value)


@emits("where")
def _where(r, shadow, condition, x, y):
    return r.op("Where", condition, *meeting(r, shadow, x, y))
