"""Loops as scans: random numbers, the learning phase and broadcasting states inside; other random draws at each step."""

from __future__ import annotations

import numpy as np


def test_dropout_inside_a_step_draws_anew_at_each_step_and_call(K):
    K = type(K)()
    x = K.placeholder((None, 5, 8))

    def step(x_t, states):
        y = K.in_train_phase(K.dropout(x_t, 0.5, seed=3), x_t)
        return y, [states[0] + y]

    _, outputs, _ = K.rnn(step, x, [K.zeros_like(x[:, 0])])
    f = K.function([x, K.learning_phase()], [outputs, *K.gradients(K.sum(outputs), [x])])
    value = np.ones((3, 5, 8))
    np.testing.assert_array_equal(f([value, 0])[0], value)
    first, grad = f([value, 1])
    assert set(np.unique(first)) == {0.0, 2.0}
    assert not np.array_equal(first[:, 0], first[:, 1])
    np.testing.assert_array_equal(grad, first)
    assert not np.array_equal(f([value, 1])[0], first)


def test_one_unit_states_broadcast_inside_and_keep_their_type(K, quick):
    x = K.placeholder((None, 4, 3))
    u = K.variable(np.full((1, 1), 0.5))

    def step(x_t, states):
        h = K.sum(x_t, axis=1, keepdims=True) + K.dot(states[0], u)
        return h * K.ones_like(x_t), [h]

    last, outputs, states = K.rnn(step, x, [K.zeros_like(x[:, 0, :1])])
    assert [K.int_shape(t) for t in (last, outputs, states[0])] == [(None, 3), (None, 4, 3), (None, 1)]
    got = K.function([x], [outputs, states[0]])([np.ones((2, 4, 3))])
    expected = [3.0, 4.5, 5.25, 5.625]
    np.testing.assert_allclose(got[0], np.broadcast_to(np.reshape(expected, (1, 4, 1)), (2, 4, 3)))
    np.testing.assert_allclose(got[1], [[5.625], [5.625]])


def test_no_elements_at_all(K, quick):
    x = K.placeholder((None, 3))
    total = K.foldl(lambda a, e: a + K.log(e), x, initializer=K.zeros((3,)))
    mapped = K.map_fn(lambda e: K.sqrt(e) * 2.0, x)
    f = K.function([x], [total, mapped, *K.gradients(K.sum(mapped) + K.sum(total), [x])])
    for n in (0, 2):
        got = f([np.full((n, 3), 4.0)])
        np.testing.assert_allclose(got[0], np.full(3, n * np.log(4.0)), rtol=1e-6)
        assert got[1].shape == got[2].shape == (n, 3)
