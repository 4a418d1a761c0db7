"""Parts of plans on several threads: the same bits from run to run, the same numbers for any number of threads, nothing left behind."""

import gc
import itertools
import math
import os
import threading
from types import SimpleNamespace

import numpy as np
import pytest
from processes import python

from kbridge import config
from kbridge.backends import registry
from kbridge.backends.numpy.executor import branches, costs, cuts, plan, trace, workers
from kbridge.backends.numpy.executor.blocks import Chain
from kbridge.backends.numpy.executor.branches import Branches
from kbridge.backends.numpy.executor.regions import Region
from kbridge.conformance import harness
from kbridge.conformance.random_programs import generate, problems

K = registry.load("numpy")
RNG = np.random.default_rng(3)


@pytest.fixture
def eager(cheap_lanes):
    """Regions wherever they are possible, however small."""


def forks(function):
    return function._last[1].forks


def recurrent(samples=16, length=5, units=6):
    """(function, fed): a loop with its gradients and updates."""
    rng = np.random.default_rng(0)
    x = K.placeholder((None, length, 3))
    W, U, b = (K.variable(rng.uniform(-0.5, 0.5, shape)) for shape in ((3, units), (units, units), (units,)))

    def step(x_t, states):
        h = K.tanh(K.dot(x_t, W) + K.dot(states[0], U) + b)
        return h, [h]

    last, outputs, _ = K.rnn(step, x, [K.zeros((samples, units))])
    loss = K.mean(K.square(last)) + K.mean(K.square(outputs))
    grads = K.gradients(loss, [W, U, b, x])
    return K.function([x], [loss, outputs, *grads], [(W, W - 0.1 * grads[0])]), [rng.uniform(-1, 1, (samples, length, 3)).astype("float32")]


def convolutional(samples=9):
    rng = np.random.default_rng(0)
    x = K.placeholder((None, 8, 8, 3))
    kernel, second = K.variable(rng.uniform(-0.5, 0.5, (3, 3, 3, 4))), K.variable(rng.uniform(-0.5, 0.5, (3, 3, 4, 4)))
    y = K.relu(K.conv2d(x, kernel, border_mode="same"))
    y = (y - K.mean(y, axis=(0, 1, 2))) * 2.0
    y = K.pool2d(K.conv2d(y, second, border_mode="same"), (2, 2), strides=(2, 2))
    loss = K.mean(K.square(K.reshape(y, (-1, 64))))
    grads = K.gradients(loss, [kernel, second, x])
    return K.function([x], [loss, y, *grads]), [rng.uniform(-1, 1, (samples, 8, 8, 3)).astype("float32")]


def pooled(samples=9):
    rng = np.random.default_rng(0)
    x, kernel = K.placeholder((None, 8, 8, 3)), K.variable(rng.uniform(-0.5, 0.5, (3, 3, 3, 4)))
    y = K.pool2d(K.relu(K.conv2d(x, kernel, border_mode="same")), (2, 2), strides=(2, 2))
    y = K.pool2d(y * 2.0, (2, 2), strides=(2, 2), pool_mode="avg")
    return K.function([x], [y, *K.gradients(K.sum(K.square(y)), [kernel, x])]), [rng.uniform(-1, 1, (samples, 8, 8, 3)).astype("float32")]


@pytest.mark.parametrize("make", [recurrent, convolutional, pooled])
def test_bits_are_the_same_from_run_to_run_and_numbers_for_any_number_of_threads(make, eager):
    found = {}
    for count in (1, 2, 3, 4):
        with workers.using(count):
            runs = []
            for _ in range(2):
                function, fed = make()
                runs += [function(fed), function(fed)]
        assert bool(forks(function)) == (count > 1)
        for a, b in zip(runs[0], runs[2]):
            np.testing.assert_array_equal(a, b)
        for a, b in zip(runs[1], runs[3]):
            np.testing.assert_array_equal(a, b)
        found[count] = runs
    for count in (2, 3, 4):
        for run, expected in zip(found[count], found[1]):
            for a, b in zip(run, expected):
                np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)


