"""New values of variables on several threads: the same numbers whatever lane is ahead, and all of them or none."""

import random
import threading
from contextlib import nullcontext

import numpy as np
import pytest
from interrupts import interrupt, needs_timers

from kbridge.backends import registry
from kbridge.backends.numpy.executor import blocks, shares, trace, workers
from kbridge.backends.numpy.executor.shares import Shares

K = registry.load("numpy")


@pytest.fixture
def eager(cheap_lanes, monkeypatch):
    """Lanes wherever they are possible, in blocks of a few elements."""
    monkeypatch.setattr(blocks, "BLOCK", 3)
    monkeypatch.setattr(blocks, "MIN_SIZE", 2)
    monkeypatch.setattr(shares, "BLOCK", 3)
    monkeypatch.setattr(shares, "UNIT", 2)
    monkeypatch.setattr(shares, "CALL", 1e-9)


def any_order(choose):
    """What takes the place of threads: one call after the other, of a lane that ``choose`` takes."""

    def run_together(self, first, lanes, last):
        workers.in_one_loop(first)
        left = [list(lane) for lane in lanes]
        while any(left):
            lane = choose.choice([lane for lane in left if lane])
            function, *args = lane.pop(0)
            function(*args)
        workers.in_one_loop(last)

    return run_together


def new_value(choose, old, read, number, any_variable):
    """A random value of the shape of ``old``."""
    kind = choose.randrange(6)
    if kind == 0:
        return old * 0.9 + 0.1 * read
    if kind == 1:
        return K.sqrt(K.square(read) + 1.0) * number
    if kind == 2:
        return old - number * read / (K.abs(read) + 2.0)
    if kind == 3:
        return read + 0.0 * old
    if kind == 4:
        return old + K.mean(any_variable)
    return K.reverse(read, 0) if K.ndim(old) else read * 2.0


def program(seed):
    """(variables, function): random updates that may read one another's old and new values."""
    choose = random.Random(seed)
    values = np.random.default_rng(seed)
    shapes = [(), (), (7, 6), (7, 6), (23,), (23,), (3,), (4,)]
    variables = [K.variable(values.uniform(0.5, 1.5, shape), dtype="float64") for shape in choose.sample(shapes, 6) for _ in range(2)]
    numbers = [v for v in variables if K.ndim(v) == 0] or [K.constant(0.25, dtype="float64")]
    x = K.placeholder((), dtype="float64")
    new = {}
    for v in choose.sample(variables, 8):
        like = [w for w in variables if K.int_shape(w) == K.int_shape(v)]
        read = choose.choice([v, *like, *(new[w] for w in like if w in new)])
        number = choose.choice([*numbers, *(new[w] for w in numbers if w in new), x])
        new[v] = new_value(choose, v, read, number, choose.choice(variables))
    return variables, K.function([x], [], list(new.items()))


def trained(seed, steps=3):
    variables, function = program(seed)
    for step in range(steps):
        function([0.5 + step])
    return [K.get_value(v) for v in variables]


def test_random_updates_give_the_same_numbers_whatever_lane_is_ahead(eager, schedules, monkeypatch):
    cut = lanes = 0
    for seed in range(150):
        with workers.using(1):
            expected = trained(seed)
        for count in (2, 3):
            with workers.using(count):
                found = trained(seed)
                for part in (item for item in schedules[-1].commit if isinstance(item, Shares)):
                    cut, lanes = cut + bool(part.cut), lanes + (sum(map(bool, part.lanes)) > 1)
                for a, b in zip(found, expected, strict=True):
                    np.testing.assert_allclose(a, b, rtol=1e-13, err_msg=str(seed))
                for order in range(3):
                    with monkeypatch.context() as patch:
                        patch.setattr(workers.Workers, "run_together", any_order(random.Random(order)))
                        again = trained(seed)
                    for a, b in zip(again, found, strict=True):
                        np.testing.assert_array_equal(a, b, err_msg=str(seed))
    assert cut > 100 and lanes > 100, (cut, lanes)


