"""Which layers of a model are frozen by another model that stands in its graph.

A model is frozen by its flag ``trainable`` alone: its layers keep theirs, so that they are as before when it is
unfrozen. Where it was called as a layer, the model around asks it for its weights. But as the first layer of a
Sequential, as a branch of a Merge, or where a graph goes on from its ``output``, the model around holds the layers
themselves. So a frozen model leaves a mark on the calls that make up its own graph, by which the others find it.
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

from .graph import walk


class Mark:
    """A frozen model, as the calls of its own graph know it: its name, and those calls."""

    def __init__(self, name: str, nodes: frozenset):
        self.name = name
        self.nodes = nodes


class FrozenParts(NamedTuple):
    """The effect of frozen models in the graph of a model."""

    #: the ids of the layers that they freeze
    layers: set[int]
    #: those of which all stands in the graph
    whole: list[Mark]
    #: and those of which only a part does, which freeze nothing
    partly: list[Mark]


def mark(model) -> None:
    """Leave a mark on the graph of ``model`` if it is frozen, and take off the one it left before."""
    old = model.__dict__.pop("_mark", None)
    for node in old.nodes if old else ():
        node.frozen_by = [m for m in node.frozen_by if m is not old]
    # the functional model that works for a Sequential one isn't another model
    if model.trainable or getattr(model, "callback_model", None) is not None or not model.outputs:
        return
    new = model.__dict__["_mark"] = Mark(model.name, _calls(walk(model.outputs, model.inputs).nodes))
    for node in new.nodes:
        node.frozen_by = [*node.frozen_by, new]


def frozen_parts(model) -> FrozenParts:
    """Return what the frozen models in the graph of ``model`` freeze.

    One counts if its graph is a part of the graph of ``model``, or if a Sequential model was made of it. A layer that is
    also called elsewhere in ``model`` is trained.
    """
    # a subclass may set its own attributes instead of calling __init__
    nodes = getattr(model, "_nodes", ())
    marks = {id(m): m for node in nodes for m in node.frozen_by}
    if not marks:
        return FrozenParts(set(), [], [])
    sequential = getattr(model, "callback_model", None) or model
    own = vars(sequential).get("_mark")
    named = {id(vars(part).get("_mark")) for part in _made_of(sequential)}
    calls = _calls(nodes)
    whole, partly = [], []
    for m in marks.values():
        if m is own:
            continue
        if m.nodes < calls or id(m) in named:
            whole.append(m)
        elif not m.nodes >= calls:
            partly.append(m)
    frozen = {node for m in whole for node in m.nodes}
    free = {id(node.outbound_layer) for node in calls - frozen}
    return FrozenParts({id(node.outbound_layer) for node in frozen} - free, whole, partly)


def frozen_names(model) -> list[list[str]]:
    """The names of the layers that frozen models in the graph of a functional model hold, a list for each of them.

    Its config doesn't tell; ``freeze_names`` makes a copy of it alike.
    """
    return [sorted({node.outbound_layer.name for node in m.nodes}) for m in frozen_parts(model).whole]


def freeze_names(model, names: list[list[str]]) -> None:
    """Freeze parts of a functional model as the models did that ``frozen_names`` was told by."""
    present = frozen_names(model)
    for part in names:
        if part not in present:
            new = Mark(model.name, frozenset(node for node in _calls(model._nodes) if node.outbound_layer.name in part))
            for node in new.nodes:
                node.frozen_by = [*node.frozen_by, new]


def warn_of_partly_frozen(model) -> None:
    """A warning for layers that a frozen model holds and that are trained, because only a part of it is in ``model``."""
    frozen, _, partly = frozen_parts(model)
    for m in partly:
        shared = {node.outbound_layer for node in m.nodes & _calls(model._nodes)}
        names = sorted(layer.name for layer in shared if id(layer) not in frozen and layer.trainable_weights)
        if names and model.trainable:
            warnings.warn(
                f"The model {m.name!r} is frozen, but only a part of it belongs to {model.name!r}, which trains its layers "
                f"{', '.join(map(repr, names[:5]))}{' ...' if len(names) > 5 else ''}. To freeze them, set trainable=False on the "
                "layers themselves. [differences: frozen-models]",
                stacklevel=2,
            )


def _calls(nodes) -> frozenset:
    """The nodes without those of inputs, which no weights belong to."""
    return frozenset(node for node in nodes if node.inbound_layers)


def _made_of(model) -> list:
    """The models that a Sequential model was made of: its first layer, the branches of a Merge, and what those are made of."""
    from .merge import Merge

    found: list = []
    stack = [model]
    while stack:
        current = stack.pop()
        layers = current.layers[:1] if hasattr(current, "flattened_layers") else []
        if layers and isinstance(layers[0], Merge):
            layers = layers[0].layers or []
        parts = [layer for layer in layers if hasattr(layer, "container_nodes") or hasattr(layer, "flattened_layers")]
        found += parts
        stack += parts
    return found
