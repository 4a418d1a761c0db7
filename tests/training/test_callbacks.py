"""Callbacks: what they are told, what they change, what they write."""

import csv
import http.server
import importlib.util
import json
import os
import struct
import subprocess
import sys
import threading
import time
import urllib.parse
import warnings

import numpy as np
import pytest

from kbridge import backend as K
from kbridge import callbacks
from kbridge.layers import Dense, Input
from kbridge.models import Model, Sequential, load_model

X = np.random.RandomState(0).randn(40, 3).astype("float32")
Y = X.sum(axis=1, keepdims=True)


needs_tensorboard = pytest.mark.skipif(importlib.util.find_spec("tensorboard") is None, reason="tensorboard isn't installed")


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


class Scripted(callbacks.Callback):
    """Logs values that a test chose, before the callbacks that come after it see them."""

    def __init__(self, **values):
        self.values = values

    def on_epoch_end(self, epoch, logs=None):
        logs.update({name: values[epoch] for name, values in self.values.items()})


def rates_with(reducer, values, lr=1.0):
    model, rates = compiled(lr), []
    seen = callbacks.LambdaCallback(on_epoch_end=lambda e, logs: rates.append(float(K.get_value(model.optimizer.lr))))
    model.fit(X[:2], Y[:2], nb_epoch=len(values), verbose=0, callbacks=[Scripted(watched=values), reducer, seen])
    return rates


def test_a_reduced_rate_is_kept_for_the_cooldown_and_never_falls_below_the_least():
    reducer = callbacks.ReduceLROnPlateau("watched", factor=0.5, patience=0, cooldown=2, min_lr=0.3)
    np.testing.assert_allclose(rates_with(reducer, [5.0] * 6), [1, 0.5, 0.5, 0.3, 0.3, 0.3], rtol=1e-6)


def test_changes_below_epsilon_are_no_improvement():
    values = [5.0, 4.95, 4.9, 4.7, 4.65]
    coarse = callbacks.ReduceLROnPlateau("watched", factor=0.5, patience=1, epsilon=0.2)
    fine = callbacks.ReduceLROnPlateau("watched", factor=0.5, patience=1, epsilon=0.01)
    np.testing.assert_allclose(rates_with(coarse, values), [1, 1, 0.5, 0.5, 0.5], rtol=1e-6)
    np.testing.assert_allclose(rates_with(fine, values), [1] * 5, rtol=1e-6)


def test_larger_is_better_for_accuracies_and_where_the_mode_says_so():
    rising, patience = [1.0, 2.0, 3.0, 4.0], {"factor": 0.5, "patience": 0}
    np.testing.assert_allclose(rates_with(callbacks.ReduceLROnPlateau("watched", mode="max", **patience), rising), [1] * 4)
    np.testing.assert_allclose(rates_with(callbacks.ReduceLROnPlateau("watched", mode="min", **patience), rising), [1, 0.5, 0.25, 0.125])
    for name, epochs in (("some_acc", 4), ("some_loss", 2)):
        stop = callbacks.EarlyStopping(name)
        assert len(compiled().fit(X[:2], Y[:2], nb_epoch=4, verbose=0, callbacks=[Scripted(**{name: rising}), stop]).epoch) == epochs


def test_early_stopping_needs_more_than_min_delta():
    for delta, epochs in ((0.05, 5), (0.2, 3)):
        stop = callbacks.EarlyStopping("watched", min_delta=delta, patience=1)
        script = Scripted(watched=[5.0, 4.9, 4.8, 4.7, 4.6])
        assert len(compiled().fit(X[:2], Y[:2], nb_epoch=5, verbose=0, callbacks=[script, stop]).epoch) == epochs


def test_a_negative_margin_is_a_tolerance():
    """As in Keras 1.2.2: each value may be worse than the one before by less than that."""
    worse = [1.0, 1.1, 1.2, 1.3, 1.5]
    for values, mode in ((worse, "min"), ([-v for v in worse], "max")):
        stop = callbacks.EarlyStopping("watched", min_delta=-0.15, patience=0, mode=mode)
        script = Scripted(watched=[*values, 9.0])
        assert len(compiled().fit(X[:2], Y[:2], nb_epoch=6, verbose=0, callbacks=[script, stop]).epoch) == 5
        reducer = callbacks.ReduceLROnPlateau("watched", factor=0.5, patience=0, epsilon=-0.15, mode=mode)
        np.testing.assert_allclose(rates_with(reducer, values), [1, 1, 1, 1, 0.5])


def test_a_history_with_learning_rates_can_be_written_as_json():
    reducer = callbacks.ReduceLROnPlateau("watched", factor=0.5, patience=0, mode="min")
    history = compiled(1.0).fit(X[:2], Y[:2], nb_epoch=3, verbose=0, callbacks=[Scripted(watched=[3.0, 3.0, 3.0]), reducer]).history
    assert json.loads(json.dumps(history))["lr"] == [1.0, 1.0, 0.5] and json.loads(json.dumps(history))["loss"] == history["loss"]


