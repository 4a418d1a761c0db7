"""Forks that follow each other as stages of one: random networks with batch normalization, errors, interrupts, and a pool at work."""

import threading

import numpy as np
import pytest
from interrupts import interrupt, needs_timers

from kbridge.backends import registry
from kbridge.backends.numpy.executor import costs, regions, strips, trace, workers
from kbridge.backends.numpy.executor.cuts import OWN
from kbridge.backends.numpy.executor.stages import Stage, Stages, in_stages

K = registry.load("numpy")


@pytest.fixture
def eager(cheap_lanes):
    """Regions and strips wherever they are possible, however small."""


@pytest.fixture
def cut(monkeypatch):
    """All regions that are made."""
    found = []
    original = regions.Region.pays
    monkeypatch.setattr(regions.Region, "pays", lambda self, *args: (found.append(self), original(self, *args))[1])
    return found


def stages(function):
    return [f for f, _ in function._last[1].body if isinstance(f, Stages)]


def random_network(seed, dtype="float32"):
    """(inputs and updates of a training step, values): convolutions with batch normalization, sums of branches and products, in random order."""
    rng = np.random.default_rng(seed)
    channels = int(rng.choice([3, 16, 20]))
    # also as many samples as channels: sums over samples look like values of samples then
    samples = int(rng.choice([2, 5, 8, channels]))
    x = y = K.placeholder((samples, *(int(n) for n in rng.integers(4, 10, 2)), channels), dtype=dtype)
    weights, updates = [], []

    def variable(low, high, *shape):
        weights.append(K.variable(rng.uniform(low, high, shape), dtype=dtype))
        return weights[-1]

    def normalized(y):
        count = K.int_shape(y)[-1]
        axes = list(range(K.ndim(y) - 1))
        y, mean, variance = K.normalize_batch_in_training(y, variable(0.5, 1.5, count), variable(-1, 1, count), axes, 1e-2)
        for new in (mean, variance):
            old = K.variable(np.zeros(count), dtype=dtype)
            updates.append((old, 0.9 * old + 0.1 * new))
        return y

    for _ in range(int(rng.integers(1, 4))):
        size, filters = int(rng.choice([1, 3])), int(rng.choice([channels, 16, 24]))
        before = y
        y = K.conv2d(y, variable(-0.3, 0.3, size, size, K.int_shape(y)[-1], filters), border_mode="same", dim_ordering="tf")
        if rng.random() < 0.8:
            y = normalized(y)
        if rng.random() < 0.4:
            branch = K.conv2d(before, variable(-0.3, 0.3, 1, 1, K.int_shape(before)[-1], filters), dim_ordering="tf")
            y = y + (normalized(branch) if rng.random() < 0.7 else branch)
        elif K.int_shape(before) == K.int_shape(y):
            y = y + before
        if rng.random() < 0.7:
            y = K.relu(y)
    if rng.random() < 0.7:
        y = K.mean(y, axis=[1, 2])
        y = K.softmax(K.dot(y, variable(-0.5, 0.5, K.int_shape(y)[-1], 6)))
    else:
        y = y * K.mean(y)
    loss = K.mean(K.square(y))
    gradients = K.gradients(loss, [*weights, x])
    updates += [(w, w - 0.1 * g) for w, g in zip(weights, gradients)]
    value = np.random.default_rng(seed + 1).uniform(-1, 1, K.int_shape(x)).astype(dtype)
    return K.function([x], [loss, y, gradients[-1]], updates), value, [variable for variable, _ in updates]


def results(seed, dtype):
    """What two steps give, and the variables after them."""
    function, value, variables = random_network(seed, dtype)
    found = [array for step in range(2) for array in function([value * (1 + step)])]
    return function, [*found, *map(K.get_value, variables)]


@pytest.mark.parametrize("seed", range(40))
def test_random_training_steps_are_the_same_for_any_number_of_threads(seed, eager, cut, monkeypatch):
    if seed % 3 == 1:
        # runs of small calls are left to one thread, in the midst of regions
        monkeypatch.setattr(costs, "CALL", 1e-4)
        monkeypatch.setattr(costs, "BYTE", 1e-8)
    if seed % 4 == 3:
        monkeypatch.setattr(costs, "MOST", 1e-7)
    monkeypatch.setattr(strips, "FILTERS", 4)
    dtype = "float64" if seed % 5 == 4 else "float32"
    with workers.using(1):
        _, expected = results(seed, dtype)
    tolerance = 1e-10 if dtype == "float64" else 2e-3
    for count in (2, 3, 4):
        with workers.using(count):
            function, found = results(seed, dtype)
            _, again = results(seed, dtype)
        assert seed % 3 == 1 or function._last[1].forks
        for a, b, c in zip(found, again, expected):
            np.testing.assert_array_equal(a, b)
            np.testing.assert_allclose(a, c, rtol=tolerance, atol=tolerance * max(1e-3, np.abs(c).max()))


