"""Bounds that are tensors: values and gradients of K.clip, K.relu, K.maximum and K.minimum."""

import numpy as np
import pytest

from kbridge import backend as K


def run(x_values, others, function):
    """The result, and its gradients by ``x_values`` and ``others``; its elements count once, twice and so on."""
    x = K.placeholder((None,))
    variables = [K.variable(v) for v in others]
    y = function(x, *variables)
    gradients = K.gradients(K.sum(y * K.variable(np.arange(1.0, len(x_values) + 1))), [x, *variables])
    f = K.function([x], [y, *gradients])
    return [np.asarray(a).tolist() for a in f([np.array(x_values)])]


def test_a_learned_threshold_on_both_sides():
    # the result is -th for the first two, th for the last two: d/dth = -(1 + 2) + (4 + 5)
    y, dx, dth = run([-3, -2, 0, 2, 3], [1.0], lambda x, th: K.clip(x, -th, th))
    assert (y, dx, dth) == ([-1, -1, 0, 1, 1], [0, 0, 3, 0, 0], 6)


def test_a_lower_bound_above_the_upper_one_wins():
    for low, high in [(2.0, -2.0), (np.float32(2), np.float32(-2)), (np.array(2.0), -2)]:
        assert K.eval(K.clip(K.variable([-3.0, 0, 3]), low, high)).tolist() == [2, 2, 2]
    y, dx, dlow, dhigh = run([-3, 0, 3], [2.0, -2.0], lambda x, low, high: K.clip(x, low, high))
    assert (y, dx, dlow, dhigh) == ([2, 2, 2], [0, 0, 0], 6, 0)
    assert K.eval(K.clip(K.variable([-3.0, 0, 3]), K.variable(2.0), -2)).tolist() == [2, 2, 2]
    assert K.eval(K.clip(K.variable([-3.0, 0, 3]), K.variable([2.0] * 3), K.variable([-2.0] * 3))).tolist() == [2, 2, 2]


def test_a_bound_that_is_a_length():
    # known once the shape of what is fed is known
    x = K.placeholder((None,))
    f = K.function([x], [K.clip(x, K.cast(K.shape(x)[0], "int32"), 0.5), K.clip(x, -0.5, K.shape(x)[0])])
    assert [r.tolist() for r in f([np.array([-3.0, 3.0])])] == [[2, 2], [-0.5, 2]]


def test_bounds_that_are_computed_from_the_input():
    # a quarter of the sum is 1: x is cut there, and what is cut off (it counts three times) moves with the sum
    y, dx = run([1, 1, 2, 0], [], lambda x: K.clip(x, -1.0, K.sum(x) / 4))
    assert y == [1, 1, 1, 0]
    assert dx == [1 + 0.75, 2 + 0.75, 0.75, 4 + 0.75]


def test_a_tensor_as_the_largest_value_of_relu():
    y, dx, dtop = run([-1, 0, 1, 2, 3], [2.0], lambda x, top: K.relu(x, max_value=top))
    assert (y, dx, dtop) == ([0, 0, 1, 2, 2], [0, 0, 3, 4, 0], 5)
    y, dx, dtop = run([-1, 0, 1, 2], [[2.0, 2, 0.5, 1]], lambda x, top: K.relu(x, alpha=0.5, max_value=top))
    assert (y, dx, dtop) == ([-0.5, 0, 0.5, 1], [0.5, 0, 0, 0], [0, 0, 3, 4])
    assert K.eval(K.relu(K.variable([-1.0, 1]), max_value=-0.5)).tolist() == [0, 0]


def test_one_element_of_a_repeated_bound():
    # no constant, though nothing can be written to it
    y, dx, dtop = run([1, 5], [3.0], lambda x, top: K.clip(x, 0, K.repeat_elements(K.reshape(top, (1,)), 2, 0)[1] - 1))
    assert (y, dx, dtop) == ([1, 2], [1, 0], 2)


@pytest.mark.parametrize(
    "name, others, results",
    [("maximum", [[1.0, 3.0, 3.0]], [[1, 3, 5], [1, 0, 3], [0, 2, 0]]), ("minimum", [2.0], [[1, 2, 2], [1, 2, 0], 3])],
)
def test_an_extremes_tie_goes_to_the_first(name, others, results):
    assert run([1, 2, 5], others, getattr(K, name)) == results


def test_large_tensors_are_cut_like_small_ones():
    x = np.linspace(-2, 2, 100_000)
    y, dx, dlow, dhigh = run(x, [-1.0, 0.5], lambda x, low, high: K.clip(K.tanh(x) * 2, low, high) + 0)
    weights, value = np.arange(1.0, 100_001), 2 * np.tanh(x)
    np.testing.assert_allclose(y, np.clip(value, -1, 0.5), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(dlow, weights[value < -1].sum(), rtol=1e-4)
    np.testing.assert_allclose(dhigh, weights[value > 0.5].sum(), rtol=1e-4)
