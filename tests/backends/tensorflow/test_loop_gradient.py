"""The gradients of loops that the backend makes itself: numbers, where they are used, and what they leave out."""

import collections

import numpy as np
import pytest

from kbridge.backends.tensorflow.quiet import tf

RANDOM = np.random.RandomState(0)
MATRICES = [0.5 * RANDOM.randn(4, 4) for _ in range(4)]
BIAS = 0.3 * RANDOM.randn(4)


def lstm(K, U, b):
    def step(t, states):
        h, c = states[:2]
        z = K.dots(h * 1.0, U, K.concatenate([t, t]), joined=True)
        gates, candidate = K.split(z, [12, 4])
        i, f, o = K.split(K.sigmoid(gates), 3)
        c = f * c + i * K.tanh(candidate)
        h = o * K.tanh(c)
        return h, [h, c]

    return step


def gru(K, U, b):
    """With a factor from outside, slices of the input, kinks, and a product with the input."""

    def step(t, states):
        h, factor = states[0], states[-1]
        z = K.hard_sigmoid(K.dot(h * factor, U[0]) + t[:, :4] + b)
        r = K.sigmoid(t[:, 4:] + K.dot(h, U[1]))
        candidate = K.relu(K.dot(t, K.concatenate([U[2], U[3]], 0)) + K.dot(r * h, U[3])) - 0.1
        h = z * h + (1 - z) * candidate
        return 2 * h, [h, states[1] + h]

    return step


def others(K, U, b):
    """The other operations that have rules."""

    def step(t, states):
        h, c = states[:2]
        a = K.softmax(K.dot(h, K.transpose(U[0])) - t[:, 2:6])
        a = a / (1.5 + K.square(c) + K.abs(h)) + b[0] * K.softplus(-h) / (2 + b[1])
        a = K.where(K.greater(a, 0.3), K.exp(-a), K.elu(a) * t[:, 7:])
        c = K.maximum(a, c) - K.minimum(c * t[:, :1], K.stop_gradient(h)) + K.concatenate([a[:, 2:], t[:, 3:5]])
        return K.selu(c), [K.tanh(c * b), a]

    return step


def over_samples(K, U, b):
    """Samples see each other: left to TensorFlow."""

    def step(t, states):
        h = K.tanh(t[:, :4] + K.dot(states[0], U[0]) - K.mean(states[0], axis=0, keepdims=True))
        return h, [h, states[1] + K.sum(h) * b]

    return step


def counting(K, U, b):
    """A state without samples: left to TensorFlow."""

    def step(t, states):
        n = states[1] + 1
        h = K.tanh(t[:, :4] + K.dot(states[0], U[0]) * K.cast(n, "float32"))
        return h, [h, n]

    return step


def program(K, make, results, **kwargs):
    """(inputs, [loss, what the loop gives, gradients or zeros]) of a loop of five turns, whose output, outputs or states count."""
    U, b = [K.variable(m) for m in MATRICES], K.variable(BIAS)
    x, h, factor = K.placeholder((None, 5, 8)), K.placeholder((None, 4)), K.placeholder((None, 4))
    mask = K.placeholder((None, 5))
    second = K.constant(1, "int32") if make is counting else K.zeros_like(x[:, 0, :4])
    if "mask" in kwargs:
        kwargs["mask"] = mask
    last, outputs, states = K.rnn(make(K, U, b), x, [h, second], constants=[factor], **kwargs)
    losses = {"last": K.sum(K.square(last)), "outputs": K.sum(K.sin(outputs)), "states": K.sum(K.square(states[0]) * states[0])}
    loss = sum(losses[name] for name in results)
    variables = [x, h, factor, b, *U]
    gradients = [K.zeros_like(v) if g is None else g for v, g in zip(variables, K.gradients(loss, variables))]
    return [x, h, factor, mask], [loss, last, outputs, *states, *gradients]


def values(samples, of_states, of_factor):
    random = np.random.RandomState(1)
    shapes = ((samples, 5, 8), (of_states, 4), (of_factor, 4))
    # what a loop gives before the first unmasked step is its first state, an unrolled one zeros
    mask = np.concatenate([np.ones((samples, 1)), random.rand(samples, 4) > 0.4], 1)
    return [*(random.randn(*shape).astype("float32") for shape in shapes), mask.astype("float32")]


def own(K):
    return len(K.get_session().graph._kbridge_loops)


