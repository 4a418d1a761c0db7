"""Sequence to sequence: an LSTM reads "47+38" character by character, another writes "85"."""

import sys

import numpy as np

from kbridge.callbacks import LearningRateScheduler
from kbridge.layers import LSTM, Dense, RepeatVector, TimeDistributed
from kbridge.models import Sequential
from kbridge.optimizers import Adam

CHARACTERS = "0123456789+ "
QUESTION, ANSWER = 5, 3


def encode(texts, length):
    """Texts as (n, length, 12), 1 where the character is."""
    numbers = np.array([[CHARACTERS.index(c) for c in text.ljust(length)] for text in texts])
    return np.eye(len(CHARACTERS), dtype="float32")[numbers]


def decode(values):
    return "".join(CHARACTERS[n] for n in values.argmax(-1)).strip()


np.random.seed(5)
pairs = np.random.permutation([(a, b) for a in range(100) for b in range(100)])
# the last digits come first, as in adding by hand: it makes the task much easier to learn
x = encode([f"{a}+{b}"[::-1] for a, b in pairs], QUESTION)
y = encode([str(a + b)[::-1] for a, b in pairs], ANSWER)
x, x_test, y, y_test = x[:9000], x[9000:], y[:9000], y[9000:]

model = Sequential()
model.add(LSTM(96, input_shape=(QUESTION, len(CHARACTERS))))
model.add(RepeatVector(ANSWER))
model.add(LSTM(96, return_sequences=True))
model.add(TimeDistributed(Dense(len(CHARACTERS), activation="softmax")))
model.compile(loss="categorical_crossentropy", optimizer=Adam(lr=0.005), metrics=["accuracy"])
# large steps first; small ones in the end, which can't undo what was learned, as a late jump of Adam's can
slower = LearningRateScheduler(lambda epoch: 0.005 if epoch < 7 else 0.001)
model.fit(x, y, nb_epoch=12, batch_size=100, verbose=2, validation_data=(x_test, y_test), callbacks=[slower])

answers = model.predict(x_test)
right = np.mean((answers.argmax(-1) == y_test.argmax(-1)).all(axis=1))
for question, answer in zip(x_test[:6], answers[:6]):
    print(f"{decode(question)[::-1]:>5} = {decode(answer)[::-1]}")
print(f"{right:.1%} of {len(x_test)} sums that it never saw are right to the last digit (90 % or more expected).")
if right < 0.9:
    sys.exit(1)
