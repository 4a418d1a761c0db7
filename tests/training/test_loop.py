"""The loop over epochs and batches: order, averages, logs, validation, states."""

import numpy as np
import pytest

from kbridge import backend as K
from kbridge import callbacks
from kbridge.layers import BatchNormalization, Dense, Dropout, SimpleRNN
from kbridge.models import Sequential

RNG = np.random.RandomState(0)
X = RNG.randn(20, 3).astype("float32")
Y = (X.sum(axis=1, keepdims=True)).astype("float32")


def compiled(**arguments):
    np.random.seed(1)
    model = Sequential([Dense(1, input_dim=3)])
    model.compile("sgd", "mse", **arguments)
    return model


class Order(callbacks.Callback):
    """Which samples each batch has, told by a model that never changes and losses that are all different."""

    def __init__(self, each):
        self.each = each
        self.batches = []

    def on_epoch_begin(self, epoch, logs=None):
        self.batches.append([])

    def on_batch_end(self, batch, logs=None):
        self.batches[-1].append((logs["size"], float(logs["loss"])))


def test_samples_are_shuffled_anew_in_each_epoch_by_numpys_global_state():
    model = compiled()
    K.set_value(model.optimizer.lr, 0.0)
    each = np.square(model.predict(X) - Y).ravel()
    recorder = Order(each)
    np.random.seed(5)
    model.fit(X, Y, batch_size=8, nb_epoch=2, verbose=0, callbacks=[recorder])
    np.random.seed(5)
    index = np.arange(20)
    for batches in recorder.batches:
        np.random.shuffle(index)
        assert [size for size, _ in batches] == [8, 8, 4]
        expected = [each[index[start : start + 8]].mean() for start in (0, 8, 16)]
        np.testing.assert_allclose([loss for _, loss in batches], expected, rtol=1e-5)


def test_the_line_of_samples_comes_with_validation_and_where_something_is_shown(capsys):
    model = compiled()
    for verbose in (0, 2):
        for split in (0.0, 0.25):
            model.fit(X, Y, nb_epoch=1, verbose=verbose, validation_split=split)
            shown = "Train on 15 samples, validate on 5 samples" in capsys.readouterr().out
            assert shown == (verbose > 0 and split > 0)


def test_without_shuffling_batches_come_in_order():
    model = compiled()
    K.set_value(model.optimizer.lr, 0.0)
    each = np.square(model.predict(X) - Y).ravel()
    recorder = Order(each)
    history = model.fit(X, Y, batch_size=8, nb_epoch=1, verbose=0, shuffle=False, callbacks=[recorder])
    expected = [each[:8].mean(), each[8:16].mean(), each[16:].mean()]
    np.testing.assert_allclose([loss for _, loss in recorder.batches[0]], expected, rtol=1e-5)
    # the mean over samples, though the last batch is smaller
    assert history.history["loss"] == pytest.approx([each.mean()], rel=1e-5)


def test_histories_hold_plain_numbers():
    history = compiled(metrics=["mae"]).fit(X, Y, nb_epoch=2, verbose=0, validation_split=0.2)
    assert {type(value) for values in history.history.values() for value in values} == {float}
    assert list(history.history) == ["loss", "mean_absolute_error", "val_loss", "val_mean_absolute_error"] or set(history.history) == {
        "loss",
        "mean_absolute_error",
        "val_loss",
        "val_mean_absolute_error",
    }
    assert {type(value) for value in compiled(metrics=["mae"]).evaluate(X, Y, verbose=0)} == {float}


def test_the_end_of_the_data_is_split_off_for_validation():
    model = compiled()
    K.set_value(model.optimizer.lr, 0.0)
    each = np.square(model.predict(X) - Y).ravel()
    history = model.fit(X, Y, nb_epoch=1, verbose=0, validation_split=0.3)
    assert history.history["loss"] == pytest.approx([each[:14].mean()], rel=1e-5)
    assert history.history["val_loss"] == pytest.approx([each[14:].mean()], rel=1e-5)
    weights = np.arange(20.0)
    history = model.fit(X, Y, nb_epoch=1, verbose=0, validation_split=0.3, sample_weight=weights)
    assert history.history["val_loss"] == pytest.approx([(each * weights)[14:].mean()], rel=1e-5)
    history = model.fit(X, Y, nb_epoch=1, verbose=0, validation_data=(X[:5], Y[:5], weights[:5]))
    assert history.history["val_loss"] == pytest.approx([(each * weights)[:5].sum() / 4], rel=1e-5)
    assert len(model.validation_data) == 3


