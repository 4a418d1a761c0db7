"""Models learn real tasks, to the same thresholds on each backend.

Each threshold lies where a model that lacks what the task needs can't come; the tests say what that is.
"""

import numpy as np
import pytest

from kbridge import backend as K
from kbridge.callbacks import LearningRateScheduler
from kbridge.datasets import digits
from kbridge.layers import (
    LSTM,
    Activation,
    Convolution2D,
    Dense,
    Dropout,
    Flatten,
    Input,
    Lambda,
    MaxPooling2D,
    TimeDistributed,
    merge,
)
from kbridge.models import Model, Sequential
from kbridge.optimizers import Adam
from kbridge.utils.np_utils import to_categorical


@pytest.fixture(scope="module")
def images():
    """((images, labels) to train on, held out): values 0 to 1."""
    (x, y), (x_test, y_test) = digits.load_data()
    return (x / np.float32(16), y), (x_test / np.float32(16), y_test)


def shifted(x, y):
    """The images, and the images moved by a pixel to each side."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    moved = [padded[:, i : i + 8, j : j + 8] for i, j in ((1, 1), (0, 1), (2, 1), (1, 0), (1, 2))]
    return np.concatenate(moved), np.tile(y, len(moved))


def test_a_convolutional_net_reads_98_of_100_held_out_digits(images):
    (x, y), (x_test, y_test) = images
    x, y = shifted(x, y)
    np.random.seed(3)
    model = Sequential([
        Convolution2D(16, 3, 3, activation="relu", border_mode="same", dim_ordering="tf", input_shape=(8, 8, 1)),
        Convolution2D(32, 3, 3, activation="relu", border_mode="same", dim_ordering="tf"),
        MaxPooling2D((2, 2), dim_ordering="tf"),
        Flatten(),
        Dropout(0.3),
        Dense(64, activation="relu"),
        Dropout(0.3),
        Dense(10),
        Activation("softmax"),
    ])  # fmt: skip
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    falling = LearningRateScheduler(lambda epoch: 0.003 if epoch < 4 else 0.0003)
    model.fit(x[..., None], to_categorical(y, 10), batch_size=64, nb_epoch=6, verbose=0, callbacks=[falling])
    assert model.evaluate(x_test[..., None], to_categorical(y_test, 10), verbose=0)[1] >= 0.98


def signals(samples, seed, steps=20):
    """Noise with a sign at one of the first 3 steps, marked in the second channel; the label is that sign."""
    rng = np.random.RandomState(seed)
    x = np.stack([rng.choice([-1.0, 1.0], (samples, steps)), np.zeros((samples, steps))], axis=-1).astype("float32")
    place = rng.randint(0, 3, samples)
    x[np.arange(samples), place, 1] = 1
    return x, (x[np.arange(samples), place, 0] > 0).astype("float32")[:, None]


def recall(layers, of=lambda x, y: y):
    """The share of held-out signals for which a model of ``layers`` gives the label ``of`` (signals, signs)."""
    np.random.seed(5)
    model = Sequential([*layers, Dense(1, activation="sigmoid")])
    model.compile(Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    x, y = signals(2000, seed=0)
    model.fit(x, of(x, y), batch_size=50, nb_epoch=40, verbose=0)
    x, y = signals(500, seed=1)
    return model.evaluate(x, of(x, y), verbose=0)[1]


def test_an_lstm_remembers_a_sign_through_noise_of_the_like():
    assert recall([LSTM(16, input_shape=(20, 2))]) >= 0.98


def test_without_memory_of_the_beginning_the_sign_can_only_be_guessed():
    last = Lambda(lambda x: x[:, -1], output_shape=lambda shape: (shape[0], shape[2]))

    def layers():
        return [TimeDistributed(Dense(12, activation="tanh"), input_shape=(20, 2)), last]

    assert recall(layers()) < 0.6
    # the same model learns the sign of the last step, so it is memory that it lacks
    assert recall(layers(), of=lambda x, y: (x[:, -1, :1] > 0).astype("float32")) >= 0.98


def test_an_autoencoder_keeps_more_of_held_out_digits_than_the_best_linear_one(images):
    (x, _), (x_test, _) = images
    x, x_test = x.reshape(-1, 64), x_test.reshape(-1, 64)
    mean = x.mean(axis=0)
    basis = np.linalg.svd(x - mean, full_matrices=False)[2][:6]
    linear = np.square((x_test - mean) - (x_test - mean) @ basis.T @ basis).mean()
    np.random.seed(7)
    pixels = Input((64,))
    code = Dense(6, name="code")(Dense(96, activation="relu")(pixels))
    model = Model(pixels, Dense(64, activation="sigmoid")(Dense(96, activation="relu")(code)))
    model.compile(Adam(0.003), "mse")
    model.fit(x, x, batch_size=32, nb_epoch=40, verbose=0)
    assert model.evaluate(x_test, x_test, verbose=0) < 0.85 * linear
    assert Model(pixels, code).predict(x_test).shape == (len(x_test), 6)


def pairs(x, y, seed, number):
    """Pairs of images, half of them of one class: (first, second), 1 where the classes agree."""
    rng = np.random.RandomState(seed)
    first = rng.randint(0, len(x), number)
    second = np.empty_like(first)
    same = np.arange(number) % 2 == 0
    for i, (one, alike) in enumerate(zip(first, same, strict=True)):
        second[i] = rng.choice(np.flatnonzero((y == y[one]) == alike))
    return [x[first], x[second]], same.astype("float32")[:, None]


def contrastive(y_true, y_pred):
    """Hadsell et al. 2006, margin 1: pairs of one class are drawn together, others pushed apart."""
    return K.mean(y_true * K.square(y_pred) + (1 - y_true) * K.square(K.maximum(1 - y_pred, 0)), axis=-1)


def test_a_siamese_net_tells_whether_held_out_digits_are_of_one_class(images):
    (x, y), (x_test, y_test) = [(a.reshape(-1, 64), b) for a, b in images]
    np.random.seed(9)
    base = Sequential([Dense(256, activation="relu", input_dim=64), Dropout(0.2), Dense(32)])
    one, other = Input((64,)), Input((64,))

    def distance(vectors):
        a, b = vectors
        return K.sqrt(K.maximum(K.sum(K.square(a - b), axis=1, keepdims=True), K.epsilon()))

    apart = merge([base(one), base(other)], mode=distance, output_shape=lambda shapes: (shapes[0][0], 1))
    model = Model([one, other], apart)
    model.compile(Adam(0.001), contrastive)
    model.fit(*pairs(x, y, 0, 30000), batch_size=64, nb_epoch=10, verbose=0)
    inputs, same = pairs(x_test, y_test, 1, 1000)
    agreed = (model.predict(inputs) < 0.5) == (same == 1)
    assert agreed.mean() >= 0.97
