"""The contents of a model's or weights' file, whatever Keras wrote it: config, training settings, arrays by layer. Nothing is built."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..saving.checkpoint.bundle import Tensor
from ..saving.configs import upgrade, with_group_names
from ..saving.errors import ModelFileError
from ..saving.functions import put_graphs, stored_graphs
from ..saving.keras2 import major_version
from ..saving.keras3.archive import CONFIG, METADATA, WEIGHTS, is_weights_file, open_archive, version_of
from ..saving.keras3.arrays import labelled_arrays, numbered
from ..saving.keras3.compiled import as_of_keras2
from ..saving.keras3.paths import has_arrays, nodes_of_config, places, stored_names
from ..saving.kinds import CHECKPOINT, KERAS3, SAVED_MODEL, kind_of
from ..saving.limits import MAX_ARRAYS
from ..saving.origin import Origin, forced_origin
from ..saving.reading import Group, StoredArray, open_file
from ..saving.texts import parse_json
from ..saving.unstated import with_unstated
from ..saving.weights import weights_origin

#: (name, array) of a layer's weights, or an optimizer's
Arrays = Sequence[tuple[str, StoredArray | Tensor]]


@dataclass
class Contents:
    """A file's contents. ``config``: None for weights alone; ``training``: as Keras 1 and 2 write it; ``others``: what belongs to no model."""

    path: str
    config: Any
    training: Any
    version: str | None
    origin: Origin
    weights: Mapping[str, Arrays]
    optimizer: Arrays = field(default_factory=list)
    kbridge_version: str | None = None
    written_on: str | None = None
    others: list[str] = field(default_factory=list)
    #: whether ``training`` names the optimizer: Keras 3 doesn't store one that compile got by its place
    names_optimizer: bool = True

    @property
    def arrays(self) -> list[tuple[str, str, StoredArray | Tensor]]:
        """(layer, name, array) of all weights."""
        return [(layer, name, array) for layer, members in self.weights.items() for name, array in members]


@contextlib.contextmanager
def open_contents(path: str | os.PathLike, original_backend: str | None = None) -> Iterator[Contents]:
    """The contents of the file ``path``, whose arrays can be read while the context lasts. ModelFileError for anything wrong with it."""
    path = os.fspath(path)
    forced = forced_origin(original_backend) if original_backend else None
    kind = kind_of(path)
    if kind.name in (CHECKPOINT, SAVED_MODEL):
        from .checkpoints import contents

        with contents(kind) as found:
            yield Contents(path, found.config, found.training, found.version, _KERAS3, dict(found.stored), list(found.optimizer))
        return
    if kind.name == KERAS3:
        with open_archive(path) as archive, archive.hdf5(WEIGHTS) as root:
            config = archive.json(CONFIG)
            metadata = archive.json(METADATA) if METADATA in archive else {}
            nodes = nodes_of_config(config)
            layers = {
                node.name: place
                for node, place in zip(nodes, places(nodes), strict=True)
                if place in root and has_arrays(root.group(place))
            }
            yield Contents(
                path, config, _compiled(config), version_of(archive), forced or _KERAS3, _arrays_of_keras3(root, layers), _optimizer_of_keras3(root),
                metadata.get("kbridge_version") if isinstance(metadata, dict) else None, names_optimizer=_names_optimizer(config),
            )  # fmt: skip
        return
    with open_file(path) as root:
        if is_weights_file(root):
            yield Contents(path, None, None, "3", forced or _KERAS3, _arrays_of_keras3(root, _places_in(root)), _optimizer_of_keras3(root))
            return
        group = weights_group(root)
        stored = stored_weights(group)
        text, training = root.text("model_config"), root.text("training_config")
        config = None if text is None else parse_json(text, f"{path!r}, model_config")
        if config is not None:
            config = with_group_names(upgrade(put_graphs(config, stored_graphs(root))), list(stored))
            if (major_version(root.text("keras_version")) or 1) == 1:
                config = with_unstated(
                    config, lambda name: tuple(stored[name][0][1].shape) if stored.get(name) else None, not root.text("kbridge_version")
                )
        yield Contents(
            path, config, None if training is None else parse_json(training, f"{path!r}, training_config"),
            root.text("keras_version") or (group.text("keras_version") if group is not root else None),
            forced or weights_origin(root, group), stored, _optimizer_arrays(root), root.text("kbridge_version"),
            root.text("kbridge_backend") or root.text("backend"), others_in(root, group),
        )  # fmt: skip