def test_training_goes_on_from_initial_epoch():
    shown = []
    history = compiled().fit(
        X, Y, nb_epoch=5, initial_epoch=3, verbose=0, callbacks=[callbacks.LambdaCallback(on_epoch_begin=lambda e, _: shown.append(e))]
    )
    assert history.epoch == shown == [3, 4]
    assert compiled().fit(X, Y, nb_epoch=2, initial_epoch=2, verbose=0).epoch == []


def test_numbers_of_epochs_and_batches_may_be_integral_floats():
    assert compiled().fit(X, Y, nb_epoch=2.0, batch_size=10.0, verbose=0).epoch == [0, 1]
    for arguments in ({"nb_epoch": 2.5}, {"batch_size": 0}, {"batch_size": None}, {"initial_epoch": -1}):
        with pytest.raises(ValueError, match=next(iter(arguments))):
            compiled().fit(X, Y, verbose=0, **arguments)


def test_a_callback_can_stop_training_after_a_batch():
    class Stop(callbacks.Callback):
        def on_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 1

    model = compiled()
    K.set_value(model.optimizer.lr, 0.0)
    each = np.square(model.predict(X) - Y).ravel()
    history = model.fit(X, Y, batch_size=4, nb_epoch=3, shuffle=False, verbose=0, callbacks=[Stop()], validation_data=(X, Y))
    assert history.epoch == [0]
    assert history.history["loss"] == pytest.approx([each[:8].mean()], rel=1e-5)
    assert history.history["val_loss"] == pytest.approx([each.mean()], rel=1e-5)
    # the next run starts afresh
    assert model.fit(X, Y, nb_epoch=2, verbose=0).epoch == [0, 1]


