"""A program that one worker doesn't survive: python victim.py FOLDER [POINT WORKER SIGNAL]. It goes on from a checkpoint."""

import glob
import os
import sys

import numpy as np

from kbridge import distributed
from kbridge.callbacks import Callback, CSVLogger, ModelCheckpoint
from kbridge.layers import Dense
from kbridge.models import Sequential, load_model
from kbridge.training import sharing

EPOCHS = 4
folder, point, worker, number = [*sys.argv[1:], "", "-1", "9"][:4] if len(sys.argv) == 2 else sys.argv[1:5]
here = distributed.rank() == int(worker)


def die():
    os.kill(os.getpid(), int(number))


def die_at(owner, name, calls=1):
    """Have the call of ``owner.name`` after ``calls`` others be the last thing that happens here."""
    whole, seen = getattr(owner, name), []

    def last(*args, **kwargs):
        seen.append(None)
        if len(seen) > calls:
            die()
        return whole(*args, **kwargs)

    setattr(owner, name, last)


class Dying(Callback):
    def on_batch_begin(self, batch, logs=None):
        if (point, batch) == ("between", 2) and self.epoch == 1:
            die()

    def on_batch_end(self, batch, logs=None):
        if (point, batch) == ("callback", 2) and self.epoch == 1:
            die()

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_epoch_end(self, epoch, logs=None):
        if (point, epoch) == ("epoch", 1):
            die()


np.random.seed(2)
rng = np.random.RandomState(1)
x, y = rng.rand(50, 6), rng.rand(50, 1)
written = sorted(glob.glob(os.path.join(folder, "model-*.h5")))
if here and point == "start":
    die()
start = len(written)
if written:
    model = load_model(written[-1])
else:
    model = Sequential([Dense(5, activation="tanh", input_dim=6), Dense(1)])
    model.compile("adam", "mse")
callbacks = [ModelCheckpoint(os.path.join(folder, "model-{epoch}.h5")), CSVLogger(os.path.join(folder, "log.csv"), append=True)]
if here:
    callbacks.insert(0, Dying())
    if point == "validation":
        model.test_on_batch(x, y)
        die_at(model.model, "test_function", 2)
    elif point == "step":
        die_at(sharing.current().exchange, "all_reduce", 9)
    elif point == "save":
        # worker 0 writes; another one dies while it does
        owner = (os, "replace") if distributed.rank() == 0 else (sharing.current(), "check")
        die_at(*owner)
model.fit(x, y, batch_size=8, nb_epoch=EPOCHS, initial_epoch=start, verbose=0, shuffle=False, validation_split=0.5, callbacks=callbacks)
if here and point == "end":
    die()
if distributed.rank() == 0:
    np.savez(os.path.join(folder, "result.npz"), *model.get_weights(), *model.optimizer.get_weights())
    print("trained", start, "to", EPOCHS)
