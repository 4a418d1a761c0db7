"""Memory stays where it is on the NumPy backend: over many training steps, and over models that come and go."""

import gc
import tracemalloc

import numpy as np

from kbridge import backend as K
from kbridge.layers import LSTM, Dense
from kbridge.models import Sequential

X, Y = np.ones((4, 3, 2), "float32"), np.ones((4, 2), "float32")


def built():
    model = Sequential([LSTM(4, input_shape=(3, 2)), Dense(2)])
    model.compile("adam", "mse")
    model.train_on_batch(X, Y)
    return model


def growth(work, times):
    """Bytes that Python holds more after ``work`` has been done ``times`` times than before."""
    gc.collect()
    tracemalloc.start()
    try:
        work()
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(times):
            work()
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


def test_steps_take_no_memory_with_them():
    model = built()
    assert growth(lambda: [model.train_on_batch(X, Y) for _ in range(50)], 10) < 20_000


def test_models_before_clear_session_are_given_back():
    def one():
        K.clear_session()
        built()

    one()
    # one model holds several hundred kilobytes
    assert growth(one, 8) < 8 * 20_000
