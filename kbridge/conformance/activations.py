"""Activation functions."""

import math

import numpy as np

from .elementwise import erf
from .spec import Case, In, Op, checks, expect

NAN, INF = float("nan"), float("inf")
ONE = (Case((In(),)), Case((In((2, 3, 2)),)))
FAR = Case((In(values=[-90.0, -20.0, 0.0, 20.0, 90.0]),), note="far from 0")
OFF_ZERO = Case((In(values=[-90.0, -20.0, 20.0, 90.0]),), note="far from 0")
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


def log_softmax(x, axis=-1):
    shifted = x - x.max(axis=axis, keepdims=True) if x.size else x
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def gelu(x, approximate=False):
    if approximate:
        return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return 0.5 * x * (1 + erf(x * math.sqrt(0.5)))


def glu(x, axis=-1):
    first, second = np.split(x, 2, axis)
    return first * sigmoid(second)


def sparsemax(x, axis=-1):
    """By sorting, as in the paper's algorithm 1."""
    z = np.moveaxis(x, axis, -1)
    ordered = -np.sort(-z, axis=-1)
    sums = np.cumsum(ordered, axis=-1)
    support = 1 + np.arange(1, z.shape[-1] + 1) * ordered > sums
    size = support.sum(axis=-1, keepdims=True)
    tau = (np.take_along_axis(sums, size - 1, axis=-1) - 1) / size
    return np.moveaxis(np.maximum(z - tau, 0), -1, axis)


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
    Op("leaky_relu", lambda x, slope=0.2: np.where(x > 0, x, slope * x), (*ONE, Case((In(), 0.3)))),
    Op("relu6", lambda x: np.clip(x, 0, 6), (*ONE, Case((In(low=4.0, high=8.0),)), OFF_ZERO)),
    Op("selu", lambda x: 1.0507009873554805 * elu(x, 1.6732632423543772), (*ONE, OFF_ZERO)),
    Op("celu", lambda x, alpha=1.0: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0.0) / alpha)), (*ONE, Case((In(), 0.5)), OFF_ZERO)),
    Op("gelu", gelu, (*ONE, FAR, Case((In(),), {"approximate": True}), Case((In(values=[-20.0, 20.0]),), {"approximate": True}))),
    Op("silu", lambda x: x * sigmoid(x), (*ONE, FAR)),
    Op("hard_silu", lambda x: x * np.clip(x + 3, 0, 6) / 6, (*ONE, Case((In(low=-5.0, high=5.0, shape=(4, 5)),)), FAR)),
    Op("mish", lambda x: x * np.tanh(softplus(x)), (*ONE, FAR)),
    Op("log_sigmoid", lambda x: -softplus(-x), (*ONE, FAR)),
    Op("hard_tanh", lambda x: np.clip(x, -1, 1), (*ONE, FAR)),
    Op("soft_shrink", lambda x, t=0.5: np.sign(x) * np.maximum(np.abs(x) - t, 0), (*ONE, Case((In(), 0.2)))),
    Op("hard_shrink", lambda x, t=0.5: np.where(np.abs(x) > t, x, 0.0), (*ONE, Case((In(), 0.2)))),
    Op("tanh_shrink", lambda x: x - np.tanh(x), (*ONE, FAR)),
    Op("squareplus", lambda x, b=4.0: (x + np.sqrt(x**2 + b)) / 2, (*ONE, Case((In(), 1.0)))),
    Op("threshold", lambda x, threshold, value: np.where(x > threshold, x, value), (Case((In(), 0.3, -1.0)),)),
    Op("glu", glu, (Case((In(),)), Case((In((2, 4, 3)),), {"axis": 1}))),
    Op("log_softmax", log_softmax, (*ONE, Case((In((2, 3, 4)),), {"axis": 1}), Case((In(values=[[1000.0, 0.0, -1000.0]]),)))),
    Op("sparsemax", sparsemax, (*ONE, Case((In((2, 3, 4)),), {"axis": 1}), Case((In(values=[[5.0, 0.0, -1.0]]),), note="one is all"))),
]
