"""Loops of the NumPy backend: what they capture, what they draw, what they carry."""

import numpy as np

from kbridge.backends import registry
from kbridge.backends.numpy.executor.turns import CHUNK

K = registry.load("numpy")


def test_a_random_tensor_from_outside_is_drawn_once_and_one_of_the_step_in_each_turn():
    outside = K.random_uniform((2,))
    shifted = K.map_fn(lambda x: x + outside, K.zeros((3, 2)))
    drawn, seen = K.function([], [outside, shifted])([])
    np.testing.assert_array_equal(seen, [drawn] * 3)
    x = K.placeholder((None, 2))
    for shape in ((2,), (K.shape(x)[1],)):
        own = K.map_fn(lambda e, s=shape: e + K.random_uniform(s), x)
        assert len({row.tobytes() for row in K.function([x], [own])([np.zeros((4, 2))])[0]}) == 4


def test_a_dropout_mask_among_the_constants_is_one_for_all_steps():
    x = K.variable(np.zeros((2, 5, 3)))
    mask = K.dropout(K.ones((2, 3)), 0.5)
    _, outputs, _ = K.rnn(lambda x_t, s: (x_t + s[1], [s[0]]), x, [K.zeros((2, 3))], constants=[mask])
    values, drawn = K.function([], [outputs, mask])([])
    np.testing.assert_array_equal(values, np.repeat(drawn[:, None], 5, axis=1))


def test_a_start_of_one_sample_that_is_known_only_in_a_run_is_broadcast():
    x, start = K.placeholder((None, 3, 2)), K.placeholder((None, 2))
    _, outputs, _ = K.rnn(lambda x_t, s: (s[0] * 2.0 + x_t, [s[0] * 2.0 + x_t]), x, [start])
    function = K.function([x, start], [outputs, *K.gradients(K.sum(outputs), [start])])
    for samples in (4, 1):
        got, slope = function([np.zeros((samples, 3, 2)), np.ones((1, 2))])
        np.testing.assert_array_equal(got, np.broadcast_to(np.array([2.0, 4.0, 8.0])[None, :, None], (samples, 3, 2)))
        np.testing.assert_array_equal(slope, np.full((1, 2), 14.0 * samples))


def test_a_loop_in_a_loop_draws_in_each_of_its_turns():
    rows, columns = K.variable(np.ones((3, 1))), K.variable(np.ones(2))
    drawn = K.eval(K.map_fn(lambda row: K.map_fn(lambda e: K.random_uniform((1,)), columns), rows))
    assert len({number.tobytes() for number in drawn.reshape(-1, 1)}) == 6


def test_a_random_tensor_of_the_step_is_the_same_in_the_gradient():
    x = K.variable(np.ones((2, 6, 4)))
    _, outputs, _ = K.rnn(lambda x_t, s: (K.dropout(x_t, 0.5), []), x, [])
    values, slopes = K.function([], [outputs, *K.gradients(K.sum(K.square(outputs)), [x])])([])
    np.testing.assert_array_equal(slopes, 2 * values * 2 * (values > 0))
    assert len({row.tobytes() for row in values[0]}) > 1


def test_gradients_of_gradients_of_loops():
    # y = w x^2: d(y^2)/dx = 4 w^2 x^3, and the slopes of its sum are 12 w^2 x^2 and 8 w x^3
    x, w = K.variable([1.0, 2.0, 3.0]), K.variable(2.0)
    y = K.map_fn(lambda e: e * e * w, x)
    first = K.gradients(K.sum(y * y), [x])[0]
    np.testing.assert_allclose(K.eval(first), [16, 128, 432])
    for_x, for_w = K.gradients(K.sum(first), [x, w])
    np.testing.assert_allclose(K.eval(for_x), [48, 192, 432])
    np.testing.assert_allclose(K.eval(for_w), 16 * (1 + 8 + 27))
    # x^4 as a fold: the third derivative is 24 x
    point = K.variable(0.5)
    power = K.foldl(lambda a, e: a * e * point, K.ones((4,)), K.ones(()))
    for _ in range(3):
        power = K.gradients(power, [point])[0]
    np.testing.assert_allclose(K.eval(power), 12.0)


def test_outputs_that_are_views_and_states_that_lag():
    x = K.variable(np.random.default_rng(0).standard_normal((2, 5, 3)))
    last, outputs, (total, before) = K.rnn(lambda x_t, s: (x_t[:, :2], [s[0] + x_t, s[0]]), x, [x[:, 0], x[:, 1]])
    value, slope = K.get_value(x), np.zeros((2, 5, 3))
    np.testing.assert_allclose(K.eval(outputs), value[..., :2])
    np.testing.assert_allclose(K.eval(last), value[:, 4, :2])
    np.testing.assert_allclose(K.eval(before), value[:, 0] + value[:, :4].sum(axis=1), rtol=1e-5)
    slope[:, 4, :2], slope[:, 0] = 1, 1
    slope[:, :4] += 1
    np.testing.assert_allclose(K.eval(K.gradients(K.sum(last) + K.sum(before), [x])[0]), slope)
    assert K.eval(total).shape == (2, 3)


