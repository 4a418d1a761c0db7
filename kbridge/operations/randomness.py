"""Draws, new ones at each evaluation."""

from __future__ import annotations

from typing import Any

from ..backends.in_use import K
from .names import operation
from .operands import dtype_name, parts_of, sizes, tensor


def _drawn(shape: Any) -> Any:
    return sizes(parts_of(shape) if K.is_tensor(shape) else shape)


@operation(
    "K.random_normal(shape, mean, std|stddev:std, dtype, seed)", "tf.random.normal tf.random_normal(shape, mean, stddev:std, dtype, seed)",
    "keras.random.normal(shape, mean, stddev:std, dtype, seed:-)", random=True,
)  # fmt: skip
def random_normal(shape, mean=0.0, std=1.0, dtype=None, seed=None):
    """Numbers of a normal distribution."""
    return K.random_normal(_drawn(shape), mean=mean, std=std, dtype=None if dtype is None else dtype_name(dtype), seed=seed)


@operation(
    "K.truncated_normal(shape, mean, stddev:std, dtype, seed)", "tf.random.truncated_normal tf.truncated_normal(shape, mean, stddev:std, dtype, seed)",
    "keras.random.truncated_normal(shape, mean, stddev:std, dtype, seed:-)", random=True,
)  # fmt: skip
def truncated_normal(shape, mean=0.0, std=1.0, dtype=None, seed=None):
    """Numbers of a normal distribution within two deviations of its mean: by the inverse of its distribution, of uniform numbers."""
    uniform = K.random_uniform(_drawn(shape), 0.0227501, 0.9772499, seed=seed)
    return K.clip(_quantile(uniform), -2.0, 2.0) * std + mean


def _quantile(p: Any) -> Any:
    """The inverse of the normal distribution for 0.02 < p < 0.98, by the middle part of P. Acklam's rational approximation, exact to 1e-8."""
    t = p - 0.5
    r = t * t
    top = (
        ((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.357751867269) * r - 30.66479806614716) * r
        + 2.506628277459239
    ) * t
    below = (
        (((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r - 13.28068155288572
    ) * r + 1.0
    return top / below


@operation(
    "K.random_uniform(shape, low|minval:low, high|maxval:high, dtype, seed)", "tf.random.uniform tf.random_uniform(shape, minval:low, maxval:high, dtype, seed)",
    "keras.random.uniform(shape, minval:low, maxval:high, dtype, seed:-)", random=True,
)  # fmt: skip
def random_uniform(shape, low=0.0, high=1.0, dtype=None, seed=None):
    """Numbers of [low, high)."""
    name = None if dtype is None else dtype_name(dtype)
    if name is not None and not name.startswith("float"):
        return K.cast(K.floor(K.random_uniform(_drawn(shape), low=low, high=1.0 if high is None else high, seed=seed)), name)
    return K.random_uniform(_drawn(shape), low=low, high=1.0 if high is None else high, dtype=name, seed=seed)


@operation("K.random_binomial K.random_bernoulli(shape, p, dtype, seed)", random=True)
def random_binomial(shape, p=0.0, dtype=None, seed=None):
    """1 with a probability, else 0."""
    return K.random_binomial(_drawn(shape), p=p, dtype=dtype, seed=seed)


@operation(
    "K.dropout(x, level, noise_shape, seed)",
    "tf.nn.dropout(x, rate:level, noise_shape, seed)",
    "tf1.nn.dropout(x, keep_prob:!=None, noise_shape, seed, name:-, rate:level)",
    "keras.random.dropout(inputs:x, rate:level, noise_shape, seed:-)",
    random=True,
)
def dropout(x, level, noise_shape=None, seed=None):
    """A share of x as 0, the rest scaled so that the mean stays; in prediction too."""
    return K.dropout(tensor(x), level, noise_shape=None if noise_shape is None else tuple(noise_shape), seed=seed)
