"""Predictions and evaluation that the workers share: each computes some blocks of the rows."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from ..errors import whole_number
from ..training import sharing
from ..training.batches import make_batches
from ..training.loop import Mean
from . import exchange as exchanges
from .results import Results
from .sources import opened

#: rows that are read, computed and written at a time, at least
BLOCK = 1024


def predict(model, source, out=None, batch_size: int = 32):
    """The outputs of ``model`` for the rows of ``source``, each computed by one of the workers.

    The numbers are those of ``model.predict(source, batch_size)``. All workers must call it, with the same arguments.

    Args:
        model: a model; it needn't be compiled.
        source: an array, a ``.npy`` file, ``"FILE.h5:NAME"`` or a folder of ``.npy`` files, which is read block by block;
            for a model with several inputs a list of them.
        out: a ``.npy`` file that the predictions are written to, in a folder that all workers see; for several outputs a list.
            A file that a killed call has begun is gone on with, also by another number of workers. None: the predictions are
            gathered in the memory of every worker.
        batch_size: rows that are computed together.

    Returns:
        The predictions: an array, which lies in the file where ``out`` is given, or a list of them for several outputs.

    Raises:
        ValueError: if the data don't fit the model, or ``out`` was begun with another model or other data.
    """
    batch_size = whole_number(batch_size, "predict", "batch_size", 1)
    if model.stateful:
        raise ValueError(f"The model {model.name} is stateful. Its predictions depend on each other, so workers can't share them.")
    arrays = _arrays(model, source)
    rows = arrays[0].shape[0]
    blocks = make_batches(rows, max(batch_size, BLOCK // batch_size * batch_size))
    team = sharing.current()
    if out is None:
        return _gathered(model, team, arrays, blocks, batch_size)
    # one row tells what the predictions look like
    samples = _as_list(model.predict([a[:1] for a in arrays], batch_size=1))
    paths = out if isinstance(out, (list, tuple)) else [out]
    if len(paths) != len(samples):
        raise ValueError(f"The model has {len(samples)} outputs, but out names {len(paths)} files.")
    fingerprint = _fingerprint(model, arrays)
    files = [Results(p, {"model or data": fingerprint, "output": i, "block": blocks[0][1]}, team.rank) for i, p in enumerate(paths)]
    done = _begun(team, files, [((rows, *np.shape(s)[1:]), np.asarray(s).dtype) for s in samples])
    waiting = [number for number in range(len(blocks)) if number not in done]
    for number in waiting[team.rank :: team.size]:
        start, stop = blocks[number]
        values = _as_list(model.predict([a[start:stop] for a in arrays], batch_size=batch_size))
        for file, value in zip(files, values, strict=True):
            file.write(number, start, np.asarray(value))
    for file in files:
        file.close()
    _meet(team)
    if team.rank == 0:
        for file in files:
            file.finish()
    _meet(team)
    results = [np.load(file.path, mmap_mode="r") for file in files]
    return results[0] if len(results) == 1 else results


def evaluate(model, x, y, batch_size: int = 32, sample_weight=None):
    """Loss and metrics of ``model``, whose batches the workers share: the numbers of ``model.evaluate``.

    All workers must call it, with the same arguments.

    Args:
        model: a compiled model.
        x: inputs, as the ``source`` of ``predict``.
        y: targets, likewise.
        batch_size: rows that are computed together.
        sample_weight: weights of the rows, an array or a path.

    Returns:
        A number, or a list in the order of ``metrics_names``; the same on all workers.
    """
    batch_size = whole_number(batch_size, "evaluate", "batch_size", 1)
    if model.stateful:
        raise ValueError(f"The model {model.name} is stateful. Its batches depend on each other, so workers can't share them.")
    inputs = _arrays(model, x)
    targets = [opened(s, "targets") for s in _listed(y, len(model.outputs), "targets")]
    weights = None if sample_weight is None else [opened(s, "weights") for s in _listed(sample_weight, len(model.outputs), "weights")]
    lengths = {a.shape[0] for a in (*inputs, *targets, *(weights or ()))}
    if len(lengths) > 1:
        raise ValueError(f"Inputs, targets and weights must have the same number of rows, got {sorted(lengths)}.")
    team, mean = sharing.current(), Mean()
    for start, stop in make_batches(lengths.pop(), batch_size)[team.rank :: team.size]:
        cut = None if weights is None else [np.asarray(w[start:stop]) for w in weights]
        outs = model.test_on_batch([a[start:stop] for a in inputs], [t[start:stop] for t in targets], sample_weight=cut)
        mean.add(_as_list(outs), stop - start)
    return (mean if team.size == 1 else team.sums(mean)).result()


def _arrays(model, source) -> list:
    arrays = [opened(s) for s in _listed(source, len(model.inputs), "inputs")]
    if len({a.shape[0] for a in arrays}) > 1:
        raise ValueError(f"The inputs must have the same number of rows, got {[a.shape[0] for a in arrays]}.")
    if not arrays[0].shape[0]:
        raise ValueError("The source holds no rows.")
    return arrays


def _listed(source: Any, count: int, what: str) -> list:
    listed = list(source) if isinstance(source, (list, tuple)) else [source]
    if len(listed) != count:
        raise ValueError(f"The model takes {count} arrays of {what}, got {len(listed)}.")
    return listed


def _as_list(values) -> list:
    return values if isinstance(values, list) else [values]


def _gathered(model, team, arrays: list, blocks: list, batch_size: int):
    mine = [
        (number, _as_list(model.predict([a[start:stop] for a in arrays], batch_size=batch_size)))
        for number, (start, stop) in list(enumerate(blocks))[team.rank :: team.size]
    ]
    _meet(team)
    parts = mine if team.size == 1 else [item for listed in team.exchange.gather(mine) for item in listed]
    parts.sort(key=lambda item: item[0])
    results = [np.concatenate(values) for values in zip(*(values for _, values in parts), strict=True)]
    return results[0] if len(results) == 1 else results


def _begun(team, files: list[Results], shapes: list) -> set[int]:
    """The blocks that an earlier call has finished, as worker 0 finds them."""
    done: Any = None
    error = None
    if team.rank == 0:
        try:
            done = set.intersection(*(file.begin(*shape) for file, shape in zip(files, shapes, strict=True)))
        except (ValueError, OSError) as found:
            error = found
    if team.size > 1:
        _meet(team)
        done, error = team.exchange.object_of_first((done, error))
    if error is not None:
        raise error
    return done


def _meet(team) -> None:
    if team.size > 1:
        team.exchange.meet(exchanges.PREDICTION)


def _fingerprint(model, arrays: list) -> int:
    """A number that tells other weights and other data apart, from the weights and some rows."""
    found = 0
    for weight in model.get_weights():
        found = zlib.crc32(np.ascontiguousarray(weight).data, found)
    for array in arrays:
        last = array.shape[0]
        for row in sorted({0, last // 2, last - 1}):
            found = zlib.crc32(np.ascontiguousarray(np.asarray(array[row : row + 1])).data, found)
    return found
