"""Functions that work element by element."""

import math

import numpy as np

from .spec import Case, In, Op, off_grid

NAN, INF = float("nan"), float("inf")
ONE = (Case((In(),)), Case((In((2, 3, 2)),)), Case((In((), kind="variable"),)))
#: NaN and infinities as they must come through: what NumPy's function of them gives
SPECIAL = (Case((In(values=[NAN, INF, -INF, 0.0, -0.0]),), grad=(), note="NaN and infinities"),)
INTS = (Case((In(dtype="int32", low=-5, high=6),), grad=(), note="integers stay integers"),)


def at(values, *grads):
    """A case on given values whose exact gradient is known."""
    return Case((In(values=values),), grads=grads)


def round_half_even(x):
    return np.rint(x) if x.dtype.kind == "f" else x


def sqrt_of_positive(x):
    return np.sqrt(np.where(x < 0, 0.0, x))


def clip(x, low, high):
    x = x if high is None else np.minimum(x, high)
    return x if low is None else np.maximum(x, low)


def cast(x, dtype):
    if dtype == "bool":
        return x != 0
    return x if dtype.startswith("float") else np.trunc(x).astype(dtype)


PAIRS = (
    Case((In(), In())),
    Case((In(), In((4,), kind="variable")), note="broadcast over the batch"),
    Case((In((2, 3, 1)), In((1, 4), kind="variable")), note="broadcast both ways"),
    Case((In(), 0.1)),
    Case((In(), np.array([0.5, -0.5, 0.25, 0.0]))),
)
TIE = Case((In(values=[1.0, 2.0, 3.0]), In(values=[1.0, 3.0, 2.0])), note="all of a tie's gradient to the first")
NAN_PAIR = Case((In(values=[NAN, 1.0, INF]), In(values=[1.0, NAN, -INF])), grad=(), note="NaN wins")


def erf(x):
    return np.vectorize(math.erf, otypes=[float])(x) if np.size(x) else np.zeros(np.shape(x))


