"""Callbacks: what they are told, what they change, what they write."""

import csv
import os

import numpy as np
import pytest

from kbridge import backend as K
from kbridge import callbacks
from kbridge.layers import Dense
from kbridge.models import Sequential, load_model

X = np.random.RandomState(0).randn(40, 3).astype("float32")
Y = X.sum(axis=1, keepdims=True)


def compiled(lr=0.01):
    from kbridge.optimizers import SGD

    np.random.seed(0)
    model = Sequential([Dense(1, input_dim=3)])
    model.compile(SGD(lr), "mse", metrics=["mae"])
    return model


class Recorder(callbacks.Callback):
    def __init__(self):
        self.calls = []

    def on_train_begin(self, logs=None):
        self.calls.append(("train_begin",))

    def on_epoch_begin(self, epoch, logs=None):
        self.calls.append(("epoch_begin", epoch))

    def on_batch_begin(self, batch, logs=None):
        self.calls.append(("batch_begin", batch, logs["size"]))

    def on_batch_end(self, batch, logs=None):
        self.calls.append(("batch_end", batch, sorted(logs)))

    def on_epoch_end(self, epoch, logs=None):
        self.calls.append(("epoch_end", epoch, sorted(logs)))

    def on_train_end(self, logs=None):
        self.calls.append(("train_end",))


def test_callbacks_are_called_in_order_with_what_happened():
    recorder = Recorder()
    model = compiled()
    model.fit(X, Y, batch_size=25, nb_epoch=2, initial_epoch=1, verbose=0, validation_split=0.25, callbacks=[recorder])
    names = ["batch", "loss", "mean_absolute_error", "size"]
    assert recorder.calls == [
        ("train_begin",),
        ("epoch_begin", 1),
        ("batch_begin", 0, 25),
        ("batch_end", 0, names),
        ("batch_begin", 1, 5),
        ("batch_end", 1, names),
        ("epoch_end", 1, ["loss", "mean_absolute_error", "val_loss", "val_mean_absolute_error"]),
        ("train_end",),
    ]
    assert recorder.model is model
    assert recorder.params["nb_sample"] == 30


def test_a_checkpoint_holds_the_model_and_the_best_one_only(tmp_path):
    path = str(tmp_path / "weights.{epoch:02d}-{val_loss:.2f}.h5")
    model = compiled()
    history = model.fit(X, Y, nb_epoch=3, verbose=0, validation_data=(X, Y), callbacks=[callbacks.ModelCheckpoint(path)])
    expected = [f"weights.{e:02d}-{v:.2f}.h5" for e, v in enumerate(history.history["val_loss"])]
    assert sorted(os.listdir(tmp_path)) == sorted(expected)
    assert isinstance(load_model(str(tmp_path / expected[-1])), Sequential)

    best = str(tmp_path / "best.h5")
    diverging = compiled(lr=5.0)
    diverging.fit(X, Y, nb_epoch=3, verbose=0, callbacks=[callbacks.ModelCheckpoint(best, monitor="loss", save_best_only=True)])
    assert not np.allclose(load_model(best).get_weights()[0], diverging.get_weights()[0])


def test_early_stopping_waits_for_patience_epochs():
    stopper = callbacks.EarlyStopping(monitor="loss", patience=2)
    history = compiled(lr=0.0).fit(X, Y, nb_epoch=20, verbose=0, shuffle=False, callbacks=[stopper])
    assert len(history.epoch) == 4
    assert stopper.stopped_epoch == 3


def test_the_learning_rate_follows_a_schedule():
    model = compiled()
    seen = []
    schedule = callbacks.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1))
    watch = callbacks.LambdaCallback(on_epoch_end=lambda e, logs: seen.append(float(K.get_value(model.optimizer.lr))))
    model.fit(X, Y, nb_epoch=3, verbose=0, callbacks=[schedule, watch])
    np.testing.assert_allclose(seen, [0.1, 0.05, 0.1 / 3], rtol=1e-6)


def test_the_learning_rate_falls_on_a_plateau():
    model = compiled(lr=0.0)
    K.set_value(model.optimizer.lr, 1e-12)
    reducer = callbacks.ReduceLROnPlateau(monitor="loss", factor=0.5, patience=1, min_lr=0, epsilon=1.0)
    history = model.fit(X, Y, nb_epoch=5, verbose=0, callbacks=[reducer])
    assert history.history["lr"][0] == pytest.approx(1e-12)
    assert float(K.get_value(model.optimizer.lr)) < 1e-12


def test_an_invalid_loss_ends_training():
    data = X.copy()
    data[0] = np.nan
    history = compiled().fit(data, Y, nb_epoch=5, shuffle=False, verbose=0, callbacks=[callbacks.TerminateOnNaN()])
    assert len(history.epoch) == 1


def test_a_csv_file_has_a_line_for_each_epoch_and_can_be_continued(tmp_path):
    path = str(tmp_path / "log.csv")
    compiled().fit(X, Y, nb_epoch=2, verbose=0, callbacks=[callbacks.CSVLogger(path)])
    compiled().fit(X, Y, nb_epoch=1, verbose=0, callbacks=[callbacks.CSVLogger(path, append=True)])
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["0", "1", "0"]
    assert float(rows[0]["loss"]) > float(rows[1]["loss"])


def test_event_files_hold_scalars_histograms_and_the_graph(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    board = callbacks.TensorBoard(str(tmp_path), histogram_freq=1, write_images=True)
    history = compiled().fit(X, Y, nb_epoch=2, verbose=0, callbacks=[board])
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    tags = events.Tags()
    assert "loss" in tags["scalars"]
    assert any(tag.endswith("_W") for tag in tags["histograms"])
    assert tags["graph"]
    np.testing.assert_allclose([e.value for e in events.Scalars("loss")], history.history["loss"], rtol=1e-6)


def test_training_stops_when_a_callback_asks_for_it():
    class Stop(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    assert compiled().fit(X, Y, nb_epoch=9, verbose=0, callbacks=[Stop()]).epoch == [0, 1]
