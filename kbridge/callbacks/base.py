"""The base of callbacks, and the ones that every training run has."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..utils.progbar import Progbar


class Callback:
    """The base of all callbacks: a subclass overrides the methods that it needs. ``self.model`` and ``self.params`` are set before training.

    ``params`` holds 'batch_size', 'nb_epoch', 'nb_sample', 'verbose', 'do_validation' and 'metrics'. The ``logs`` of a batch hold 'batch', 'size'
    and the values of loss and metrics; those of an epoch their means, and the validation values with the prefix 'val_'.

    Example:
        >>> from kbridge.callbacks import Callback
        >>> class Losses(Callback):
        ...     def on_train_begin(self, logs=None):
        ...         self.losses = []
        ...     def on_batch_end(self, batch, logs=None):
        ...         self.losses.append(logs["loss"])
    """

    model: Any = None
    params: dict[str, Any] = {}
    #: True: of many workers only one runs it (``kbridge.distributed``), because it writes something
    on_one_worker = False

    def set_params(self, params):
        """Take ``params``, the dict that describes the training."""
        self.params = params

    def set_model(self, model):
        """Take ``model``, the model that is trained."""
        self.model = model

    def on_epoch_begin(self, epoch, logs=None):
        """Run before the epoch with the number ``epoch``, counted from 0; ``logs`` is empty."""
        pass

    def on_epoch_end(self, epoch, logs=None):
        """Run after the epoch with the number ``epoch``; ``logs`` holds its means and validation values, and may be changed."""
        pass

    def on_batch_begin(self, batch, logs=None):
        """Run before the batch with the number ``batch`` of an epoch; ``logs`` holds 'batch' and 'size'."""
        pass

    def on_batch_end(self, batch, logs=None):
        """Run after the batch with the number ``batch`` of an epoch; ``logs`` also holds loss and metrics."""
        pass

    def on_train_begin(self, logs=None):
        """Run before the first epoch; ``logs`` is empty."""
        pass

    def on_train_end(self, logs=None):
        """Run after the last epoch; ``logs`` is empty."""
        pass


class CallbackList:
    """Several callbacks as one: each method calls that of all callbacks in their order.

    Args:
        callbacks: a list of callbacks, or None.
        queue_length: accepted for programs of Keras 1, and not used: batches aren't timed here.
    """

    def __init__(self, callbacks=None, queue_length=10):
        self.callbacks = list(callbacks or [])
        self.queue_length = queue_length

    def append(self, callback):
        """Add ``callback`` behind the others."""
        self.callbacks.append(callback)

    def set_params(self, params):
        """Hand ``params`` to all callbacks."""
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model):
        """Hand ``model`` to all callbacks."""
        for callback in self.callbacks:
            callback.set_model(model)

    def on_epoch_begin(self, epoch, logs=None):
        """Call ``on_epoch_begin(epoch, logs)`` of all callbacks."""
        logs = {} if logs is None else logs
        for callback in self.callbacks:
            callback.on_epoch_begin(epoch, logs)

    def on_epoch_end(self, epoch, logs=None):
        """Call ``on_epoch_end(epoch, logs)`` of all callbacks."""
        logs = {} if logs is None else logs
        for callback in self.callbacks:
            callback.on_epoch_end(epoch, logs)

    def on_batch_begin(self, batch, logs=None):
        """Call ``on_batch_begin(batch, logs)`` of all callbacks."""
        logs = {} if logs is None else logs
        for callback in self.callbacks:
            callback.on_batch_begin(batch, logs)

    def on_batch_end(self, batch, logs=None):
        """Call ``on_batch_end(batch, logs)`` of all callbacks."""
        logs = {} if logs is None else logs
        for callback in self.callbacks:
            callback.on_batch_end(batch, logs)

    def on_train_begin(self, logs=None):
        """Call ``on_train_begin(logs)`` of all callbacks."""
        logs = {} if logs is None else logs
        for callback in self.callbacks:
            callback.on_train_begin(logs)

    def on_train_end(self, logs=None):
        """Call ``on_train_end(logs)`` of all callbacks."""
        logs = {} if logs is None else logs
        for callback in self.callbacks:
            callback.on_train_end(logs)

    def __iter__(self):
        return iter(self.callbacks)


class BaseLogger(Callback):
    """Average what the batches log over an epoch, weighted by their size, in double precision. Every ``fit`` has one.

    Values that are those of all batches so far (``params['stateful_metrics']``) stay as the last batch logs them.
    """

    def on_epoch_begin(self, epoch, logs=None):
        self.seen = 0
        self.totals = {}
        self.latest = {}

    def on_batch_end(self, batch, logs=None):
        logs = logs or {}
        size = logs.get("size", 0)
        self.seen += size
        totals = self.totals
        for name in self.params.get("stateful_metrics", ()):
            self.latest[name] = logs.get(name)
        for name, value in logs.items():
            if name in self.latest:
                continue
            totals[name] = totals.get(name, 0.0) + np.float64(value) * size

    def on_epoch_end(self, epoch, logs=None):
        if logs is None or not self.seen:
            return
        for name in self.params["metrics"]:
            if name in self.latest:
                logs[name] = self.latest[name]
            elif name in self.totals:
                mean = self.totals[name] / self.seen
                logs[name] = mean if np.ndim(mean) else float(mean)


class ProgbarLogger(Callback):
    """Show an epoch's progress on standard output; ``fit`` has one unless ``verbose`` is 0."""

    def on_train_begin(self, logs=None):
        self.verbose = self.params["verbose"]
        self.nb_epoch = self.params["nb_epoch"]

    def on_epoch_begin(self, epoch, logs=None):
        if self.verbose:
            print(f"Epoch {epoch + 1}/{self.nb_epoch}")
            self.progbar = Progbar(target=self.params["nb_sample"], verbose=self.verbose)
            self.progbar.latest |= set(self.params.get("stateful_metrics", ()))
        self.seen = 0
        self.log_values = []

    def on_batch_end(self, batch, logs=None):
        if not self.verbose:
            return
        logs = logs or {}
        self.seen += logs.get("size", 0)
        self.log_values = [(name, logs[name]) for name in self.params["metrics"] if name in logs]
        # the last batch is shown at the end of the epoch, with the validation values
        if self.seen < self.params["nb_sample"]:
            self.progbar.update(self.seen, self.log_values)

    def on_epoch_end(self, epoch, logs=None):
        if not self.verbose:
            return
        logs = logs or {}
        known = dict(self.log_values)
        self.log_values += [(name, logs[name]) for name in self.params["metrics"] if name in logs and name not in known]
        self.progbar.update(self.seen, self.log_values, force=True)
        self.progbar.finish()


