"""Gradients of gradients, on every backend, against central differences of the first gradient in float64."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from parity import matrix

from kbridge.conformance import harness

STEP = 1e-5
X = np.random.RandomState(0).uniform(0.3, 1.7, (2, 3))
WITH_ZEROS = np.array([[2.0, 3.0, 4.0], [2.0, 0.0, 4.0], [0.0, 0.0, 4.0]])
IMAGE = np.random.RandomState(1).uniform(-1.0, 1.0, (1, 4, 4, 2))
KERNEL = np.random.RandomState(2).uniform(-1.0, 1.0, (2, 2, 2, 2))

#: scalar functions of one variable, by name
FUNCTIONS = {
    "exp": (X, lambda K, x: K.sum(K.exp(x))),
    "log": (X, lambda K, x: K.sum(K.log(x))),
    "sqrt": (X, lambda K, x: K.sum(K.sqrt(x))),
    "square": (X, lambda K, x: K.sum(K.square(x) * x)),
    "pow": (X, lambda K, x: K.sum(K.pow(x, 2.5))),
    "sin": (X, lambda K, x: K.sum(K.sin(x) * K.cos(x))),
    "tanh": (X, lambda K, x: K.sum(K.tanh(x))),
    "sigmoid": (X, lambda K, x: K.sum(K.sigmoid(x))),
    "softplus": (X, lambda K, x: K.sum(K.softplus(x))),
    "elu": (X - 1.0, lambda K, x: K.sum(K.elu(x) * x)),
    "softmax": (X, lambda K, x: K.sum(K.square(K.softmax(x)))),
    "logsumexp": (X, lambda K, x: K.sum(K.logsumexp(x, axis=1))),
    "division": (X, lambda K, x: K.sum(1.0 / (1.0 + x * x))),
    "prod": (X, lambda K, x: K.sum(K.prod(x, axis=1))),
    "prod at zeros": (WITH_ZEROS, lambda K, x: K.sum(K.prod(x, axis=1))),
    "prod over all axes": (WITH_ZEROS[:, :2], lambda K, x: K.prod(x)),
    "mean and var": (X, lambda K, x: K.sum(K.var(x, axis=0) * K.mean(x))),
    "max": (X, lambda K, x: K.sum(K.square(K.max(x, axis=1)))),
    "dot": (X, lambda K, x: K.sum(K.square(K.dot(x, K.transpose(x))))),
    "batch_dot": (X, lambda K, x: K.sum(K.square(K.batch_dot(x, x, axes=1)))),
    "gather": (X, lambda K, x: K.sum(K.square(K.gather(x, K.constant(np.array([1, 1, 0])))) * x[0])),
    "slices": (X, lambda K, x: K.sum(K.square(x[:, 1:] * x[:, :-1]))),
    "concatenate": (X, lambda K, x: K.sum(K.square(K.concatenate([x, x * x], axis=1)))),
    "l2_normalize": (X, lambda K, x: K.sum(K.l2_normalize(x, 1) * x)),
    "cross-entropy": (X, lambda K, x: K.sum(K.categorical_crossentropy(K.softmax(x), K.constant(np.eye(3)[[0, 2]])))),
    "conv2d": (
        IMAGE,
        lambda K, x: K.sum(K.square(K.conv2d(K.tanh(x), K.constant(KERNEL), border_mode="same", dim_ordering="tf"))),
    ),
    "conv2d kernel": (KERNEL, lambda K, w: K.sum(K.square(K.conv2d(K.constant(IMAGE), K.tanh(w), dim_ordering="tf")))),
    "max pooling": (IMAGE, lambda K, x: K.sum(K.pow(K.pool2d(x, (2, 2), (2, 2), dim_ordering="tf"), 3.0))),
    "max pooling that keeps the shape": (
        IMAGE,
        lambda K, x: K.sum(K.pow(K.pool2d(x, (3, 3), border_mode="same", dim_ordering="tf"), 3.0)),
    ),
    "max pooling of one value": (IMAGE[:, :1, :1, :1], lambda K, x: K.sum(K.pow(K.pool2d(x, (1, 1), dim_ordering="tf"), 3.0))),
    "max pooling of a volume": (
        IMAGE.reshape((1, 2, 4, 4, 1)),
        lambda K, x: K.sum(K.pow(K.pool3d(x, (2, 2, 2), border_mode="same", dim_ordering="tf"), 3.0)),
    ),
    "conv3d with large strides": (
        IMAGE.reshape((1, 2, 4, 4, 1)),
        lambda K, x: K.sum(
            K.pow(K.conv3d(x, K.constant(KERNEL.reshape((1, 2, 2, 1, 4))), (1, 4, 3), border_mode="same", dim_ordering="tf"), 3.0)
        ),
    ),
    "relu": (X - 1.0, lambda K, x: K.sum(K.pow(K.relu(x), 3.0) + K.square(K.relu(x, alpha=0.3)))),
    "average pooling": (IMAGE, lambda K, x: K.sum(K.square(K.pool2d(x * x, (2, 2), dim_ordering="tf", pool_mode="avg")))),
    "gradient penalty": (X, lambda K, x: K.square(K.sum(K.square(K.gradients(K.sum(K.tanh(x) * x), [x])[0])) - 1.0)),
}


@cache
def results(name):
    """For each function: gradient of sum(c * gradient), and its central differences by the backend."""
    K = harness.fresh(matrix.backend(name))
    with harness.floatx("float64"), harness.quick(K):
        found, jobs = {}, {}
        for label in FUNCTIONS:
            jobs[label] = job(K, label)
        most = max(len(j.feeds) for j in jobs.values())
        for j in jobs.values():
            j.feeds = j.feeds + (j.feeds[0],) * (most - len(j.feeds))
        answers = harness.evaluate(K, list(jobs.values()))
    for label, answer in zip(jobs, answers):
        found[label] = answer if isinstance(answer, Exception) else compared(FUNCTIONS[label][0], answer)
    return found


def direction(value):
    """The weights of the first gradient's elements."""
    return np.random.RandomState(3).uniform(0.5, 1.5, value.shape)


def job(K, label):
    value, function = FUNCTIONS[label]
    # images come in a batch of any size
    x = K.placeholder((None, *value.shape[1:]) if len(value) == 1 else value.shape, dtype="float64")
    first = K.gradients(function(K, x), [x])[0]
    second = K.gradients(K.sum(first * K.constant(direction(value))), [x])[0]
    return harness.Job([x], [first, second], tuple([p] for p in nearby(value)))


def compared(value, answer):
    totals = [float(np.sum(direction(value) * first)) for first, _ in answer[1 : 1 + 2 * value.size]]
    return answer[0][1], np.subtract(totals[0::2], totals[1::2]).reshape(value.shape) / (2 * STEP)


def nearby(value):
    """The value itself, then each element moved up and down."""
    points = [value]
    for at in np.ndindex(*value.shape):
        for sign in (1, -1):
            moved = value.copy()
            moved[at] += sign * STEP
            points.append(moved)
    return points


@pytest.mark.parametrize(
    ("name", "label"),
    [pytest.param(name, label, id=f"{label}-{name}") for name in matrix.BACKENDS for label in FUNCTIONS],
)
def test_gradient_of_the_gradient(name, label):
    answer = results(name)[label]
    if isinstance(answer, Exception):
        raise answer
    got, expected = answer
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)