OPS = [
    Op("floor", np.floor, (Case((In(fill=off_grid),)), at([-1.5, 0.5, 2.25], [0.0] * 3), *INTS, *SPECIAL)),
    Op("ceil", np.ceil, (Case((In(fill=off_grid),)), at([-1.5, 0.5, 2.25], [0.0] * 3), *INTS, *SPECIAL)),
    Op("expm1", np.expm1, (*ONE, *SPECIAL, Case((In(values=[1e-6, -1e-6]),), float16=False, note="near 0"))),
    Op("log1p", np.log1p, (Case((In(low=-0.9),)), Case((In(values=[1e-6, -1e-6]),), float16=False, note="near 0"))),
    Op("erf", erf, (*ONE, *SPECIAL, Case((In(values=[-6.0, -3.0, -0.5, 1e-4, 0.3, 0.5, 2.0, 5.0]),), note="near 0 and far from it"))),
    Op("tan", np.tan, (Case((In(low=-1.4, high=1.4),)),)),
    Op("arcsin", np.arcsin, (Case((In(low=-0.9, high=0.9),)), Case((In(values=[1.5, -2.0]),), grad=(), note="NaN outside"))),
    Op("arccos", np.arccos, (Case((In(low=-0.9, high=0.9),)), Case((In(values=[1.5, -2.0]),), grad=(), note="NaN outside"))),
    Op("arctan", np.arctan, (*ONE, *SPECIAL)),
    Op("arctan2", np.arctan2, (Case((In(), In(low=0.2))), Case((In((4,), low=0.2), In((3, 1), high=-0.2)), note="broadcast"))),
    Op("sinh", np.sinh, ONE),
    Op("cosh", np.cosh, ONE),
    Op("arcsinh", np.arcsinh, ONE),
    Op("arccosh", np.arccosh, (Case((In(low=1.1, high=4.0),)),)),
    Op("arctanh", np.arctanh, (Case((In(low=-0.9, high=0.9),)),)),
    Op("abs", np.abs, (*ONE, *INTS, *SPECIAL, at([-1.0, 0.0, 2.0], [-1.0, 0.0, 1.0]))),
    Op("sign", np.sign, (*ONE, *INTS, at([-1.0, 0.0, 2.0], [0.0, 0.0, 0.0]))),
    Op(
        "round",
        round_half_even,
        (Case((In(fill=off_grid),)), at([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49], [0.0] * 7), *INTS, *SPECIAL),
    ),
    Op("exp", np.exp, (*ONE, *SPECIAL, Case((In(values=[1000.0, -1000.0]),), grad=(), note="overflow gives inf"))),
    Op(
        "log",
        np.log,
        (
            Case((In(low=0.1),)),
            Case((In(values=[0.0, -1.0, INF, NAN]),), grad=(), note="log(0) is -inf, of a negative number NaN"),
        ),
    ),
    Op(
        "sqrt",
        sqrt_of_positive,
        (
            Case((In(low=0.1),)),
            at([-1.0, 0.0, 4.0], [0.0, 0.0, 0.25]),
            Case((In(values=[NAN, INF]),), grad=(), note="NaN and infinity"),
        ),
    ),
    Op("square", np.square, (*ONE, *INTS, *SPECIAL)),
    Op("sin", np.sin, ONE),
    Op("cos", np.cos, ONE),
    Op(
        "pow",
        np.power,
        (
            Case((In(low=0.2), 3)),
            Case((In(low=0.2), 0.5)),
            Case((In(), 2), note="an even power of negative numbers"),
            Case((In(low=0.2), -1)),
            Case((In(low=0.2), In(low=0.5)), note="a tensor as exponent"),
            Case((In(values=[0.0, -1.0, 2.0]), 2), grads=([0.0, -2.0, 4.0],)),
            Case((In(values=[0.0, 2.0]), 1), grads=([1.0, 1.0],)),
        ),
    ),
    Op(
        "maximum",
        np.maximum,
        (
            *PAIRS,
            Case(TIE.args, grads=([1.0, 0.0, 1.0], [0.0, 1.0, 0.0]), note=TIE.note),
            Case((0.5, In()), note="a number first"),
            NAN_PAIR,
            Case((In(dtype="int32", high=5), In(dtype="int32", high=5)), grad=()),
        ),
    ),
    Op(
        "minimum",
        np.minimum,
        (
            *PAIRS,
            Case(TIE.args, grads=([1.0, 1.0, 0.0], [0.0, 0.0, 1.0]), note=TIE.note),
            Case((0.5, In()), note="a number first"),
            NAN_PAIR,
            Case((In(dtype="int32", high=5), In(dtype="int32", high=5)), grad=()),
        ),
    ),
    Op(
        "clip",
        clip,
        (
            Case((In(), -0.3, 0.5)),
            Case((In(), None, 0.5), note="no lower bound"),
            Case((In(), 0.0, None), note="no upper bound"),
            Case((In(values=[-2.0, -1.0, 0.0, 1.0, 2.0]), -1.0, 1.0), grads=([0.0, 1.0, 1.0, 1.0, 0.0],), note="edges"),
            Case((In(), 0.5, 0.2), grads=None, grad=(), note="max_value below min_value"),
            Case((In(values=[NAN, INF, -INF]), -1.0, 1.0), grad=(), note="NaN stays"),
            Case((In(), In((), values=-0.5, kind="variable"), In((), values=0.7, kind="variable")), note="scalar tensors"),
            Case((In(), In((), values=0.7, kind="variable"), In((), values=-0.5, kind="variable")), note="scalar tensors out of order"),
            Case((In(), None, In((1,), values=[0.7], kind="variable")), note="a vector of one as the upper bound"),
            Case((In(), In((4,), kind="variable"), In(low=-1.0)), note="bounds for each element"),
            Case(
                (In(values=[-1.0, -0.5, 0.0, 0.5, 2.0]), In((), values=-0.5, kind="variable"), In((), values=0.5, kind="variable")),
                grads=([0.0, 1.0, 1.0, 1.0, 0.0], 1.0, 1.0),
                note="the gradient of each bound; at a bound it is the input's",
            ),
            Case((In(dtype="int32", low=-5, high=6), -2, 3), grad=(), note="integers"),
        ),
    ),
    Op(
        "cast",
        cast,
        (
            Case((In(values=[-1.7, -0.2, 0.0, 0.2, 1.7]), "int32"), grad=(), note="towards zero"),
            Case((In(values=[-1.7, 0.0, 0.2]), "bool"), grad=()),
            Case((In(dtype="int32", low=-5, high=6), "int64")),
            Case((In(dtype="bool"), "int32")),
            Case((In(dtype="float32"), "float64"), dtype="float64"),
            Case((In(dtype="float64"), "float32"), dtype="float32"),
            Case((In(dtype="uint8", low=0, high=255), "int32")),
            Case((In(dtype="float32", kind="variable"), "float32"), dtype="float32", note="nothing to do"),
        ),
    ),
    Op(
        "where",
        np.where,
        (
            Case((In(dtype="bool"), In(), In())),
            Case((In((4,), dtype="bool", kind="variable"), In(), In((3, 1)))),
            Case((In(dtype="bool"), In(), 0.0)),
            Case(
                (In(values=[True, False], dtype="bool"), In(values=[1.0, 2.0]), In(values=[NAN, 3.0])),
                grads=([1.0, 0.0], [0.0, 1.0]),
                note="the side not taken may be NaN",
            ),
            Case((In(dtype="bool"), In(dtype="int32", high=5), In(dtype="int32", high=5))),
        ),
    ),
]