def test_a_loop_and_its_gradient_are_cut_by_samples_and_a_network_has_few_regions(eager):
    with workers.using(2):
        function, fed = recurrent()
        function(fed)
        assert [f.name for f in forks(function)].count("loop") == 2
        function, fed = convolutional()
        function(fed)
        # up to the mean over samples, up to the loss, and backwards in two parts
        assert 2 <= len(forks(function)) <= 5


def test_a_loop_whose_state_is_a_number_is_left_whole(eager):
    with workers.using(2):
        x, weights = K.placeholder((None, 5, 6)), K.variable(np.ones((6, 6)))
        function = K.function([x], [K.foldl(lambda total, element: total + K.sum(K.dot(element, weights)), x, 0.0)])
        assert function([np.ones((8, 5, 6))]) == [8 * 5 * 36]
        assert forks(function) == []


class Made:
    """A value of a plan with no more than what rules of cuts and costs look at."""

    def __init__(self, name, shape, inputs=(), attrs=None, **op):
        op = {"view": False, "permutes": False, "broadcasts": False, "elementwise": False, **op}
        self.op, self.shape, self.size = SimpleNamespace(name=name, **op), shape, math.prod(shape)
        self.inputs, self.attrs = inputs, attrs

    def operands(self):
        return self.inputs


def test_a_cut_follows_its_axis_through_views():
    whole = (None, None, None)
    views = [("permute", order, np.transpose) for order in itertools.permutations(range(3))]
    views += [("expand_dims", axis, np.expand_dims) for axis in range(4)]
    views += [("broadcast_to", (2, 3, 5, 7), np.broadcast_to)]
    views += [("slice", (whole, 1, whole), lambda x, _: x[:, 1]), ("slice", (0, whole, (1, 5, 1)), lambda x, _: x[0, :, 1:5])]
    for name, attrs, make in views:
        array = np.zeros((3, 5, 7))
        source, view = Made("tensor", array.shape), make(array, attrs)
        value = Made(name, view.shape, (source,), attrs, view=True, permutes=name == "permute", broadcasts=name == "broadcast_to")
        for axis, samples in enumerate(array.shape):
            cut = cuts.cut_of(value, {source: axis}, samples, 2)
            assert (cut and cut.axis) == (view.shape.index(samples) if samples in view.shape else None), (name, attrs, axis)
    for axis in range(3):
        source = Made("tensor", tuple(np.insert([3, 5], axis, 1)))
        for cut_along in {0, 1, 2} - {axis}:
            cut = cuts.cut_of(Made("squeeze", (3, 5), (source,), axis, view=True), {source: cut_along}, source.shape[cut_along], 2)
            assert cut.axis == (3, 5).index(source.shape[cut_along])


def test_a_product_of_few_rows_with_a_large_matrix_is_not_cut_along_them():
    for rows, columns, cut in ((16, 512, None), (16, 64, cuts.Cut(0, (0, None))), (64, 512, cuts.Cut(0, (0, None)))):
        x, matrix = Made("tensor", (rows, 512)), Made("tensor", (512, columns))
        assert cuts.cut_of(Made("matmul", (rows, columns), (x, matrix)), {x: 0}, rows, 2) == cut


def test_a_convolution_and_its_gradients_take_the_same_multiplications():
    x, kernel, y = Made("tensor", (2, 10, 10, 3)), Made("tensor", (3, 5, 3, 4)), Made("tensor", (2, 8, 6, 4))
    made = [("conv", y, (x, kernel)), ("conv_input", x, (y, kernel, x)), ("conv_kernel", kernel, (x, y, kernel))]
    for name, result, inputs in made:
        assert costs.multiplications(Made(name, result.shape, inputs)) == 2 * 8 * 6 * 4 * 3 * 5 * 3, name
    assert costs.multiplications(Made("matmul", (4, 5), (Made("tensor", (4, 6)), Made("tensor", (6, 5))))) == 4 * 5 * 6


def test_random_programs_in_lanes(eager):
    with workers.using(3):
        for seed in range(700, 730):
            program, expected = generate(seed)
            assert not problems(harness.fresh(K), program, "float64", expected), seed


