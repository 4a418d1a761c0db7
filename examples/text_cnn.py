"""Good or bad? A convolution over words reads generated film reviews, in which "not" turns the meaning round."""

import sys

import numpy as np
from data import VOCABULARY, reviews, sentence

from kbridge.layers import Convolution1D, Dense, Embedding, GlobalMaxPooling1D
from kbridge.models import Sequential

np.random.seed(3)
x, y = reviews(2000, seed=1)
x_test, y_test = reviews(500, seed=2)

model = Sequential()
model.add(Embedding(len(VOCABULARY), 16, input_length=x.shape[1]))
model.add(Convolution1D(nb_filter=32, filter_length=2, activation="relu"))
model.add(GlobalMaxPooling1D())
model.add(Dense(1, activation="sigmoid"))
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(x, y, nb_epoch=25, batch_size=32, verbose=2, validation_data=(x_test, y_test))

loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
for numbers, p in zip(x_test[:4], model.predict(x_test[:4])[:, 0]):
    print(f"{p:4.0%} good: {sentence(numbers)}")
print(f"{accuracy:.1%} of {len(x_test)} other reviews are right (95 % or more expected; by single words alone it is 75 %).")
if accuracy < 0.95:
    sys.exit(1)
