"""Handwritten digits on one process or on many workers, which give the same numbers; a run that was killed goes on.

python examples/many_workers.py
kbridge run --workers 2 examples/many_workers.py
"""

import glob
import sys

import numpy as np
from data import load_digits

from kbridge import distributed
from kbridge.callbacks import ModelCheckpoint
from kbridge.layers import Activation, Dense, Flatten
from kbridge.models import Sequential, load_model
from kbridge.utils.np_utils import to_categorical

EPOCHS = 12
np.random.seed(1)
(x, y), (x_test, y_test) = load_digits()

# what an earlier run has left: weights and the optimizer's state
written = sorted(glob.glob("digits-*.h5"))
if written:
    model = load_model(written[-1])
    print(f"{written[-1]} is gone on with.")
else:
    model = Sequential()
    model.add(Flatten(input_shape=(8, 8, 1)))
    model.add(Dense(64))
    model.add(Activation("relu"))
    model.add(Dense(10))
    model.add(Activation("softmax"))
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])

# worker 0 writes the files and shows the progress; unshuffled, so that a run that goes on sees what it would have seen
model.fit(
    x, to_categorical(y, 10), nb_epoch=EPOCHS, initial_epoch=len(written), batch_size=32, verbose=2, shuffle=False,
    validation_split=0.1, callbacks=[ModelCheckpoint("digits-{epoch:02d}.h5")],
)  # fmt: skip

loss, accuracy = distributed.evaluate(model, x_test, to_categorical(y_test, 10))
print(f"Loss {loss:.5f} on {distributed.size()} workers, weights {sum(float(np.abs(w).sum()) for w in model.get_weights()):.3f}")
print(f"{accuracy:.1%} of {len(x_test)} digits that it never saw are right (93 % or more expected).")
if accuracy < 0.93:
    sys.exit(1)
