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


def test_random_numbers_from_outside_are_one_for_all_turns(K, quick):
    m = K.random_uniform((2,))
    mapped = K.map_fn(lambda x: x + m, K.zeros((3, 2)))
    folded = K.foldl(lambda a, x: a + m, K.zeros((3, 2)), initializer=K.zeros((2,)))
    x = K.placeholder((None, 4, 3))
    kept = K.dropout(K.ones((3,)), 0.5)
    _, outputs, _ = K.rnn(lambda x_t, states: (x_t * states[-1], []), x, [], constants=[kept])
    f = K.function([x], [m, mapped, folded, kept, outputs])
    got = f([np.ones((2, 4, 3))])
    np.testing.assert_array_equal(got[1], np.broadcast_to(got[0], (3, 2)))
    np.testing.assert_allclose(got[2], 3 * got[0], rtol=1e-6)
    np.testing.assert_array_equal(got[4], np.broadcast_to(got[3], (2, 4, 3)))
    assert not np.array_equal(f([np.ones((2, 4, 3))])[0], got[0])


def test_random_numbers_of_an_inner_loop_are_drawn_in_each_turn_of_the_outer(K, quick):
    x = K.placeholder((3, 4, 2))
    drawn = K.map_fn(lambda row: K.map_fn(lambda e: e + K.random_uniform((2,)), row), x)
    (got,) = K.function([x], [drawn])([np.zeros((3, 4, 2))])
    assert len(np.unique(got)) == got.size


def test_gradients_for_derived_tensors_that_a_loop_captures(K, quick):
    w, v = K.variable(2.0), K.variable([1.0, 2.0])
    h = w * 3.0
    y = K.map_fn(lambda x: x * h, v)
    # sum of (x h)^2: 2 h (1 + 4)
    found = K.function([], K.gradients(K.sum(K.square(y)), [h, w]))([])
    np.testing.assert_allclose(found, [60.0, 180.0])


def test_gradients_of_loops_inside_loops(K, quick):
    w, x = K.variable(2.0), K.placeholder((None, 4, 3))

    def step(x_t, states):
        rows = K.map_fn(lambda e: K.foldl(lambda a, b: a + b * w, e, initializer=K.zeros(())), x_t)
        return rows * states[0], [rows * states[0]]

    last, _, _ = K.rnn(step, x, [K.ones_like(x[:, 0, 0])])
    f = K.function([x], [last, *K.gradients(K.sum(last), [w, x])])
    value = np.random.RandomState(0).uniform(0.5, 1.5, (2, 4, 3))
    sums = value.sum(axis=2)
    expected = np.prod(2 * sums, axis=1)
    got = f([value])
    np.testing.assert_allclose(got[0], expected, rtol=1e-5)
    np.testing.assert_allclose(got[1], np.sum(4 * expected / 2), rtol=1e-5)
    np.testing.assert_allclose(got[2], np.broadcast_to((expected[:, None] / sums)[:, :, None], (2, 4, 3)), rtol=1e-5)


def test_states_are_broadcast_and_cast_to_what_a_turn_makes_of_them(K, quick):
    x = K.placeholder((None, 4, 3))
    b = K.variable(np.zeros((1, 3)))
    last, _, (state,) = K.rnn(lambda x_t, states: (x_t + states[0], [x_t + states[0]]), x, [b])
    assert K.int_shape(last) == K.int_shape(state) == (None, 3)
    f = K.function([x], [last, state, *K.gradients(K.sum(last), [b])])
    for samples in (1, 2, 5):
        got = f([np.ones((samples, 4, 3))])
        np.testing.assert_array_equal(got[0], np.full((samples, 3), 4.0))
        np.testing.assert_array_equal(got[1], np.full((samples, 3), 4.0))
        np.testing.assert_array_equal(got[2], np.full((1, 3), samples))
    total = K.foldl(lambda a, e: a + e * 0.5, K.variable([1.0, 2.0, 4.0]), initializer=K.constant(0))
    assert K.dtype(total) == "float32"
    np.testing.assert_allclose(K.eval(total), 3.5)
    grown = K.foldl(lambda a, e: a + e, x, initializer=K.zeros(()))
    assert K.int_shape(grown) == (4, 3)
    np.testing.assert_array_equal(K.function([x], [grown])([np.ones((2, 4, 3))])[0], np.full((4, 3), 2.0))


def test_masked_steps_with_states_that_grow(K, quick):
    x, mask = K.placeholder((None, 4, 3)), K.placeholder((None, 4))
    _, outputs, _ = K.rnn(lambda x_t, s: (x_t + s[0], [x_t + s[0]]), x, [K.zeros((1, 3))], mask=mask)
    (got,) = K.function([x, mask], [outputs])([np.ones((2, 4, 3)), [[0, 1, 0, 1], [1, 1, 0, 0]]])
    np.testing.assert_array_equal(got[:, :, 0], [[0, 1, 1, 2], [1, 2, 2, 2]])


def test_two_loops_over_one_input_in_both_directions(K):
    x = K.placeholder((4, 3, 1))

    def last(backwards):
        def step(x_t, states):
            h = K.tanh(0.5 * x_t + 0.5 * states[0] + 0.5)
            return h, [h]

        return K.rnn(step, x, [K.zeros((4, 1))], go_backwards=backwards)[0]

    found = K.function([x], [last(False), last(True)])([np.ones((4, 3, 1))])
    h = 0.0
    for _ in range(3):
        h = np.tanh(1 + 0.5 * h)
    np.testing.assert_allclose(found, np.full((2, 4, 1), h), rtol=1e-6)


def test_what_a_step_joins_of_tensors_from_outside_is_joined_once(K, quick):
    """The loop takes the joined matrix; one that is joined of random numbers or of the step's input is made anew in each turn."""
    from theano.scan.op import Scan
    from theano.tensor import Join

    weights = [K.variable(np.full((3, 3), w)) for w in (0.5, 0.25)]
    x = K.placeholder((None, 4, 3))
    value = np.arange(24.0).reshape(2, 4, 3) / 10

    def made(step):
        _, outputs, _ = K.rnn(step, x, [K.zeros_like(x[:, 0])])
        f = K.function([x], [outputs, *K.gradients(K.sum(outputs), weights)])
        loops = [node.op for node in f._made[None, False].theano.maker.fgraph.apply_nodes if isinstance(node.op, Scan)]
        return f, any(isinstance(node.op, Join) for loop in loops for node in loop.fn.maker.fgraph.apply_nodes)

    def outside(x_t, states):
        both = K.dot(x_t + states[0], K.concatenate(weights, axis=1))
        return both[:, :3] * both[:, 3:], [both[:, :3]]

    def apart(x_t, states):
        first, second = (K.dot(x_t + states[0], w) for w in weights)
        return first * second, [first]

    (f, inside), (g, _) = made(outside), made(apart)
    assert not inside
    for got, expected in zip(f([value]), g([value])):
        np.testing.assert_allclose(got, expected, rtol=1e-5)

    def drawn(x_t, states):
        both = K.concatenate([K.dropout(weights[0], 0.5), weights[1]], axis=1)
        both = K.dot(x_t + states[0], both)
        return both[:, :3] * both[:, 3:], [0.0 * both[:, :3]]

    f, inside = made(drawn)
    assert inside
    ones = f([np.ones((1, 4, 3))])[0]
    assert not all(np.array_equal(ones[:, 0], ones[:, t]) for t in range(1, 4))