def test_parts_of_a_chain_cover_it_and_leave_the_lane_of_small_calls_less(eager):
    chain = blocks.Chain([type("Sized", (), {"size": 1001})()])
    for bounds, sizes in (([0.0, 0.5, 1.0], [500, 501]), ([0.0, 0.0, 1.0], [0, 1001]), ([0.0, 0.25, 1.0, 1.0], [250, 751, 0])):
        parts = [Shares([chain], bounds, []).part(chain, lane) for lane in range(len(bounds) - 1)]
        assert [len(part) for part in parts] == sizes
        assert [i for part in parts for i in part] == list(range(1001))
    assert shares._bounds([3.0, 0.0], 5.0) == [0.0, 0.2, 1.0]
    assert shares._bounds([9.0, 0.0, 0.0], 1.0) == [0.0, 0.0, 0.5, 1.0]
    assert shares._bounds([0.0, 0.0], 0.0) == [0.0, 0.0, 1.0]


def counters():
    """Variables that each step adds 1 to, in chains that lanes share, whole ones and copies at the end; and the step."""
    made = [K.variable(np.zeros(shape), dtype="float64") for shape in ((1 << 19,), (1 << 18, 3), (40, 50), (), (9,), (9,))]
    updates = [(v, K.sqrt(K.square(v + 1.0)) * 1.0) for v in made[:-2]]
    return made, K.function([], [], [*updates, (made[-2], made[-1] + 1.0), (made[-1], made[-2] + 1.0)])


@needs_timers
@pytest.mark.parametrize("recorded", [nullcontext, trace.recording])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_an_interrupt_leaves_all_variables_updated_or_none(count, recorded):
    def check():
        found = {float(n) for v in made for n in (K.get_value(v).min(), K.get_value(v).max())}
        assert len(found) == 1, found

    with workers.using(count), recorded():
        made, step = counters()
        step([])
        interrupt(lambda: step([]), 100, check)


def test_a_trace_has_the_updates_of_each_thread():
    for count in (1, 2):
        with workers.using(count):
            made, step = counters()
            with trace.recording() as found:
                step([])
        assert all((K.get_value(v) == 1).all() for v in made)
        updates = [e for e in found.events if e.name.startswith("updates")]
        assert all(e.begin <= e.end and e.work >= 0 for e in updates)
        lanes = [e for e in updates if e.kind == "lane"]
        assert [e.name for e in lanes] == ([] if count == 1 else ["updates 0", "updates 1"])
        assert len({e.thread for e in lanes}) == len(lanes) and "serial" in {e.kind for e in updates}
        for fork in (e for e in updates if e.kind == "fork"):
            assert (fork.begin, fork.end) == (min(e.begin for e in lanes), max(e.end for e in lanes)) and fork.samples == (
                1 << 19
            ) * 5 // 2 // shares.BLOCK
        assert count == 1 or "fork" in {e.kind for e in updates}


def test_updates_of_a_plan_that_finds_the_pool_at_work_are_made_here(eager):
    with workers.using(2):
        made, step = counters()
        step([])
        assert len(step._last[1]._commit_part._lanes) == 2
        with workers._workers.free:
            step([])
    assert all((K.get_value(v) == 2).all() for v in made)


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_call_that_fails_keeps_no_lane_waiting(at):
    pool, done = workers.Workers(), []

    def fail():
        raise MemoryError(str(at))

    lanes = [[(done.append, n), (fail,) if n == at else (done.append, n)] for n in range(3)]
    for _ in range(2):
        del done[:]
        with pytest.raises(MemoryError, match=str(at)):
            pool.run_together([], lanes, [(done.append, "last")])
        assert done[-1] == "last" and sorted(done[:-1]) == sorted([0, 1, 2, *({0, 1, 2} - {at})])
        assert pool.free.acquire(blocking=False)
        pool.free.release()


def test_the_calls_at_the_end_come_after_all_lanes():
    pool, done, slow = workers.Workers(), [], threading.Event()
    lanes = [[(slow.wait, 0.1), (done.append, 0)], [(slow.wait, 0.05), (done.append, 1)], [(done.append, 2)]]
    pool.run_together([(done.append, "first")], lanes, [(done.append, "last")])
    assert done == ["first", 2, 1, 0, "last"]
