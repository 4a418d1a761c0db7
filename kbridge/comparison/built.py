"""A file's model as kbridge builds it: its layers and weights in one form, however the file spells them."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .. import backend as K
from ..convert.files import load_source, weights_beside
from ..convert.masks import calls
from ..convert.weights import GATES
from ..engine.entries import held
from ..engine.input_layer import InputLayer
from ..engine.inside import inner_layers, ordered_weights, unlisted_weights
from ..engine.node import to_list
from ..saving.configs import model_config
from ..saving.kinds import JSON, YAML, kind_of
from .architecture import Layers, layers_in, meant, nameless
from .inputs import draw_inputs
from .layers import calls_of, graph_of


class Built(NamedTuple):
    """A model, its class and layers, and for each layer its arrays by name."""

    model: Any
    class_name: str
    layers: Layers
    weights: dict[str, dict[str, np.ndarray]]


@contextlib.contextmanager
def exact(dtypes: set[str]) -> Iterator[None]:
    """Within the context, models are built with float64 if the files have such values, so that none are rounded."""
    before = K.floatx()
    K.set_floatx("float64" if "float64" in dtypes else before)
    try:
        yield
    finally:
        K.set_floatx(before)


def build(path: str | os.PathLike, custom_objects: Mapping[str, Any], original_backend: str | None, weights: Any = None) -> Built:
    """The model in a file, not compiled; ``weights`` names a file to take its weights from. Errors are those of ``load_model``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if weights is None and kind_of(path).name in (JSON, YAML):
            weights = weights_of_text(path)
        model = _with_weights(path, custom_objects, original_backend, weights)
    layers = layers_in(_without_inputs(model_config(model)))
    found: dict[str, dict[str, np.ndarray]] = {}
    names: dict[int, list[str]] = {}
    ndims: dict[str, int] = {}
    _collect(model, "", layers, found, names, ndims)
    masked: set[str] = set()
    started: set[str] = set()
    trained: set[str] = set()
    for seen in calls(model) if layers else ():
        own = names.get(id(seen.layer), ())
        masked.update(own if seen.masked else ())
        started.update(own if seen.masked and (len(seen.node.input_tensors) > 1 or getattr(seen.layer, "stateful", False)) else ())
        trained.update(() if seen.frozen else own)
    for name, layer in layers.items():
        # a layer is trained or not, whether that is said of it or of a model that it is in
        settings = {key: value for key, value in layer.settings.items() if key != "trainable"}
        layers[name] = layer._replace(settings={**settings, "trainable": name in trained} if name in found else settings)
    return Built(model, type(model).__name__, meant(layers, hasattr(model, "flattened_layers"), masked, started, ndims), found)


def _without_inputs(entry: Any) -> Any:
    """The entry of a model, in which no Sequential model lists its input: the layer behind it says the shape."""
    config = entry.get("config") if isinstance(entry, dict) else None
    if isinstance(config, dict) and isinstance(config.get("layers"), list):
        return {**entry, "config": {**config, "layers": [_without_inputs(item) for item in config["layers"]]}}
    if not isinstance(config, list):
        return entry
    if len(config) > 1 and config[0].get("class_name") == "InputLayer":
        shape = config[0]["config"].get("batch_input_shape")
        first = config[1]["config"]
        config = [{**config[1], "config": {"batch_input_shape": shape, **first} if isinstance(first, dict) else first}, *config[2:]]
    # what a Sequential model that is a layer of another one is called, is in no config of its
    return {
        **entry,
        "config": [
            {**_without_inputs(item), "name": None} if isinstance(item.get("config"), list) else _without_inputs(item) for item in config
        ],
    }


def predictions_apart(one: Any, two: Any, seed: int) -> float | None:
    """The largest difference between what two models predict from the same random inputs, relative to the largest value.

    None where their inputs or outputs differ in number or shape.
    """
    graphs = [graph_of(model) for model in (one, two)]
    ends = [([x._keras_shape for x in graph.inputs], [y._keras_shape for y in graph.outputs]) for graph in graphs]
    if ends[0] != ends[1]:
        return None
    x = draw_inputs(calls_of(one)[0], len(graphs[0].inputs), seed)
    found = [[np.asarray(y) for y in to_list(model.predict(x))] for model in (one, two)]
    return max(
        float(np.max(np.abs(a - b), initial=0.0)) / (float(np.max(np.abs(a), initial=0.0)) or 1.0) for a, b in zip(*found, strict=True)
    )


def weights_of_text(path: str | os.PathLike) -> Path | None:
    """The file that lies beside an architecture with its weights, as ``kbridge convert`` writes it; None if there is none."""
    beside = weights_beside(path)
    return beside if beside.is_file() else None


def _with_weights(path, custom_objects, original_backend, weights):
    from ..models import model_from_json, model_from_yaml

    kind = kind_of(path).name
    if kind in (JSON, YAML):
        read = model_from_json if kind == JSON else model_from_yaml
        model = read(Path(path).read_bytes().decode("utf8", "replace"), dict(custom_objects))
    else:
        model = load_source(path, None, dict(custom_objects), original_backend, compiled=False)
    if weights is not None:
        model.load_weights(weights, original_backend=original_backend)
    return model


def _collect(
    model: Any, prefix: str, layers: Layers, found: dict[str, dict[str, np.ndarray]], names: dict[int, list[str]], ndims: dict[str, int]
) -> None:
    """Add what the layers of ``model`` hold, their ``names`` and their inputs' numbers of axes."""
    sequential = hasattr(model, "flattened_layers")
    listed = [layer for layer in held(model) if not (sequential and isinstance(layer, InputLayer))]
    for number, layer in enumerate(listed):
        name = prefix + (nameless(number) if sequential and hasattr(layer, "flattened_layers") else layer.name)
        names.setdefault(id(layer), []).append(name)
        shapes = layer.inbound_nodes[0].input_shapes if layer.inbound_nodes else []
        if shapes:
            ndims[name] = len(shapes[0])
        inside = held(layer)
        if inside and not hasattr(layer, "_inner"):
            _collect(layer, f"{name}/", layers, found, names, ndims)
            continue
        weights = [*ordered_weights(layer), *unlisted_weights([layer])[0]]
        if weights:
            found[name] = _joined(
                layer, dict(zip(labels(layer.name, [w.name for w in weights]), K.batch_get_value(weights), strict=True)), weights
            )


def _joined(layer: Any, arrays: dict[str, np.ndarray], weights: list) -> dict[str, np.ndarray]:
    """The arrays with the gates of layers over time side by side, whether such a layer keeps them apart or not."""
    names = {id(weight): name for weight, name in zip(weights, arrays, strict=True)}
    for inner in inner_layers(layer):
        order = GATES.get(type(inner).__name__, "")
        for part in "WUb":
            apart = [names.get(id(getattr(inner, f"{part}_{gate}", None))) for gate in order]
            if not order or None in apart:
                continue
            joined = np.concatenate([arrays[name] for name in apart if name is not None], axis=-1)
            label = str(apart[0]).removesuffix(f"_{order[0]}")
            # in the place of the first
            arrays = {
                label if name == apart[0] else name: joined if name == apart[0] else a
                for name, a in arrays.items()
                if name not in apart[1:]
            }
    return arrays


def labels(layer: str, names: list[str]) -> list[str]:
    """Names of weights without what stands before them: the layer's name, and what TensorFlow adds."""
    short = [name.rsplit("/", 1)[-1].partition(":")[0].removeprefix(f"{layer}_") for name in names]
    # names that differ only in what was cut off are numbered
    return [name if short.count(name) == 1 else f"{name} {i}" for i, name in enumerate(short)]
