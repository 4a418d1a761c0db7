"""BLAS threads: small plans run with one, large ones with all, and afterwards all is as before."""

import threading

import numpy as np
import pytest
from interrupts import interrupt, needs_timers
from processes import python

from kbridge import config, cores
from kbridge.backends.numpy.executor import threads, workers
from kbridge.backends.numpy.executor.plan import Plan
from kbridge.backends.registry import load

K = load("numpy")


def plan_of(rows, size):
    """A function with one product, and its plan."""
    x = K.placeholder((rows, size))
    function = K.function([x], [K.dot(x, K.variable(np.ones((size, size), "float32")))])
    function([np.ones((rows, size), "float32")])
    return function, function._last[1]


def test_small_products_run_with_one_thread_and_large_ones_with_all(blas, monkeypatch):
    used = []
    run = Plan._run_body
    monkeypatch.setattr(Plan, "_run_body", lambda plan: (used.append(blas[0]()), run(plan)))
    plan_of(8, 16)
    assert used == [1] and blas[0]() == 2
    plan_of(512, 512)
    assert used == [1, 2] and blas[0]() == 2


def test_a_plan_without_products_leaves_blas_alone():
    x = K.placeholder((2, 2))
    function = K.function([x], [x + 1.0])
    function([np.ones((2, 2), "float32")])
    assert function._last[1]._limit is None


def held(blas):
    """(the context in which BLAS has one thread, with another thread in it; what makes that one leave)."""
    one, inside, leave = threads.OneThread(blas), threading.Event(), threading.Event()

    def hold():
        with one:
            inside.set()
            leave.wait(10)

    def let_go():
        leave.set()
        thread.join()

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait(10)
    return one, let_go


def test_threads_that_overlap_give_back_what_was_there_before_the_first(blas):
    one, let_go = held(blas)
    with one:
        let_go()
        assert blas[0]() == 1
    assert blas[0]() == 2


def test_an_error_gives_the_threads_back(blas):
    function, _ = plan_of(4, 4)
    with pytest.raises(ZeroDivisionError), threads.OneThread(blas):
        raise ZeroDivisionError
    assert blas[0]() == 2


@needs_timers
def test_an_interrupt_at_any_time_gives_the_threads_back(blas):
    function, plan = plan_of(4, 4)
    fed = [np.ones((4, 4), "float32")]

    def runs():
        for _ in range(5):
            plan.run(fed)

    def check():
        assert plan._limit.depth() == 0 and blas[0]() == 2

    interrupt(runs, 500, check)


def test_a_forked_child_forgets_who_else_was_inside(blas):
    one, let_go = held(blas)
    with one:
        one.renew()
        assert one.depth() == 1
    assert blas[0]() == 2
    let_go()


def test_lanes_run_with_one_thread_of_blas_each(blas):
    seen = []
    workers.Fork("two", [[(lambda: seen.append(blas[0]()), [])]] * 2, 2)()
    assert seen == [1, 1] and blas[0]() == 2


def test_blas_has_no_more_threads_than_the_process_may_use(blas, monkeypatch):
    monkeypatch.setattr(config, "_num_threads_of_file", lambda: None)
    for wanted, allowed, expected in (("", 8, 2), ("", 1, 1), ("4", 2, 2), ("1", 2, 1)):
        blas[1](2)
        monkeypatch.setenv("KBRIDGE_NUM_THREADS", wanted)
        monkeypatch.setattr(cores, "allowed_cores", lambda allowed=allowed: allowed)
        assert threads.control.__wrapped__()[0]() == expected


NUMBER = """
import numpy as np
from kbridge import backend as K
from kbridge.backends.numpy.executor.threads import control
K.eval(K.dot(K.variable(np.ones((2, 2))), K.variable(np.ones((2, 2)))))
print(control()[0]() if control() else 1)
"""


def test_the_variable_sets_the_number_for_the_process(tmp_path):
    done = python("-c", NUMBER, home=tmp_path, KBRIDGE_BACKEND="numpy", KBRIDGE_NUM_THREADS="1")
    assert done.stdout.split()[-1] == "1", done.stderr
    done = python("-c", NUMBER, home=tmp_path, KBRIDGE_BACKEND="numpy", KBRIDGE_NUM_THREADS="two")
    assert "KBRIDGE_NUM_THREADS must be a whole number from 1 to 1024, got 'two'" in done.stderr
