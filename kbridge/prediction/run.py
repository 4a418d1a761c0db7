"""Predict items in batches and hand the answers on in their order."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from ..errors import UsageError
from .results import Results
from .signature import all_layers, inputs_of
from .sources import Item, Source

#: bytes that a batch's largest arrays may take
ROOM = 2**28
#: samples of a batch, however small they are
MOST = 1024


@dataclass
class Outcome:
    """How a run went.

    Attributes:
        predicted: the number of samples that were predicted.
        failed: the names of those that were not, with the reasons; a list of pairs.
    """

    predicted: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)


def batch_size(model: Any) -> int:
    """Return as many samples as let an output of a layer of ``model`` and its input fit into ``ROOM`` together."""
    largest = 1
    for layer in all_layers(model):
        # a layer inside of a wrapper has been called on no tensor of the model's
        for shape in _shapes(layer.output_shape) if getattr(layer, "output_shape", None) else ():
            largest = max(largest, math.prod(n or 256 for n in shape[1:]))
    return int(min(max(ROOM // (8 * largest), 1), MOST))


def _shapes(shape: Any) -> list[tuple]:
    return shape if isinstance(shape, list) else [shape]


def predict(
    model: Any,
    source: Source,
    results: Results,
    size: int | None = None,
    strict: bool = False,
    progress: Callable[[int, int | None], None] | None = None,
    explain: Callable[[Item, list[np.ndarray]], None] | None = None,
) -> Outcome:
    """Predict all items of ``source`` behind the first ``results.done``.

    Args:
        model: a model.
        source: the items.
        results: where the answers go.
        size: samples of a batch; None: what fits memory.
        strict: whether the first bad item ends the run.
        progress: called with the number of items done and the number of all, None if unknown.
        explain: called with each predicted item and its outputs.

    Raises:
        UsageError: with ``strict``, for the first item that can't be predicted.
    """
    names = [tensor.name for tensor in inputs_of(model)]
    size = size or batch_size(model)
    outcome = Outcome()
    done = results.done
    for batch in batches(islice(iter(source), done, None), size):
        good = [item for item in batch if item.problem is None]
        outputs = _predicted(model, names, good) if good else []
        rows = iter(zip(*outputs)) if outputs else iter(())
        for item in batch:
            if item.problem is not None:
                if strict:
                    results.flush()
                    raise UsageError(f"{item.name}: {item.problem}")
                outcome.failed.append((item.name, item.problem))
                results.failed(item.name, item.problem)
                continue
            row = list(next(rows))
            results.write(item.name, row)
            outcome.predicted += 1
            if explain is not None:
                explain(item, row)
        results.flush()
        done += len(batch)
        if progress is not None:
            progress(done, source.count)
    return outcome


def batches(items: Iterator[Item], size: int) -> Iterator[list[Item]]:
    """Yield ``items`` in their order, ``size`` at a time, of one shape a batch; those without values stay in their place."""
    batch: list[Item] = []
    shapes = None
    for item in items:
        own = {name: value.shape for name, value in item.values.items()}
        if len(batch) >= size or (own and shapes and own != shapes):
            yield batch
            batch, shapes = [], None
        batch.append(item)
        shapes = own or shapes
    if batch:
        yield batch


def _predicted(model: Any, names: list[str], items: list[Item]) -> list[np.ndarray]:
    """The outputs of a batch, one array for each."""
    found = model.predict_on_batch([np.stack([item.values[name] for item in items]) for name in names])
    return found if isinstance(found, list) else [found]
