"""Sequences lie time first where loops read them: the same values, gradients and updates, by finite differences too, and fewer copies."""

import numpy as np
import pytest

from kbridge.backends import registry
from kbridge.backends.numpy.executor import function, plan
from kbridge.backends.numpy.executor.time_first import time_first

K = registry.load("numpy")


@pytest.fixture(autouse=True)
def one_lane(monkeypatch):
    monkeypatch.setattr(function, "lanes_of_plans", lambda: 1)


def recurrent(seed, dtype):
    """(function, fed, loss's place) of one or two recurrent layers on products of all steps, with gradients and updates by momentum."""
    rng = np.random.RandomState(seed)
    n, steps, k, units = rng.randint(1, 5), rng.randint(1, 6), rng.randint(1, 4), rng.randint(6, 9)
    x = K.placeholder((n, steps, k), dtype=dtype)
    weights, h = [], x
    for layer in range(1 + seed % 2):
        width = k if layer == 0 else units
        W, U, b = (K.variable(rng.uniform(-0.7, 0.7, shape), dtype=dtype) for shape in ((width, 3 * units), (units, units), (3 * units,)))
        weights += [W, U, b]
        rows = K.reshape(K.dot(K.reshape(h, (-1, width)), W), (n, steps, 3 * units)) if seed % 3 else K.dot(h, W)
        rows = rows + b if seed % 5 else rows

        def step(x_t, states, U=U):
            a, z, c = (x_t[:, i * units : (i + 1) * units] for i in range(3))
            new = K.tanh(a + K.dot(states[0], U)) * K.sigmoid(z) + c
            return new, [new]

        states = [K.zeros((n, units), dtype=dtype)]
        last, h, _ = K.rnn(step, rows, states, go_backwards=bool(seed % 4 == 3))
        if seed % 7 == 6:
            h = h + K.sum(rows, axis=2, keepdims=True)
    loss = K.sum(K.square(last)) + K.sum(K.tanh(h))
    grads = K.gradients(loss, [x, *weights])
    updates = []
    for w, g in zip(weights, grads[1:]):
        if g is not None:
            velocity = K.variable(rng.uniform(-0.1, 0.1, K.int_shape(w)), dtype=dtype)
            new = 0.9 * velocity - 0.01 * g
            updates += [(velocity, new), (w, w + new)]
    wanted = [loss, last, h, *(g for g in grads if g is not None)]
    return K.function([x], wanted, updates), [rng.uniform(-1, 1, (n, steps, k)).astype(dtype)], x


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values_gradients_and_updates_of_random_layers(dtype, monkeypatch):
    bound = 1e-4 if dtype == "float32" else 1e-11
    for seed in range(30):
        found = []
        for run_pass in (lambda *args: None, time_first):
            monkeypatch.setattr(plan, "time_first", run_pass)
            run, fed, _ = recurrent(seed, dtype)
            # with other values, in another array, and after updates
            found.append([*run(fed), *run([0.5 * fed[0]]), *run(fed)])
        for plain, turned in zip(*found):
            np.testing.assert_allclose(turned, plain, rtol=bound, atol=bound * max(1, np.abs(plain).max()), err_msg=str(seed))


def test_gradients_agree_with_finite_differences():
    for seed in range(8):
        run, fed, x = recurrent(seed, "float64")
        rng = np.random.RandomState(seed)
        loss, gradient = run.outputs[0], run.outputs[3]
        frozen = K.function([x], [loss, gradient])
        along = rng.uniform(-1, 1, fed[0].shape)
        up, down = (frozen([fed[0] + step * along])[0] for step in (1e-6, -1e-6))
        assert np.sum(frozen(fed)[1] * along) == pytest.approx((up - down) / 2e-6, rel=1e-5, abs=1e-7)


def copied(run_pass, monkeypatch):
    """Elements that the plan of a recurrent layer's step copies, outside of its loops."""
    monkeypatch.setattr(plan, "time_first", run_pass)
    rng = np.random.RandomState(0)
    x, W, U = K.placeholder((4, 10, 8)), K.variable(rng.uniform(-1, 1, (8, 64))), K.variable(rng.uniform(-0.1, 0.1, (64, 64)))

    def step(x_t, states):
        new = K.tanh(x_t + K.dot(states[0], U))
        return new, [new]

    last = K.rnn(step, K.dot(x, W), [K.zeros((4, 64))])[0]
    run = K.function([x], [last, *K.gradients(K.sum(K.square(last)), [W, x])])
    run([rng.uniform(-1, 1, (4, 10, 8)).astype("float32")])
    return sum(args[0].size for f, args in run._last[1].body if f is np.copyto)


def test_what_is_copied_has_fewer_numbers(monkeypatch):
    plain, turned = copied(lambda *args: None, monkeypatch), copied(time_first, monkeypatch)
    assert plain - turned >= 4 * 10 * (64 - 2 * 8)
