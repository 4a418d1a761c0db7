"""Depthwise convolutions of any shape, against the sum over the kernel's positions, and their gradients against differences."""

import numpy as np
import pytest

from kbridge.backends import registry
from kbridge.backends.numpy.ops import depthwise
from kbridge.conformance.convolution import depthwise_conv2d

K = registry.load("numpy")


def sample(seed):
    rng = np.random.RandomState(seed)
    n, channels, multiplier = rng.randint(1, 4), rng.randint(1, 6), rng.choice([1, 1, 2])
    size, strides, dilation = rng.randint(1, 4, 2), rng.randint(1, 4, 2), rng.choice([1, 1, 2], 2)
    spatial = [int(rng.randint(0, 7) + (k - 1) * d + 1) for k, d in zip(size, dilation)]
    mode = rng.choice(["valid", "same"])
    x = rng.uniform(-1, 1, (n, *spatial, channels))
    kernel = rng.uniform(-1, 1, (*size, channels, multiplier))
    return x, kernel, {"strides": tuple(map(int, strides)), "border_mode": str(mode), "filter_dilation": tuple(map(int, dilation))}


@pytest.mark.parametrize("block", [1 << 14, 8], ids=["whole", "in tiny blocks"])
@pytest.mark.parametrize("seed", range(25))
def test_values_and_gradients_of_any_shape(seed, block, monkeypatch):
    monkeypatch.setattr(depthwise, "BLOCK", block)
    x, kernel, options = sample(seed)
    a, k = K.placeholder(x.shape, dtype="float64"), K.placeholder(kernel.shape, dtype="float64")
    y = K.depthwise_conv2d(a, k, dim_ordering="tf", **options)
    expected = depthwise_conv2d(x, kernel, dim_ordering="tf", **options)
    weight = np.random.RandomState(seed + 1).uniform(-1, 1, expected.shape)
    loss = K.sum(y * weight)
    got, dx, dk = K.function([a, k], [y, *K.gradients(loss, [a, k])])([x, kernel])
    np.testing.assert_allclose(got, expected, atol=1e-12)
    # linear in each: the gradient in a direction is the value at that direction
    along = np.random.RandomState(seed + 2).uniform(-1, 1, x.shape)
    assert np.sum(dx * along) == pytest.approx(np.sum(depthwise_conv2d(along, kernel, **options) * weight), abs=1e-10)
    along = np.random.RandomState(seed + 3).uniform(-1, 1, kernel.shape)
    assert np.sum(dk * along) == pytest.approx(np.sum(depthwise_conv2d(x, along, **options) * weight), abs=1e-10)


def test_the_second_derivative():
    x, kernel, options = sample(3)
    a, k = K.placeholder(x.shape, dtype="float64"), K.placeholder(kernel.shape, dtype="float64")
    y = K.depthwise_conv2d(a, k, dim_ordering="tf", **options)
    first = K.gradients(K.sum(K.square(y)), [k])[0]
    second = K.function([a, k], K.gradients(K.sum(K.square(first)), [a]))
    along = np.random.RandomState(0).uniform(-1, 1, x.shape)

    def value(t):
        return float(np.sum(np.square(K.function([a, k], [first])([x + t * along, kernel])[0])))

    assert np.sum(second([x, kernel])[0] * along) == pytest.approx((value(1e-6) - value(-1e-6)) / 2e-6, rel=1e-6)


def test_batches_of_several_sizes_in_turn():
    a, k = K.placeholder((None, 5, 4, 3)), K.variable(np.random.RandomState(0).rand(3, 3, 3, 1))
    f = K.function([a], [K.depthwise_conv2d(a, k, strides=(2, 2), border_mode="same", dim_ordering="tf")])
    for n in (2, 5, 0, 1, 2):
        x = np.random.RandomState(n).rand(n, 5, 4, 3).astype("float32")
        expected = depthwise_conv2d(x, K.get_value(k), (2, 2), "same")
        np.testing.assert_allclose(f([x])[0], expected, atol=1e-6)
