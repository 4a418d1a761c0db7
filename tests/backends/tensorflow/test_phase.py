"""The learning phase in TensorFlow's graph."""

import numpy as np

from kbridge.backends.tensorflow import backend


def test_the_value_of_the_other_side_plays_no_part(K):
    """Both sides run, since a branch would hide the graph from TensorFlow's optimizer; only one is seen."""
    x = K.placeholder((2,))
    y = K.in_train_phase(lambda: x * 2.0, lambda: K.log(x - 1.0))
    f = K.function([x, K.learning_phase()], [y])
    np.testing.assert_array_equal(f([[0.0, 1.0], 1])[0], [0.0, 2.0])
    np.testing.assert_array_equal(f([[0.0, 1.0], 0])[0], [np.nan, -np.inf])


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