def test_lanes_write_to_memory_of_their_own(eager, monkeypatch):
    """What two lanes may do at once touches no byte that the other one writes."""
    made = []
    original = plan.emit
    monkeypatch.setattr(plan, "emit", lambda *args: (made.append(args), original(*args))[1])
    with workers.using(2):
        for make in (convolutional, recurrent):
            function, fed = make()
            function(fed)
    checked = 0
    for schedule, storage, *_ in made:
        for region in (item for item in schedule.body if isinstance(item, Region)):
            values = [v for item in region.items for v in (item.values if isinstance(item, Chain) else [item]) if v in storage.arrays]
            written = [v for v in values if not v.op.view or v in storage.copied]
            for v in written:
                for w in written:
                    a, b = storage.arrays[v], storage.arrays[w]
                    if v is w or not np.may_share_memory(a, b):
                        continue
                    first, second = a[region.part(0, len(a))], b[region.part(1, len(b))]
                    assert not np.may_share_memory(first, second), f"{v.op} and {w.op}"
                    checked += 1
    assert checked


def branched():
    """(function, fed): blocks of three branches over one sample, as those of Inception."""
    rng = np.random.default_rng(0)
    x = K.placeholder((1, 6, 6, 4))

    def conv(y, size, strides=(1, 1)):
        kernel = K.variable(rng.uniform(-0.5, 0.5, (size, size, K.int_shape(y)[-1], 4)))
        return K.relu(K.conv2d(y, kernel, strides=strides, border_mode="same"))

    y = x
    for _ in range(3):
        y = K.concatenate([conv(y, 1), conv(conv(y, 1), 3), conv(K.pool2d(y, (3, 3), border_mode="same", pool_mode="avg"), 1)])
    return K.function([x], [y, K.sum(y, axis=3)]), [rng.uniform(-1, 1, (1, 6, 6, 4)).astype("float32")]


def dense_net(width):
    """(function, fed): two large layers and their gradients, 128 samples."""
    x = K.placeholder((128, width))
    W, V = (K.variable(RNG.uniform(-0.1, 0.1, (width, width)).astype("float32")) for _ in range(2))
    loss = K.mean(K.square(K.dot(K.relu(K.dot(x, W)), V)))
    return K.function([x], [loss, *K.gradients(loss, [W, V])]), [RNG.uniform(-1, 1, (128, width)).astype("float32")]


def conv_net():
    """(function, fed): convolutions that are cut."""
    x = K.placeholder((16, 28, 28, 16))
    kernel = K.variable(RNG.uniform(-0.1, 0.1, (3, 3, 16, 16)).astype("float32"))
    y = x
    for _ in range(2):
        y = K.relu(K.conv2d(y, kernel, border_mode="same", dim_ordering="tf"))
    return K.function([x], [y]), [RNG.uniform(-1, 1, (16, 28, 28, 16)).astype("float32")]


def test_a_plan_has_lanes_or_the_threads_of_blas_and_short_calls_have_neither(blas):
    # BLAS' threads wait busily for the next product: beside lanes they take the cores away
    with workers.using(2):
        for made, lanes, all_threads in ((dense_net(512), False, True), (conv_net(), True, False), (recurrent(4, 20, 64), False, False)):
            function, fed = made
            function(fed)
            found = function._last[1]
            assert bool(found.forks) == lanes, found.forks
            assert (found._limit is None) == all_threads


def test_branches_over_one_sample_run_side_by_side_and_share_no_storage(eager, monkeypatch):
    monkeypatch.setattr(branches, "LEAST_GAIN", 1.1)
    function, fed = branched()
    with workers.using(1):
        expected = function(fed)
    made = []
    original = plan.emit
    monkeypatch.setattr(plan, "emit", lambda *args: (made.append(args), original(*args))[1])
    for count in (2, 3):
        with workers.using(count):
            function, fed = branched()
            runs = [function(fed), function(fed)]
        assert len(forks(function)) >= 3 and all("branches" in f.name for f in forks(function))
        for run in runs:
            for a, b in zip(run, expected):
                np.testing.assert_array_equal(a, b)
    for schedule, storage, *_ in made:
        for item in (i for i in schedule.body if isinstance(i, Branches)):
            written = [[v for v in lane if not v.op.view] for lane in item.lanes]
            read = [[i for v in lane for i in v.operands() if i in storage.arrays] for lane in item.lanes]
            for one in range(len(item.lanes)):
                for other in range(len(item.lanes)):
                    for v in written[one] if one != other else ():
                        for w in (*written[other], *read[other]):
                            assert not np.may_share_memory(storage.arrays[v], storage.arrays[w]), f"{v.op} and {w.op}"