def test_the_learning_phase_is_1_in_training_and_0_elsewhere():
    np.random.seed(0)
    model = Sequential([Dropout(0.5, input_shape=(3,)), BatchNormalization(mode=0), Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, Y, nb_epoch=1, verbose=0, validation_split=0.5)
    np.testing.assert_array_equal(model.predict(X), model.predict(X))
    np.testing.assert_allclose(model.predict(X[:2]), model.predict(X)[:2], rtol=1e-5)
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(model.test_on_batch(X, Y), rel=1e-5)
    assert model.train_on_batch(X, Y) != model.train_on_batch(X, Y)


def stateful():
    model = Sequential([SimpleRNN(3, stateful=True, batch_input_shape=(4, 2, 3)), Dense(1)])
    model.compile("sgd", "mse")
    return model


def test_a_stateful_model_needs_whole_batches_of_its_size():
    model = stateful()
    steps = RNG.randn(8, 2, 3)
    y = RNG.randn(8, 1)
    assert model.fit(steps, y, batch_size=4, nb_epoch=2, shuffle=False, verbose=0).epoch == [0, 1]
    for run in (
        lambda: model.fit(steps, y, verbose=0),
        lambda: model.fit(steps, y, batch_size=8, verbose=0),
        lambda: model.fit(steps, y, batch_size=4, validation_split=0.25, verbose=0),
        lambda: model.evaluate(steps[:6], y[:6], batch_size=4, verbose=0),
        lambda: model.predict(steps[:6], batch_size=4),
    ):
        with pytest.raises(ValueError, match=r"(divided by the batch size|batches of 4 samples).*Found: \d samples. Batch size: \d"):
            run()
    with pytest.raises(ValueError, match=r"expected .* to have shape \(4, 2, 3\)"):
        model.train_on_batch(steps, y)
    # one batch is predicted whatever batch_size is, as in Keras 1; training needs to be told
    assert model.predict(steps[:4]).shape == (4, 1)
    for run in (lambda: model.fit(steps[:4], y[:4], verbose=0), lambda: model.predict(steps[:3])):
        with pytest.raises(ValueError, match="divided by the batch size|batches of 4 samples"):
            run()


def test_states_last_from_batch_to_batch():
    model = stateful()
    steps = RNG.randn(4, 2, 3)
    first, second = model.predict(steps, batch_size=4), model.predict(steps, batch_size=4)
    assert np.abs(first - second).max() > 1e-4
    model.reset_states()
    np.testing.assert_allclose(model.predict(steps, batch_size=4), first, rtol=1e-5)


def test_predictions_in_batches_are_those_of_one_batch():
    model = compiled()
    expected = model.predict_on_batch(X)
    for batch_size in (1, 7, 20, 100):
        np.testing.assert_allclose(model.predict(X, batch_size=batch_size), expected, rtol=1e-5, atol=1e-6)


def test_evaluation_and_prediction_show_progress_when_asked(capsys):
    model = compiled()
    model.predict(X)
    assert capsys.readouterr().out == ""
    model.predict(X, verbose=1)
    assert capsys.readouterr().out == "20/20 [==============================] - 0s\n"
    model.evaluate(X, Y)
    assert capsys.readouterr().out == "20/20 [==============================] - 0s\n"


@pytest.mark.parametrize(
    "call",
    [
        lambda m: m.fit(X, Y, nb_epoch=1, verbose=0, show_accuracy=True),
        lambda m: m.evaluate(X, Y, verbose=0, show_accuracy=True),
        lambda m: m.train_on_batch(X, Y, accuracy=True),
        lambda m: m.test_on_batch(X, Y, accuracy=True),
        lambda m: m.evaluate_generator(iter([(X, Y)]), 20, show_accuracy=True),
        lambda m: m.evaluate_generator(iter([(X, Y)]), 20, verbose=0),
    ],
)
def test_arguments_of_keras_0_are_ignored_with_a_warning(call):
    with pytest.warns(UserWarning, match="outdated and ignored"):
        call(compiled())


@pytest.mark.parametrize(
    ("words", "call"),
    [
        ("'epochs'.*Keras 2.*nb_epoch", lambda m: m.fit(X, Y, epochs=3)),
        ("'nb_epochs'.*Did you mean 'nb_epoch'", lambda m: m.fit(X, Y, nb_epochs=3)),
        ("'steps_per_epoch'.*Keras 2.*samples_per_epoch", lambda m: m.fit_generator(iter([]), steps_per_epoch=3, epochs=2)),
        ("'steps'.*Keras 2.*val_samples", lambda m: m.evaluate_generator(iter([]), steps=3)),
        ("'steps'.*Keras 2.*val_samples", lambda m: m.predict_generator(iter([]), steps=3)),
        ("'workers'.*Keras 2.*nb_worker", lambda m: m.fit_generator(iter([]), 3, 2, workers=3)),
        ("predict has no argument 'steps'", lambda m: m.predict(X, steps=3)),
        ("fit has no argument 'steps_per_epoch'", lambda m: m.fit(X, Y, steps_per_epoch=3)),
    ],
)
def test_arguments_of_keras_2_are_answered_with_those_of_keras_1(words, call):
    for model in (compiled(), compiled().model):
        with pytest.raises(TypeError, match=words):
            call(model)


def test_losses_of_a_batch_are_numbers():
    np.random.seed(1)
    model = Sequential([Dense(2, input_dim=3)])
    model.compile("sgd", "mse", metrics=["mae"])
    x, y = np.ones((4, 3)), np.ones((4, 2))
    assert [isinstance(v, np.floating) for v in model.train_on_batch(x, y) + model.test_on_batch(x, y)] == [True] * 4
    seen = []
    watch = callbacks.LambdaCallback(on_batch_end=lambda batch, logs: seen.extend([logs["loss"], logs["mean_absolute_error"]]))
    history = model.fit(x, y, nb_epoch=1, verbose=0, callbacks=[watch, callbacks.ReduceLROnPlateau(monitor="loss")])
    assert [isinstance(v, np.floating) for v in seen] == [True] * 2
    assert [type(v) for v in history.history["lr"]] == [float]
