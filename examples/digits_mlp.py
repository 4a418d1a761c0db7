"""Handwritten digits by two dense layers: the tutorial's network with dropout."""

import sys

import numpy as np
from data import load_digits

from kbridge.layers import Activation, Dense, Dropout, Flatten
from kbridge.models import Sequential
from kbridge.utils.np_utils import to_categorical

np.random.seed(1)
(x, y), (x_test, y_test) = load_digits()

model = Sequential()
model.add(Flatten(input_shape=(8, 8, 1)))
model.add(Dense(128))
model.add(Activation("relu"))
model.add(Dropout(0.2))
model.add(Dense(10))
model.add(Activation("softmax"))
model.summary()
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(x, to_categorical(y, 10), nb_epoch=25, batch_size=32, verbose=2, validation_split=0.1)

loss, accuracy = model.evaluate(x_test, to_categorical(y_test, 10), verbose=0)
print(f"{accuracy:.1%} of {len(x_test)} digits that it never saw are right (95 % or more expected).")
if accuracy < 0.95:
    sys.exit(1)