def test_small_work_stays_on_one_thread():
    with workers.using(4):
        x = K.placeholder((None, 20))
        W = K.variable(RNG.uniform(-1, 1, (20, 64)))
        loss = K.mean(K.square(K.tanh(K.dot(x, W))))
        function = K.function([x], [loss, *K.gradients(loss, [W])])
        function([np.ones((32, 20), "float32")])
    assert forks(function) == []


def deep(layers, units):
    x, y = K.placeholder((None, units)), None
    for _ in range(layers):
        y = K.tanh(K.dot(x if y is None else y, K.variable(RNG.uniform(-1, 1, (units, units)))))
    function = K.function([x], [y])
    function([np.ones((512, units), "float32")])
    return [len(fork.lanes) for fork in forks(function)]


def test_many_small_calls_stay_on_one_thread_and_lanes_are_as_many_as_have_something_to_do():
    with workers.using(8):
        assert deep(100, 2) == []
        few, many = deep(4, 128), deep(16, 256)
    assert len(few) == len(many) == 1 and 2 <= few[0] < many[0] <= 8


def test_a_long_run_becomes_several_regions_that_reuse_storage(eager, monkeypatch):
    sizes = []
    for most in (1e9, 2e-3):
        monkeypatch.setattr(costs, "MOST", most)
        with workers.using(2):
            x = K.placeholder((None, 512))
            y = x
            for n in range(512, 320, -16):
                y = K.dot(y, K.variable(np.ones((n, n - 16)) / n))
            function = K.function([x], [y])
            function([np.ones((128, 512), "float32")])
        sizes.append((len(forks(function)), function._last[1].nbytes))
    (few, large), (more, small) = sizes
    assert few == 1 < more and small < large


def test_random_draws_are_the_same_for_any_number_of_threads(eager):
    found = []
    for count in (1, 3):
        with workers.using(count):
            x = K.placeholder((12, 5))
            y = K.tanh(x * 2.0) * K.random_uniform((12, 5), seed=5) + K.dropout(x, 0.5, seed=6)
            found.append(K.function([x], [y])([np.ones((12, 5), "float32")])[0])
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("at", range(3))
def test_an_error_in_a_lane_is_raised_when_all_lanes_have_ended(at):
    ended = []

    def lane(number):
        def run():
            if number == at:
                raise IndexError(number)
            threading.Event().wait(0.02)
            ended.append(number)

        return run

    pool = workers.Workers()
    for _ in range(2):
        del ended[:]
        with pytest.raises(IndexError, match=str(at)):
            pool.run([lane(n) for n in range(3)])
        assert sorted(ended) == [n for n in range(3) if n != at]
        assert pool.free.acquire(blocking=False)
        pool.free.release()


def test_an_interrupt_while_lanes_run_comes_when_all_have_ended():
    ended, others = [], threading.Event()

    def first():
        # while this lane waits for nothing, the other one still writes
        others.wait(5)
        raise KeyboardInterrupt

    def second():
        others.set()
        threading.Event().wait(0.1)
        ended.append(True)

    with pytest.raises(KeyboardInterrupt):
        workers.Workers().run([first, second])
    assert ended


def test_threads_of_the_program_share_the_pool(eager):
    with workers.using(2):
        pairs = [recurrent() for _ in range(3)]
        expected = [[a.copy() for a in function(fed)[1:2]] for function, fed in pairs]
        wrong = []

        def work(i):
            function, fed = pairs[i]
            x = K.placeholder((None, 4))
            own = K.function([x], [K.tanh(x) * 2.0])
            for _ in range(100):
                if not np.array_equal(own([np.full((8, 4), i, "float32")])[0], np.tanh(np.full((8, 4), i, "float32")) * 2):
                    wrong.append(i)
                function(fed)

        threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    assert not wrong and all(np.isfinite(e[0]).all() for e in expected)


