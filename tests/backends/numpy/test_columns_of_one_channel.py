"""Convolutions of images of one channel, whose columns are made place by place: the numbers, for random windows."""

import numpy as np
import pytest

from kbridge.backends import registry
from kbridge.backends.numpy.ops import conv

K = registry.load("numpy")


def expected(x, kernel, strides, mode):
    """The convolution and the sum of its squares' gradient with respect to the kernel, in float64."""
    x, kernel = x.astype("float64"), kernel.astype("float64")
    (h, w), (r, s) = x.shape[1:3], kernel.shape[:2]
    if mode == "same":
        totals = [max((-(-n // t) - 1) * t + k - n, 0) for n, k, t in zip((h, w), (r, s), strides)]
        x = np.pad(x, [(0, 0), *[(t // 2, t - t // 2) for t in totals], (0, 0)])
    rows, columns = (range(0, n - k + 1, t) for n, k, t in zip(x.shape[1:3], (r, s), strides))
    y = np.array([[[np.tensordot(image[i : i + r, j : j + s], kernel, 3) for j in columns] for i in rows] for image in x])
    gradient = np.zeros_like(kernel)
    for n, image in enumerate(x):
        for a, i in enumerate(rows):
            for b, j in enumerate(columns):
                gradient += image[i : i + r, j : j + s, :, None] * 2 * y[n, a, b]
    return y, gradient


@pytest.mark.parametrize("seed", range(24))
def test_random_windows(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    if seed % 2:
        # several blocks of images
        monkeypatch.setattr(conv, "TURNED_BYTES", 2000)
    size = [int(n) for n in rng.integers(1, 5, 2)]
    strides = (1, 1) if seed % 3 else tuple(int(n) for n in rng.integers(1, 3, 2))
    mode = ["same", "valid"][seed // 2 % 2]
    spatial = [int(n) + k for n, k in zip(rng.integers(0, 8, 2), size)]
    x = rng.standard_normal((int(rng.integers(1, 6)), *spatial, 1)).astype("float32")
    kernel = K.variable(rng.standard_normal((*size, 1, 5)))
    placeholder = K.placeholder((None, *spatial, 1))
    y = (
        K.relu(K.conv2d(placeholder, kernel, strides, mode, "tf") + 0.25)
        if seed % 5 == 0
        else K.conv2d(placeholder, kernel, strides, mode, "tf")
    )
    function = K.function([placeholder], [y, *K.gradients(K.sum(K.square(y)), [kernel])])
    wanted, gradient = expected(x, K.get_value(kernel), strides, mode)
    for _ in range(2):
        got, slope = function([x.copy()])
        if seed % 5:
            np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(slope, gradient, rtol=1e-4, atol=1e-3)
        else:
            np.testing.assert_allclose(got, np.maximum(wanted + 0.25, 0), rtol=1e-4, atol=1e-5)


def test_a_row_of_samples():
    """One axis: sound of one channel."""
    rng = np.random.default_rng(0)
    x, kernel = rng.standard_normal((3, 50, 1)).astype("float32"), rng.standard_normal((7, 1, 4)).astype("float32")
    y = K.eval(K.conv1d(K.variable(x), K.variable(kernel), border_mode="valid"))
    wanted = np.stack([[np.correlate(one[:, 0], kernel[:, 0, f], "valid") for f in range(4)] for one in x.astype("float64")]).transpose(
        0, 2, 1
    )
    np.testing.assert_allclose(y, wanted, rtol=1e-4, atol=1e-5)