def test_random_networks_reach_stages_deviations_from_a_lanes_own_mean_and_kernels_in_strips(eager, cut):
    names, longest = set(), []
    for seed in range(12):
        with workers.using(2):
            function, value, _ = random_network(seed)
            function([value])
            names.update(fork.name for fork in function._last[1].forks)
            longest.append(max((len(found.stages) for found in stages(function)), default=0))
    assert any(OWN in c.needs for region in cut for c in region.cuts.values())
    assert "winograd_kernel in strips" in names
    assert sum(n > 2 for n in longest) > 6


def test_runs_of_small_calls_in_a_region_are_left_to_one_thread(eager, monkeypatch):
    monkeypatch.setattr(costs, "CALL", 1e-4)
    monkeypatch.setattr(costs, "BYTE", 1e-8)
    rng = np.random.default_rng(0)
    x, kernel = K.placeholder((8, 16, 16, 16)), K.variable(rng.uniform(-0.1, 0.1, (1, 1, 16, 16)))
    y = K.conv2d(K.exp(x), kernel, dim_ordering="tf")
    row = K.sum(K.reshape(y, (8, -1)), axis=1, keepdims=True)
    for _ in range(6):
        row = K.tanh(row) + 1.0
    z = K.conv2d(y * K.reshape(row, (8, 1, 1, 1)), kernel, dim_ordering="tf")
    value = rng.uniform(-1, 1, (8, 16, 16, 16)).astype("float32")
    with workers.using(2):
        function = K.function([x], [z])
        (found,) = function([value])
        (one,) = stages(function)
    assert len(one.stages) == 2 and len(one.stages[0].after) == 12
    with workers.using(1):
        np.testing.assert_allclose(found, K.function([x], [z])([value])[0], rtol=1e-4, atol=1e-5)


def test_a_mean_far_from_zero_costs_no_digits_in_lanes(eager, cut, monkeypatch):
    monkeypatch.setattr(costs, "BYTE", 1e-9)
    rng = np.random.default_rng(0)
    x = K.placeholder((30, 8, 8, 16))
    # lanes whose means differ
    value = (rng.standard_normal((30, 8, 8, 16)) + 1000 + 50 * np.arange(30)[:, None, None, None]).astype("float32")
    ones, zeros = K.variable(np.ones(16)), K.variable(np.zeros(16))
    for count in (1, 2, 3, 4):
        with workers.using(count):
            y, mean, variance = K.normalize_batch_in_training(K.abs(x), ones, zeros, [0, 1, 2], 1e-3)
            found = K.function([x], [mean, variance, y])([value])
        exact = value.astype("float64")
        np.testing.assert_allclose(found[0], exact.mean((0, 1, 2)), rtol=1e-6)
        np.testing.assert_allclose(found[1], exact.var((0, 1, 2)), rtol=1e-5)
        np.testing.assert_allclose(found[2].std((0, 1, 2)), 1, rtol=1e-4)
    assert any(OWN in c.needs for region in cut for c in region.cuts.values())


def test_sums_over_as_many_samples_as_there_are_features_are_not_cut(eager, cut, monkeypatch):
    monkeypatch.setattr(costs, "BYTE", 1e-9)
    x = K.placeholder((8, 5, 5, 8))
    y, mean, variance = K.normalize_batch_in_training(K.exp(x), K.variable(np.ones(8)), K.variable(np.zeros(8)), [0, 1, 2], 1e-3)
    with workers.using(2):
        K.function([x], [K.relu(y), mean, variance])([np.random.default_rng(0).uniform(-1, 1, (8, 5, 5, 8)).astype("float32")])
    assert any(v.op.name == "batch_norm" for region in cut for v in region.cuts)
    assert all(len(v.shape) > 1 or c.axis is None for region in cut for v, c in region.cuts.items())


def test_a_busy_pool_gives_the_same_bits(eager):
    for seed in range(6):
        with workers.using(3):
            _, expected = results(seed, "float32")
            with workers._workers.free:
                _, found = results(seed, "float32")
        for a, b in zip(found, expected):
            np.testing.assert_array_equal(a, b)


def test_a_trace_has_all_stages(eager):
    with workers.using(2):
        function, value, _ = random_network(1)
        function([value])
        with trace.recording() as found:
            function([value])
    (one,) = stages(function)
    forks = [e for e in found.events if e.kind == "fork" and e.name != "updates"]
    assert len(forks) == len(function._last[1].forks) >= len(one.stages) > 2
    for fork in forks:
        inside = [e for e in found.events if e.kind == "lane" and fork.begin <= e.begin and e.end <= fork.end]
        assert len(inside) == fork.lanes