FORKED = """
import os, sys
import numpy as np
from kbridge import backend as K
from kbridge.backends.numpy.executor import costs, workers
costs.LEAST_PART = costs.CALL = 0.0
x = K.placeholder((None, 50))
function = K.function([x], [K.exp(K.tanh(x))])
value = np.ones((40, 50), "float32")
expected = function([value])[0]
assert function._last[1].forks and len(function._last[1].forks[0].lanes) == 3
children = []
for _ in range(3):
    pid = os.fork()
    if not pid:
        same = np.array_equal(function([value])[0], expected)
        os._exit(0 if same else 1)
    children.append(pid)
assert [os.waitpid(pid, 0)[1] for pid in children] == [0, 0, 0]

# a child of a process in which another thread is in the midst of a call
import threading, time
from kbridge.backends import registry
started, leave = threading.Event(), threading.Event()
def wait(array):
    started.set()
    leave.wait(30)
    return array
slow = K.function([x], [registry.load("numpy").host_call(wait, [x], "float32", lambda shape: shape)])
thread = threading.Thread(target=slow, args=([value],))
thread.start()
started.wait(30)
pid = os.fork()
if not pid:
    leave.set()
    os._exit(0 if np.array_equal(slow([value])[0], value) else 1)
for _ in range(200):
    done, status = os.waitpid(pid, os.WNOHANG)
    if done:
        break
    time.sleep(0.1)
else:
    os.kill(pid, 9)
    status = "the child hangs"
leave.set()
thread.join()
assert status == 0, status
print("right", len(workers._workers._queues))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_forked_children_go_on_and_the_setting_counts(tmp_path):
    done = python("-W", "ignore", "-c", FORKED, home=tmp_path, KBRIDGE_BACKEND="numpy", KBRIDGE_NUM_THREADS="3")
    assert done.stdout.split()[-2:] == ["right", "2"], done.stderr


def test_the_number_of_threads_comes_from_the_file_too(tmp_path, monkeypatch):
    assert config.threads_in({"num_threads": 3}, tmp_path) == 3 and config.threads_in({}, tmp_path) is None
    for bad in (0, 1.5, "2", True, 1025):
        with pytest.raises(config.ConfigError, match="num_threads is .*, but must be a whole number from 1 to 1024"):
            config.threads_in({"num_threads": bad}, tmp_path)
    for bad in ("0", "-1", "1.5", "two", "1025", "9" * 12):
        monkeypatch.setenv("KBRIDGE_NUM_THREADS", bad)
        with pytest.raises(config.ConfigError, match=f"KBRIDGE_NUM_THREADS must be a whole number from 1 to 1024, got '{bad}'"):
            config.num_threads()
    monkeypatch.delenv("KBRIDGE_NUM_THREADS")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert config.usable_cores() == 1
    monkeypatch.delenv("OMP_NUM_THREADS")
    if hasattr(os, "sched_getaffinity"):
        assert config.usable_cores() == len(os.sched_getaffinity(0))
    monkeypatch.setenv("KBRIDGE_NUM_THREADS", "5")
    assert config.threads_setting() == (5, "KBRIDGE_NUM_THREADS")
    monkeypatch.delenv("KBRIDGE_NUM_THREADS")
    monkeypatch.setattr(config, "_num_threads_of_file", lambda: 7)
    assert config.threads_setting() == (7, str(config.config_path()))
    monkeypatch.setattr(config, "_num_threads_of_file", lambda: None)
    monkeypatch.setattr(config, "workers", 10_000)
    assert config.threads_setting() == (1, "default: the cores that the process may use")


def test_a_trace_tells_what_lanes_did_and_keeps_the_numbers(eager):
    with workers.using(2):
        function, fed = convolutional()
        expected = function(fed)
        with trace.recording() as found:
            traced = function(fed)
    for a, b in zip(traced, expected):
        np.testing.assert_array_equal(a, b)
    kinds = [e.kind for e in found.events]
    assert kinds.count("lane") == 2 * kinds.count("fork") == 2 * len(forks(function)) and "serial" in kinds
    assert len({e.thread for e in found.events}) == 2 and all(e.end >= e.begin and e.work >= 0 for e in found.events)
    assert all(e.calls > 0 for e in found.events if e.kind == "lane")
    assert trace.active is None


def test_idle_threads_sleep(eager):
    with workers.using(3):
        function, fed = convolutional()
        function(fed)
        gc.collect()
        before = os.times()
        threading.Event().wait(0.3)
        after = os.times()
    assert (after.user + after.system) - (before.user + before.system) < 0.1
