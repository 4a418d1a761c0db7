"""The gradient of a convolution's input becomes that of the relu before it while its parts are in the cache: the same values, less work."""

import numpy as np
import pytest

from kbridge.backends import registry
from kbridge.backends.numpy.executor import fusion, workers
from kbridge.backends.numpy.ops import winograd, winograd_choice
from kbridge.backends.numpy.rewrites import convolutions

K = registry.load("numpy")


def layers(seed, dtype):
    """(function, fed) of relus and convolutions in turn, with the gradients of all; some results are read twice."""
    rng = np.random.RandomState(seed)
    n, (c, f, d), (h, w) = rng.randint(1, 4), rng.randint(1, 6, 3), rng.randint(5, 15, 2)
    mode, size = str(rng.choice(["valid", "same"])), [(3, 3), (1, 3), (3, 1), (5, 5), (3, 5)][seed % 5]
    x = K.placeholder((n, h, w, c), dtype=dtype)
    first, second = (K.variable(rng.uniform(-1, 1, shape), dtype=dtype) for shape in ((*size, c, f), (3, 3, f, d)))
    y = K.relu(K.conv2d(K.relu(x), first, border_mode="same", dim_ordering="tf"))
    z = K.conv2d(y, second, border_mode=mode, dim_ordering="tf")
    loss = K.sum(K.square(z)) + (K.sum(y * y) if seed % 3 == 2 else 0.0)
    grads = K.gradients(loss, [x, first, second])
    return K.function([x], [loss, *grads]), [rng.uniform(-1, 1, (n, h, w, c)).astype(dtype)]


def always(results):
    """A choice that takes tiles of so many results (of a window of 3) wherever there are some."""

    def choose(window, pads, shape, filters, dtype, steady, turned=False):
        found = winograd_choice.tilings(window, pads, turned)
        return found[results == 4] if found else None

    return choose


@pytest.mark.parametrize("lanes", [1, 2])
@pytest.mark.parametrize("space", [winograd.BLOCK_BYTES, 1], ids=["whole", "in tiny blocks"])
@pytest.mark.parametrize("results", [2, 4])
def test_values_of_random_shapes(results, space, lanes, monkeypatch):
    monkeypatch.setattr(winograd, "BLOCK_BYTES", space)
    monkeypatch.setattr(winograd, "MOST_BYTES", space)
    fused = []
    original = fusion.Finish
    monkeypatch.setattr(fusion, "Finish", lambda *args, **kwargs: (fused.append(kwargs), original(*args, **kwargs))[1])
    for seed in range(15):
        monkeypatch.setattr(convolutions, "choose", lambda *args, **kwargs: None)
        run, fed = layers(seed, "float64")
        expected = run(fed)
        monkeypatch.setattr(convolutions, "choose", always(results))
        run, fed = layers(seed, "float32")
        with workers.using(lanes):
            got = run(fed)
        for have, want in zip(got, expected):
            np.testing.assert_allclose(have, want, rtol=1e-3, atol=1e-4 * np.abs(want).max(), err_msg=str(seed))
    # both relus of each program, where nothing else reads the gradient
    assert fused.count({"slope": True}) == 2 * 10 + 5


def test_the_same_bits_as_apart(monkeypatch):
    monkeypatch.setattr(convolutions, "choose", always(2))
    with workers.using(1):
        run, fed = layers(0, "float32")
        together = run(fed)
        monkeypatch.setattr(fusion, "_slope", lambda *args: None)
        other, _ = layers(0, "float32")
        for one, two in zip(together, other(fed)):
            np.testing.assert_array_equal(one, two)
