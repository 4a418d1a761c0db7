"""Reads what layers have learned by ``adapt`` and files of Keras 2 and 3 hold as arrays beside the config: factors of words, quantiles of numbers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from .errors import ModelFileError
from .reading import Group, StoredArray

#: more intervals than any use
_MOST_BINS = 2**16


def with_summaries(config: Any, weights: Group) -> Any:
    """A model's config of an ``.h5`` file, with the boundaries of a Discretization that tf.keras stores as a summary of the data.

    Args:
        config: that of the whole model.
        weights: the group with a group of each layer.
    """
    inner = config.get("config") if isinstance(config, Mapping) else None
    layers = inner.get("layers") if isinstance(inner, Mapping) else None
    if not isinstance(layers, list):
        return config
    return {**config, "config": {**(inner or {}), "layers": [_of_h5(entry, weights) for entry in layers]}}


def _of_h5(entry: Any, weights: Group) -> Any:
    options = entry.get("config") if isinstance(entry, Mapping) else None
    name = options.get("name") if isinstance(options, Mapping) else None
    if not needs_boundaries(entry) or not isinstance(name, str) or name not in weights or not weights.is_group(name):
        return entry
    group = weights.group(name)
    return with_boundaries(entry, [group.array(path) for path in group.names("weight_names") or []])


def needs_boundaries(entry: Any) -> bool:
    """Whether an entry is a Discretization that was to learn its boundaries, and doesn't have them."""
    options = entry.get("config") if isinstance(entry, Mapping) and entry.get("class_name") == "Discretization" else None
    return isinstance(options, Mapping) and not options.get("bin_boundaries") and options.get("num_bins") is not None


def with_boundaries(entry: Mapping[str, Any], arrays: list[StoredArray]) -> Any:
    """The entry of a Discretization with the boundaries that divide what its array summarises into equal shares.

    The summary has two rows: numbers in order, and how much of the data each stands for. ModelFileError where it hasn't.
    """
    options, bins = entry["config"], entry["config"]["num_bins"]
    summary = next((array for array in arrays if len(array.shape) == 2 and array.shape[0] == 2), None)
    if summary is None or not summary.shape[1]:
        return entry
    if not isinstance(bins, int) or not 2 <= bins <= _MOST_BINS:
        raise ModelFileError(f"Layer {options.get('name')!r} (Discretization) has num_bins={bins!r:.80}; allowed are 2 to {_MOST_BINS}.")
    values, counts = np.asarray(summary.read(), "float64")
    reached = np.cumsum(counts)
    if not np.isfinite(values).all() or not np.isfinite(reached).all() or (counts < 0).any() or reached[-1] <= 0:
        raise ModelFileError(f"Layer {options.get('name')!r} (Discretization): {summary.where} is no summary of numbers.")
    found = np.interp(np.arange(1, bins) / bins, reached / reached[-1], values)
    return {**entry, "config": {**options, "bin_boundaries": found.tolist()}}


def with_factors(entry: Mapping[str, Any], factors: StoredArray) -> Any:
    """The entry of a lookup of 'tf_idf' with the factors of its tokens; the array has those of unknown ones before them, and may be filled up."""
    options = entry["config"]
    tokens, unknown = options.get("vocabulary"), options.get("num_oov_indices", 1)
    if options.get("idf_weights") is not None or not isinstance(tokens, list) or not isinstance(unknown, int):
        return entry
    # files list what stands for unknown tokens first
    special = options.get("oov_token", "[UNK]")
    tokens = list(itertools.dropwhile(lambda token: token == special, tokens))
    if len(factors.shape) != 1 or not 0 <= unknown <= math.prod(factors.shape) - len(tokens):
        raise ModelFileError(
            f"Layer {options.get('name')!r}: {factors.where} has the shape {factors.shape}, for {len(tokens)} tokens and {unknown} places of unknown ones."
        )
    values = np.asarray(factors.read(), "float64")[unknown : unknown + len(tokens)]
    return {**entry, "config": {**options, "vocabulary": tokens, "idf_weights": values.tolist()}}
