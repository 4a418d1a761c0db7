"""Batch normalization."""

import numpy as np

from .spec import Case, In, Op


def vector(n, positive=False):
    return In((n,), low=0.2 if positive else -2.0, kind="variable")


def batch_normalization(x, mean, var, beta, gamma, epsilon=0.001):
    return gamma * (x - mean) / np.sqrt(var + epsilon) + beta


def normalize_batch_in_training(x, gamma, beta, reduction_axes, epsilon=0.001):
    axes = tuple(reduction_axes)
    mean, var = x.mean(axis=axes), x.var(axis=axes)
    kept = [1 if a in axes or a - x.ndim in axes else n for a, n in enumerate(x.shape)]
    m, v, b, g = (value.reshape(kept) for value in (mean, var, beta, gamma))
    return batch_normalization(x, m, v, b, g, epsilon), mean, var


OPS = [
    Op(
        "batch_normalization",
        batch_normalization,
        (
            Case((In((4, 3)), vector(3), vector(3, True), vector(3), vector(3)), {"epsilon": 0.01}),
            Case((In((4, 3)), vector(3), vector(3, True), vector(3), vector(3))),
            Case((In((2, 3, 4, 2)), *(In((3, 1, 1), low=0.2, kind="variable"),) * 4), note="channels on axis 1"),
        ),
    ),
    Op(
        "normalize_batch_in_training",
        normalize_batch_in_training,
        (
            Case((In((6, 3)), vector(3), vector(3), [0]), {"epsilon": 0.01}, empty=False),
            Case((In((4, 3, 2, 2)), vector(2), vector(2), [0, 1, 2]), empty=False),
            Case((In((4, 3, 2, 2)), vector(3), vector(3), (0, 2, 3)), empty=False, note="channels on axis 1"),
            Case((In((6, 3)), vector(3), vector(3), [-2]), empty=False, note="a negative axis"),
        ),
    ),
]
