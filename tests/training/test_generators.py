"""Training on generators: the same numbers as arrays, errors at once, no hanging workers."""

import multiprocessing
import os
import signal
import threading
import time

import numpy as np
import pytest

from kbridge import backend as K
from kbridge.engine.training import GeneratorEnqueuer
from kbridge.layers import Dense
from kbridge.models import Sequential

X = np.random.RandomState(0).randn(48, 4).astype("float32")
Y = X @ np.array([[1.0], [2.0], [3.0], [4.0]], "float32")


def compiled():
    np.random.seed(0)
    model = Sequential([Dense(1, input_dim=4)])
    model.compile("sgd", "mse")
    return model


def batches(size=16, limit=None):
    done = 0
    while limit is None or done < limit:
        for start in range(0, len(X), size):
            yield X[start : start + size], Y[start : start + size]
            done += 1


def test_a_generator_trains_like_arrays():
    one, other = compiled(), compiled()
    one.fit(X, Y, batch_size=16, nb_epoch=3, shuffle=False, verbose=0)
    history = other.fit_generator(batches(), samples_per_epoch=48, nb_epoch=3, verbose=0)
    assert len(history.history["loss"]) == 3
    for a, b in zip(one.get_weights(), other.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_validation_evaluation_and_prediction_from_generators():
    model = compiled()
    history = model.fit_generator(batches(), 48, 1, verbose=0, validation_data=batches(), nb_val_samples=48)
    assert set(history.history) == {"loss", "val_loss"}
    assert history.history["val_loss"][0] == pytest.approx(model.evaluate(X, Y, verbose=0), rel=1e-5)
    assert model.evaluate_generator(batches(), 48) == pytest.approx(model.evaluate(X, Y, verbose=0), rel=1e-5)
    np.testing.assert_allclose(model.predict_generator(batches(), 48), model.predict(X), rtol=1e-5)
    history = model.fit_generator(batches(), 48, 1, verbose=0, validation_data=(X, Y))
    assert history.history["val_loss"][0] == pytest.approx(model.evaluate(X, Y, verbose=0), rel=1e-5)


def test_a_single_sample_is_enough_for_an_epoch_its_validation_evaluation_and_prediction():
    model = compiled()
    history = model.fit_generator(batches(size=1), samples_per_epoch=1, nb_epoch=1, verbose=0, validation_data=(X[:1], Y[:1]))
    assert history.history["val_loss"] == [pytest.approx(model.evaluate_generator(batches(size=1), 1), rel=1e-5)]
    assert model.predict_generator(batches(size=1), 1).shape == (1, 1)


def test_several_threads_share_a_generator():
    model = compiled()
    before = threading.active_count()
    model.fit_generator(batches(), samples_per_epoch=480, nb_epoch=2, verbose=0, nb_worker=3)
    time.sleep(0.2)
    assert threading.active_count() <= before


@pytest.mark.skipif(K.backend() == "tensorflow", reason="a process that runs TensorFlow can't be forked safely")
def test_processes_read_a_generator():
    compiled().fit_generator(batches(), samples_per_epoch=96, nb_epoch=1, verbose=0, nb_worker=2, pickle_safe=True)


@pytest.mark.skipif(K.backend() == "tensorflow", reason="a process that runs TensorFlow can't be forked safely")
def test_processes_are_asked_to_end_before_they_are_killed():
    enqueuer = GeneratorEnqueuer(batches(), pickle_safe=True)
    enqueuer.start(max_q_size=1)
    enqueuer.get()
    (process,) = multiprocessing.active_children()
    enqueuer.stop(timeout=30)
    assert process.exitcode == -signal.SIGTERM


@pytest.mark.skipif(K.backend() == "tensorflow", reason="a process that runs TensorFlow can't be forked safely")
@pytest.mark.parametrize("end", ["error", "death", "batch"])
def test_processes_end_with_training_and_their_errors_arrive_at_once(end):
    def broken():
        yield X[:16], Y[:16]
        if end == "error":
            raise KeyError("lost")
        if end == "death":
            os._exit(3)
        while True:
            yield "no batch"

    words = {"error": "KeyError: 'lost'", "death": "exit code 3", "batch": "should be a tuple"}[end]
    start = time.time()
    with pytest.raises((RuntimeError, ValueError), match=words):
        compiled().fit_generator(broken(), 4800, 1, verbose=0, nb_worker=2, pickle_safe=True)
    assert time.time() - start < 30
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("nb_worker", [1, 3])
def test_an_error_in_a_generator_reaches_the_caller_at_once(nb_worker):
    def broken():
        yield X[:16], Y[:16]
        raise KeyError("lost")

    start = time.time()
    with pytest.raises(KeyError, match="lost"):
        compiled().fit_generator(broken(), samples_per_epoch=4800, nb_epoch=1, verbose=0, nb_worker=nb_worker)
    assert time.time() - start < 30


def test_a_generator_that_ends_too_early_is_an_error():
    with pytest.raises(ValueError, match="ended after 48 samples, but 96 were needed"):
        compiled().fit_generator(batches(limit=3), samples_per_epoch=96, nb_epoch=1, verbose=0)


def test_a_generator_of_the_wrong_thing_is_an_error():
    def wrong():
        while True:
            yield X

    with pytest.raises(ValueError, match="should be a tuple"):
        compiled().fit_generator(wrong(), samples_per_epoch=96, nb_epoch=1, verbose=0)


@pytest.mark.parametrize("nb_worker", [1, 2])
@pytest.mark.parametrize(
    ("batch", "words"),
    [
        (None, "tuple .x, y.*Found: NoneType"),
        ([X[:4], Y[:4]], "tuple .x, y.*Found: list"),
        ((X[:4],), "Found: a tuple of 1"),
        ((X[:4], Y[:4], None, None), "Found: a tuple of 4"),
        ((X[:4, :3], Y[:4]), r"model input.*\(any, 4\).*\(4, 3\)"),
        ((X[:4], Y[:3]), "4 input samples and 3 target"),
        (("text", Y[:4]), "must hold numbers"),
    ],
)
def test_what_a_generator_gives_wrong_is_named(batch, words, nb_worker):
    def wrong():
        while True:
            yield batch

    model = compiled()
    with pytest.raises(ValueError, match=words):
        model.fit_generator(wrong(), samples_per_epoch=96, nb_epoch=1, verbose=0, nb_worker=nb_worker)
    with pytest.raises(ValueError, match=words):
        model.evaluate_generator(wrong(), 96, nb_worker=nb_worker)


def test_more_samples_than_asked_for_are_warned_about():
    with pytest.warns(UserWarning, match="more than `samples_per_epoch`"):
        compiled().fit_generator(batches(32), samples_per_epoch=20, nb_epoch=1, verbose=0)
