"""A program's cell that is no layer, as Keras 2 takes it: an object with ``state_size`` and ``call``."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from ...engine.entries import layer_entry
from ...engine.registry import layer_from_config
from ...engine.topology import Layer
from ...errors import ModelFileError
from ...utils.generic_utils import get_custom_objects, remembered


class PlainCell(Layer):
    """The layer that stands for a cell that is none. As in Keras 2 it isn't built and has no weights that are trained.

    Its attributes are those of the object, where a layer has none by that name.

    Args:
        cell: the object.

    Input shape:
        That of one step, (samples, ...).

    Output shape:
        (samples, output_size).
    """

    def __init__(self, cell, **kwargs):
        self.plain = cell
        super().__init__(**kwargs)

    def __getattr__(self, name: str) -> Any:
        plain = self.__dict__.get("plain")
        if plain is None or name.startswith("__"):
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        return getattr(plain, name)

    def call(self, inputs, states, **constants):  # type: ignore[override]  # a step has states
        """Return what the object gives for one step: its output and the new states.

        Args:
            inputs: (samples, ...).
            states: the states before the step, nested as ``state_size`` is.
            constants: ``constants=[...]`` where the sequence has some.
        """
        step = self.plain if callable(self.plain) else self.plain.call
        return step(inputs, states, **constants)


def as_cell(cell: Any, owner: str) -> Any:
    """The layer to run for a program's cell.

    Raises:
        TypeError: what can't be run as a cell.
    """
    if hasattr(cell, "state_size") and not inspect.isclass(cell):
        if isinstance(cell, Layer):
            return cell
        if callable(getattr(cell, "call", None)):
            return PlainCell(cell)
    raise TypeError(
        f"{owner} runs a cell: a layer or another object with state_size and call(inputs, states), which returns (output, new states); "
        f"got {cell!r} of type {type(cell).__name__}."
    )


def plain(cell: Any) -> Any:
    """The object itself behind a ``PlainCell``; any other cell as it is."""
    return cell.plain if isinstance(cell, PlainCell) else cell


def cell_entry(cell: Any) -> dict[str, Any]:
    """{'class_name', 'config'} of a cell, of one that is no layer too."""
    if not isinstance(cell, PlainCell):
        return layer_entry(cell)
    get_config = getattr(cell.plain, "get_config", None)
    if get_config is None:
        raise TypeError(
            f"The cell {cell.plain!r:.100} has no get_config, so that a model with it has no config: it can't be saved or copied."
        )
    return {"class_name": type(cell.plain).__name__, "config": get_config()}


def cell_from(entry: Any, custom_objects: Mapping[str, Any] | None) -> Any:
    """The cell of an entry that ``cell_entry`` gave.

    Raises:
        ModelFileError: an unknown class, or a malformed entry.
    """
    name = entry.get("class_name") if isinstance(entry, Mapping) else None
    cls = {**get_custom_objects(), **(custom_objects or {})}.get(name, remembered(name)) if isinstance(name, str) else None
    if not inspect.isclass(cls) or issubclass(cls, Layer):
        return layer_from_config(entry, custom_objects)
    config = entry.get("config")
    if not isinstance(config, Mapping):
        raise ModelFileError(f"The config of the cell {name} is a dict, got {type(config).__name__}.")
    return cls.from_config(dict(config)) if hasattr(cls, "from_config") else cls(**config)
