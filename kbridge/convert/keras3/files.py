"""Writing Keras 3's two file formats: the ``.keras`` archive and the older ``.h5`` file."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..._version import __version__
from ...files.atomic import replacing
from ...saving.hdf5_layout import linking, write_array, write_names, write_text, writing
from .parts import Part, snake_case
from .training import Compiled

#: The version whose formats these are; Keras reads those of earlier ones too.
KERAS_VERSION = "3.0.0"


def write_keras(
    model: Part,
    path: str | os.PathLike,
    compiled: Compiled | None = None,
    members: Mapping[str, str] | None = None,
    more: Callable[[Any], None] | None = None,
) -> None:
    """Write the ``.keras`` archive: the config as JSON, and an HDF5 file of the weights by the path of each layer.

    ``compiled``: how the model is compiled, and the optimizer's variables; ``members``: further texts in the archive; ``more`` writes
    more into the HDF5 file.
    """
    config = model.entry(registered=True)
    if compiled is not None:
        config["compile_config"] = compiled.config
    metadata = {"keras_version": KERAS_VERSION, "date_saved": _now(), "kbridge_version": __version__}
    with (
        replacing(path) as temporary,
        weights_file(model, compiled.variables if compiled else (), more) as weights,
        zipfile.ZipFile(temporary, "w") as archive,
    ):
        archive.writestr("metadata.json", json.dumps(metadata))
        archive.writestr("config.json", json.dumps(config))
        for name, text in (members or {}).items():
            archive.writestr(name, text)
        archive.write(weights, "model.weights.h5")


@contextlib.contextmanager
def weights_file(model: Part, optimizer: Sequence[np.ndarray] = (), more: Callable[[Any], None] | None = None) -> Iterator[str]:
    """The path of a ``.weights.h5`` file of the model, which exists while the context lasts."""
    with tempfile.TemporaryDirectory(prefix="kbridge-") as folder:
        path = os.path.join(folder, "model.weights.h5")
        with writing(path) as h5, linking() as known:
            put_weights(model, h5, optimizer)
            if more is not None:
                known.links = True
                more(h5)
        yield path


def put_weights(model: Part, h5: Any, optimizer: Sequence[np.ndarray] = ()) -> None:
    """Write the weights of a model, and its optimizer's variables, into an open HDF5 file."""
    _put(model, h5)
    if optimizer:
        group = h5.create_group("optimizer/vars")
        for number, value in enumerate(optimizer):
            write_array(group, str(number), value)


def _now() -> str:
    return datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")


def _put(part: Part, group) -> None:
    own = group.create_group("vars")
    own.attrs["name"] = part.config.get("name", "")
    for number, weight in enumerate(part.weights):
        write_array(own, str(number), weight.value)
    for name, value in part.kept.items():
        write_array(own, name, value)
    for attribute, inner in part.inner.items():
        _put(inner, group.create_group(attribute))
    taken: Counter[str] = Counter()
    for layer in part.contained:
        path = snake_case(layer.stored_as or layer.class_name)
        number = taken[path]
        taken[path] += 1
        _put(layer, group.create_group(f"layers/{path}" + (f"_{number}" if number else "")))


def write_h5(model: Part, path: str | os.PathLike) -> None:
    """Write Keras 3's ``.h5`` file: the layout of Keras 1 and 2 with a config of Keras 3."""
    with writing(path) as h5:
        for group in (h5, h5.create_group("model_weights")):
            write_text(group, "keras_version", KERAS_VERSION)
            write_text(group, "backend", "tensorflow")
        write_text(h5, "model_config", json.dumps(model.entry(registered=False)))
        write_text(h5, "kbridge_version", __version__)
        root = h5["model_weights"]
        write_names(root, "layer_names", [layer.name for layer in model.contained])
        for layer in model.contained:
            group = root.create_group(layer.name)
            # trained weights of a model inside come before all others, as in Keras' own lists
            stored = sorted(layer.all_weights(), key=lambda item: not item[1].trainable)
            names = different([f"{layer.name}/{name}" for name, _ in stored])
            write_names(group, "weight_names", names)
            for name, (_, weight) in zip(names, stored):
                write_array(group, name, weight.value)
        write_names(root.create_group("top_level_model_weights"), "weight_names", [])


def different(names: list[str]) -> list[str]:
    taken: Counter[str] = Counter()
    different = []
    for name in names:
        number = taken[name]
        taken[name] += 1
        different.append(f"{name}_{number}" if number else name)
    return different


def dtype_of(value: np.ndarray) -> str:
    """An array's dtype as Keras names it."""
    return str(value.dtype)
