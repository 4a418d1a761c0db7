"""The parts of a Keras 3 model as it lies in a file: layers with weights, and graphs of calls.

Layers lie in a file in the order in which Keras 3 finds them again from the graph, since it addresses their
weights by counting classes in that order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np


class Ref(tuple):
    """(name of a layer, number of its call, number of the output): a tensor."""

    __slots__ = ()

    def __new__(cls, name: str, call: int = 0, output: int = 0):
        return super().__new__(cls, (name, call, output))


@dataclass
class Weight:
    """An array with its name in Keras 3, and whether training changes it."""

    name: str
    value: np.ndarray
    trainable: bool = True
    #: whether it is that of a part inside, which is listed there
    listed: bool = False


@dataclass
class Part:
    """A layer, or an object inside of one that holds weights: its class, config, weights and inner parts by attribute.

    Parts in the config stand for the layers of a wrapper.
    """

    class_name: str
    config: dict[str, Any]
    weights: list[Weight] = field(default_factory=list)
    inner: dict[str, Part] = field(default_factory=dict)
    #: arrays that are no weights, which its class keeps in an archive by these names
    kept: dict[str, np.ndarray] = field(default_factory=dict)
    #: names of the arguments that it takes its tensors as, the first ``by_place`` by their place; none: one tensor, or a list of them
    takes: tuple[str, ...] = ()
    by_place: int = 2
    #: other arguments of its calls
    flags: dict[str, Any] = field(default_factory=dict)
    #: the class whose name its weights are stored under, if another
    stored_as: str | None = None
    #: how a layer over time takes the tensors behind the first, its initial states, in its argument of that name
    states: Callable[[list], list] | None = None
    #: the module of its class, if that isn't keras.layers
    module: str | None = None

    def called(self, tensors: Any) -> dict[str, Any]:
        """A call on tensors, as it stands in a config."""
        if self.states is not None and isinstance(tensors, list):
            return {"args": tensors[:1], "kwargs": {"initial_state": self.states(tensors[1:]), **self.flags}}
        if not self.takes or not isinstance(tensors, list):
            return {"args": [tensors], "kwargs": dict(self.flags)}
        first = self.by_place
        return {"args": tensors[:first], "kwargs": {**dict(zip(self.takes[first:], tensors[first:])), **self.flags}}

    @property
    def name(self) -> str:
        return self.config["name"]

    @property
    def contained(self) -> list[Part]:
        """The layers of a model; none in a layer."""
        return []

    def entry(self, registered: bool) -> dict[str, Any]:
        """The layer as it stands in a config; ``registered``: with the keys of ``.keras`` files."""
        entry: dict[str, Any] = {"class_name": self.class_name, "config": self.full_config(registered)}
        if registered:
            entry = {"module": self.module or "keras.layers", **entry, "registered_name": self.module and self.class_name}
        return entry

    def full_config(self, registered: bool) -> dict[str, Any]:
        """The config, with those of the layers inside of a wrapper: always as in ``.keras`` files."""

        def written(value: Any) -> Any:
            if isinstance(value, list):
                return [written(item) for item in value]
            return value.entry(True) if isinstance(value, Part) else value

        return {key: written(value) for key, value in self.config.items()}

    def all_weights(self) -> Iterator[tuple[str, Weight]]:
        """(path of names, weight) of this part and all inside."""
        for weight in self.weights:
            if not weight.listed:
                yield weight.name, weight
        for part in [*self.inner.values(), *self.contained]:
            for path, weight in part.all_weights():
                yield f"{part.config.get('name', '')}/{path}", weight

    def freeze(self) -> None:
        """Make this part and all inside not trainable."""
        if "trainable" in self.config:
            self.config["trainable"] = False
        for weight in self.weights:
            weight.trainable = False
        for part in [*self.inner.values(), *self.contained]:
            part.freeze()


@dataclass
class Stack(Part):
    """A Sequential model: an InputLayer and the layers above it."""

    layers: list[Part] = field(default_factory=list)

    @property
    def contained(self) -> list[Part]:
        # the InputLayer of a stack counts in its config only
        return self.layers[1:]

    def full_config(self, registered):
        return {**self.config, "layers": [part.entry(registered) for part in self.layers]}

    def entry(self, registered):
        entry = super().entry(registered)
        return {**entry, "module": "keras"} if registered else entry


@dataclass
class Graph(Part):
    """A functional model: each layer's calls as the tensors that they read."""

    layers: list[Part] = field(default_factory=list)
    #: layer name -> for each call what it reads: one tensor, or a list of tensors
    calls: dict[str, list[Ref | list[Ref]]] = field(default_factory=dict)
    inputs: list[Ref] = field(default_factory=list)
    outputs: list[Ref] = field(default_factory=list)
    #: shapes and dtypes of tensors
    shapes: dict[Ref, tuple] = field(default_factory=dict)
    dtypes: dict[Ref, str] = field(default_factory=dict)

    @property
    def contained(self) -> list[Part]:
        return self.layers

    def add(self, part: Part, reads: list[Ref | list[Ref]]) -> None:
        """A layer with its calls; an InputLayer has none."""
        self.layers.append(part)
        self.calls[part.name] = reads

    def sort(self) -> None:
        """Put the layers into the order that Keras 3 gives them: by depth, then as a walk from the outputs meets them."""
        depth, met = self._walk()
        self.layers = sorted((part for part in self.layers if part.name in depth), key=lambda p: (-depth[p.name], met[p.name]))

    def _walk(self) -> tuple[dict[str, int], dict[str, int]]:
        met: dict[str, int] = {}
        finished: list[tuple[str, int]] = []
        done: set[tuple[str, int]] = set()
        pending = [((ref[0], ref[1]), False) for ref in reversed(self.outputs)]
        while pending:
            node, leaving = pending.pop()
            if leaving:
                if node not in done:
                    done.add(node)
                    finished.append(node)
                continue
            met.setdefault(node[0], len(met))
            if node in done:
                continue
            pending.append((node, True))
            pending.extend(((ref[0], ref[1]), False) for ref in reversed(self._reads(node)))
        node_depth = {(ref[0], ref[1]): 0 for ref in self.outputs}
        depth: dict[str, int] = {}
        for node in reversed(finished):
            depth[node[0]] = node_depth[node] = max(node_depth.get(node, 0), depth.get(node[0], 0))
            for ref in self._reads(node):
                source = (ref[0], ref[1])
                node_depth[source] = max(node_depth.get(source, 0), node_depth[node] + 1)
        for ref in self.inputs:
            if ref[0] not in depth:  # an input that nothing reads
                depth[ref[0]] = 0
                met.setdefault(ref[0], len(met))
        return depth, met

    def _reads(self, node: tuple[str, int]) -> list[Ref]:
        calls = self.calls[node[0]]
        if not calls:
            return []
        read = calls[node[1]]
        return [read] if isinstance(read, Ref) else read

    def full_config(self, registered):
        layers = []
        for part in self.layers:
            call = getattr(part, "call", None)  # an operation has other arguments than tensors
            calls = [call()] if call else [part.called(self._tensors(read)) for read in self.calls[part.name]]
            layers.append({**part.entry(registered), "name": part.name, "inbound_nodes": calls})
        # at the ends of a model, and only there, the making of a functional model counts as its call 0
        graphs = {part.name for part in self.layers if isinstance(part, Graph)}
        outputs = [Ref(name, call + (name in graphs), output) for name, call, output in self.outputs]
        return {**self.config, "layers": layers, "input_layers": _ends(self.inputs), "output_layers": _ends(outputs)}

    def _tensors(self, read: Any) -> Any:
        if not isinstance(read, Ref):
            return [self._tensors(ref) for ref in read]
        config = {"shape": list(self.shapes[read]), "dtype": self.dtypes.get(read, "float32"), "keras_history": list(read)}
        return {"class_name": "__keras_tensor__", "config": config}

    def entry(self, registered):
        entry = super().entry(registered)
        return {**entry, "module": "keras.src.models.functional", "registered_name": "Functional"} if registered else entry


def _ends(refs: list[Ref]) -> list:
    """The ends of a model: one tensor stands by itself, for a model called on a tensor and not on a list."""
    return list(refs[0]) if len(refs) == 1 else [list(ref) for ref in refs]


def snake_case(name: str) -> str:
    """'BatchNormalization' as 'batch_normalization': how Keras 3 makes paths of classes."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