def check(K, make, results, made_here, rows, **kwargs):
    inputs, looped = program(K, make, results, **kwargs)
    assert own(K) == made_here
    inputs_there, unrolled = program(K, make, results, unroll=True, **kwargs)
    here, there = K.function(inputs, looped), K.function(inputs_there, unrolled)
    for samples in rows:
        given = values(*samples)
        for a, b in zip(here(given), there(given), strict=True):
            np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("make", [lstm, gru, others])
@pytest.mark.parametrize(
    "results, kwargs", [(("last",), {}), (("outputs",), {"mask": True}), (("states", "last", "outputs"), {"go_backwards": True})]
)
def test_derivatives_are_those_of_an_unrolled_loop(K, make, results, kwargs):
    # a run may broadcast the states and constants to the samples, and the inputs to those of the states
    rows = [(3, 3, 3), (3, 1, 1), (1, 1, 1)]
    check(K, make, results, 1, rows if make is others or kwargs.get("mask") else [*rows, (1, 3, 3)], **kwargs)


@pytest.mark.parametrize("make", [over_samples, counting])
def test_other_steps_are_left_to_tensorflow(K, make):
    check(K, make, ("states", "last", "outputs"), 0, [(3, 3, 3)])


def test_a_batch_of_known_size(K):
    """Its states may have another one: they are broadcast where the loop begins."""
    w = K.variable(MATRICES[0])
    x = K.placeholder((3, 5, 4))

    def derivatives(samples, unroll):
        h = K.placeholder((samples, 4))

        def step(t, states):
            new = K.tanh(t * K.square(states[0]) + K.dot(states[0], w))
            return new, [new]

        last, _, _ = K.rnn(step, x, [h], unroll=unroll)
        return K.function([x, h], K.gradients(K.sum(K.square(last)), [x, h, w]))

    random = np.random.RandomState(0)
    for number, (declared, samples) in enumerate(((3, 3), (1, 1), (None, 3), (None, 1))):
        given = [random.randn(3, 5, 4), random.randn(samples, 4)]
        for a, b in zip(derivatives(declared, False)(given), derivatives(declared, True)(given), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
        assert own(K) == number + 1


def test_second_derivatives(K):
    def second(unroll):
        U = [K.variable(m) for m in MATRICES]
        x = K.placeholder((None, 4, 8))
        first = K.zeros_like(x[:, 0, :4])
        last, outputs, _ = K.rnn(lstm(K, U, None), x, [first, first], unroll=unroll)
        gradients = K.gradients(K.sum(K.square(last)) + K.sum(K.sin(outputs)), [x, *U])
        return K.function([x], K.gradients(sum(K.sum(K.square(g)) for g in gradients), [x, *U]))

    value = np.random.RandomState(0).randn(3, 4, 8)
    for a, b in zip(second(False)([value]), second(True)([value]), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def executed(K, fetches, feeds):
    """How often each kind of operation runs."""
    metadata, options = tf.compat.v1.RunMetadata(), tf.compat.v1.RunOptions(trace_level=tf.compat.v1.RunOptions.FULL_TRACE)
    K.get_session().run(fetches, feeds, options=options, run_metadata=metadata)
    labels = [node.timeline_label for device in metadata.step_stats.dev_stats for node in device.node_stats]
    return collections.Counter(label.partition(" = ")[2].partition("(")[0] for label in labels)


def test_what_a_gradient_leaves_out(K):
    """A turn asks for no shapes and sums over no axes, the gradient of a matrix is one product, and a prediction keeps nothing."""
    U = [K.variable(m) for m in MATRICES]
    x = K.placeholder((None, 20, 8))
    first = K.zeros_like(x[:, 0, :4])
    last, _, _ = K.rnn(lstm(K, U, None), x, [first, first])
    gradients = K.gradients(K.sum(K.square(last)), U)
    feeds = {x: np.random.RandomState(0).randn(3, 20, 8)}
    predicting, training = executed(K, [last], feeds), executed(K, [last, *gradients], feeds)
    assert not {"TensorListPushBack", "TensorListSetItem"} & set(predicting)
    assert training["TensorListPushBack"] == training["TensorListPopBack"] > 0
    assert all(training[kind] < 20 for kind in ("Shape", "Sum", "Reshape", "BroadcastGradientArgs", "TensorListReserve"))
    assert sum(count for kind, count in training.items() if "MatMul" in kind) == 2 * 20 + 1


def test_a_start_of_one_row_runs_no_turn_beside_the_loop(K):
    """How many rows a state has is read from the step's operations, also where these have no rule for a gradient."""
    U, x = K.variable(MATRICES[0]), K.placeholder((None, 20, 4))
    for change in (K.tanh, lambda h: K.sin(h) + K.sum(h, axis=1, keepdims=True)):

        def step(t, states, change=change):
            h = change(t + K.dot(states[0], U))
            return h, [h]

        last, _, _ = K.rnn(step, x, [K.zeros((1, 4))])
        found = executed(K, [last], {x: np.random.RandomState(0).randn(3, 20, 4)})
        assert sum(count for kind, count in found.items() if "MatMul" in kind) == 20


def test_rows_of_constants_and_masks(K):
    """They may be several where inputs and states have one row, and the gradient of each has its own rows."""
    x, h, factor, mask = K.placeholder((None, 5, 4)), K.placeholder((None, 4)), K.placeholder((None, 4)), K.placeholder((None, 5))
    w = K.variable(MATRICES[0])

    def step(t, states):
        new = K.tanh(t + K.dot(states[0] * states[-1], w))
        return new, [new, states[1] * 0.5]

    _, outputs, finals = K.rnn(step, x, [h, K.zeros_like(h)], mask=mask, constants=[factor])
    run = K.function([x, h, factor, mask], [outputs, *finals, *K.gradients(K.sum(K.square(outputs)), [x, h, factor, w])])
    assert own(K) == 1
    for several in range(4):
        rows = [3 if i == several else 1 for i in range(4)]
        random = np.random.RandomState(0)
        ones = [random.randn(1, 5, 4), random.randn(1, 4), random.randn(1, 4), np.array([[1, 0, 1, 1, 0]])]
        found, alone = run([np.repeat(v, n, 0) for v, n in zip(ones, rows)]), run(ones)
        np.testing.assert_allclose(found[0], np.repeat(alone[0], 3, 0), rtol=1e-5)
        # what stays apart, but for the mask, has the rows that it starts with
        assert [len(f) for f in found[1:3]] == [3, 3 if several in (1, 3) else 1]
        for gradient, of_one, n in zip(found[3:6], alone[3:6], rows):
            # samples that are equal: what all get together is three times that of one
            assert len(gradient) == n
            np.testing.assert_allclose(gradient.sum(0), 3 * of_one[0], rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(found[6], 3 * alone[6], rtol=1e-4, atol=1e-6)


def test_a_variable_read_in_the_step_has_a_gradient(K):
    w = K.variable(MATRICES[0])
    x = K.placeholder((None, 5, 4))

    def derivatives(unroll):
        def step(t, states):
            h = K.tanh(t + tf.matmul(states[0], tf.raw_ops.ReadVariableOp(resource=w.handle, dtype=tf.float32)[:, ::1]))
            return h, [h]

        last, _, _ = K.rnn(step, x, [K.zeros_like(x[:, 0, :])], unroll=unroll)
        return K.function([x], K.gradients(K.sum(last), [w]))

    value = np.random.RandomState(0).randn(2, 5, 4)
    np.testing.assert_allclose(derivatives(False)([value])[0], derivatives(True)([value])[0], rtol=1e-5)
    assert own(K) == 1


def test_random_numbers_of_a_turn_are_left_to_tensorflow(K):
    x = K.placeholder((None, 3, 4))

    def step(t, states):
        noisy = t * K.random_uniform((1, 4), 0.5, 1.0)
        return noisy, [noisy]

    last, outputs, _ = K.rnn(step, x, [K.zeros_like(x[:, 0, :])])
    value = np.ones((1, 3, 4))
    out, gradient = K.function([x], [outputs, *K.gradients(K.sum(outputs), [x])])([value])
    np.testing.assert_allclose(out, gradient, rtol=1e-6)
    assert own(K) == 0


def test_float64_and_float16(K):
    for dtype in ("float64", "float16"):
        x, w = K.placeholder((None, 5, 4), dtype=dtype), K.variable(MATRICES[0], dtype=dtype)

        def derivatives(unroll, x=x, w=w):
            def step(t, states):
                h = K.tanh(t + K.dot(states[0], w))
                return h, [h]

            last, _, _ = K.rnn(step, x, [K.zeros_like(x[:, 0, :])], unroll=unroll)
            return K.function([x], K.gradients(K.sum(last), [x, w]))

        value = np.random.RandomState(0).randn(2, 5, 4)
        for a, b in zip(derivatives(False)([value]), derivatives(True)([value]), strict=True):
            assert a.dtype == dtype
            np.testing.assert_allclose(a, b, rtol=1e-9 if dtype == "float64" else 2e-2, atol=0 if dtype == "float64" else 1e-2)
    assert own(K) == 2
