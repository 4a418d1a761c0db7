"""Loops of the graph: gradients after a run, what they cost, what they leave behind."""

import glob
import os
import tempfile

import numpy as np


def recurrence(K, x, w, **kwargs):
    states = [K.zeros_like(x[:, 0, :])]
    return K.rnn(lambda t, s: (K.tanh(t + K.dot(s[0], w)), [K.tanh(t + K.dot(s[0], w))]), x, states, **kwargs)


def test_predict_then_train(K):
    """TensorFlow can't differentiate a loop that has run, unless told so before it is built."""
    x, w = K.placeholder((None, 5, 3)), K.variable(0.1 * np.ones((3, 3)))
    last, _, _ = recurrence(K, x, w)
    value = np.random.RandomState(0).rand(2, 5, 3)
    predicted = K.function([x], [last])([value])[0]
    train = K.function([x], [last, *K.gradients(K.sum(last), [w])])
    again, gradient = train([value])
    np.testing.assert_array_equal(predicted, again)
    unrolled, _, _ = recurrence(K, x, w, unroll=True)
    np.testing.assert_allclose(gradient, K.function([x], K.gradients(K.sum(unrolled), [w]))([value])[0], rtol=1e-5)


def test_gradients_of_loops_are_linear_in_time(K):
    """The gradient of a slice is as large as the whole: there is none in a loop's gradient, or in an unrolled one."""
    x, w = K.placeholder((None, 5, 3)), K.variable(0.1 * np.ones((3, 3)))
    for unroll in (False, True):
        last, _, _ = recurrence(K, x, w, unroll=unroll)
        K.gradients(K.sum(last), [x])
    definition = K.get_session().graph.as_graph_def()
    bodies = [node.op for function in definition.library.function for node in function.node_def]
    assert "TensorListGetItem" in bodies
    assert "StridedSliceGrad" not in bodies
    # those of x[:, 0, :], for the initial states
    assert sum(node.op == "StridedSliceGrad" for node in definition.node) <= 2


def test_static_shapes_inside_the_step_are_known(K):
    seen = []

    def step(t, states):
        seen.append((K.int_shape(t), K.int_shape(states[0])))
        return t, states

    x = K.placeholder((None, None, 4))
    K.rnn(step, x, [K.zeros_like(x[:, 0, :])], mask=K.placeholder((None, None)))
    assert set(seen) == {((None, 4), (None, 4))}


def test_steps_may_return_arrays_and_change_dtypes(K):
    x = K.placeholder((2, 3, 1))
    _, outputs, states = K.rnn(lambda t, s: (t, [s[0] + 1]), x, [K.zeros_like(x[:, 0, :])])
    np.testing.assert_array_equal(K.function([x], [states[0]])([np.ones((2, 3, 1))])[0], [[3.0], [3.0]])
    ones = K.map_fn(lambda e: np.ones(2, "float32"), x)
    assert K.function([x], [ones])([np.ones((2, 3, 1))])[0].shape == (2, 2)


def test_variables_made_in_a_step_belong_to_the_graph(K):
    made = []

    def step(t, states):
        made.append(K.variable([10.0]))
        return t * made[-1], states

    x = K.placeholder((1, 2, 1))
    _, outputs, _ = K.rnn(step, x, [K.zeros_like(x[:, 0, :])])
    np.testing.assert_array_equal(K.function([x], [outputs])([np.ones((1, 2, 1))])[0], np.full((1, 2, 1), 10.0))
    np.testing.assert_array_equal(K.get_value(made[-1]), [10.0])


def test_users_functions_are_not_rewritten(K):
    """TensorFlow's autograph would put rewritten source into temporary files."""
    pattern = os.path.join(tempfile.gettempdir(), "__autograph_generated_file*")
    before = set(glob.glob(pattern))
    x = K.variable([1.0, 2.0, 3.0])

    def total(a, e):
        if K.ndim(e) == 0:
            a = a + e
        return a

    assert K.eval(K.foldl(total, x)) == 6.0
    np.testing.assert_array_equal(K.eval(K.map_fn(lambda e: total(e, e), x)), [2.0, 4.0, 6.0])
    assert set(glob.glob(pattern)) == before
