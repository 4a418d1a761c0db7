"""Winograd's tiles of one input are transformed once for all that read them: the same values and gradients, less work, a limit to what is kept."""

import numpy as np
import pytest

from kbridge.backends import registry
from kbridge.backends.numpy.executor import function, tiles
from kbridge.backends.numpy.ops import winograd, winograd_choice
from kbridge.backends.numpy.rewrites import convolutions

K = registry.load("numpy")


def always(results):
    """A choice that takes tiles of so many results (of a window of 3) wherever there are some."""

    def choose(window, pads, shape, filters, dtype, steady, turned=False):
        found = winograd_choice.tilings(window, pads, turned)
        return found[results == 4] if found else None

    return choose


@pytest.fixture(autouse=True)
def one_lane(monkeypatch):
    monkeypatch.setattr(function, "lanes_of_plans", lambda: 1)


def layers(seed, samples=None, steps=1):
    """(function, fed) of two convolutions of one input, one of them fused, and a third one behind them; with gradients and an update."""
    rng = np.random.RandomState(seed)
    n, (c, f), (h, w) = rng.randint(1, 4), rng.randint(1, 6, 2), rng.randint(5, 15, 2)
    n = samples or n
    mode, size = str(rng.choice(["valid", "same"])), [(3, 3), (1, 3), (3, 1), (5, 5), (3, 5)][seed % 5]
    fed = x = K.placeholder((n, h, w, c) if steps == 1 else (n, steps, h, w, c))
    if steps > 1:
        # several images of a sample, as in TimeDistributed
        x = K.reshape(x, (-1, h, w, c))
    kernels = [K.variable(rng.uniform(-1, 1, shape)) for shape in ((*size, c, f), (*size, c, f), (3, 3, f, 2))]
    bias = K.variable(rng.uniform(-1, 1, f))
    first, second = (K.conv2d(x, k, border_mode=mode, dim_ordering="tf") for k in kernels[:2])
    y = K.conv2d(K.relu(first + bias) + K.tanh(second), kernels[2], border_mode="same", dim_ordering="tf")
    loss = K.sum(K.tanh(y))
    grads = K.gradients(loss, [*kernels, bias, fed])
    updates = [(k, k - 0.01 * g) for k, g in zip(kernels, grads)]
    return K.function([fed], [loss, y, *grads], updates), [rng.uniform(-1, 1, K.int_shape(fed)).astype("float32")]


@pytest.mark.parametrize("space", [winograd.BLOCK_BYTES, 1], ids=["whole", "in tiny blocks"])
@pytest.mark.parametrize("results", [2, 4])
def test_values_gradients_and_updates_of_random_shapes(results, space, monkeypatch):
    monkeypatch.setattr(winograd, "BLOCK_BYTES", space)
    monkeypatch.setattr(winograd, "MOST_BYTES", space)
    monkeypatch.setattr(convolutions, "choose", always(results))
    for seed in range(20):
        found = []
        for limit in (-1, 1 << 30):
            monkeypatch.setattr(tiles, "KEPT_BYTES", limit)
            run, fed = layers(seed)
            found.append([*run(fed), *run(fed)])
        for apart, shared in zip(*found):
            # the same additions and products, of blocks that may be cut elsewhere
            np.testing.assert_allclose(shared, apart, rtol=1e-5, atol=1e-5 * np.abs(apart).max(), err_msg=str(seed))


def test_each_input_is_transformed_once_up_to_a_limit(monkeypatch):
    monkeypatch.setattr(convolutions, "choose", always(2))
    calls = []
    original = winograd.transform_input
    monkeypatch.setattr(winograd, "transform_input", lambda *args: (calls.append(1), original(*args)))

    def transforms(limit):
        monkeypatch.setattr(tiles, "KEPT_BYTES", limit)
        run, fed = layers(0)
        calls.clear()
        run(fed)
        return len(calls), run._last[1].nbytes

    (apart, without), (shared, kept) = transforms(-1), transforms(1 << 30)
    # along two axes: of the input for four readers, and of what lies between for two; the rest are gradients of inputs
    assert apart - shared == 2 * (3 + 1)
    assert kept != without


@pytest.mark.parametrize("seed", range(20))
def test_lanes_share_the_tiles_of_their_own_samples(seed, cheap_lanes, monkeypatch):
    monkeypatch.setattr(convolutions, "choose", always(2 + seed % 2 * 2))
    found, cut = {}, 0
    for count in (1, 2, 3):
        monkeypatch.setattr(function, "lanes_of_plans", lambda count=count: count)
        runs = []
        for _ in range(2):
            run, fed = layers(seed, samples=1 + seed % 6, steps=1 + seed % 3)
            runs.append([*run(fed), *run(fed)])
        for first, second in zip(*runs, strict=True):
            np.testing.assert_array_equal(first, second)
        found[count] = runs[0]
        cut += len(run._last[1].forks)
    assert cut or not seed % 6
    for count in (2, 3):
        for lanes, alone in zip(found[count], found[1], strict=True):
            np.testing.assert_allclose(lanes, alone, rtol=1e-4, atol=1e-4 * np.abs(alone).max())
