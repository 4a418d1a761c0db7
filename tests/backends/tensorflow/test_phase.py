"""The learning phase in TensorFlow's graph."""

import numpy as np
import pytest

from kbridge.backends.tensorflow import backend


def noted(K, x, ran, name):
    """``x``, which notes in ``ran`` that it was computed."""

    def note(array):
        ran.append(name)
        return array

    return K.host_call(note, [x], "float32", lambda shape: shape)


def test_only_the_chosen_side_is_computed(K):
    ran = []
    x = K.placeholder((2,))
    y = K.in_train_phase(lambda: noted(K, x, ran, "train") * 2.0, lambda: noted(K, x, ran, "test"))
    # also in the other one's place, as the input itself, and where a choice is made of choices
    z = K.in_train_phase(x, K.in_train_phase(noted(K, x, ran, "never"), noted(K, x, ran, "inner")))
    f = K.function([x, K.learning_phase()], [y, z])
    for phase in (1, True, 1.0, np.uint8(1), np.array(1)):
        np.testing.assert_array_equal(f([[0.0, 1.0], phase]), [[0.0, 2.0], [0.0, 1.0]])
        assert ran == ["train"]
        ran.clear()
    for phase in (0, False, np.array(0.0)):
        np.testing.assert_array_equal(f([[0.0, 1.0], phase]), [[0.0, 1.0], [0.0, 1.0]])
        assert sorted(ran) == ["inner", "test"]
        ran.clear()
    # any other number counts as training, and everything is computed
    np.testing.assert_array_equal(f([[0.0, 1.0], 7]), [[0.0, 2.0], [0.0, 1.0]])
    assert sorted(ran) == ["inner", "never", "test", "train"]


def test_gradients_leave_out_the_other_side(K):
    """Also what would be multiplied by zeros: sums of gradients, through matrix products, means and other shapes, and in updates."""
    ran = []
    x, w = K.variable([[1.0, 2.0]]), K.variable([[3.0], [1.0]])
    y = K.in_train_phase(
        lambda: K.dot(x, w) + 0.0 * K.mean(x), lambda: K.dot(K.reshape(noted(K, x, ran, "test") * x, (-1, 2)), w) * K.mean(K.tanh(x))
    )
    grads = K.gradients(K.sum(K.square(y)), [x, w])
    f = K.function([K.learning_phase()], grads, updates=[K.update_sub(v, 0.1 * g) for v, g in zip((x, w), grads)])
    np.testing.assert_allclose(f([1])[0], 10 * np.array([[3.0, 1.0]]), rtol=1e-6)
    np.testing.assert_allclose(K.get_value(x), [[-2.0, 1.0]], atol=1e-6)
    np.testing.assert_allclose(K.get_value(w), [[2.0], [-1.0]], atol=1e-6)
    assert not ran
    f([0])
    assert ran


@pytest.mark.parametrize("phase", (0, 1))
def test_results_are_those_of_a_phase_that_was_fixed_before(K, phase):
    """Choices of choices, a number for a side, gradients of gradients, through a loop and around it."""
    x, w = K.placeholder((None, 3, 2)), K.variable([[0.5, -1.0], [2.0, 0.25]])

    def step(t, states):
        h = K.in_test_phase(t * states[0], K.tanh(t) + states[0])
        return h, [h]

    def program():
        h = K.in_train_phase(lambda: K.relu(K.dot(x, w)) + K.sqrt(K.abs(x)), lambda: K.dot(x, w) / 3.0)
        h = K.rnn(step, h, [h[:, 0, :]])[1]
        y = K.in_test_phase(K.square(h), K.in_train_phase(K.exp(h), h)) + K.in_train_phase(h, 0.5)
        first = K.gradients(K.sum(y), [x, w])
        return [h, y, *first, *K.gradients(K.sum(first[0] * x) + K.sum(K.square(first[1])), [x, w])]

    chosen = K.function([x, K.learning_phase()], program())
    K.set_learning_phase(phase)
    fixed = K.function([x], program())
    a = np.linspace(0.1, 1.2, 12).reshape(2, 3, 2)
    for got, expected in zip(chosen([a, phase]), fixed([a]), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_what_is_fed_is_nothing_else(K):
    x, v = K.placeholder((2,)), K.variable([1.0, 1.0])
    y = K.in_train_phase(x * 2.0, x * 3.0)
    summed = K.gradients(K.sum(K.in_train_phase(v * x, v) * v), v)[0]
    for phase in (0, 1):
        np.testing.assert_array_equal(K.function([y, K.learning_phase()], [y + 1.0])([[5.0, 6.0], phase])[0], [6.0, 7.0])
        fed = K.function([summed, K.learning_phase()], [summed * 2.0, K.in_train_phase(summed, -summed)])
        np.testing.assert_array_equal(fed([[1.0, 2.0], phase])[1], [1.0, 2.0] if phase else [-1.0, -2.0])


def test_a_graph_that_was_finalized_runs_in_both_phases(K):
    x = K.placeholder((2,))
    f = K.function([x, K.learning_phase()], [K.in_train_phase(x * 2.0, x)])
    graph = K.get_session().graph
    graph.finalize()
    assert [f([[1.0, 2.0], p])[0].tolist() for p in (0, 1, 7)] == [[1, 2], [2, 4], [2, 4]]
    assert graph.finalized


def test_gradients_go_through_the_chosen_function(K):
    x = K.placeholder((2,))
    y = K.in_train_phase(lambda: x * x * x, x * 3.0)
    first = K.gradients(K.sum(y), [x])[0]
    second = K.gradients(K.sum(first), [x])[0]
    f = K.function([x, K.learning_phase()], [first, second])
    np.testing.assert_allclose(f([[1.0, 2.0], 1]), [[3.0, 12.0], [6.0, 12.0]])
    np.testing.assert_allclose(f([[1.0, 2.0], 0]), [[3.0, 3.0], [0.0, 0.0]])


def test_the_phase_is_found_inside_and_outside_of_loops(K):
    x = K.placeholder((None, 3, 2))
    inside = []

    def step(t, states):
        inside.append(K.in_train_phase(lambda: t * 2.0, t))
        return inside[-1], states

    last, _, _ = K.rnn(step, x, [K.zeros_like(x[:, 0, :])])
    assert K.uses_learning_phase(last)
    assert all(K.uses_learning_phase(t) for t in inside)
    assert not K.uses_learning_phase([x, K.sum(x)])


def test_each_operation_is_looked_at_once(K, monkeypatch):
    """A model asks for each of its layers; together that must not grow with the square of their number."""
    asked = []
    sources = backend._sources
    monkeypatch.setattr(backend, "_sources", lambda op: asked.append(op) or sources(op))
    x = K.in_train_phase(K.placeholder((2,)) * 2.0, K.placeholder((2,)))
    for _ in range(200):
        x = K.tanh(x + 1.0)
        assert K.uses_learning_phase(x)
    assert len(asked) < 3 * len(K.get_session().graph.get_operations())
