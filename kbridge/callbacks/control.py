"""Callbacks that steer training: stopping it and changing the learning rate."""

from __future__ import annotations

import numpy as np

from .. import backend as K
from .base import Callback
from .monitor import Monitor


class EarlyStopping(Callback):
    """Stop training when a value hasn't improved for more than ``patience`` epochs.

    Args:
        monitor: the name of the value in the logs.
        min_delta: by how much it must change to count as improved.
        patience: the number of epochs without improvement that are waited for.
        verbose: 1 prints when training is stopped, 0 doesn't.
        mode: 'min' if smaller is better, 'max' if larger is, or 'auto' to tell from the name.

    Example:
        >>> from kbridge.callbacks import EarlyStopping
        >>> stop = EarlyStopping(monitor="val_loss", patience=2)
    """

    def __init__(self, monitor="val_loss", min_delta=0, patience=0, verbose=0, mode="auto"):
        super().__init__()
        self.monitor = monitor
        self.patience = patience
        self.verbose = verbose
        self.min_delta = min_delta
        self._monitor = Monitor("EarlyStopping", monitor, mode, min_delta)
        self.wait = 0
        self.stopped_epoch = 0

    def on_train_begin(self, logs=None):
        self.wait = 0
        self.stopped_epoch = 0
        self.best = self._monitor.worst

    def on_epoch_end(self, epoch, logs=None):
        current = self._monitor.read(logs)
        if current is None:
            return
        if self._monitor.better(current, self.best):
            self.best = current
            self.wait = 0
        else:
            if self.wait >= self.patience:
                self.stopped_epoch = epoch
                self.model.stop_training = True
            self.wait += 1

    def on_train_end(self, logs=None):
        if self.stopped_epoch > 0 and self.verbose > 0:
            print(f"Epoch {self.stopped_epoch:05d}: early stopping")


class TerminateOnNaN(Callback):
    """Stop training at the first batch whose loss is NaN or infinite."""

    def on_batch_end(self, batch, logs=None):
        loss = (logs or {}).get("loss")
        if loss is not None and not np.isfinite(loss):
            print(f"Batch {batch}: Invalid loss, terminating training")
            self.model.stop_training = True


def _learning_rate(callback):
    optimizer = callback.model.optimizer
    if not hasattr(optimizer, "lr"):
        raise ValueError(f"{type(callback).__name__} needs an optimizer with an attribute 'lr', but {type(optimizer).__name__} has none.")
    if not K.is_variable(optimizer.lr):
        raise ValueError(
            f"{type(callback).__name__} can't set the learning rate, because {type(optimizer).__name__} takes it from a "
            f"schedule, {type(optimizer.lr).__name__}."
        )
    return optimizer.lr


class LearningRateScheduler(Callback):
    """Set the learning rate at the start of each epoch.

    Args:
        schedule: a function of the epoch's number, counted from 0, that returns a float.

    Raises:
        ValueError: the schedule returns something else, or the optimizer has no learning rate to set.

    Example:
        >>> from kbridge.callbacks import LearningRateScheduler
        >>> halve = LearningRateScheduler(lambda epoch: 0.1 * 0.5**epoch)
    """

    def __init__(self, schedule):
        super().__init__()
        self.schedule = schedule

    def on_epoch_begin(self, epoch, logs=None):
        variable = _learning_rate(self)
        lr = self.schedule(epoch)
        if isinstance(lr, bool) or not isinstance(lr, (int, float, np.number)):
            raise ValueError(f"LearningRateScheduler: the schedule must return a float, got {lr!r} for epoch {epoch}.")
        K.set_value(variable, float(lr))


class ReduceLROnPlateau(Callback):
    """Multiply the learning rate by ``factor`` when a value hasn't improved for more than ``patience`` epochs.

    Args:
        monitor: the name of the value in the logs.
        factor: the factor, below 1.
        patience: the number of epochs without improvement that are waited for.
        verbose: 1 prints each reduction, 0 doesn't.
        mode: 'min' if smaller is better, 'max' if larger is, or 'auto' to tell from the name.
        epsilon: by how much the value must change to count as improved.
        cooldown: the number of epochs after a reduction in which none follows.
        min_lr: the learning rate is never set below it.

    Raises:
        ValueError: ``factor`` is 1 or more.
    """

    def __init__(self, monitor="val_loss", factor=0.1, patience=10, verbose=0, mode="auto", epsilon=1e-4, cooldown=0, min_lr=0):
        super().__init__()
        if factor >= 1.0:
            raise ValueError(f"ReduceLROnPlateau: factor must be below 1.0, got {factor!r}.")
        self.monitor = monitor
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.epsilon = epsilon
        self.cooldown = cooldown
        self.min_lr = min_lr
        self._monitor = Monitor("ReduceLROnPlateau", monitor, mode, epsilon, margin_on_best=True)
        self._reset()

    def _reset(self):
        self.best = self._monitor.worst
        self.wait = 0
        self.cooldown_counter = 0
        # a relative margin, against rounding of the stored learning rate
        self.lr_epsilon = self.min_lr * 1e-4

    def on_train_begin(self, logs=None):
        self._reset()

    def in_cooldown(self):
        """Return whether a reduction was so recent that none follows yet."""
        return self.cooldown_counter > 0

    def on_epoch_end(self, epoch, logs=None):
        variable = _learning_rate(self)
        logs = {} if logs is None else logs
        # a plain number, so that the history can be written as JSON
        logs["lr"] = float(K.get_value(variable))
        current = self._monitor.read(logs)
        if current is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self._monitor.better(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.in_cooldown():
            if self.wait >= self.patience:
                self._reduce(epoch, variable)
            self.wait += 1

    def _reduce(self, epoch, variable):
        old = float(K.get_value(variable))
        if old > self.min_lr + self.lr_epsilon:
            new = max(old * self.factor, self.min_lr)
            K.set_value(variable, new)
            if self.verbose > 0:
                print(f"\nEpoch {epoch:05d}: reducing learning rate to {new}.")
            self.cooldown_counter = self.cooldown
            self.wait = 0
