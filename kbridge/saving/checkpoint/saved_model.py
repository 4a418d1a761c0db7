"""SavedModel folders that tf.keras wrote: the configs of its layers, and how it was compiled.

From TensorFlow 2.5 on they lie in ``keras_metadata.pb``, before that beside the objects in ``saved_model.pb``. The operations in
``saved_model.pb`` are passed over: nothing of them is run.
"""

from __future__ import annotations

import contextlib
import mmap
import os
from collections.abc import Iterator
from typing import Any, NamedTuple

from ..errors import ModelFileError
from ..limits import MAX_LAYERS, MAX_TEXT
from ..reading import failures_named
from ..texts import parse_json
from . import wire

METADATA = "keras_metadata.pb"
GRAPH = "saved_model.pb"

#: Objects in saved_model.pb: layers, variables, lists of them and functions.
_MAX_OBJECTS = 2_000_000
#: Bytes of saved_model.pb; protocol buffers hold no more.
_MAX_GRAPH = 2**31

_MODELS = ("_tf_keras_sequential", "_tf_keras_network", "_tf_keras_model")


class Described(NamedTuple):
    """The description of one object in a SavedModel."""

    #: the names that lead to it: 'root.layer_with_weights-0'; nothing where only the number is known
    path: str
    node: int
    kind: str
    text: str


class SavedModel(NamedTuple):
    """The Keras part of a SavedModel folder."""

    folder: str
    #: metadata of the model itself
    root: dict[str, Any]
    objects: list[Described]

    @property
    def version(self) -> str | None:
        """The version of Keras that wrote it."""
        version = self.root.get("keras_version")
        return version if isinstance(version, str) else None

    @property
    def config(self) -> dict[str, Any]:
        """{'class_name', 'config'} of the model. ModelFileError if it is of a class of its own, which only exists as functions."""
        found = self.root.get("model_config")
        if not isinstance(found, dict):
            found = {"class_name": self.root.get("class_name"), "config": self.root.get("config")}
        config, name = found.get("config"), found.get("class_name")
        if isinstance(config, dict) and isinstance(config.get("layers"), list) or name == "Sequential" and isinstance(config, list):
            return found
        raise ModelFileError(
            f"{self.folder!r}: its model {self.root.get('name', '')!r} has the class {name!r} and no config. It consists only "
            "of traced functions of TensorFlow, which kbridge never runs. Build the model in a program and load its "
            f"weights: model.load_weights({self.folder!r}). [differences: traced-functions]"
        )


def read_saved_model(folder: str) -> SavedModel:
    """The Keras part of the SavedModel in ``folder``. ModelFileError if there is none, or for anything wrong in it."""
    with failures_named(folder, problem="damaged, or not a SavedModel"):
        path = os.path.join(folder, METADATA)
        if os.path.isfile(path):
            with _mapped(path, MAX_TEXT) as data:
                objects = list(_in_metadata(data))
        elif os.path.isfile(os.path.join(folder, GRAPH)):
            with _mapped(os.path.join(folder, GRAPH), _MAX_GRAPH) as data:
                objects = list(_in_graph(data))
        else:
            raise ModelFileError(
                f"the folder has neither {METADATA} nor {GRAPH} (kbridge doesn't read a SavedModel as text, .pbtxt). Save the "
                "model again, or copy the whole folder."
            )
        if sum(len(item.text) for item in objects) > MAX_TEXT or len(objects) > 4 * MAX_LAYERS:
            raise ModelFileError(
                f"the configs of its layers have more than {MAX_TEXT} characters, or there are more than {4 * MAX_LAYERS} of them."
            )
        root = next((item for item in objects if item.path == "root" or not item.path and item.node == 0), None)
        if root is None:
            raise ModelFileError(
                "a SavedModel of TensorFlow without the configs of Keras. tf.saved_model.save and Keras 3's model.export write "
                "only traced functions, which kbridge never runs. Save the model where it was built, with model.save('model.h5') "
                "or model.save('model.keras'); or build it in a program and load its weights with model.load_weights. "
                "[differences: traced-functions]"
            )
        metadata = parse_json(root.text, f"{folder!r}, {METADATA}")
        if not isinstance(metadata, dict) or root.kind not in _MODELS and "class_name" not in metadata:
            raise ModelFileError(f"it doesn't hold a Keras model, but {root.kind or 'something else'!r}.")
        return SavedModel(folder, metadata, objects)


def layer_names(saved: SavedModel) -> dict[str | int, str]:
    """Path, or number of the node, of each layer -> its name."""
    found: dict[str | int, str] = {}
    for item in saved.objects:
        if not item.kind.startswith("_tf_keras") or item.kind in ("_tf_keras_metric", "_tf_keras_optimizer"):
            continue
        metadata = parse_json(item.text, f"{saved.folder!r}, {METADATA}")
        if isinstance(metadata, dict) and isinstance(metadata.get("name"), str):
            found[item.path.removeprefix("root").removeprefix(".") if item.path else item.node] = metadata["name"]
    return found


@contextlib.contextmanager
def _mapped(path: str, limit: int) -> Iterator[memoryview]:
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if not size:
            raise ModelFileError(f"{os.path.basename(path)} is empty.")
        if size > limit:
            raise ModelFileError(f"{os.path.basename(path)} has {size} bytes; the limit is {limit}.")
        # closed when nothing looks into it any more
        yield memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _in_metadata(data: memoryview) -> Iterator[Described]:
    for count, record in enumerate(wire.messages(data, 1)):
        if count > 4 * MAX_LAYERS:
            raise wire.Damaged(f"it describes more than {4 * MAX_LAYERS} objects.")
        node, texts = 0, {3: "", 4: "", 5: ""}
        for number, _, value in wire.fields(record):
            if number == 2:
                node = wire.number(value)
            elif number in texts:
                texts[number] = wire.text(value)
        yield Described(texts[3], node, texts[4], texts[5])


def mapped_graph(folder: str) -> contextlib.AbstractContextManager[memoryview]:
    """The bytes of saved_model.pb in ``folder``."""
    return _mapped(os.path.join(folder, GRAPH), _MAX_GRAPH)


def first_graph(data: memoryview) -> memoryview | None:
    """The first graph in saved_model.pb: meta_graphs[0]."""
    return next(wire.messages(data, 2), None)


def user_objects(data: memoryview) -> tuple[memoryview | None, memoryview | None]:
    """The operations and the graph of objects of the first graph in saved_model.pb, its fields 2 and 7."""
    graph = first_graph(data)
    if graph is None:
        return None, None
    return next(wire.messages(graph, 2), None), next(wire.messages(graph, 7), None)


def _in_graph(data: memoryview) -> Iterator[Described]:
    """The objects with a config in saved_model.pb."""
    _, objects = user_objects(data)
    if objects is None:
        return
    for node, record in enumerate(wire.messages(objects, 1)):
        if node > _MAX_OBJECTS:
            raise wire.Damaged(f"it has more than {_MAX_OBJECTS} objects.")
        for user in wire.messages(record, 4):
            kind = text = ""
            for number, _, value in wire.fields(user):
                if number == 1:
                    kind = wire.text(value)
                elif number == 3:
                    text = wire.text(value)
            if text:
                yield Described("", node, kind, text)