class Steps:
    """Stages of lanes that note what they do, of which one may fail."""

    def __init__(self, lanes, count, fails=None, error=ValueError):
        self.done, self.fails, self.error, self._lock = [], fails, error, threading.Lock()
        made = []
        for stage in range(count):
            parts = [[(self._do, [stage, lane])] for lane in range(lanes - (stage % 2 and lanes > 2))]
            made.append(Stage(workers.Fork(f"stage {stage}", parts, lanes)))
            made[-1].after = [(self._do, [stage, "after"])] if stage < count - 1 else []
        self.run = Stages(made)
        self.expected = [(stage, lane) for stage in made for lane in range(len(stage.fork.lanes))]

    def _do(self, stage, lane):
        if (stage, lane) == self.fails:
            raise self.error(stage, lane)
        with self._lock:
            self.done.append((stage, lane))


@pytest.mark.parametrize("lanes", [2, 3, 5])
def test_no_lane_is_ahead_of_the_calls_between_stages(lanes):
    steps = Steps(lanes, 20)
    for _ in range(20):
        steps.done.clear()
        steps.run()
        assert [stage for stage, _ in steps.done] == sorted(stage for stage, _ in steps.done)
        assert len(set(steps.done)) == len(steps.done) == len(steps.expected) + 19
        for stage in range(19):
            assert [lane for s, lane in steps.done if s == stage][-1] == "after"


@pytest.mark.parametrize("at", [(0, 0), (0, 1), (2, 0), (2, 2), (4, 1), (3, "after")])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_ends_all_lanes_and_the_next_run_is_whole(at, error):
    steps = Steps(3, 5, at, error)
    for _ in range(10):
        steps.fails, steps.error = at, error
        with pytest.raises(error, match=str(at[0])):
            steps.run()
        assert workers._workers.free.acquire(blocking=False)
        workers._workers.free.release()
        assert all(stage <= at[0] for stage, _ in steps.done)
        steps.fails = None
        steps.done.clear()
        steps.run()
        assert len(steps.done) == len(steps.expected) + 4
        steps.done.clear()


@needs_timers
def test_interrupts_at_any_time_end_all_lanes_and_the_next_run_is_whole(eager):
    with workers.using(2):
        function, value, _ = random_network(1)
        plain = K.function(function.inputs, function.outputs)
        expected = plain([value])
        assert stages(plain)

        def check():
            for a, b in zip(plain([value]), expected, strict=True):
                np.testing.assert_array_equal(a, b)

        interrupt(lambda: plain([value]), 100, check)


def test_calls_apart_and_those_at_the_ends_are_in_no_stage():
    forks = [(workers.Fork(str(i), [[], []], 2), []) for i in range(5)]
    calls = [(print, [i]) for i in range(6)]
    given = [calls[0], forks[0], calls[1], forks[1], calls[2], calls[3], forks[2], forks[3], calls[4], forks[4], calls[5]]
    # the fourth call is apart
    out = in_stages(given, {5})
    assert [type(f).__name__ for f, _ in out] == [
        "builtin_function_or_method",
        "Stages",
        *["builtin_function_or_method"] * 2,
        "Stages",
        "builtin_function_or_method",
    ]
    assert [call for call in out if call[0] is print] == [calls[0], calls[2], calls[3], calls[5]]
    first, second = (f for f, _ in out if isinstance(f, Stages))
    assert [(s.fork.name, s.after) for s in first.stages] == [("0", [calls[1]]), ("1", [])]
    assert [(s.fork.name, s.after) for s in second.stages] == [("2", []), ("3", [calls[4]]), ("4", [])]
    assert in_stages(given[:3], set()) == given[:3]


def noting_threads():
    """(threads, a user's function that notes the one it runs in)."""
    seen = []

    def noted(array):
        seen.append(threading.current_thread())
        return array

    return seen, noted


def test_functions_of_users_run_in_the_callers_thread(eager):
    seen, noted = noting_threads()
    x = K.placeholder((8, 6, 6, 4))
    kernel = K.variable(np.ones((3, 3, 4, 4)))
    with workers.using(2):
        y = K.conv2d(x, kernel, border_mode="same", dim_ordering="tf")
        y = K.host_call(noted, [y], "float32", lambda shape: shape)
        function = K.function([x], [K.conv2d(y, kernel, border_mode="same", dim_ordering="tf")])
        for _ in range(20):
            function([np.ones((8, 6, 6, 4), "float32")])
    assert set(seen) == {threading.current_thread()}
    assert len(function._last[1].forks) == 2 and not stages(function)


def test_functions_of_users_are_in_no_branch(eager, monkeypatch):
    monkeypatch.setattr(costs, "BYTE", 1e-9)
    seen, noted = noting_threads()
    x = K.placeholder((1, 6, 6, 4))
    kernel = K.variable(np.ones((3, 3, 4, 4)))
    ends = [K.conv2d(K.host_call(noted, [x * (2.0 + i)], "float32", lambda shape: shape), kernel, dim_ordering="tf") for i in range(4)]
    with workers.using(3):
        function = K.function([x], ends)
        for _ in range(5):
            function([np.ones((1, 6, 6, 4), "float32")])
    assert len(seen) == 20 and set(seen) == {threading.current_thread()}
