"""Sums, means, extremes and what follows from them."""

import numpy as np

from .spec import Case, In, Op, bits

NAN, INF = float("nan"), float("inf")
X = In((3, 4, 2))


def axes(axis):
    return tuple(axis) if isinstance(axis, list) else axis


def reduction(function):
    """``function`` with a list accepted for ``axis``."""
    return lambda x, axis=None, keepdims=False: function(x, axis=axes(axis), keepdims=keepdims)


def forms(x, empty_total=True):
    """Every way to give the axes. ``empty_total``: whether the reduction of no values has a value."""
    return (
        Case((x,), empty=empty_total),
        Case((x,), {"axis": 1}),
        Case((x,), {"axis": 0}, empty=empty_total),
        Case((x,), {"axis": -1, "keepdims": True}),
        Case((x,), {"axis": [1, 2]}),
        Case((x,), {"axis": (0, -1), "keepdims": True}, empty=empty_total),
        Case((x,), {"keepdims": True}, empty=empty_total),
    )


def with_nan(**kwargs):
    return Case((In(values=[[1.0, NAN], [2.0, INF]]),), {"axis": 1, **kwargs}, grad=(), note="NaN and infinity")


INTS = In((3, 4), dtype="int32", low=-3, high=6)
BITS = In((3, 4), dtype="bool")
TIES = In(values=[[1.0, 2.0, 2.0], [0.0, 0.0, 0.0]])


def total(x, axis=None, keepdims=False):
    dtype = "int32" if x.dtype == bool else x.dtype
    return np.sum(x, axis=axes(axis), keepdims=keepdims, dtype=dtype)


def mean(x, axis=None, keepdims=False):
    with np.errstate(all="ignore"):
        return np.sum(x, axis=axes(axis), keepdims=keepdims, dtype="float64") / np.sum(
            np.ones_like(x, "float64"), axis=axes(axis), keepdims=keepdims
        )


def var(x, axis=None, keepdims=False):
    return mean(np.square(x - mean(x, axis, keepdims=True)), axis, keepdims)


def logsumexp(x, axis=None, keepdims=False):
    top = np.max(x) if x.size else 0.0
    return np.log(np.sum(np.exp(x - top), axis=axes(axis), keepdims=keepdims)) + top


def l2_normalize(x, axis):
    return x / np.sqrt(np.maximum(np.sum(x * x, axis=axes(axis), keepdims=True), 1e-12))


def in_top_k(predictions, targets, k):
    rows = [np.sum(p > p[t]) < k for p, t in zip(predictions, targets)]
    return np.array(rows, dtype=bool)


OPS = [
    Op(
        "sum",
        total,
        (*forms(X), with_nan(), Case((INTS,), {"axis": 1}), Case((BITS,), {"axis": 1}, note="booleans are counted")),
    ),
    Op(
        "prod",
        reduction(np.prod),
        (
            *forms(X),
            Case((In(values=[[2.0, 0.0, 3.0], [0.0, 0.0, 5.0], [2.0, 3.0, 4.0]]),), {"axis": 1}, note="gradient at zeros"),
            Case((INTS,), {"axis": 1}, dtype="int32"),
        ),
    ),
    Op("mean", mean, (*forms(X, False), with_nan(), Case((INTS,), {"axis": 1}, note="integers"), Case((BITS,), {"axis": 1}))),
    Op(
        "max",
        reduction(np.max),
        (
            *forms(X, False),
            with_nan(),
            Case((INTS,), {"axis": 1}),
            Case((TIES,), {"axis": 1}, grads=([[0.0, 0.5, 0.5], [1 / 3, 1 / 3, 1 / 3]],), note="ties share"),
        ),
    ),
    Op(
        "min",
        reduction(np.min),
        (
            *forms(X, False),
            with_nan(),
            Case((INTS,), {"axis": 1}),
            Case((TIES,), {"axis": 1}, grads=([[1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3]],), note="ties share"),
        ),
    ),
    Op(
        "any",
        reduction(np.any),
        (*forms(BITS)[:4], Case((In(fill=bits),), {"axis": 1}, grad=(), note="numbers")),
        gradient=False,
    ),
    Op(
        "all",
        reduction(np.all),
        (*forms(BITS)[:4], Case((In(fill=bits),), {"axis": 1}, grad=(), note="numbers")),
        gradient=False,
    ),
    Op(
        "argmax",
        lambda x, axis=-1: np.argmax(x, axis=axis).astype("int64"),
        (
            Case((X,)),
            Case((X,), {"axis": 1}),
            Case((In(),), {"axis": 0}, empty=False),
            Case((TIES,), note="the first of a tie"),
            Case((In(values=[[1.0, NAN, 3.0], [NAN, 0.0, NAN]]),), note="the first NaN"),
            Case((INTS,)),
        ),
        gradient=False,
    ),
    Op(
        "argmin",
        lambda x, axis=-1: np.argmin(x, axis=axis).astype("int64"),
        (
            Case((X,)),
            Case((X,), {"axis": 1}),
            Case((In(),), {"axis": 0}, empty=False),
            Case((TIES,), note="the first of a tie"),
            Case((In(values=[[1.0, NAN, 3.0], [NAN, 0.0, NAN]]),), note="the first NaN"),
            Case((INTS,)),
        ),
        gradient=False,
    ),
    Op(
        "cumsum",
        lambda x, axis=0: np.cumsum(x, axis=axis, dtype="int32" if x.dtype == bool else x.dtype),
        (
            Case((X,)),
            Case((X,), {"axis": 1}),
            Case((X,), {"axis": -1}),
            Case((INTS,), {"axis": 1}),
            Case((BITS,), {"axis": 1}, note="booleans are counted"),
        ),
    ),
    Op("var", var, (*forms(X, False), Case((INTS,), {"axis": 1}, note="integers"))),
    Op(
        "std",
        lambda *args, **kwargs: np.sqrt(var(*args, **kwargs)),
        (
            *forms(X, False),
            Case(
                (In(values=[[2.0, 2.0], [1.0, 3.0]]),),
                {"axis": 1},
                grads=([[0.0, 0.0], [-0.5, 0.5]],),
                note="gradient 0 where nothing varies",
            ),
        ),
    ),
    Op(
        "logsumexp",
        logsumexp,
        (*forms(X, False), Case((In(values=[[1000.0, 1000.0], [990.0, 991.0]]),), {"axis": 1}, note="no overflow")),
    ),
    Op(
        "l2_normalize",
        l2_normalize,
        (
            Case((In(), 1)),
            Case((In(), -1)),
            Case((In(), 0)),
            Case((In((2, 3, 4)), 1)),
            Case((In((2, 3, 4)), [1, 2])),
            Case((In(values=[[0.0, 0.0], [3.0, 4.0]]), 1), grad=(), note="a zero vector stays zero"),
        ),
    ),
    Op(
        "in_top_k",
        in_top_k,
        (
            Case((In((5, 6)), In((5,), dtype="int32", low=0, high=6), 2), grad=()),
            Case((In((5, 6)), In((5,), dtype="int64", low=0, high=6), 3), grad=()),
            Case(
                (In(values=[[0.1, 0.1, 0.1], [0.3, 0.3, 0.1], [0.1, 0.3, 0.3]]), In(values=[0, 1, 0], dtype="int32"), 1),
                grad=(),
                note="ties count as in",
            ),
        ),
        gradient=False,
    ),
]
