"""Handwritten digits by a convolutional network. Writes the digits that it gets wrong: digits_cnn.png"""

import sys

import numpy as np
from data import load_digits
from pictures import save_grid

from kbridge.layers import Convolution2D, Dense, Dropout, Flatten, MaxPooling2D
from kbridge.models import Sequential
from kbridge.utils.np_utils import to_categorical

np.random.seed(2)
(x, y), (x_test, y_test) = load_digits()

model = Sequential()
model.add(Convolution2D(16, 3, 3, activation="relu", border_mode="same", dim_ordering="tf", input_shape=(8, 8, 1)))
model.add(Convolution2D(32, 3, 3, activation="relu", border_mode="same", dim_ordering="tf"))
model.add(MaxPooling2D((2, 2), dim_ordering="tf"))
model.add(Dropout(0.25))
model.add(Flatten())
model.add(Dense(64, activation="relu"))
model.add(Dropout(0.5))
model.add(Dense(10, activation="softmax"))
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(x, to_categorical(y, 10), nb_epoch=20, batch_size=32, verbose=2)

predicted = model.predict_classes(x_test, verbose=0)
wrong = np.flatnonzero(predicted != y_test)
accuracy = 1 - len(wrong) / len(y_test)
print(f"{accuracy:.1%} of {len(x_test)} digits that it never saw are right (97 % or more expected).")
for i in wrong:
    print(f"  a {y_test[i]} taken for a {predicted[i]}")
if len(wrong):
    save_grid("digits_cnn.png", x_test[wrong, :, :, 0], columns=8)
if accuracy < 0.97:
    sys.exit(1)
