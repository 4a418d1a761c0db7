"""The loops over epochs and batches of arrays."""

from __future__ import annotations

import numpy as np

from .. import callbacks as cbks
from ..utils.progbar import Progbar
from . import sharing
from .batches import Batches
from .data import len_of
from .running import Running, running_of


def callback_list(model, callbacks, params, verbose):
    """(CallbackList ready to start, History, the model that callbacks see)."""
    history = cbks.History()
    listed = [cbks.BaseLogger(), *(callbacks or []), history]
    if verbose:
        listed.append(cbks.ProgbarLogger())
    together = cbks.CallbackList(sharing.current().callbacks(listed))
    seen = getattr(model, "callback_model", None) or model
    model.history = seen.history = history
    together.set_model(seen)
    together.set_params(params)
    return together, history, seen


def fit_loop(model, f, ins, labels, batch_size, nb_epoch, verbose, callbacks, val_f, val_ins, shuffle, callback_metrics, initial_epoch):  # fmt: skip  # noqa: E501
    """Train ``f`` on ``ins`` for the epochs from ``initial_epoch`` to ``nb_epoch``; returns the History."""
    team = sharing.current()
    batches = Batches(ins, team.rows_of_step(batch_size), team.cut(f))
    do_validation = val_f is not None
    if do_validation and verbose:
        print(f"Train on {batches.samples} samples, validate on {len_of(val_ins[0])} samples")
    params = {
        "batch_size": batch_size,
        "nb_epoch": nb_epoch,
        "nb_sample": batches.samples,
        "verbose": verbose,
        "do_validation": do_validation,
        "metrics": callback_metrics,
        "stateful_metrics": stateful_labels(model, labels),
    }
    callbacks, history, seen = callback_list(model, callbacks, params, verbose)
    team.begin(model, {**params, "shuffle": shuffle, "initial_epoch": initial_epoch})
    callbacks.on_train_begin()
    seen.stop_training = False
    model.validation_data = val_ins
    running = running_of(model)
    for epoch in range(initial_epoch, nb_epoch):
        callbacks.on_epoch_begin(epoch)
        team.begin_epoch()
        running.reset()
        for number, (size, values) in enumerate(batches.epoch(shuffle)):
            logs = {"batch": number, "size": size}
            callbacks.on_batch_begin(number, logs)
            logs.update(zip(labels, running.values(f(values))))
            callbacks.on_batch_end(number, logs)
            seen.stop_training = team.agree(seen.stop_training)
            if seen.stop_training:
                break
        logs = {}
        if do_validation:
            logs = validation_logs(labels, team.evaluate(model, test_loop, val_ins, batch_size))
        team.check(model)
        callbacks.on_epoch_end(epoch, logs)
        seen.stop_training = team.agree(seen.stop_training)
        if seen.stop_training:
            break
    finish(model)
    callbacks.on_train_end()
    team.end(model)
    return history


def finish(model) -> None:
    """Let the optimizer do what it does when training has ended."""
    finishing = getattr(getattr(model, "optimizer", None), "finish_training", None)
    if finishing is not None:
        finishing(model._collected_trainable_weights)


def stateful_labels(model, labels) -> list:
    """The names of values that are those of all batches so far, so that nobody takes their mean."""
    return [labels[place] for place in getattr(model, "metrics_of_outputs", {})]


def validation_logs(labels, values) -> dict:
    """Return what an epoch logs of the validation; ``values`` is what ``evaluate`` gives."""
    values = values if isinstance(values, list) else [values]
    return {f"val_{label}": value for label, value in zip(labels, values)}


def predict_loop(f, ins, batch_size=32, verbose=0):
    """The outputs of ``f`` for all samples: an array, or a list of them for several outputs."""
    batches = Batches(ins, batch_size)
    progress = Progbar(target=batches.samples) if verbose == 1 else None
    results: list[np.ndarray] = []
    done = 0
    for size, values in batches.in_order():
        outs = f(values)
        if len(batches.bounds) == 1:
            results = [np.asarray(out) for out in outs]
        else:
            if not results:
                results = [np.empty((batches.samples, *np.shape(out)[1:]), dtype=out.dtype) for out in outs]
            for i, (result, out) in enumerate(zip(results, outs, strict=True)):
                if np.shape(out)[:1] != (size,):
                    raise ValueError(
                        f"Output {i} of the model has shape {np.shape(out)} for a batch of {size} samples, so the model can't predict in "
                        "batches."
                    )
                result[done : done + size] = out
        done += size
        if progress:
            progress.update(done)
    return results[0] if len(results) == 1 else results


def test_loop(f, ins, batch_size=32, verbose=0, running=None):
    """The means of the outputs of ``f`` over all samples: a number, or a list of them. ``running``: metrics that aren't means."""
    batches = Batches(ins, batch_size)
    progress = Progbar(target=batches.samples) if verbose == 1 else None
    mean = Mean(running)
    for size, values in batches.in_order():
        mean.add(f(values), size)
        if progress:
            progress.update(mean.samples)
    return mean.result()


class Mean:
    """The mean of batches' losses and metrics, weighted by their sizes, in double precision."""

    def __init__(self, running: Running | None = None):
        self.samples = 0
        self.totals: list = []
        self._running = running or Running({})

    def add(self, values, size: int) -> None:
        """The values of a batch of ``size`` samples."""
        self._last = values = self._running.values(values)
        self.merge(size, [0.0 if i in self._running.metrics else np.float64(value) * size for i, value in enumerate(values)])

    def merge(self, samples: int, totals: list) -> None:
        """The sums over ``samples`` samples."""
        if not self.totals:
            self.totals = [0.0] * len(totals)
        for i, total in enumerate(totals):
            self.totals[i] += total
        self.samples += samples

    def result(self):
        """One number, or a list of them."""
        means = [total / self.samples for total in self.totals]
        means = [mean if np.ndim(mean) else float(mean) for mean in means]
        for place in self._running.metrics:
            means[place] = self._last[place]
        return means[0] if len(means) == 1 else means
