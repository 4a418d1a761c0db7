"""The pause of the garbage collector while plans are made: it ends however the work ends, also in threads and forked processes."""

import gc
import os
import threading

import numpy as np
import pytest

from kbridge import backend as K
from kbridge.backends import garbage
from kbridge.backends.garbage import paused


@pytest.fixture(autouse=True)
def collector():
    was_on = gc.isenabled()
    gc.enable()
    yield
    assert not garbage._pauses
    (gc.enable if was_on else gc.disable)()


class PausedThread(threading.Thread):
    """A thread in a pause, from the event ``inside`` to the event ``leave``."""

    def __init__(self):
        super().__init__()
        self.inside, self.leave = threading.Event(), threading.Event()

    def run(self):
        with paused():
            self.inside.set()
            self.leave.wait(10)


def test_the_collector_is_off_inside_and_on_again_afterwards():
    with paused():
        assert not gc.isenabled()
        with paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_collector_that_a_program_has_turned_off_stays_off():
    gc.disable()
    with paused():
        pass
    assert not gc.isenabled()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_ends_the_pause(error):
    with pytest.raises(error), paused():
        raise error
    assert gc.isenabled()


def test_the_last_of_several_threads_turns_it_on():
    thread = PausedThread()
    with paused():
        thread.start()
        assert thread.inside.wait(10)
    assert not gc.isenabled()
    thread.leave.set()
    thread.join(10)
    assert gc.isenabled()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_that_is_forked_in_another_threads_pause_collects():
    thread = PausedThread()
    thread.start()
    assert thread.inside.wait(10)
    child = os.fork()
    if not child:
        os._exit(0 if gc.isenabled() and not garbage._pauses else 1)
    thread.leave.set()
    thread.join(10)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.skipif(K.backend() != "numpy", reason="plans are the NumPy backend's")
def test_making_a_plan_collects_nothing_and_leaves_nothing_for_the_collector():
    x = K.placeholder((None, 4))
    value = x
    for _ in range(300):
        value = K.relu(K.dot(value, K.variable(np.eye(4)))) + 1.0
    function = K.function([x], [value])
    seen = []
    gc.collect()
    gc.callbacks.append(lambda phase, info: seen.append(phase))
    try:
        function([np.ones((2, 4))])
        made = list(seen)
    finally:
        gc.callbacks.pop()
    # one at most, when the pause is over
    assert len(made) <= 2
    assert gc.collect() < 50


@pytest.mark.skipif(K.backend() != "numpy", reason="plans are the NumPy backend's")
def test_a_plan_that_cant_be_made_ends_the_pause():
    function = K.function([], [K.placeholder((2,)) + 1])
    with pytest.raises(ValueError, match="must be fed"):
        function([])
    assert gc.isenabled()
