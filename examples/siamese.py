"""Siamese network (Hadsell, Chopra and LeCun, 2006): are two pictures the same digit?

One network maps both pictures; the contrastive loss pulls equal digits together and pushes others apart.
"""

import sys

import numpy as np
from data import load_digits

from kbridge import backend as K
from kbridge.layers import Dense, Dropout, Flatten, Input, Lambda
from kbridge.models import Model, Sequential

np.random.seed(8)


def pairs_of(images, labels, count):
    """``count`` pairs, half of them of equal digits: ([left, right], 1 where equal)."""
    left = np.random.randint(0, len(labels), count)
    right = np.array([np.random.choice(np.flatnonzero((labels == labels[i]) == (n % 2 == 0))) for n, i in enumerate(left)])
    return [images[left], images[right]], (labels[left] == labels[right]).astype("float32")


def distance(vectors):
    a, b = vectors
    return K.sqrt(K.maximum(K.sum(K.square(a - b), axis=1, keepdims=True), K.epsilon()))


def contrastive_loss(same, distance):
    return K.mean(same * K.square(distance) + (1 - same) * K.square(K.maximum(1 - distance, 0)))


train, test = load_digits()
x, same = pairs_of(*train, 6000)
x_test, same_test = pairs_of(*test, 1000)

base = Sequential()
base.add(Flatten(input_shape=(8, 8, 1)))
base.add(Dense(128, activation="relu"))
base.add(Dropout(0.1))
base.add(Dense(64, activation="relu"))
base.add(Dense(32))

left, right = Input(shape=(8, 8, 1)), Input(shape=(8, 8, 1))
apart = Lambda(distance, output_shape=(1,))([base(left), base(right)])
model = Model([left, right], apart)
model.compile(loss=contrastive_loss, optimizer="adam")
model.fit(x, same, nb_epoch=15, batch_size=64, verbose=2, validation_data=(x_test, same_test))

apart = model.predict(x_test)[:, 0]
accuracy = np.mean((apart < 0.5) == (same_test == 1))
print(f"Equal digits are {apart[same_test == 1].mean():.2f} apart, different ones {apart[same_test == 0].mean():.2f}.")
print(f"{accuracy:.1%} of {len(apart)} pairs of pictures that it never saw are judged right (93 % or more expected).")
if accuracy < 0.93:
    sys.exit(1)
