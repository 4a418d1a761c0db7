"""Convolutions by Winograd's method against float64 and finite differences, what falls back to columns, and the switch."""

import numpy as np
import pytest

from kbridge.backends import registry
from kbridge.backends.numpy.ops import winograd, winograd_choice
from kbridge.backends.numpy.ops.transforms import Tile, input_matrix, kernel_matrix, result_matrix
from kbridge.backends.numpy.ops.windows import Window
from kbridge.backends.numpy.rewrites import convolutions
from kbridge.config import ConfigError

K = registry.load("numpy")

SIZES = [(3, 3), (1, 3), (3, 1), (5, 5), (3, 5), (1, 5)]
#: by results of a tile: the error of float32 relative to the largest result, for inputs of one scale
ROUNDING = {2: 2e-6, 4: 2e-5}


def always(results):
    """A choice that takes tiles of so many results (of a window of 3) wherever there are some, in any dtype."""

    def choose(window, pads, shape, filters, dtype, steady, turned=False):
        found = winograd_choice.tilings(window, pads, turned)
        return found[results == 4] if found else None

    return choose


def never(*args, **kwargs):
    """A choice that takes columns."""


def sample(seed):
    rng = np.random.RandomState(seed)
    n, (c, f), (h, w) = rng.randint(1, 4), rng.randint(1, 6, 2), rng.randint(5, 15, 2)
    mode = str(rng.choice(["valid", "same"]))
    return rng.uniform(-1, 1, (n, h, w, c)), rng.uniform(-1, 1, (*SIZES[seed % 6], c, f)), mode


def with_gradients(x, kernel, mode, dtype):
    """The convolution, and the gradients of a weighted sum of it: with respect to x and the kernel, and one of a gradient."""
    a, k = K.placeholder(x.shape, dtype=dtype), K.placeholder(kernel.shape, dtype=dtype)
    y = K.conv2d(a, k, border_mode=mode, dim_ordering="tf")
    weights = np.random.RandomState(1).uniform(-1, 1, K.int_shape(y))
    first = K.gradients(K.sum(y * y * K.constant(weights, dtype)), [a, k])
    second = K.gradients(K.sum(K.square(first[1])), [a])
    return K.function([a, k], [y, *first, *second])([x.astype(dtype), kernel.astype(dtype)])


@pytest.mark.parametrize("tile", [Tile(2, 3), Tile(4, 3), Tile(2, 5), Tile(1, 1)])
def test_the_matrices_give_a_correlation(tile):
    d, g = np.random.RandomState(0).uniform(-1, 1, tile.points), np.random.RandomState(1).uniform(-1, 1, tile.window)
    got = result_matrix(tile) @ ((kernel_matrix(tile) @ g) * (input_matrix(tile.points) @ d))
    np.testing.assert_allclose(got, np.correlate(d, g, "valid"), atol=1e-13)


@pytest.mark.parametrize("space", [winograd.BLOCK_BYTES, 1], ids=["whole", "in tiny blocks"])
@pytest.mark.parametrize("results", [2, 4])
def test_values_and_gradients_of_random_shapes(results, space, monkeypatch):
    monkeypatch.setattr(winograd, "BLOCK_BYTES", space)
    monkeypatch.setattr(winograd, "MOST_BYTES", space)
    for seed in range(18):
        monkeypatch.setattr(convolutions, "choose", never)
        expected = with_gradients(*sample(seed), "float64")
        monkeypatch.setattr(convolutions, "choose", always(results))
        for dtype, bound in (("float64", 1e-12), ("float32", 1e-4)):
            for got, want in zip(with_gradients(*sample(seed), dtype), expected):
                assert np.abs(got - want).max() <= bound * np.abs(want).max(), (seed, dtype)


