"""Loops of the NumPy backend: what they capture, what they draw, what they carry."""

import numpy as np

from kbridge.backends import registry

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
