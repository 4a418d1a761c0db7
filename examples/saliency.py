"""What a network looks at, by gradients with respect to its input.

Writes saliency.png (a digit above the pixels that its score depends on: Simonyan, Vedaldi and Zisserman, 2013) and
dreams.png (pictures that excite each of the ten outputs most, found by climbing the gradient from grey).
"""

import sys

import numpy as np
from data import load_digits
from pictures import save_grid

from kbridge import backend as K
from kbridge.layers import Activation, Convolution2D, Dense, Flatten
from kbridge.models import Sequential
from kbridge.utils.np_utils import to_categorical

np.random.seed(10)
(x, y), (x_test, y_test) = load_digits()

model = Sequential()
model.add(Convolution2D(16, 3, 3, activation="relu", border_mode="same", dim_ordering="tf", input_shape=(8, 8, 1)))
model.add(Convolution2D(16, 3, 3, activation="relu", border_mode="same", dim_ordering="tf"))
model.add(Flatten())
model.add(Dense(10, name="scores"))
model.add(Activation("softmax"))
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(x, to_categorical(y, 10), nb_epoch=10, batch_size=32, verbose=2)

# the score of one class per picture, chosen by a row of zeros and a one
chosen = K.placeholder(shape=(None, 10))
score = K.sum(model.get_layer("scores").output * chosen, axis=1)
(gradient,) = K.gradients(K.sum(score), [model.input])
look = K.function([model.input, chosen], [score, gradient])

digits = np.array([np.flatnonzero(y_test == digit)[0] for digit in range(10)])
_, slope = look([x_test[digits], np.eye(10)])
saliency = np.abs(slope)
saliency /= saliency.max(axis=(1, 2, 3), keepdims=True)
save_grid("saliency.png", np.concatenate([x_test[digits], saliency])[..., 0], columns=10)

dream = np.full((10, 8, 8, 1), 0.5, "float32") + np.random.normal(0, 0.01, (10, 8, 8, 1)).astype("float32")
begin, _ = look([dream, np.eye(10)])
for _ in range(100):
    _, slope = look([dream, np.eye(10)])
    # a little of each pixel fades, so that only those that matter become bright
    dream = np.clip(dream + 0.02 * slope / (np.abs(slope).max(axis=(1, 2, 3), keepdims=True) + 1e-7) - 0.002, 0, 1)
end, _ = look([dream, np.eye(10)])
save_grid("dreams.png", dream[..., 0], columns=10)
probability = np.diag(model.predict(dream)).mean()

# hide the pixels that matter most, or as many others: the first must harm more
hidden = {}
for name, order in (("most", -saliency), ("least", saliency)):
    pixels = np.argsort(order.reshape(10, 64), axis=1)[:, :12]
    without = x_test[digits].reshape(10, 64).copy()
    np.put_along_axis(without, pixels, 0.5, axis=1)
    hidden[name] = np.diag(model.predict(without.reshape(10, 8, 8, 1))).mean()
print(f"Scores of the dreams: {begin.mean():.1f} at first, {end.mean():.1f} at the end.")
print(f"The model is {probability:.0%} sure of them (90 % or more expected).")
print(f"It is {hidden['most']:.0%} sure of digits whose 12 salient pixels are hidden, {hidden['least']:.0%} with 12 others hidden.")
if not (probability > 0.9 and hidden["most"] < hidden["least"]):
    sys.exit(1)
