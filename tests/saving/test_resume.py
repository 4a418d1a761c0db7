"""Ten epochs, or five, the end of the process without a warning, and five more from the file: the same weights."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kbridge import backend as K
from kbridge import optimizers
from kbridge.callbacks import Callback, LearningRateScheduler, ModelCheckpoint  # noqa: F401  (used in other processes)
from kbridge.layers import BatchNormalization, Dense
from kbridge.models import Sequential, load_model

OPTIMIZERS = {
    "sgd": lambda: optimizers.SGD(0.05, momentum=0.9, decay=0.02),
    "rmsprop": lambda: optimizers.RMSprop(0.01, decay=0.02),
    "adam": lambda: optimizers.Adam(0.01, decay=0.02),
}


class Die(Callback):
    """Ends the process after five epochs, with nothing closed or flushed."""

    def on_epoch_end(self, epoch, logs=None):
        if epoch == 4:
            os._exit(9)


def data():
    rng = np.random.RandomState(1)
    x = rng.randn(50, 4).astype("float32")
    return x, np.tanh(x[:, :2] * x[:, 2:]).astype("float32")


def train(model, epochs, callbacks=(), start=0):
    x, y = data()
    schedule = LearningRateScheduler(lambda epoch: 0.01 / (1 + epoch // 3))
    return model.fit(x, y, nb_epoch=epochs, initial_epoch=start, batch_size=8, shuffle=False, verbose=0, callbacks=[schedule, *callbacks])


def new(name):
    np.random.seed(2)
    # names of their own: an optimizer has its weights in the order of the names
    model = Sequential([Dense(6, input_dim=4, activation="tanh", name="a"), BatchNormalization(name="b"), Dense(2, name="c")])
    model.compile(OPTIMIZERS[name](), "mse", metrics=["mae"])
    return model


def run_half(backend, name, path):
    """Five of ten epochs in a process of its own, which writes a checkpoint after each epoch and then dies."""
    code = f"import saving.test_resume as t; t.train(t.new({name!r}), 10, [t.ModelCheckpoint({str(path)!r}), t.Die()])"
    tests = Path(__file__).parents[1]
    env = {**os.environ, "KBRIDGE_BACKEND": backend, "PYTHONPATH": os.pathsep.join([str(tests), str(tests.parent)])}
    assert subprocess.run([sys.executable, "-c", code], env=env, timeout=600).returncode == 9


def parts(history, start):
    return {name: values[start:] for name, values in history.history.items()}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_after_a_sudden_end_training_goes_on_exactly(name, tmp_path):
    path = tmp_path / "checkpoint.h5"
    run_half(K.backend(), name, path)
    whole, resumed = new(name), load_model(path)
    history, rest = train(whole, 10), train(resumed, 10, start=5)
    for a, b in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(whole.optimizer.get_weights(), resumed.optimizer.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert parts(history, 5) == parts(rest, 0)
    assert K.get_value(whole.optimizer.lr) == K.get_value(resumed.optimizer.lr)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_what_one_backend_began_another_goes_on_with(name, tmp_path):
    path = tmp_path / "checkpoint.h5"
    run_half("numpy", name, path)
    whole, resumed = new(name), load_model(path)
    train(whole, 10)
    train(resumed, 10, start=5)
    for a, b in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
