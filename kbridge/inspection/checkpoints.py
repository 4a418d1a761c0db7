"""The contents of checkpoints and SavedModel folders of TensorFlow: layers, arrays and settings, without building anything."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..saving.checkpoint.bundle import OBJECT_GRAPH, Bundle, Tensor, open_bundle
from ..saving.checkpoint.loading import named_objects
from ..saving.checkpoint.matching import weight_names
from ..saving.checkpoint.objects import Objects
from ..saving.checkpoint.saved_model import GRAPH, SavedModel, read_saved_model
from ..saving.checkpoint.weights import prefix_of
from ..saving.errors import ModelFileError
from ..saving.kinds import CHECKPOINT, Kind
from ..saving.reading import failures_named

#: the name of a layer -> (name of the array in it, array)
Stored = dict[str, list[tuple[str, Tensor]]]


@dataclass
class Contents:
    """The contents of a checkpoint or a SavedModel; ``config`` is None where it has weights alone."""

    path: str
    size: int
    stored: Stored
    optimizer: list[tuple[str, Tensor]]
    config: Any = None
    training: Any = None
    version: str | None = None
    #: why there is no config, of a SavedModel
    notes: list[str] = field(default_factory=list)


@contextlib.contextmanager
def contents(kind: Kind) -> Iterator[Contents]:
    """The contents of a checkpoint or a SavedModel folder, open while the context lasts. ModelFileError for anything wrong in it."""
    saved = None
    notes: list[str] = []
    if kind.name != CHECKPOINT:
        try:
            saved = read_saved_model(kind.path)
        except ModelFileError as error:
            if "traced-functions" not in str(error):
                raise
            notes.append(str(error))
        if os.path.isfile(os.path.join(kind.path, GRAPH)):
            notes.append(f"{GRAPH} holds functions that TensorFlow traced; they are never run here")
    prefix = prefix_of(kind)
    with open_bundle(prefix) as bundle, failures_named(prefix, problem="damaged, or not a checkpoint of a model"):
        if OBJECT_GRAPH in bundle:
            objects = Objects(bundle)
            if saved is not None:
                named_objects(saved, objects)
            stored, optimizer = _by_objects(objects), _optimizer(objects)
        else:
            stored, optimizer = _by_names(bundle)
        found = Contents(kind.path, _size(kind, prefix), stored, optimizer, notes=notes)
        if saved is not None:
            _describe(found, saved)
        yield found


def _describe(found: Contents, saved: SavedModel) -> None:
    found.version = saved.version
    found.training = saved.root.get("training_config")
    try:
        found.config = saved.config
    except ModelFileError as error:
        found.notes.append(str(error))


def _by_objects(objects: Objects) -> Stored:
    node = objects.model()
    layers = [(objects.name(child) or f"layer_with_weights-{k}", child) for k, child in enumerate(objects.layers(node))]
    if not layers:
        layers = objects.parts(node)
    stored: Stored = {}
    for label, child in layers:
        arrays = [("/".join(v.path), objects.bundle.tensor(v.key)) for v in objects.variables(child)]
        # layers of one name are told apart by their places
        name = label if label not in stored else f"{label} ({len(stored)})"
        if arrays:
            stored[name] = arrays
    return stored


def _optimizer(objects: Objects) -> list[tuple[str, Tensor]]:
    node = next((n for start in (objects.model(), 0) if (n := objects.child(start, "optimizer", "opt")) is not None), None)
    if node is None:
        return []
    kept = [value for _, _, value in objects.slots(node)] or objects.numbered(objects.child(node, "_variables"))
    # the count of updates, which optimizers before tf.keras 2.11 keep beside their slots; later ones list it among their variables
    kept = [*([count] if (count := objects.child(node, "iter")) is not None else []), *kept]
    keys = list(dict.fromkeys(key for child in kept if (key := objects.key(child))))
    return [(key, objects.bundle.tensor(key)) for key in keys if objects.bundle.is_weight(key)]


def _by_names(bundle: Bundle) -> tuple[Stored, list[tuple[str, Tensor]]]:
    """The variables of a saver of TensorFlow 1, by the names before their last '/', and what is no weight."""
    stored: Stored = {}
    weights = set(weight_names(bundle))
    for name in bundle.names:
        if name in weights:
            layer, _, last = name.rpartition("/")
            stored.setdefault(layer, []).append((last, bundle.tensor(name)))
    return stored, [(name, bundle.tensor(name)) for name in bundle.names if name not in weights and bundle.is_weight(name)]


def _size(kind: Kind, prefix: str) -> int:
    folder = kind.path if kind.name != CHECKPOINT else None
    if folder is not None:
        files = [os.path.join(place, name) for place, _, names in os.walk(folder) for name in names]
    else:
        directory, start = os.path.split(prefix)
        files = [
            os.path.join(directory, name) for name in os.listdir(directory or ".") if name.startswith((f"{start}.index", f"{start}.data-"))
        ]
    return sum(os.path.getsize(path) for path in files)
