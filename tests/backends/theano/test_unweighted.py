"""Functions for batches whose samples all count the same: they do without the weights, and give what the others give."""

import numpy as np
import pytest

from kbridge.backends.ones import mark_often_ones, note_share


def weighted_step(K):
    """A function of samples, targets and weights that changes a variable, and the variable."""
    x, y, weights = K.placeholder((None, 3)), K.placeholder((None, 1)), K.placeholder((None,))
    mark_often_ones(weights, y)
    w = K.variable(np.array([[0.5], [-1.0], [2.0]]))
    counted = K.mean(K.cast(K.not_equal(weights, 0), K.floatx()))
    note_share(weights, counted)
    loss = K.mean(K.mean(K.square(K.dot(x, w) - y), axis=1) * weights / K.maximum(counted, 1e-7))
    outputs = [loss, K.sum(weights), K.expand_dims(weights) * K.ones((1, 2)), counted]
    return K.function([x, y, weights], outputs, updates=[(w, w - 0.1 * K.gradients(loss, [w])[0])]), w


def expected(x, y, weights, w):
    x, y, weights = (np.asarray(a, "float64") for a in (x, y, weights))
    share = max(np.mean(weights != 0), 1e-7)
    error = x @ w - y
    factor = weights / share
    return np.mean(error[:, 0] ** 2 * factor), w - 0.1 * 2 * x.T @ (error * factor[:, None]) / len(x), share


KINDS = {
    "ones": lambda rng, n: np.ones(n),
    "zeros": lambda rng, n: np.zeros(n),
    "some": lambda rng, n: np.arange(n) % 2,
    "any": lambda rng, n: rng.uniform(0.1, 2, n),
}


@pytest.mark.parametrize(
    ("kinds", "functions"),
    [
        (["ones", "ones"], [(None, True)]),
        (["any", "ones", "zeros"], [(None, False)]),
        (["ones", "some", "ones", "zeros", "any", "ones"], [(None, False), (None, True)]),
    ],
)
def test_weights_that_change_from_call_to_call(K, quick, kinds, functions):
    rng = np.random.default_rng(0)
    f, variable = weighted_step(K)
    w = K.get_value(variable).astype("float64")
    for n, kind in enumerate(kinds, 1):
        x, y = (rng.uniform(-1, 1, (n, m)).astype("float32") for m in (3, 1))
        weights = KINDS[kind](rng, n)
        loss, w, share = expected(x, y, weights, w)
        found = f([x, y, weights if n % 2 else weights.tolist()])
        np.testing.assert_allclose(found[0], loss, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(found[1], weights.sum(), rtol=1e-5)
        np.testing.assert_allclose(found[2], np.repeat(weights[:, None], 2, axis=1), rtol=1e-6)
        np.testing.assert_allclose(found[3], np.mean(weights != 0), rtol=1e-6)
        np.testing.assert_allclose(K.get_value(variable), w, rtol=1e-4, atol=1e-6)
    assert sorted(f._made) == functions


def test_ones_of_another_number_than_the_targets_are_an_error(K, quick):
    f, _ = weighted_step(K)
    f([np.ones((2, 3)), np.ones((2, 1)), np.ones(2)])
    with pytest.raises(ValueError):
        f([np.ones((2, 3)), np.ones((2, 1)), np.ones(3)])


def test_a_loss_of_the_whole_batch_still_counts_for_each_sample(K, quick):
    y, weights = K.placeholder((None, 1)), K.placeholder((None,))
    mark_often_ones(weights, y)
    f = K.function([y, weights], [K.sum(K.mean(y) * weights)])
    for value in (1.0, 2.0):
        assert f([np.full((4, 1), 3.0), np.full(4, value)])[0] == 12 * value


def test_the_weights_of_a_model_are_left_out_for_ones_only():
    """Without them there are fewer operations; weights given later count."""
    from kbridge import backend as K
    from kbridge.layers import Dense
    from kbridge.models import Sequential

    if K.backend() != "theano":
        pytest.skip("asks for the functions of this backend")
    with K.quick_compilation():
        model = Sequential([Dense(1, input_dim=2, init="one")])
        model.compile("sgd", "mse", metrics=["mae"], weighted_metrics=["mse"])
        x, y = np.array([[1.0, 0.0], [0.0, 2.0]]), np.zeros((2, 1))
        assert model.test_on_batch(x, y)[0] == 2.5
        np.testing.assert_allclose(model.test_on_batch(x, y, sample_weight=np.array([1.0, 0.0])), [1, 1.5, 1], rtol=1e-6)
        np.testing.assert_allclose(model.test_on_batch(x, y), [2.5, 1.5, 2.5], rtol=1e-6)
    made = model.model.test_function._made
    sizes = {ones: len(m.theano.maker.fgraph.apply_nodes) for (_, ones), m in made.items()}
    assert sizes[True] < sizes[False]
