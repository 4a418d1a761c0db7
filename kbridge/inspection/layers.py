"""The architecture table: a row for each layer of a config, nested ones below the layer that holds them.

Understands the configs of Keras 1, 2 and 3, by their shape alone: what isn't as expected is left out, since a
table is no place to refuse a file.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import ModelFileError
from ..operations import Graph
from ..saving.keras2.operations import is_of_tensorflow as holds_a_function
from ..saving.keras2.operations import of_tensorflow

#: settings that tell most about a layer, under their names in Keras 1 and later
_TELLING = (
    "output_dim", "units", "nb_filter", "filters", "filter_length", "nb_row", "nb_col", "kernel_size", "input_dim",
    "activation", "inner_activation", "recurrent_activation", "border_mode", "padding", "subsample", "subsample_length",
    "strides", "stride", "pool_size", "pool_length", "dim_ordering", "data_format", "atrous_rate", "dilation_rate",
    "mode", "merge_mode", "concat_axis", "dot_axes", "axis", "p", "rate", "sigma", "stddev", "target_shape", "dims", "n",
    "size", "length", "cropping", "mask_zero", "mask_value", "return_sequences", "go_backwards", "stateful", "alpha", "theta",
)  # fmt: skip
_UNTOLD = (None, False, "linear", "valid")


@dataclass
class Row:
    """A layer: its name, class, settings, stored weights, the layers it reads, and how deep it lies in others."""

    name: str
    class_name: str
    settings: str
    depth: int
    inputs: list[str] = field(default_factory=list)
    input_shape: list | None = None
    trainable: bool = True
    shapes: list[list[int]] = field(default_factory=list)
    parameters: int = 0

    def hold(self, arrays: Sequence[tuple[str, Any]]) -> None:
        """Take over the shapes of the stored (name, array) pairs."""
        self.shapes = [list(array.shape) for _, array in arrays]
        self.parameters = sum(math.prod(shape) for shape in self.shapes)

    def as_dict(self) -> dict[str, Any]:
        """The row as plain values."""
        return dict(vars(self))


def rows_of(config: Any, stored: Mapping[str, Sequence[tuple[str, Any]]]) -> list[Row]:
    """The rows of a model's config; ``stored`` maps layer names to (name, array) pairs."""
    rows: list[Row] = []
    for entry in entries_of(config):
        _add(rows, entry, 0, stored)
    return rows


def _add(rows: list[Row], entry: Any, depth: int, stored: Mapping[str, Sequence[tuple[str, Any]]]) -> None:
    if not isinstance(entry, dict):
        return
    config = entry.get("config")
    inner = config if isinstance(config, dict) else {}
    name = str(entry.get("name") or inner.get("name") or "")
    row = Row(name, str(entry.get("class_name")), _settings(inner), depth)
    row.settings = _function(name, row.class_name, inner, entry.get("inbound_nodes")) or row.settings
    row.inputs = sources_of(entry.get("inbound_nodes"))
    shape = inner.get("batch_input_shape") or inner.get("batch_shape")
    row.input_shape = list(shape) if isinstance(shape, (list, tuple)) else None
    row.trainable = inner.get("trainable") is not False
    if name in stored and depth == 0:
        row.hold(stored[name])
    rows.append(row)
    if row.class_name == "Merge":
        # the branches of a Merge that starts a Sequential model: their layers have groups of their own
        for branch in inner.get("layers") or [] if isinstance(inner.get("layers"), list) else []:
            _add_branch(rows, branch, depth + 1, stored)
        return
    wrapped = [inner[key] for key in ("layer", "backward_layer") if isinstance(inner.get(key), dict)]
    for child in [*wrapped, *entries_of(entry)]:
        _add(rows, child, depth + 1, stored)


def _add_branch(rows: list[Row], branch: Any, depth: int, stored: Mapping[str, Sequence[tuple[str, Any]]]) -> None:
    start = len(rows)
    _add(rows, branch, depth, stored)
    for row in rows[start:]:
        if row.name in stored and not row.shapes:
            row.hold(stored[row.name])


def entries_of(config: Any) -> list:
    """The layers of a model's config: a list (Keras 1's Sequential), or a dict with 'layers'."""
    inner = config.get("config") if isinstance(config, dict) else None
    if isinstance(inner, list):
        return inner
    if isinstance(inner, dict) and isinstance(inner.get("layers"), list):
        return inner["layers"]
    return []


def _settings(config: dict) -> str:
    told = []
    for key in _TELLING:
        value = config.get(key)
        # 0 and 1 say something, though they equal False and True
        if key not in config or any(value is untold for untold in _UNTOLD) or value in ("linear", "valid"):
            continue
        if isinstance(value, (dict, list)) and len(str(value)) > 40:
            continue
        text = value if isinstance(value, str) else str(value)
        told.append(key if value is True else f"{key}={text if len(text) <= 40 and text.isprintable() else '...'}")
    return ", ".join(told)


#: characters of an expression in the table
_LONGEST = 100


class _AnyName(set):
    """Takes each text in the place of a layer's name for one."""

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str)


def _shown(graph: Graph) -> str:
    text = str(graph)
    return text if len(text) <= _LONGEST and text.isprintable() else f"{text[:_LONGEST]}..." if text.isprintable() else "..."


def _function(name: str, class_name: str, config: dict, calls: Any) -> str:
    """The function of tensors that a layer holds, as an expression; empty for other layers, and where it can't be read."""
    try:
        if class_name == "Operations":
            return _shown(Graph.from_json(config.get("graph")))
        if holds_a_function(class_name) and isinstance(calls, list):
            return _shown(Graph.from_json(of_tensorflow(name, class_name, config, calls, _AnyName())[0]["graph"]))
    except ModelFileError:
        pass
    return ""


def sources_of(nodes: Any) -> list[str]:
    """The names of the layers that a layer's calls read: ``[name, call, tensor]`` lists, or Keras 3's keras_history."""
    found: list[str] = []
    pending = [nodes]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            pending.extend(reversed(list(value.values())))
        elif isinstance(value, (list, tuple)):
            if len(value) >= 3 and isinstance(value[0], str) and isinstance(value[1], int) and isinstance(value[2], int):
                found.append(value[0])
            else:
                pending.extend(reversed(value))
    return list(dict.fromkeys(found))
