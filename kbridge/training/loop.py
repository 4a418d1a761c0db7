"""The loops over batches and epochs of arrays."""

from __future__ import annotations

import numpy as np

from .. import callbacks as cbks
from ..utils.progbar import Progbar
from .data import batch_shuffle, len_of, make_batches, slice_array


class Batches:
    """Reads batches from arrays and scalars (the learning phase), by slices where the order is plain."""

    def __init__(self, arrays, batch_size: int):
        self.arrays = arrays
        self.samples = next(len_of(a) for a in arrays if not np.isscalar(a))
        self.bounds = make_batches(self.samples, batch_size)

    def read(self, bounds, index=None) -> list:
        """The arrays for one (start, stop), through an ``index`` of samples if there is one."""
        start, stop = bounds
        if index is None:
            return [a if np.isscalar(a) else slice_array(a, start, stop) for a in self.arrays]
        rows = index[start:stop]
        return [a if np.isscalar(a) else slice_array(a, rows) for a in self.arrays]


def callback_list(model, callbacks, params, verbose):
    """(CallbackList ready to start, History, the model that callbacks see)."""
    model.history = cbks.History()
    listed = [cbks.BaseLogger(), *(callbacks or []), model.history]
    if verbose:
        listed.insert(len(listed) - 1, cbks.ProgbarLogger())
    together = cbks.CallbackList(listed)
    seen = getattr(model, "callback_model", None) or model
    seen.history = model.history
    together.set_model(seen)
    together.set_params(params)
    return together, model.history, seen


def fit_loop(model, f, ins, out_labels, batch_size, nb_epoch, verbose, callbacks, val_f, val_ins, shuffle, callback_metrics, initial_epoch):  # fmt: skip  # noqa: E501
    """Train ``f`` on ``ins`` for the epochs from ``initial_epoch`` to ``nb_epoch``; returns the History."""
    batches = Batches(ins, batch_size)
    do_validation = val_f is not None and val_ins is not None
    if do_validation and verbose:
        print(f"Train on {batches.samples} samples, validate on {len_of(val_ins[0])} samples")
    params = {
        "batch_size": batch_size,
        "nb_epoch": nb_epoch,
        "nb_sample": batches.samples,
        "verbose": verbose,
        "do_validation": do_validation,
        "metrics": callback_metrics,
    }
    callbacks, history, seen = callback_list(model, callbacks, params, verbose)
    callbacks.on_train_begin()
    seen.stop_training = False
    model.validation_data = val_ins if do_validation else None
    index = np.arange(batches.samples)
    begin, end = callbacks.on_batch_begin, callbacks.on_batch_end
    for epoch in range(initial_epoch, nb_epoch):
        callbacks.on_epoch_begin(epoch)
        if shuffle == "batch":
            index = batch_shuffle(index, batch_size)
        elif shuffle:
            np.random.shuffle(index)
        order = index if shuffle else None
        epoch_logs: dict = {}
        for number, bounds in enumerate(batches.bounds):
            ins_batch = batches.read(bounds, order)
            logs = {"batch": number, "size": bounds[1] - bounds[0]}
            begin(number, logs)
            for label, value in zip(out_labels, f(ins_batch), strict=True):
                logs[label] = value
            end(number, logs)
            if seen.stop_training and number < len(batches.bounds) - 1:
                break
        if do_validation:
            values = test_loop(val_f, val_ins, batch_size, verbose=0)
            values = values if isinstance(values, list) else [values]
            epoch_logs.update({f"val_{label}": v for label, v in zip(out_labels, values, strict=True)})
        callbacks.on_epoch_end(epoch, epoch_logs)
        if seen.stop_training:
            break
    callbacks.on_train_end()
    return history


def predict_loop(f, ins, batch_size=32, verbose=0):
    """The outputs of ``f`` for all samples: an array, or a list of them for several outputs."""
    batches = Batches(ins, batch_size)
    progress = Progbar(target=batches.samples) if verbose == 1 else None
    results: list[np.ndarray] = []
    for start, stop in batches.bounds:
        outs = f(batches.read((start, stop)))
        if not results:
            if len(batches.bounds) == 1:
                results = [np.asarray(o) for o in outs]
            else:
                results = [np.empty((batches.samples, *np.shape(o)[1:]), dtype=o.dtype) for o in outs]
        if len(batches.bounds) > 1:
            for result, out in zip(results, outs, strict=True):
                result[start:stop] = out
        if progress:
            progress.update(stop)
    return results[0] if len(results) == 1 else results


def test_loop(f, ins, batch_size=32, verbose=0):
    """The means of the outputs of ``f`` over all samples: a number, or a list of them."""
    batches = Batches(ins, batch_size)
    progress = Progbar(target=batches.samples) if verbose == 1 else None
    totals: list = []
    for start, stop in batches.bounds:
        outs = f(batches.read((start, stop)))
        if not totals:
            totals = [0.0] * len(outs)
        for i, value in enumerate(outs):
            totals[i] += value * (stop - start)
        if progress:
            progress.update(stop)
    means = [total / batches.samples for total in totals]
    return means[0] if len(means) == 1 else means
