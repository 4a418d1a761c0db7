"""More pictures out of few: with shifted and turned copies of 300 digits a network reads digits that lie a pixel off.

Writes augmentation.png: some digits, each followed by copies.
"""

import sys

import numpy as np
from data import load_digits
from pictures import save_grid

from kbridge.layers import Convolution2D, Dense, Dropout, Flatten, MaxPooling2D
from kbridge.models import Sequential
from kbridge.preprocessing.image import ImageDataGenerator
from kbridge.utils.np_utils import to_categorical

(x, y), (x_test, y_test) = load_digits()
# the pictures to test on are each moved by up to one pixel to a side
moved = np.random.RandomState(15).randint(-1, 2, (len(x_test), 2))
x_test = np.array([np.roll(image, shift, axis=(0, 1)) for image, shift in zip(x_test, moved)])
few = np.random.RandomState(14).permutation(len(x))[:300]
x, Y = x[few], to_categorical(y[few], 10)


def network():
    np.random.seed(14)
    model = Sequential()
    model.add(Convolution2D(16, 3, 3, activation="relu", border_mode="same", dim_ordering="tf", input_shape=(8, 8, 1)))
    model.add(MaxPooling2D((2, 2), dim_ordering="tf"))
    model.add(Flatten())
    model.add(Dropout(0.25))
    model.add(Dense(64, activation="relu"))
    model.add(Dense(10, activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


def accuracy(model):
    return model.evaluate(x_test, to_categorical(y_test, 10), verbose=0)[1]


plain = network()
plain.fit(x, Y, nb_epoch=60, batch_size=20, verbose=0)

augmented = network()
generator = ImageDataGenerator(rotation_range=10, width_shift_range=0.15, height_shift_range=0.15, dim_ordering="tf")
augmented.fit_generator(generator.flow(x, Y, batch_size=20, seed=1), samples_per_epoch=len(x), nb_epoch=60, verbose=0)

copies = [next(generator.flow(x[i : i + 1], Y[i : i + 1], batch_size=1, seed=s))[0][0] for i in range(8) for s in range(7)]
shown = np.array([image for i in range(8) for image in (x[i], *copies[7 * i : 7 * i + 7])])
save_grid("augmentation.png", shown[..., 0], columns=8, scale=6)
before, after = accuracy(plain), accuracy(augmented)
print(
    f"{len(x)} pictures as they are: {before:.1%} of {len(x_test)} others, a pixel off, right; with shifted and turned copies: {after:.1%}."
)
print("The second should be 75 % or more, and at least 15 % above the first.")
if after < 0.75 or after < before + 0.15:
    sys.exit(1)
