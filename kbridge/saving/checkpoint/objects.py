"""The objects of a checkpoint: a graph whose edges are the names of attributes, with variables at its ends.

A layer of tf.keras is a node whose children are its variables (``kernel``) and the layers inside it (``cell``, ``layer``,
``forward_layer``); a model's layers are its children ``layer_with_weights-0``, ``layer_with_weights-1`` ...
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ..limits import MAX_DEPTH
from . import wire
from .bundle import OBJECT_GRAPH, Bundle

#: Nodes of the graph: some tens for each layer.
_MAX_NODES = 600_000

#: How many children may be looked at: always, and for each node of the graph. Layers share few of them.
_FEW_STEPS = 1_000_000
_STEPS = 30

#: What a layer's node holds besides its variables and layers: lists of them for other uses, functions, the optimizer.
_BOOKKEEPING = frozenset(
    {
        "keras_api", "variables", "trainable_variables", "non_trainable_variables", "regularization_losses", "_layers", "_updates", "_metrics",
        "optimizer", "signatures", "__call__", "call_and_return_all_conditional_losses", "call_and_return_conditional_losses",
        "_default_save_signature", "train_function", "train_tf_function", "test_function", "predict_function", "root", "loss_tracker",
        "save_counter", "compiled_metrics", "compiled_loss",
    }
)  # fmt: skip

#: Variables that layers keep for themselves and no file of weights holds: states, seeds.
NO_WEIGHTS = frozenset({"states", "_random_generator", "random_generator", "seed_generator", "_seed_generator"})

_LAYER = re.compile(r"layer_with_weights-(\d+)")


class Variable(NamedTuple):
    """A variable below a layer: its node, the names that lead to it from the layer, the tensor and its name in TensorFlow."""

    node: int
    path: tuple[str, ...]
    key: str
    full_name: str


class _Node(NamedTuple):
    children: dict[str, int]
    #: key of the tensor and name of the variable; nothing for what isn't one
    key: str = ""
    full_name: str = ""
    #: (node of the variable, name of the slot, node of its value) of an optimizer
    slots: tuple[tuple[int, str, int], ...] = ()


class Objects:
    """The graph of a checkpoint, and names that are known of its nodes from elsewhere."""

    def __init__(self, bundle: Bundle):
        self.bundle = bundle
        #: node -> name of the layer, where a SavedModel tells it
        self.names: dict[int, str] = {}
        self._nodes: list[_Node] = []
        for record in wire.messages(bundle.text(OBJECT_GRAPH), 1):
            self._nodes.append(_node(record))
            if len(self._nodes) > _MAX_NODES:
                raise bundle.error(f"it has more than {_MAX_NODES} objects.")
        if not self._nodes:
            raise bundle.error("its graph of objects is empty.")
        self._left = _FEW_STEPS + _STEPS * len(self._nodes)
        self._found: dict[int, list[Variable]] = {}

    def children(self, node: int) -> dict[str, int]:
        """Name -> node of a node's children, those that exist."""
        self._left -= 1 + len(self._nodes[node].children)
        if self._left < 0:
            raise self.bundle.error("its objects refer to each other too often.")
        return {name: child for name, child in self._nodes[node].children.items() if child < len(self._nodes)}

    def child(self, node: int, *names: str) -> int | None:
        """The first child with one of ``names``."""
        children = self.children(node)
        return next((children[name] for name in names if name in children), None)

    def at(self, path: str, node: int = 0) -> int | None:
        """The node at a path like 'layer_with_weights-0.cell'."""
        for step in path.split(".") if path else ():
            found = self.child(node, step)
            if found is None:
                return None
            node = found
        return node

    def slots(self, node: int) -> tuple[tuple[int, str, int], ...]:
        """An optimizer's (node of a variable, name of the slot, node of its value)."""
        return self._nodes[node].slots

    def key(self, node: int) -> str:
        """The name of the tensor of a variable; nothing if ``node`` is none or the tensor is missing."""
        key = self._nodes[node].key if 0 <= node < len(self._nodes) else ""
        return key if key in self.bundle else ""

    def full_name(self, node: int) -> str:
        """The name that a variable had in TensorFlow."""
        return self._nodes[node].full_name

    def numbered(self, node: int | None) -> list[int]:
        """The children of a list, in order."""
        children = {} if node is None else self.children(node)
        return [children[name] for name in sorted((n for n in children if n.isdecimal() and len(n) < 10), key=int)]

    def model(self) -> int:
        """The node of the model: the root, or what a tf.train.Checkpoint calls otherwise."""
        if self.layers(0):
            return 0
        found = {
            name: child
            for name, child in self.children(0).items()
            if name not in _BOOKKEEPING and any(map(_LAYER.fullmatch, self.children(child)))
        }
        if len(found) > 1 and "model" not in found:
            raise self.bundle.error(f"it holds several models: {', '.join(map(repr, found))}. Save one of them with model.save_weights.")
        return found.get("model", next(iter(found.values()), 0))

    def layers(self, node: int) -> list[int]:
        """The layers with weights of a model, in their order."""
        found = [(int(m[1]), child) for name, child in self.children(node).items() if (m := _LAYER.fullmatch(name)) and len(m[1]) < 10]
        return [child for _, child in sorted(found)]

    def parts(self, node: int) -> list[tuple[str, int]]:
        """(attribute, node) of what a model of a class of its own holds that has variables."""
        return [(name, child) for name, child in self.children(node).items() if name not in _BOOKKEEPING and self.variables(child)]

    def variables(self, node: int) -> list[Variable]:
        """All variables below a layer, each once, in the order in which the layer got them."""
        if node not in self._found:
            self._found[node] = list(self._variables(node))
        return list(self._found[node])

    def _variables(self, node: int) -> Iterator[Variable]:
        seen = set()
        pending: list[tuple[int, tuple[str, ...]]] = [(node, ())]
        while pending:
            current, path = pending.pop()
            if current in seen or len(path) > MAX_DEPTH:
                continue
            seen.add(current)
            found = self._nodes[current]
            if found.key and found.key in self.bundle:
                if self.bundle.is_weight(found.key):
                    yield Variable(current, path, found.key, found.full_name)
                continue
            names = [name for name in self.children(current) if name not in _BOOKKEEPING and name not in NO_WEIGHTS]
            pending += [(found.children[name], (*path, name)) for name in reversed(names)]

    def name(self, node: int) -> str | None:
        """The name of a layer, from elsewhere or from what its variables are called; None for a model and where it isn't clear."""
        if node in self.names:
            return self.names[node]
        if (
            self.layers(node)
            or self.child(node, "layer", "forward_layer") is not None
            and self.layers(self.child(node, "layer", "forward_layer") or 0)
        ):
            return None
        firsts = {variable.full_name.partition("/")[0] for variable in self.variables(node) if "/" in variable.full_name}
        return firsts.pop() if len(firsts) == 1 else None


def _node(record: memoryview) -> _Node:
    children: dict[str, int] = {}
    key = full_name = ""
    slots = []
    for number, _, value in wire.fields(record):
        if number == 1:
            child, name = 0, ""
            for inner, _, item in wire.fields(wire.message(value)):
                if inner == 1:
                    child = wire.number(item)
                elif inner == 2:
                    name = wire.text(item)
            children[name] = child
        elif number == 2:
            attribute = {inner: item for inner, _, item in wire.fields(wire.message(value)) if inner in (1, 2, 3)}
            if wire.text(attribute.get(1, memoryview(b""))) == "VARIABLE_VALUE":
                full_name, key = (wire.text(attribute.get(i, memoryview(b""))) for i in (2, 3))
        elif number == 3:
            slot: dict[int, wire.Value] = {inner: item for inner, _, item in wire.fields(wire.message(value))}
            slots.append((wire.number(slot.get(1, 0)), wire.text(slot.get(2, memoryview(b""))), wire.number(slot.get(3, 0))))
    return _Node(children, key, full_name, tuple(slots))
