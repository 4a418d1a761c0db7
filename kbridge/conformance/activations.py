"""Activation functions."""

import numpy as np

from .spec import Case, In, Op, checks, expect

NAN, INF = float("nan"), float("inf")
ONE = (Case((In(),)), Case((In((2, 3, 2)),)))
FAR = Case((In(values=[-90.0, -20.0, 0.0, 20.0, 90.0]),), note="far from 0")
LIMITS = Case((In(values=[INF, -INF, NAN]),), grad=(), note="limits and NaN")


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def softplus(x):
    return np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0.0)


def relu(x, alpha=0.0, max_value=None):
    positive = np.where(x < 0, 0.0, x)
    if max_value is not None:
        positive = np.maximum(np.minimum(positive, max_value), 0.0)
    return positive if np.ndim(alpha) == 0 and alpha == 0 else positive + alpha * np.where(x > 0, 0.0, x)


def elu(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0.0)))


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True)) if x.size else x
    return e / e.sum(axis=axis, keepdims=True)


def what_has_no_softmax_is_nan(K):
    """NaN and +inf give NaN where they stand; -inf is a probability of 0."""
    values = np.array([[np.inf, 1.0], [1.0, NAN], [-np.inf, 1.0]])
    x = K.placeholder((None, 2))
    got = K.function([x], [K.softmax(x)])([values])[0]
    expect([bool(np.isnan(got[0, 0])), bool(np.isnan(got[1, 1]))], [True, True], "NaN at inf and at NaN")
    expect(got[2], np.array([0.0, 1.0]), "a row with -inf")


OPS = [
    Op("sigmoid", sigmoid, (*ONE, FAR, LIMITS)),
    Op("tanh", np.tanh, (*ONE, FAR, LIMITS)),
    Op("softplus", softplus, (*ONE, FAR, LIMITS)),
    Op("softsign", lambda x: x / (1.0 + np.abs(x)), ONE),
    Op(
        "hard_sigmoid",
        lambda x: np.clip(0.2 * x + 0.5, 0.0, 1.0),
        (*ONE, Case((In(values=[-4.0, -3.0, 0.0, 3.0, 4.0]),), grads=([0.0, 0.0, 0.2, 0.0, 0.0],))),
    ),
    Op(
        "relu",
        relu,
        (
            *ONE,
            Case((In(),), {"alpha": 0.1}),
            Case((In(),), {"max_value": 0.5}),
            Case((In(),), {"alpha": 0.3, "max_value": 0.4}),
            Case((In(),), {"alpha": -0.3, "max_value": 0.4}, note="max_value caps the positive part alone"),
            Case((In(),), {"alpha": In((4,), kind="variable", low=0.1, high=0.5)}, note="alpha as a tensor"),
            Case((In(),), {"max_value": In((), values=0.7, kind="variable")}, note="max_value as a tensor"),
            Case((In(),), {"max_value": In((4,), kind="variable", low=0.1), "alpha": 0.2}, note="a max_value for each feature"),
            Case((In(),), {"max_value": -0.5}, note="a max_value below 0"),
            Case(
                (In(values=[-1.0, 0.0, 1.0, 1.5, 3.0]),),
                {"max_value": In((), values=1.5, kind="variable")},
                grads=([0.0, 0.0, 1.0, 1.0, 0.0], 1.0),
                note="at max_value the gradient is the input's",
            ),
            Case((In(values=[-1.0, 0.0, 2.0]),), grads=([0.0, 0.0, 1.0],), note="gradient 0 at 0"),
            Case((In(values=[NAN, INF, -INF]),), grad=(), note="NaN goes through"),
        ),
    ),
    Op("elu", elu, (*ONE, Case((In(),), {"alpha": 0.5}), Case((In(values=[-1000.0, 1000.0, NAN]),), grad=()))),
    Op(
        "softmax",
        softmax,
        (
            *ONE,
            Case((In((2, 3, 4)),), {"axis": 1}, note="another axis"),
            Case((In((2, 3, 2, 2)),)),
            Case((In(values=[[1000.0, 0.0, -1000.0], [1e-3, 2e-3, 0.0]]),), note="no overflow"),
        ),
        checks=checks(what_has_no_softmax_is_nan),
    ),
]
