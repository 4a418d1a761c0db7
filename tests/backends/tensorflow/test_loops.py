"""Loops of the graph: gradients after a run, what they cost, what they leave behind."""

import glob
import os
import tempfile

import numpy as np

from kbridge.backends.tensorflow.phases import ordered


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


def test_the_last_output_needs_no_others(K):
    """Where the output is a state, or there is a mask, neither it nor its gradient makes a tensor of all outputs."""
    x, w = K.placeholder((None, 5, 3)), K.variable(0.1 * np.ones((3, 3)))

    def step(t, states):
        h = K.tanh(t + K.dot(states[0], w))
        return h, [h]

    def last_and_gradients(**kwargs):
        last, outputs, _ = K.rnn(step, x, [K.zeros_like(x[:, 0, :])], **kwargs)
        return outputs, [last, *K.gradients(K.sum(K.square(last)), [x, w])]

    value = np.random.RandomState(0).rand(2, 5, 3)
    for mask in ({}, {"mask": K.variable([[1, 1, 0, 1, 0], [0, 1, 1, 1, 1]])}):
        outputs, looped = last_and_gradients(**mask)
        of_all = {op for op in ordered([outputs.op]) if op.type == "TensorListStack"}
        assert of_all and of_all.isdisjoint(ordered([t.op for t in looped]))
        for a, b in zip(
            K.function([x], looped)([value]), K.function([x], last_and_gradients(unroll=True, **mask)[1])([value]), strict=True
        ):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)


def test_joined_weights_are_transposed_once(K):
    """Outside of the loop; derivatives are those of an unrolled one."""
    x, w, v = K.placeholder((None, 4, 3)), K.variable(0.1 * np.eye(3)), K.variable(0.2 * np.ones((3, 3)))

    def step(t, states):
        a, b = K.split(K.dots(states[0], [w, v], K.concatenate([t, t]), joined=True), 2)
        h = K.tanh(a) * b
        return h, [h]

    def derivatives(unroll):
        last = K.rnn(step, x, [K.ones_like(x[:, 0, :])], unroll=unroll)[0]
        return K.gradients(K.sum(K.square(last)), [x, w, v])

    looped = derivatives(False)
    definition = K.get_session().graph.as_graph_def()
    assert "Transpose" not in [node.op for function in definition.library.function for node in function.node_def]
    value = np.random.RandomState(0).rand(2, 4, 3)
    for a, b in zip(K.function([x], looped)([value]), K.function([x], derivatives(True))([value])):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)


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


def test_a_step_that_mixes_samples_sees_as_many_in_the_first_turn_as_in_others(K):
    """A start of one sample, unknown until a run, is repeated before the loop."""
    x, h = K.placeholder((None, 3, 2)), K.placeholder((None, 2))

    def summed(t, states):
        new = K.tanh(t + K.sum(states[0], axis=0, keepdims=True))
        return new, [new]

    def reshaped(t, states):
        """No operation of which the number of rows is known beforehand."""
        new = K.tanh(t + K.reshape(K.reshape(states[0], (-1,)), (-1, 2)) + K.sum(states[1]))
        return new, [new, states[1] + states[0]]

    values = np.random.RandomState(0).randn(4, 3, 2)
    start = np.array([[0.3, -0.2]])
    for step, states in ((summed, [h]), (reshaped, [h, h])):
        for unroll in (False, True):
            outputs = K.rnn(step, x, states, unroll=unroll)[1]
            run = K.function([x, h], [outputs, *K.gradients(K.sum(K.square(outputs)), [x, h])])
            found, wide = run([values, start]), run([values, np.repeat(start, 4, 0)])
            for got, wanted in zip(found, [*wide[:2], wide[2].sum(0, keepdims=True)]):
                np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)


def test_a_fold_starts_with_as_many_rows_as_it_ends(K):
    x, start = K.placeholder((None, None, 2)), K.placeholder((None, 2))
    total = K.foldl(lambda a, e: a * K.sum(a) + e, x, start)
    run = K.function([x, start], [total, *K.gradients(K.sum(total), [start])])
    values = np.random.RandomState(0).rand(2, 3, 2)
    (found, of_one), (wide, of_three) = run([values, np.ones((1, 2))]), run([values, np.ones((3, 2))])
    np.testing.assert_allclose(found, wide, rtol=1e-5)
    np.testing.assert_allclose(of_one, of_three.sum(0, keepdims=True), rtol=1e-5)
