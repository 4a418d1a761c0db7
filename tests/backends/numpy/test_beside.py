"""Products beside a loop and ahead of it: other threads compute them while it goes on."""

import numpy as np
import pytest

from kbridge.backends import registry
from kbridge.backends.numpy.executor import ahead, beside, emission, workers

K = registry.load("numpy")


@pytest.fixture(autouse=True)
def eager(cheap_lanes, monkeypatch):
    """Products beside loops wherever they are possible, however small, in parts of two turns."""
    monkeypatch.setattr(beside, "TURNS", 1)
    monkeypatch.setattr(beside, "MOST", 1e9)


def names(function):
    return [fork.name for fork in function._last[1].forks]


def random_loop(seed):
    """(function, fed): one or two loops with their gradients and updates, of too few samples to cut them."""
    rng = np.random.default_rng(seed)
    samples, length, features, units = (int(rng.integers(*span)) for span in ((1, 6), (2, 21), (1, 6), (2, 12)))
    dtype = "float64" if seed % 5 == 4 else "float32"
    x = K.placeholder((None, length, features), dtype=dtype)
    mask = x[:, :, 0] > -0.5 if rng.random() < 0.4 else None

    def variable(*shape):
        return K.variable(rng.uniform(-0.5, 0.5, shape), dtype=dtype)

    weights = []
    y = K.exp(x) if rng.random() < 0.5 else x
    for _ in range(1 + (rng.random() < 0.4)):
        W, U, b = variable(K.int_shape(y)[-1], units), variable(units, units), variable(units)
        weights += [W, U, b]
        if rng.random() < 0.6:
            y = K.dot(y, W) + b
            gated = bool(rng.random() < 0.5)

            def step(x_t, states, U=U, gated=gated):
                h = K.tanh(x_t + K.dot(states[0], U))
                return (h, [h]) if not gated else (K.sigmoid(x_t) * h, [K.sigmoid(x_t) * h])
        else:

            def step(x_t, states, W=W, U=U, b=b):
                h = K.tanh(K.dot(x_t, W) + K.dot(states[0] * 0.5, U) + b)
                return h + 1.0, [h]

        last, y, _ = K.rnn(step, y, [K.zeros((samples, units), dtype=dtype)], go_backwards=bool(rng.random() < 0.3), mask=mask)
    loss = K.mean(K.square(last)) + (K.mean(K.square(y)) if rng.random() < 0.6 else 0.0)
    grads = K.gradients(loss, [*weights, x])
    outputs = [loss, *grads, *([y] if rng.random() < 0.5 else [])]
    updates = [(w, w - 0.1 * g) for w, g in zip(weights, grads[:-1], strict=True)] if rng.random() < 0.5 else []
    fed = [[rng.uniform(-1, 1, (samples, length, features)).astype(dtype)] for _ in range(2)]
    return K.function([x], outputs, updates), fed


@pytest.mark.parametrize("seed", range(60))
def test_random_loops_give_the_same_for_any_number_of_threads(seed):
    found = {}
    for count in (1, 2, 3, 4):
        with workers.using(count):
            runs = []
            for _ in range(2):
                function, fed = random_loop(seed)
                runs.append([function(v) for v in fed])
        for a, b in zip(*([v for run in once for v in run] for once in runs), strict=True):
            np.testing.assert_array_equal(a, b)
        found[count] = [v for run in runs[0] for v in run]
        if count == 1:
            assert not names(function)
    tolerance = 1e-10 if found[1][0].dtype == "float64" else 3e-5
    for count in (2, 3, 4):
        for a, b in zip(found[count], found[1], strict=True):
            np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def test_random_loops_have_products_beside_them_and_ahead():
    beside_them = behind = 0
    with workers.using(2):
        for seed in range(60):
            function, fed = random_loop(seed)
            function(fed[0])
            beside_them += any("beside" in name for name in names(function))
            behind += any("behind" in name for name in names(function))
    assert beside_them > 30 and behind > 10, (beside_them, behind)


def simple(samples=3, length=12, units=8):
    """(function, fed): the gradients of a loop."""
    rng = np.random.default_rng(0)
    x = K.placeholder((None, length, 4))
    W, U = K.variable(rng.uniform(-0.5, 0.5, (4, units))), K.variable(rng.uniform(-0.5, 0.5, (units, units)))

    def step(x_t, states):
        h = K.tanh(x_t + K.dot(states[0], U))
        return h, [h]

    y = K.rnn(step, K.dot(x, W), [K.zeros((samples, units))])[1]
    grads = K.gradients(K.sum(K.square(y)), [W, U, x])
    return K.function([x], grads), [rng.uniform(-1, 1, (samples, length, 4)).astype("float32")]


@pytest.mark.parametrize("what", ["beside", "behind"])
@pytest.mark.parametrize("lane", [0, 1])
def test_a_lane_that_fails_ends_all_lanes_and_the_next_run_is_right(what, lane):
    with workers.using(2):
        function, fed = simple()
        expected = function(fed)
        (fork,) = (f for f in function._last[1].forks if what in f.name)
        instructions = fork.lanes[lane]
        at = len(instructions) // 2
        instructions.insert(at, (lambda: 1 / 0, []))
        with pytest.raises(ZeroDivisionError):
            function(fed)
        del instructions[at]
        for a, b in zip(function(fed), expected, strict=True):
            np.testing.assert_array_equal(a, b)


def test_without_a_free_thread_the_numbers_are_the_same():
    with workers.using(2):
        function, fed = simple()
        expected = function(fed)
        with workers._workers.free:
            again = function(fed)
    for a, b in zip(again, expected, strict=True):
        np.testing.assert_array_equal(a, b)


def lowered(monkeypatch):
    """What lies beside the loops of the random programs, for two threads."""
    found = []
    original = emission.Emission._beside
    monkeypatch.setattr(emission.Emission, "_beside", lambda self, b: (found.append(b), original(self, b))[1])
    with workers.using(2):
        for seed in range(30):
            function, fed = random_loop(seed)
            function(fed[0])
    return found


def test_sums_lie_beside_loops_and_the_loops_thread_takes_some_of_what_comes_last(monkeypatch):
    found = lowered(monkeypatch)
    assert sum(any(v.op.name == "sum_to" for v in b.products) for b in found) > 3
    late = [b.late() for b in found]
    assert sum(0 < len(taken) < len(b.products) for b, taken in zip(found, late, strict=True)) > 3
    assert any(b.summed(v) for b, taken in zip(found, late, strict=True) for v in taken)


def test_what_is_ahead_of_a_loop_begins_with_a_small_part():
    class Loop:
        class scan:
            backwards = False
            length = 50

    first, second, *_ = ahead.Ahead(Loop, []).parts()
    assert first[1] <= second[1]
    assert sum(count for _, count in ahead.Ahead(Loop, []).parts()) == 50


@pytest.mark.parametrize("length", [4, 7, 8, 50, 129, 2000])
def test_parts_of_a_loop(length):
    class Loop:
        class scan:
            backwards = False

    Loop.scan.length = length
    found = beside.Beside(Loop, [], [], [[]], {})
    for backwards in (False, True):
        Loop.scan.backwards = backwards
        parts = list(found.parts())
        assert sum(count for _, count in parts) == length
        assert all(start % 2 == 0 for start, _ in parts)
        assert len(parts) <= beside.PARTS + 2
        rows = [found.rows(part, 3 * length) for part in parts]
        covered = [i for r in (rows[::-1] if backwards else rows) for i in range(r.start, r.stop)]
        assert covered == list(range(3 * length))
