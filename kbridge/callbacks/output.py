"""Callbacks that write something: checkpoints, CSV files, messages to a server."""

from __future__ import annotations

import csv
import io
import json
import os
import warnings
from typing import Any

import numpy as np

from ..files.atomic import append_whole
from .base import Callback
from .monitor import Monitor


class ModelCheckpoint(Callback):
    """Save the model after every ``period`` epochs.

    Args:
        filepath: where to; it may hold ``{epoch:02d}`` and names of logs such as ``{val_loss:.2f}``.
        monitor: the name of the value in the logs that ``save_best_only`` looks at.
        verbose: 1 prints what is saved, 0 doesn't.
        save_best_only: whether to save only if the value is the best so far.
        save_weights_only: whether to save the weights alone (``model.save_weights``), not the whole model (``model.save``).
        mode: 'min' if smaller is better, 'max' if larger is, or 'auto' to tell from the name.
        period: the number of epochs between checkpoints.

    Example:
        >>> from kbridge.callbacks import ModelCheckpoint
        >>> best = ModelCheckpoint("weights-{epoch:02d}-{val_loss:.2f}.h5", monitor="val_loss", save_best_only=True)
    """

    on_one_worker = True

    def __init__(self, filepath, monitor="val_loss", verbose=0, save_best_only=False, save_weights_only=False, mode="auto", period=1):
        super().__init__()
        self.filepath = filepath
        self.monitor = monitor
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.period = period
        self.epochs_since_last_save = 0
        self._monitor = Monitor("ModelCheckpoint", monitor, mode, used=save_best_only)
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


#: bytes from the end of a log in which its last line is looked for
LONGEST_LINE = 1 << 20


class CSVLogger(Callback):
    """Write the logs of each epoch as a line of a CSV file, at once and whole.

    Args:
        filename: the file.
        separator: the text between the values of a line.
        append: whether the lines come after those of an existing file, in the columns that it has; else it is written over.
    """

    on_one_worker = True

    def __init__(self, filename, separator=",", append=False):
        super().__init__()
        self.filename = filename
        self.sep = separator
        self.append = append
        self.keys: list[str] | None = None
        self.csv_file: Any = None

    def on_train_begin(self, logs=None):
        if self.csv_file is not None:
            self.csv_file.close()
        self.keys, rest = self._existing() if self.append else (None, b"")
        self._joining = self.keys is not None
        # unbuffered, so that a line is in the file once it is written
        self.csv_file = open(self.filename, "ab" if self.append else "wb", buffering=0)  # noqa: SIM115
        if rest and self._is_whole(rest):
            append_whole(self.csv_file, b"\n")
        elif rest:
            # a process was killed while it wrote this line
            self.csv_file.truncate(os.path.getsize(self.filename) - len(rest))

    def on_epoch_end(self, epoch, logs=None):
        logs = {"epoch": epoch, **(logs or {})}
        rows = []
        if self.keys is None:
            self.keys = ["epoch", *sorted(logs.keys() - {"epoch"})]
            rows.append(self.keys)
        elif self._joining:
            missing = sorted(logs.keys() - set(self.keys))
            if missing:
                warnings.warn(
                    f"CSVLogger: {self.filename!r} has no columns for {', '.join(missing)}, so these values are left out.", stacklevel=2
                )
        self._joining = False
        rows.append([_cell(logs.get(key)) for key in self.keys])
        lines = io.StringIO()
        csv.writer(lines, delimiter=self.sep, lineterminator="\n").writerows(rows)
        append_whole(self.csv_file, lines.getvalue().encode())

    def on_train_end(self, logs=None):
        if self.csv_file is not None:
            self.csv_file.close()
            self.csv_file = None

    def _is_whole(self, line: bytes) -> bool:
        """Whether a line without an end has all columns."""
        try:
            (row,) = csv.reader([line.decode()], delimiter=self.sep, strict=True)
        except (csv.Error, UnicodeDecodeError, ValueError):
            return False
        return self.keys is not None and len(row) == len(self.keys)

    def _existing(self) -> tuple[list[str] | None, bytes]:
        """The columns of the file, if it has any, and what stands behind the end of its last whole line."""
        if not os.path.exists(self.filename) or not os.path.getsize(self.filename):
            return None, b""
        with open(self.filename, newline="", encoding="utf-8") as file:
            columns = next(csv.reader(file, delimiter=self.sep), None)
        with open(self.filename, "rb") as file:
            file.seek(-min(os.path.getsize(self.filename), LONGEST_LINE), os.SEEK_END)
            return columns, file.read().rpartition(b"\n")[2]


def _cell(value):
    if isinstance(value, str) or value is None or np.ndim(value) == 0:
        return value
    return '"[' + ", ".join(map(str, value)) + ']"'


class RemoteMonitor(Callback):
    """Post the logs of each epoch to ``root + path``, as JSON in a form field. A server that can't be reached is a warning.

    Args:
        root: the server's address.
        path: the path behind it.
        field: the name of the form field.
        headers: HTTP headers, a dict; 'Accept: application/json' if left out.
    """

    on_one_worker = True

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
