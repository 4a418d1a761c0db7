"""A ``.keras`` archive is compiled as the model was, and Keras 3 trains on with the optimizer's state as kbridge does."""

from __future__ import annotations

import numpy as np
import pytest
from installed import needed

from kbridge import losses, metrics
from kbridge.convert import save_keras3
from kbridge.layers import LSTM, BatchNormalization, Convolution1D, Dense
from kbridge.models import Sequential
from kbridge.optimizers import SGD, Adagrad, Adam, AdamW, Nadam, RMSprop, schedules

keras3 = needed("keras")
if not getattr(keras3, "__version__", "").startswith("3"):
    pytest.skip("keras 3 is not installed", allow_module_level=True)

X = np.random.RandomState(0).normal(size=(8, 6, 3)).astype("float32")
Y = np.random.RandomState(1).uniform(size=(8, 2)).astype("float32")


def model(optimizer, loss="mse", **options):
    np.random.seed(2)
    m = Sequential(
        [Convolution1D(3, 2, input_shape=(6, 3), bias=False), BatchNormalization(epsilon=0.1), LSTM(3), Dense(2, trainable=False), Dense(2)]
    )
    m.compile(optimizer, loss, **options)
    return m


@pytest.mark.parametrize(
    ("optimizer", "note"),
    [
        (lambda: SGD(0.1), None), (lambda: SGD(0.1, momentum=0.9, nesterov=True, decay=0.2), None), (lambda: Adam(0.02, clipnorm=0.5), None),
        (lambda: RMSprop(0.01, epsilon=0.1, epsilon_inside=True, momentum=0.5, centered=True), None), (lambda: Nadam(0.02, schedule_decay=1.0), None),
        (lambda: AdamW(schedules.ExponentialDecay(0.05, 2, 0.5), amsgrad=True, epsilon=1e-4), None), (lambda: Adagrad(0.1, epsilon=1e-7, initial_accumulator_value=0.1), "keras3-epsilon"),
        (lambda: Adam(0.02, use_ema=True, gradient_accumulation_steps=2, epsilon=1e-4), None),
    ],
)  # fmt: skip
def test_keras_3_trains_on(optimizer, note, tmp_path):
    m = model(optimizer())
    for _ in range(3):
        m.train_on_batch(X, Y)
    notes = save_keras3(m, tmp_path / "m.keras")
    assert [note in line for line in notes] == ([True] if note else [])
    other = keras3.models.load_model(tmp_path / "m.keras")
    for _ in range(3):
        m.train_on_batch(X, Y)
        other.train_on_batch(X, Y)
    np.testing.assert_allclose(other.predict(X, verbose=0), m.predict(X), rtol=1e-3, atol=1e-4)
    assert int(other.optimizer._iterations.numpy()) == 6 or type(m.optimizer).__name__ in ("SGD", "Adagrad", "RMSprop")


def test_losses_and_metrics_come_along(tmp_path):
    m = model(
        "sgd", losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.2),
        metrics=["accuracy", metrics.AUC(num_thresholds=20, from_logits=True), "mae", "fmeasure"], weighted_metrics=[metrics.RootMeanSquaredError()],
    )  # fmt: skip
    notes = save_keras3(m, tmp_path / "m.keras")
    assert len(notes) == 1
    assert "'fmeasure' is left out [convert: keras3-metrics]" in notes[0]
    other = keras3.models.load_model(tmp_path / "m.keras")
    y = np.round(Y[:, :1])
    y = np.concatenate([y, 1 - y], 1)
    expected = dict(zip(m.metrics_names, m.evaluate(X, y, verbose=0)))
    got = other.evaluate(X, y, verbose=0, return_dict=True)
    for name, theirs in (("loss", "loss"), ("acc", "accuracy"), ("auc", "auc"), ("root_mean_squared_error", "root_mean_squared_error")):
        assert got[theirs] == pytest.approx(expected[name], rel=1e-4), name


@pytest.mark.parametrize(("optimizer", "loss"), [("nadam", "mse"), ("sgd", "cosine_proximity")])
def test_what_means_something_else_is_left_out_with_a_note(optimizer, loss, tmp_path):
    notes = save_keras3(model(optimizer, loss), tmp_path / "m.keras")
    assert ["[convert: keras3-training]" in note for note in notes] == [True]
    assert not getattr(keras3.models.load_model(tmp_path / "m.keras"), "compiled", False)
