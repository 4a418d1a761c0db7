"""Runs in the caller's thread: which graphs, and how they compute there."""

import threading

import numpy as np
import pytest

SMALL = np.float32(1e-38)


def ran_in(K, x, threads):
    """``x``, which notes the thread that computes it."""

    def note(array):
        threads.append(threading.get_ident())
        return array

    return K.host_call(note, [x], "float32", lambda shape: shape)


def recurrence(K, x, go_backwards=False):
    return K.rnn(lambda t, states: (t + states[0], [t + states[0]]), x, [K.zeros_like(x[:, 0, :])], go_backwards=go_backwards)[0]


@pytest.mark.parametrize(
    "make, callers",
    [
        (lambda K, x: K.tanh(x), True),
        (lambda K, x: recurrence(K, K.expand_dims(recurrence(K, x), 1)), True),
        # what can be computed at the same time is left to TensorFlow's threads
        (lambda K, x: recurrence(K, x) + recurrence(K, x, go_backwards=True), False),
        (lambda K, x: K.conv1d(x, np.ones((2, 2, 2), "float32")), False),
    ],
    ids=["small", "loops in turn", "two loops", "convolution"],
)
def test_the_thread_of_a_graph(K, monkeypatch, make, callers):
    monkeypatch.setenv("KBRIDGE_NUM_THREADS", "2")
    threads = []
    x = K.placeholder((None, 3, 2))
    f = K.function([x], [K.sum(make(K, ran_in(K, x, threads)))])
    f([np.ones((1, 3, 2))])
    assert (threads == [threading.get_ident()]) == callers


def test_one_thread_is_the_callers(K, monkeypatch):
    monkeypatch.setenv("KBRIDGE_NUM_THREADS", "1")
    threads = []
    x = K.placeholder((None, 3, 2))
    K.function([x], [K.conv1d(ran_in(K, x, threads), np.ones((2, 2, 2), "float32"))])([np.ones((1, 3, 2))])
    assert threads == [threading.get_ident()]


def test_subnormal_numbers_are_zero_while_a_function_runs_and_only_then(K):
    """TensorFlow's own threads compute so. Slow decay, as of an optimizer's moments, would otherwise make steps many times slower."""
    x = K.placeholder((2,))
    f = K.function([x], [x * 0.5])
    assert f([[SMALL, 1.0]])[0].tolist() == [0.0, 0.5]
    assert np.full(1, SMALL)[0] * np.float32(0.5) != 0
    fails = K.function([x], [K.gather(x, K.cast(x, "int32"))])
    with pytest.raises(ValueError):
        fails([[7.0, 8.0]])
    assert np.full(1, SMALL)[0] * np.float32(0.5) != 0