def test_a_loop_that_carries_its_elements_ends_with_the_last_and_its_gradient_with_the_first():
    x, start, slopes = K.placeholder((None, 4, 3)), K.placeholder((None, 3)), K.placeholder((None, 4, 3))
    _, outputs, (end,) = K.rnn(lambda x_t, states: (states[0], [x_t]), x, [start])
    data, given = np.arange(24.0).reshape(2, 4, 3), np.arange(24.0, 48.0).reshape(2, 4, 3)
    function = K.function([x, start, slopes], [end, *K.gradients(K.sum(outputs * slopes), [start])])
    for got, expected in zip(function([data, data[:, 0], given]), (data[:, -1], given[:, 0])):
        np.testing.assert_array_equal(got, expected)


def test_a_slice_whose_length_is_a_state():
    x = K.placeholder((2, 4, 3))

    def step(x_t, states):
        (n,) = states
        return K.sum(x[:, :n, 0], axis=1, keepdims=True) + x_t[:, :1], [n + 1]

    _, outputs, _ = K.rnn(step, x, [K.constant(1, dtype="int32")])
    value = np.arange(24.0).reshape(2, 4, 3)
    got, slope = K.function([x], [outputs, *K.gradients(K.sum(outputs), [x])])([value])
    np.testing.assert_allclose(got[..., 0], np.cumsum(value[..., 0], axis=1) + value[..., 0])
    np.testing.assert_allclose(slope[..., 0], [[5, 4, 3, 2]] * 2)
    np.testing.assert_array_equal(slope[..., 1:], 0)


def test_a_fold_over_nothing_is_its_start():
    x, w = K.placeholder((None, 2)), K.variable([1.0, 2.0])
    y = K.foldl(lambda a, e: a * w + e, x, K.variable([3.0, 4.0]))
    f = K.function([x], [y, *K.gradients(K.sum(y), [w, x])])
    for expected in ([3, 4], [0, 0], np.zeros((0, 2))), ([4, 9], [3, 4], [[1, 1]]), ([5, 19], [7, 17], [[1, 2], [1, 1]]):
        for found, value in zip(f([np.ones((len(expected[2]), 2))]), expected, strict=True):
            np.testing.assert_array_equal(found, value)


def test_loops_longer_than_the_views_that_are_made_at_once():
    x = K.placeholder((None, 2))
    total = K.foldl(lambda a, e: a * 0.5 + e, x, K.zeros((2,)))
    every = K.map_fn(K.square, x)
    f = K.function([x], [total, every, *K.gradients(K.sum(every), [x])])
    for length in (CHUNK - 1, CHUNK, 2 * CHUNK + 1, 3):
        value = np.random.default_rng(length).standard_normal((length, 2)).astype("float32")
        expected = np.zeros(2)
        for row in value:
            expected = expected * 0.5 + row
        for found, right in zip(f([value]), (expected, value**2, 2 * value), strict=True):
            np.testing.assert_allclose(found, right, rtol=1e-5)


def test_starts_of_an_unrolled_loop_are_broadcast_in_a_run():
    """A step that mixes samples sees as many in the first turn as in the others, and states widen each other."""
    x, a, b = K.placeholder((None, 3, 2)), K.placeholder((None, 2)), K.placeholder((None, 2))

    def step(t, states):
        return states[0], [K.tanh(states[0] + states[1]), K.tanh(t + K.sum(states[1], axis=0, keepdims=True))]

    def results(unroll):
        _, outputs, finals = K.rnn(step, x, [a, b], unroll=unroll)
        return K.function([x, a, b], [outputs, *finals, *K.gradients(K.sum(K.square(outputs)), [x, a, b])])

    looped, unrolled = results(False), results(True)
    random = np.random.RandomState(0)
    for rows in ((4, 1, 1), (4, 4, 1), (4, 1, 4), (1, 4, 1), (2, 2, 2)):
        fed = [random.randn(rows[0], 3, 2), *(random.randn(n, 2) for n in rows[1:])]
        for got, wanted in zip(unrolled(fed), looped(fed), strict=True):
            np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)


def test_a_start_that_is_known_to_have_one_sample_stands_before_the_first_step_of_all():
    x, mask = K.placeholder((None, 3, 2)), K.placeholder((None, 3))
    _, outputs, _ = K.rnn(lambda t, s: (t, [s[0] + t]), x, [K.variable([7.0, 8.0])], mask=mask)
    found = K.function([x, mask], [outputs])([np.ones((2, 3, 2)), np.array([[0, 1, 0], [0, 0, 1]])])[0]
    np.testing.assert_array_equal(found[:, :2], [[[7, 8], [1, 1]], [[7, 8], [7, 8]]])
