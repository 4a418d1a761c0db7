"""Callbacks that write something: checkpoints, CSV files, messages to a server."""

from __future__ import annotations

import csv
import json
import os
import warnings

import numpy as np

from .base import Callback
from .monitor import Monitor


class ModelCheckpoint(Callback):
    """Save the model every ``period`` epochs.

    ``filepath`` may hold ``{epoch:02d}`` and names of logs such as ``{val_loss:.2f}``. With
    ``save_best_only`` only if ``monitor`` improved; with ``save_weights_only`` the weights alone.
    """

    def __init__(
        self, filepath, monitor="val_loss", verbose=0, save_best_only=False, save_weights_only=False, mode="auto", period=1
    ):
        super().__init__()
        self.filepath = filepath
        self.monitor = monitor
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.period = period
        self.epochs_since_last_save = 0
        self._monitor = Monitor("ModelCheckpoint", monitor, mode)
        self.best = self._monitor.worst

    def on_epoch_end(self, epoch, logs=None):
        self.epochs_since_last_save += 1
        if self.epochs_since_last_save < self.period:
            return
        self.epochs_since_last_save = 0
        path = str(self.filepath).format(epoch=epoch, **(logs or {}))
        if self.save_best_only:
            current = self._monitor.read(logs)
            if current is None:
                return
            if not self._monitor.better(current, self.best):
                self._say(f"Epoch {epoch:05d}: {self.monitor} did not improve")
                return
            self._say(f"Epoch {epoch:05d}: {self.monitor} improved from {self.best:.5f} to {current:.5f}, saving model to {path}")
            self.best = current
        else:
            self._say(f"Epoch {epoch:05d}: saving model to {path}")
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)

    def _say(self, text):
        if self.verbose > 0:
            print(text)


class CSVLogger(Callback):
    """Write the logs of each epoch as a line of a CSV file, flushed at once; ``append`` to an existing one."""

    def __init__(self, filename, separator=",", append=False):
        super().__init__()
        self.filename = filename
        self.sep = separator
        self.append = append
        self.writer = None
        self.keys = None
        self.csv_file = None

    def on_train_begin(self, logs=None):
        if self.csv_file is not None:
            self.csv_file.close()
        existing = self.append and os.path.exists(self.filename) and os.path.getsize(self.filename) > 0
        self.csv_file = open(self.filename, "a" if self.append else "w", newline="", encoding="utf-8")  # noqa: SIM115
        self._header = not existing
        self.writer = None

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        if self.writer is None:
            self.keys = sorted(logs)
            self.writer = csv.DictWriter(self.csv_file, ["epoch", *self.keys], delimiter=self.sep, lineterminator="\n")
            if self._header:
                self.writer.writeheader()
        self.writer.writerow({"epoch": epoch, **{key: _cell(logs.get(key)) for key in self.keys}})
        self.csv_file.flush()

    def on_train_end(self, logs=None):
        if self.csv_file is not None:
            self.csv_file.close()
        self.writer = None


def _cell(value):
    if isinstance(value, str) or value is None or np.ndim(value) == 0:
        return value
    return '"[' + ", ".join(map(str, value)) + ']"'


class RemoteMonitor(Callback):
    """Post the logs of each epoch to ``root + path``, as JSON in the form field ``field``.

    A server that can't be reached is a warning. ``headers``: sent along.
    """

    def __init__(self, root="http://localhost:9000", path="/publish/epoch/end/", field="data", headers=None):
        super().__init__()
        self.root = root
        self.path = path
        self.field = field
        self.headers = headers or {"Accept": "application/json"}

    def on_epoch_end(self, epoch, logs=None):
        # these take long to import
        import urllib.parse
        import urllib.request

        send = {"epoch": epoch, **{name: np.asarray(value).tolist() for name, value in (logs or {}).items()}}
        body = urllib.parse.urlencode({self.field: json.dumps(send)}).encode()
        try:
            with urllib.request.urlopen(urllib.request.Request(self.root + self.path, body, self.headers), timeout=10):
                pass
        except OSError as error:
            warnings.warn(f"RemoteMonitor could not reach the server at {self.root}: {error}.", stacklevel=2)