def test_checkpoints_are_written_each_period_and_where_the_best_was(tmp_path, capsys):
    script = Scripted(watched=[5.0, 3.0, 4.0, 2.0, 1.0])
    every = callbacks.ModelCheckpoint(str(tmp_path / "every{epoch}.h5"), period=2)
    best = callbacks.ModelCheckpoint(str(tmp_path / "best{epoch}-{watched:.0f}.h5"), "watched", verbose=1, save_best_only=True)
    model = compiled()
    light = callbacks.ModelCheckpoint(str(tmp_path / "weights.h5"), save_weights_only=True)
    model.fit(X[:2], Y[:2], nb_epoch=5, verbose=0, callbacks=[script, every, best, light])
    assert sorted(os.listdir(tmp_path)) == ["best0-5.h5", "best1-3.h5", "best3-2.h5", "best4-1.h5", "every1.h5", "every3.h5", "weights.h5"]
    assert "Epoch 00002: watched did not improve" in capsys.readouterr().out
    other = compiled()
    other.load_weights(str(tmp_path / "weights.h5"))
    for a, b in zip(other.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


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


def test_a_csv_file_is_continued_in_its_own_columns(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("epoch;loss;lr\n0;3.5;0.1")  # a last line that someone forgot to end
    logger = callbacks.CSVLogger(str(path), separator=";", append=True)
    logger.on_train_begin()
    with pytest.warns(UserWarning, match="no columns for acc, val_loss"):
        logger.on_epoch_end(1, {"loss": 2.5, "val_loss": 4.0, "acc": 0.5})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        logger.on_epoch_end(2, {"loss": 1.5, "val_loss": 4.0, "acc": 0.5})
    logger.on_train_end()
    assert path.read_text() == "epoch;loss;lr\n0;3.5;0.1\n1;2.5;\n2;1.5;\n"


def events_in(folder):
    """The events in the only file of a folder. (TensorBoard's own reader takes TensorFlow, where there is one.)"""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

    (name,) = os.listdir(folder)
    assert name.startswith("events.out.tfevents.")
    data = (folder / name).read_bytes()
    events, at = [], 0
    while at < len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        record = data[at + 12 : at + 12 + length]
        assert struct.unpack_from("<I", data, at + 8)[0] == masked_crc32c(data[at : at + 8])
        assert struct.unpack_from("<I", data, at + 12 + length)[0] == masked_crc32c(record)
        events.append(Event.FromString(record))
        at += length + 16
    return events


def nodes_of(events):
    from tensorboard.compat.proto.graph_pb2 import GraphDef

    (graph,) = [event.graph_def for event in events if event.graph_def]
    return {node.name: list(node.input) for node in GraphDef.FromString(graph).node}


@needs_tensorboard
def test_event_files_hold_scalars_histograms_images_and_the_graph(tmp_path):
    board = callbacks.TensorBoard(str(tmp_path), histogram_freq=1, write_images=True)
    before = time.time()
    history = compiled().fit(X, Y, nb_epoch=2, verbose=0, callbacks=[board], validation_data=(X[:10], Y[:10]))
    events = events_in(tmp_path)
    assert events[0].file_version == "brain.Event:2"
    assert all(before - 1 <= event.wall_time <= time.time() + 1 for event in events)
    epochs = [event for event in events if event.summary.value]
    assert [event.step for event in epochs] == [0, 1]
    values = [{value.tag: value for value in event.summary.value} for event in epochs]
    for name in ("loss", "mean_absolute_error", "val_loss", "val_mean_absolute_error"):
        np.testing.assert_allclose([v[name].simple_value for v in values], history.history[name], rtol=1e-6)
    (weights,) = [tag for tag in values[0] if tag.endswith("_W")]
    assert values[0][weights].histo.num == 3
    assert values[0][f"{weights}/image"].image.encoded_image_string.startswith(b"\x89PNG")
    (outputs,) = [tag for tag in values[0] if tag.endswith("_out")]
    assert [v[outputs].histo.num for v in values] == [10, 10]
    nodes = nodes_of(events)
    assert len(nodes) == 2
    assert nodes[outputs.removesuffix("_out")][0] in nodes


@needs_tensorboard
def test_a_layer_that_is_used_twice_has_two_nodes_in_the_graph(tmp_path):
    x = Input((3,), name="x")
    layer = Dense(3, name="shared")
    model = Model(x, layer(layer(x)))
    model.compile("sgd", "mse")
    model.fit(X, X, nb_epoch=1, verbose=0, callbacks=[callbacks.TensorBoard(str(tmp_path))])
    assert nodes_of(events_in(tmp_path)) == {"x": [], "shared": ["x"], "shared_1": ["shared"]}


@pytest.mark.once
@needs_tensorboard
def test_event_files_need_no_tensorflow(tmp_path):
    code = (
        "import sys; import kbridge.callbacks.event_file as e; f = e.EventFile(sys.argv[1]);"
        "f.add_summary([e.scalar('a', 1.0), e.histogram('b', [1, 2]), e.image('c', [[1, 2]])], 0);"
        "f.add_graph([('x', 'Dense', [])]); f.close(); print('tensorflow' in sys.modules)"
    )
    env = {**os.environ, "KBRIDGE_BACKEND": "numpy"}
    shown = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, env=env, check=True)
    assert shown.stdout.strip() == "False"


class Posts(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.received.append((self.path, form))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        pass


def test_a_server_gets_the_logs_of_each_epoch():
    server = http.server.HTTPServer(("127.0.0.1", 0), Posts)
    server.received = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monitor = callbacks.RemoteMonitor(root=f"http://127.0.0.1:{server.server_port}", path="/epoch/", field="logs")
    history = compiled().fit(X, Y, nb_epoch=2, verbose=0, callbacks=[monitor])
    server.shutdown()
    server.server_close()
    assert [path for path, _ in server.received] == ["/epoch/", "/epoch/"]
    sent = [json.loads(form["logs"][0]) for _, form in server.received]
    assert [s["epoch"] for s in sent] == [0, 1]
    assert [s["loss"] for s in sent] == history.history["loss"]
    with pytest.warns(UserWarning, match="could not reach the server"):
        monitor.on_epoch_end(2, {"loss": np.float32(1)})


def test_training_stops_when_a_callback_asks_for_it():
    class Stop(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    assert compiled().fit(X, Y, nb_epoch=9, verbose=0, callbacks=[Stop()]).epoch == [0, 1]