# ---------------------------------------------------------------------- Keras 3

_KERAS3 = Origin("tensorflow", "Keras 3 computes cross-correlations on every backend")


def _compiled(config: Any) -> Any:
    compiled = config.get("compile_config") if isinstance(config, dict) else None
    return as_of_keras2(compiled) if isinstance(compiled, dict) and compiled else None


def _names_optimizer(config: Any) -> bool:
    compiled = config.get("compile_config") if isinstance(config, dict) else None
    return not isinstance(compiled, dict) or not compiled or compiled.get("optimizer") is not None


def _places_in(root: Group) -> dict[str, str]:
    """Names of layers with weights, as far as the file has any, else their paths -> paths."""
    names = {path: name for name, path in stored_names(root).items()}
    found = {}
    if "layers" in root and root.is_group("layers"):
        layers = root.group("layers")
        paths = [f"layers/{place}" for place in layers.keys() if layers.is_group(place)]
    else:  # a model of the user's own class: its attributes
        paths = [name for name in root.keys() if name not in ("optimizer", "metrics", "vars") and root.is_group(name)]
    for path in paths:
        if has_arrays(root.group(path)):
            found[names.get(path, path.removeprefix("layers/"))] = path
    return found


def _arrays_of_keras3(root: Group, paths: dict[str, str]) -> dict[str, Arrays]:
    return {name: labelled_arrays(root.group(path)) for name, path in paths.items()}


def _optimizer_of_keras3(root: Group) -> Arrays:
    if "optimizer" not in root or not root.is_group("optimizer"):
        return []
    return [(array.name, array) for array in numbered(root.group("optimizer"))]


# ---------------------------------------------------------------------- Keras 1 and 2


def weights_group(root: Group) -> Group:
    """The group with the weights in a model's file or a file of weights. ModelFileError if it is neither."""
    if root.names("layer_names") is None and not root.has_attribute("nb_layers"):
        if "model_weights" in root:
            return root.group("model_weights")
        raise ModelFileError(f"{root.path!r}: an HDF5 file, but neither a model nor weights of Keras (no layer_names).")
    return root


def stored_weights(group: Group) -> dict[str, list[tuple[str, StoredArray]]]:
    """Layer name -> (name, array) of its weights; also for the layout of Keras 0.x."""
    if not group.has_attribute("nb_layers"):
        stored: dict[str, list[tuple[str, StoredArray]]] = {}
        layers = group.names("layer_names")
        if layers is None:
            raise group.error("there are no weights here: the attribute 'layer_names' is missing.")
        for layer in layers:
            inner = group.group(layer)
            names = inner.names("weight_names")
            if names is None:
                raise inner.error("the attribute 'weight_names' is missing.")
            stored[layer] = [(name, inner.array(name)) for name in names]
        return stored
    count = group.integer("nb_layers") or 0
    if count > MAX_ARRAYS:
        raise group.error(f"nb_layers is {count}; the limit is {MAX_ARRAYS}.")
    stored = {}
    for number in range(count):
        inner = group.group(f"layer_{number}")
        params = inner.integer("nb_params") or 0
        if params > MAX_ARRAYS:
            raise inner.error(f"nb_params is {params}; the limit is {MAX_ARRAYS}.")
        stored[f"layer_{number}"] = [(f"param_{k}", inner.array(f"param_{k}")) for k in range(params)]
    return stored


def _optimizer_arrays(root: Group) -> list[tuple[str, StoredArray]]:
    if "optimizer_weights" not in root:
        return []
    group = root.group("optimizer_weights")
    return [(name, group.array(name)) for name in group.names("weight_names") or []]


def others_in(root: Group, weights: Group) -> list[str]:
    """Members at the top of the file that no reader of models looks at."""
    known = {"model_weights", "optimizer_weights"} if weights is not root else {"optimizer_weights", *root.keys()}
    return [name for name in root.keys() if name not in known]