class History(Callback):
    """Keep the epochs' logs: ``epoch`` is a list of their numbers, ``history`` a dict of lists. ``fit`` returns one."""

    def on_train_begin(self, logs=None):
        self.epoch = []
        self.history = {}

    def on_epoch_end(self, epoch, logs=None):
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)


class LambdaCallback(Callback):
    """Make a callback from functions.

    Args:
        on_epoch_begin: a function of (epoch, logs).
        on_epoch_end: a function of (epoch, logs).
        on_batch_begin: a function of (batch, logs).
        on_batch_end: a function of (batch, logs).
        on_train_begin: a function of (logs).
        on_train_end: a function of (logs).
        kwargs: further attributes of the callback.

    Example:
        >>> from kbridge.callbacks import LambdaCallback
        >>> shout = LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs["loss"]))
    """

    def __init__(
        self,
        on_epoch_begin=None,
        on_epoch_end=None,
        on_batch_begin=None,
        on_batch_end=None,
        on_train_begin=None,
        on_train_end=None,
        **kwargs,
    ):
        super().__init__()
        self.__dict__.update(kwargs)
        given = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_batch_begin": on_batch_begin,
            "on_batch_end": on_batch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
        }
        for name, function in given.items():
            if function is not None:
                setattr(self, name, function)
