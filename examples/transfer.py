"""Transfer learning: a network that reads digits learns another question from few answers.

It is trained on digits; then its layers are frozen, but for a new one at the end, which learns to tell odd digits from
even ones, from 40 pictures for which the answer is given.
"""

import sys

import numpy as np
from data import load_digits

from kbridge.layers import Activation, Convolution2D, Dense, Dropout, Flatten, MaxPooling2D
from kbridge.models import Sequential
from kbridge.utils.np_utils import to_categorical


def features():
    return [
        Convolution2D(16, 3, 3, border_mode="same", dim_ordering="tf", input_shape=(8, 8, 1)),
        Activation("relu"),
        Convolution2D(32, 3, 3, border_mode="same", dim_ordering="tf"),
        Activation("relu"),
        MaxPooling2D((2, 2), dim_ordering="tf"),
        Flatten(),
        Dense(64),
        Activation("relu"),
        Dropout(0.25),
        Dense(10),
        Activation("softmax"),
    ]


def train(model, loss, x, y, epochs):
    model.compile(loss=loss, optimizer="adam", metrics=["accuracy"])
    model.fit(x, y, nb_epoch=epochs, batch_size=20, verbose=0)


np.random.seed(9)
(x, y), (x_test, y_test) = load_digits()
few = np.random.permutation(len(x))[:40]

base = features()
reader = Sequential(base)
train(reader, "categorical_crossentropy", x, to_categorical(y, 10), 15)
print(f"Which digit, learned from {len(x)} pictures: {reader.evaluate(x_test, to_categorical(y_test, 10), verbose=0)[1]:.1%} right")

for layer in base:
    layer.trainable = False
before = [w.copy() for w in reader.get_weights()]
odd = Sequential([*base, Dense(1), Activation("sigmoid")])
train(odd, "binary_crossentropy", x[few], y[few] % 2, 200)
assert all(np.array_equal(a, b) for a, b in zip(before, reader.get_weights())), "a frozen layer has changed"
accuracy = odd.evaluate(x_test, y_test % 2, verbose=0)[1]

scratch = Sequential([*features(), Dense(1), Activation("sigmoid")])
train(scratch, "binary_crossentropy", x[few], y[few] % 2, 200)
other = scratch.evaluate(x_test, y_test % 2, verbose=0)[1]
print(f"Odd or even, from {len(few)} pictures, all layers from the start: {other:.1%} right")
print(f"Odd or even, from {len(few)} pictures, with the frozen layers: {accuracy:.1%} right (93 % or more expected)")
if accuracy < 0.93 or accuracy < other + 0.03:
    sys.exit(1)
