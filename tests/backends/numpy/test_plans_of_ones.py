"""Plans for samples that all count the same do without their weights."""

import numpy as np
import pytest

from kbridge.backends import ones, registry

K = registry.load("numpy")


def weighted_step():
    """A function with weights of samples: (function, variable)."""
    x, weights = K.placeholder((None, 3)), K.placeholder((None,))
    weights._often_ones = True
    w = K.variable(np.array([0.5, -1.0, 2.0]))
    error = K.mean(K.square(x * w), axis=1) * weights / K.maximum(K.mean(K.cast(K.not_equal(weights, 0), "float32")), 1e-7)
    loss = K.mean(error)
    return K.function([x, weights], [loss, weights * 2.0], updates=[(w, w - 0.1 * K.gradients(loss, [w])[0])]), w


def expected(x, weights, w):
    x, weights = x.astype("float64"), np.asarray(weights, "float64")
    share = max(np.mean(weights != 0), 1e-7)
    loss = np.mean(np.mean((x * w) ** 2, axis=1) * weights / share)
    return loss, w - 0.1 * np.mean(2 * x * x * w / 3 * weights[:, None], axis=0) / share


@pytest.mark.parametrize("seed", range(8))
def test_weights_that_change_from_call_to_call(seed):
    rng = np.random.default_rng(seed)
    function, variable = weighted_step()
    w = K.get_value(variable).astype("float64")
    for _ in range(8):
        n = int(rng.integers(1, 5))
        x = rng.uniform(-1, 1, (n, 3)).astype("float32")
        weights = [np.ones(n), np.ones(n), np.zeros(n), rng.integers(0, 2, n), rng.uniform(0, 2, n)][rng.integers(5)].astype("float32")
        loss, w = expected(x, weights, w)
        found, doubled = function([x, weights if rng.random() < 0.5 else weights.tolist()])
        np.testing.assert_allclose(found, loss, rtol=1e-4, atol=1e-6)
        np.testing.assert_array_equal(doubled, 2 * weights)
        np.testing.assert_allclose(K.get_value(variable), w, rtol=1e-4, atol=1e-6)


def test_it_saves_calls():
    function, _ = weighted_step()
    x = np.ones((4, 3), "float32")
    function([x, np.full(4, 0.5, "float32")])
    with_weights = function._last[1].calls
    function([x, np.ones(4, "float32")])
    assert function._last[1].calls <= with_weights - 6


def test_results_stay_when_later_calls_run():
    function, _ = weighted_step()
    x = np.ones((2, 3), "float32")
    _, first = function([x, np.ones(2, "float32")])
    function([x, np.zeros(2, "float32")])
    np.testing.assert_array_equal(first, [2, 2])


def test_many_weights_are_not_compared(monkeypatch):
    monkeypatch.setattr(ones, "MAX_WEIGHTS", 3)
    function, variable = weighted_step()
    x = np.ones((4, 3), "float32")
    loss, w = expected(x, np.ones(4), K.get_value(variable))
    np.testing.assert_allclose(function([x, np.ones(4, "float32")])[0], loss, rtol=1e-5)
    np.testing.assert_allclose(K.get_value(variable), w, rtol=1e-5)
    assert len(function._last[0]) == 3


def test_a_wrong_shape_is_named_as_before():
    function, _ = weighted_step()
    with pytest.raises(ValueError, match="Input 1"):
        function([np.ones((2, 3), "float32"), np.ones((2, 1), "float32")])
    with pytest.raises(ValueError, match="Input 0"):
        function([np.ones((2, 4), "float32"), np.ones(2, "float32")])
