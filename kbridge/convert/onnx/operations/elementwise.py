"""Functions of each element as operators of ONNX."""

from __future__ import annotations

from typing import Any

import numpy as np

from .... import backend as K
from ...recording import Recorded
from .recorder import E, OnnxRecorder, emits


def _common(r: OnnxRecorder, x: Any, y: Any) -> str:
    """The dtype in which two operands meet."""
    found = [v.dtype for v in (x, y) if isinstance(v, Recorded)]
    floats = [d for d in found if d.startswith("float")]
    wide = max(floats or [d for d in found if d != "bool"] or found, key=lambda d: np.dtype(d).itemsize)
    return (
        wide if wide != "bool" or all(isinstance(v, (Recorded, bool, np.bool_)) or np.asarray(v).dtype == bool for v in (x, y)) else "int32"
    )


def _binary(op: str):
    def emit(r, shadow, x, y=None, a=None):
        y = a if y is None else y
        dtype = K.dtype(shadow)
        return r.g.op(op, r.name(x, dtype), r.name(y, dtype))

    return emit


for _name, _op in {"add": "Add", "subtract": "Sub", "multiply": "Mul", "divide": "Div", "maximum": "Max", "minimum": "Min"}.items():
    E[_name] = _binary(_op)


@emits("pow", "power")
def _pow(r, shadow, x, y=None, a=None):
    return r.g.op("Pow", r.name(x, K.dtype(shadow)), r.name(a if y is None else y, K.dtype(shadow)))


@emits("floor_divide")
def _floor_divide(r, shadow, x, y):
    dtype = K.dtype(shadow)
    if not dtype.startswith("float"):
        quotient = r.g.op("Floor", r.g.op("Div", r.name(x, "float32"), r.name(y, "float32")))
        return r.g.op("Cast", quotient, to=r.type(dtype))
    return r.g.op("Floor", r.g.op("Div", r.name(x, dtype), r.name(y, dtype)))


@emits("mod")
def _mod(r, shadow, x, y):
    dtype = K.dtype(shadow)
    x, y = r.name(x, dtype), r.name(y, dtype)
    if not dtype.startswith("float"):
        return r.g.op("Mod", x, y)
    return r.g.op("Sub", x, r.g.op("Mul", r.g.op("Floor", r.g.op("Div", x, y)), y))


def compared(op: str, negated: bool = False):
    def emit(r, shadow, x, y):
        dtype = _common(r, x, y)
        found = r.g.op(op, r.name(x, dtype), r.name(y, dtype))
        return r.g.op("Not", found) if negated else found

    return emit


for _name, _op in {
    "greater": "Greater",
    "greater_equal": "GreaterOrEqual",
    "lesser": "Less",
    "lesser_equal": "LessOrEqual",
    "equal": "Equal",
}.items():
    E[_name] = compared(_op)
E["not_equal"] = compared("Equal", negated=True)
for _name, _op in {"logical_and": "And", "logical_or": "Or"}.items():
    E[_name] = lambda r, shadow, x, y, op=_op: r.g.op(op, r.name(x, "bool"), r.name(y, "bool"))
E["logical_not"] = lambda r, shadow, x: r.g.op("Not", r.name(x, "bool"))

for _name, _op in {
    "abs": "Abs", "sign": "Sign", "round": "Round", "floor": "Floor", "ceil": "Ceil", "exp": "Exp", "log": "Log", "erf": "Erf", "sin": "Sin", "cos": "Cos",
    "tan": "Tan", "arcsin": "Asin", "arccos": "Acos", "arctan": "Atan", "sinh": "Sinh", "cosh": "Cosh", "tanh": "Tanh", "arcsinh": "Asinh",
    "arccosh": "Acosh", "arctanh": "Atanh", "sigmoid": "Sigmoid", "softplus": "Softplus", "softsign": "Softsign", "negative": "Neg",
}.items():  # fmt: skip
    E[_name] = lambda r, shadow, x, op=_op: r.g.op(op, r.name(x, K.dtype(shadow)))


E["stop_gradient"] = lambda r, shadow, variables: r.name(variables)


@emits("square")
def _square(r, shadow, x):
    return r.g.op("Mul", r.name(x), r.name(x))


@emits("sqrt")
def _sqrt(r, shadow, x):
    return r.g.op("Sqrt", r.g.op("Max", r.name(x), r.name(0.0, K.dtype(shadow))))


@emits("log1p")
def _log1p(r, shadow, x):
    return r.g.op("Log", r.g.op("Add", r.name(x), r.name(1.0, K.dtype(shadow))))


@emits("expm1")
def _expm1(r, shadow, x):
    return r.g.op("Sub", r.g.op("Exp", r.name(x)), r.name(1.0, K.dtype(shadow)))


@emits("relu")
def _relu(r, shadow, x, alpha=0.0, max_value=None):
    dtype = K.dtype(shadow)
    found = r.g.op("Relu", r.name(x)) if not alpha else r.g.op("LeakyRelu", r.name(x), alpha=float(alpha))
    return found if max_value is None else r.g.op("Min", found, r.name(max_value, dtype))


@emits("elu")
def _elu(r, shadow, x, alpha=1.0):
    return r.g.op("Elu", r.name(x), alpha=float(alpha))


@emits("softmax")
def _softmax(r, shadow, x, axis=-1):
    if not isinstance(axis, int):
        raise r.refuse("softmax over several axes")
    return r.g.op("Softmax", r.name(x), axis=axis)


@emits("arctan2")
def _arctan2(r, shadow, y, x):
    g, dtype = r.g, K.dtype(shadow)
    y, x = r.name(y, dtype), r.name(x, dtype)
    zero, pi = r.name(0.0, dtype), r.name(np.pi, dtype)
    # the angle to the nearer axis, turned by the quadrant
    slope = g.op("Atan", g.op("Div", y, g.op("Where", g.op("Equal", x, zero), r.name(1e-30, dtype), x)))
    turn = g.op("Where", g.op("Less", y, zero), g.op("Neg", pi), pi)
    return g.op("Where", g.op("Less", x, zero), g.op("Add", slope, turn), slope)


@emits("cast")
def _cast(r, shadow, x, dtype):
    if isinstance(x, Recorded) and x.dtype.startswith("float") and dtype == "bool":
        return r.g.op("Not", r.g.op("Equal", r.name(x), r.name(0.0, x.dtype)))
    return r.name(x, dtype)


E["constant"] = lambda r, shadow, **_: None  # its place is made of its value


@emits("clip")
def _clip(r, shadow, x, min_value, max_value):
    found, dtype = r.name(x), K.dtype(shadow)
    found = found if max_value is None else r.g.op("Min", found, r.name(max_value, dtype))
    return found if min_value is None else r.g.op("Max", found, r.name(min_value, dtype))


@emits("where")
def _where(r, shadow, condition, x, y):
    return r.g.op("Where", r.name(condition, "bool"), r.name(x, K.dtype(shadow)), r.name(y, K.dtype(shadow)))