@pytest.mark.parametrize("results", [2, 4])
def test_gradients_agree_with_finite_differences(results, monkeypatch):
    monkeypatch.setattr(convolutions, "choose", always(results))
    for seed in range(6):
        x, kernel, mode = sample(seed)
        a, k = K.placeholder(x.shape, dtype="float64"), K.placeholder(kernel.shape, dtype="float64")
        loss = K.sum(K.tanh(K.conv2d(a, k, border_mode=mode, dim_ordering="tf")))
        function = K.function([a, k], [loss, *K.gradients(loss, [a, k])])
        _, *gradients = function([x, kernel])
        for i, gradient in enumerate(gradients):
            along = np.random.RandomState(seed).uniform(-1, 1, gradient.shape)
            up, down = ([v + step * along if i == j else v for j, v in enumerate((x, kernel))] for step in (1e-6, -1e-6))
            slope = (function(up)[0] - function(down)[0]) / 2e-6
            assert np.sum(gradient * along) == pytest.approx(slope, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("results", [2, 4])
def test_accuracy_in_float32_at_the_sizes_of_networks(results, monkeypatch):
    # of one scale; channels of very different scales, which meet in sums; places of very different scales, which share tiles
    rng = np.random.RandomState(0)
    plain = rng.standard_normal((1, 14, 14, 128))
    kernel = rng.standard_normal((3, 3, 128, 64)) / np.sqrt(9 * 128)
    channels, places = 10.0 ** rng.uniform(-4, 4, 128), 10.0 ** rng.uniform(-4, 4, (1, 14, 14, 1))
    for x in (plain, plain * channels, plain * places, plain + 100):
        x, k = x.astype("float32"), kernel.astype("float32")
        monkeypatch.setattr(convolutions, "choose", never)
        expected = with_gradients(x, k, "same", "float64")
        monkeypatch.setattr(convolutions, "choose", always(results))
        got = with_gradients(x, k, "same", "float32")
        errors = [np.abs(g - e).max() / np.abs(e).max() for g, e in zip(got[:3], expected)]
        assert max(errors) < ROUNDING[results], errors
        # relative to the largest of what meets in a result: what one tile holds is no worse than what it meets there
        met = with_gradients(np.abs(x), np.abs(k), "same", "float64")[0]
        around = max(np.abs(met[:, i : i + 8, j : j + 8]).max() for i in range(0, 14, 4) for j in range(0, 14, 4))
        assert np.abs(got[0] - expected[0]).max() < ROUNDING[results] * around


def chosen(x_shape, filters, size=(3, 3), strides=(1, 1), dilation=(1, 1), dtype="float32", steady=True):
    window = Window(size, strides, dilation, "same")
    pads = [window.padding(i, n) for i, n in enumerate(x_shape[1:3])]
    return winograd_choice.choose(window, pads, x_shape, filters, np.dtype(dtype), steady)


def test_where_it_pays_and_where_columns_are_taken(monkeypatch):
    assert chosen((1, 56, 56, 256), 256).tiles == (Tile(4, 3), Tile(4, 3))
    assert chosen((8, 17, 17, 192), 192, (1, 3)).tiles[0] == Tile(1, 1)
    assert chosen((1, 35, 35, 48), 64, (5, 5)).tiles == (Tile(2, 5), Tile(2, 5))
    for other in (
        chosen((1, 224, 224, 3), 64),
        chosen((1, 56, 56, 64), 8),
        chosen((8, 56, 56, 64), 64, dtype="float64"),
        chosen((8, 56, 56, 64), 64, dtype="float16"),
        chosen((8, 56, 56, 64), 64, strides=(2, 2)),
        chosen((8, 56, 56, 64), 64, dilation=(2, 2)),
        chosen((8, 56, 56, 64), 64, size=(1, 1)),
        chosen((8, 56, 56, 64), 64, size=(7, 7)),
        chosen((1, 3, 3, 512), 512, steady=False),
        chosen((0, 56, 56, 64), 64),
    ):
        assert other is None
    monkeypatch.setenv("KBRIDGE_EXACT_CONV", "1")
    assert chosen((1, 56, 56, 256), 256) is None
    monkeypatch.setenv("KBRIDGE_EXACT_CONV", "yes")
    with pytest.raises(ConfigError, match="KBRIDGE_EXACT_CONV must be 0 or 1, got 'yes'"):
        chosen((1, 56, 56, 256), 256)


def test_the_switch_gives_the_sums_of_products(monkeypatch):
    # small whole numbers: sums of products are exact, a transform's thirds and sixths are not
    rng = np.random.RandomState(0)
    x, kernel = rng.randint(-3, 4, (2, 28, 28, 64)).astype("float32"), rng.randint(-3, 4, (3, 3, 64, 64)).astype("float32")
    monkeypatch.setenv("KBRIDGE_EXACT_CONV", "1")
    exact = with_gradients(x, kernel, "same", "float32")[0]
    monkeypatch.delenv("KBRIDGE_EXACT_CONV")
    fast = with_gradients(x, kernel, "same", "float32")[0]
    np.testing.assert_array_equal(exact, np.round(exact))
    assert 0 < np.abs(fast - exact).max() < 1e-4 * np.abs(exact).max()
