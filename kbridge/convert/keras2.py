"""A kbridge model as an ``.h5`` file of Keras 2, for programs that are held on Keras 2.3 or an old TensorFlow.

The layers are those that ``keras3`` makes, in the settings and the layout of Keras 2, whose hard_sigmoid and masks are Keras 1's.
"""

from __future__ import annotations

import json
import os
from typing import Any

from .. import activations
from .._version import __version__
from ..formats import keras2_classes, registry
from ..saving.hdf5_layout import write_array, write_names, write_text, writing
from .keras3.context import Context
from .keras3.files import different
from .keras3.models import Builder, converted
from .keras3.parts import Graph, Part, Ref, Stack
from .problems import NotConvertible, Unsupported, refusal

#: The version whose format this is; every later Keras 2 reads it.
KERAS_VERSION = "2.3.1"

#: activation here -> in Keras 2; the later ones are tf.keras'
_ACTIVATIONS = {
    **{name: name for name in ("linear", "softmax", "elu", "softplus", "softsign", "relu", "tanh", "sigmoid", "hard_sigmoid", "selu", "exponential")},
    "silu": "swish", "gelu": "gelu",
}  # fmt: skip

#: settings that Keras 2 doesn't have, and the values at which they say what it does without them
_NEUTRAL = {
    "keepdims": False,
    "groups": 1,
    "synchronized": False,
    "zero_output_for_mask": False,
    "rms_scaling": False,
    "seed": None,
    "sparse": False,
    "antialias": False,
}

#: what a layer doesn't take there: it has the value that the settings of TensorFlow give
_UNTAKEN = {"Resizing": "data_format", "CenterCrop": "data_format"}

#: layers that no Keras 2 has in its namespace, beside those that came with Keras 3
_LACKING = ("RMSNormalization", "LayerScale", "StochasticDepth")

#: names of settings there
_RENAMED = {"LeakyReLU": {"negative_slope": "alpha"}}


class _Builder(Builder):
    """Makes the layers of Keras 2."""

    def activation(self, layer, attribute: str = "activation") -> str:
        function = getattr(layer, attribute)
        name = getattr(function, "__name__", type(function).__name__)
        if function is not getattr(activations, name, None):
            raise refusal(layer, "own-activation", f"{attribute} {name!r} is a function of your own")
        if name not in _ACTIVATIONS:
            raise refusal(layer, "keras2-no-layer", f"{attribute} {name!r}, which Keras 2 doesn't have")
        return _ACTIVATIONS[name]

    def no_layer(self, layer) -> Unsupported:
        return refusal(layer, "keras2-no-layer", "no such layer is written into files of Keras 2 here")

    def masked(self, layer) -> bool:
        return False  # masks of joined inputs are Keras 1's

    def check(self, seen) -> None:
        """Nothing in Keras 2 depends on the calls as it does in Keras 3."""

    def make(self, layer, shapes):
        parts = super().make(layer, shapes)
        for part in parts:
            own = keras2_classes().get(part.class_name)
            if part.class_name in _LACKING or own is not None and registry()[own[0]].since.startswith("Keras 3"):
                raise refusal(layer, "keras2-no-layer", f"Keras 2 doesn't have {part.class_name}")
            if _holds_operations(part):
                raise refusal(layer, "keras2-no-layer", "a function of tensors, which files of Keras 2 don't hold as layers")
            if part.class_name == type(layer).__name__ in ("LSTM", "GRU"):
                # whether dropout decides once for all gates, or for each by itself
                part.config["implementation"] = 2 if layer.consume_less == "gpu" else 1
            if part.class_name == "Bidirectional" and layer.zero_output_for_mask and Context.masked(self, layer):
                # tf.keras has it so in any case, and Keras 2 itself can't
                for side in part.inner.values():
                    side.config["zero_output_for_mask"] = True
            if part.class_name == "TextVectorization":
                part.config["dtype"] = "string"  # there it is that of what comes in
                lengths = part.config.get("ngrams")
                if isinstance(lengths, (list, tuple)) and list(lengths) == list(range(1, len(lengths) + 1)):
                    part.config["ngrams"] = len(lengths)  # it takes no list
            if part.class_name == "MultiHeadAttention":
                query, value, key = [*shapes[:2], *shapes[2:3]] if len(shapes) > 2 else [*shapes[:2], shapes[1]]
                part.config |= {"query_shape": list(query), "value_shape": list(value), "key_shape": list(key)}
        return parts


def _holds_operations(part: Part) -> bool:
    """Whether a part is an operation of Keras 3 on tensors, or a model that holds one."""
    return hasattr(part, "call") or any(_holds_operations(inner) for inner in part.contained)


def save_keras2(model: Any, path: str | os.PathLike) -> list[str]:
    """Write ``model`` so that Keras 2 and tf.keras load it and predict the same. It isn't compiled.

    Raises NotConvertible with a line for each layer or setting that they lack.
    """
    try:
        part, _ = converted(model, _Builder())
    except NotConvertible as error:
        # what makes layers for both says Keras 3; each reason holds for Keras 2 too, whose own are asked before
        raise NotConvertible("Keras 2", [problem.replace("Keras 3", "Keras 2") for problem in error.problems]) from None
    with writing(path) as h5:
        for group in (h5, h5.create_group("model_weights")):
            write_text(group, "keras_version", KERAS_VERSION)
            write_text(group, "backend", "tensorflow")
        write_text(h5, "model_config", json.dumps(_entry(part)))
        write_text(h5, "kbridge_version", __version__)
        root = h5["model_weights"]
        write_names(root, "layer_names", [layer.name for layer in part.contained])
        for layer in part.contained:
            group = root.create_group(layer.name)
            # trained weights of a model inside come before all others, as in Keras' own lists
            stored = sorted(layer.all_weights(), key=lambda item: not item[1].trainable)
            names = different([f"{layer.name}/{name}:0" for name, _ in stored])
            write_names(group, "weight_names", names)
            for name, (_, weight) in zip(names, stored, strict=True):
                write_array(group, name, weight.value)
    return []


def _entry(part: Part) -> dict[str, Any]:
    """{'class_name', 'config'} of a layer or model."""
    if isinstance(part, Graph):
        return {"class_name": "Model", "config": _graph(part)}
    if isinstance(part, Stack):
        first, *rest = part.layers
        return {"class_name": "Sequential", "config": {"name": part.name, "layers": _with_input(first, rest)}}
    config: dict[str, Any] = {}
    for key, value in part.config.items():
        bare = value is None and key.endswith(("_regularizer", "_constraint"))
        if bare or key in _NEUTRAL and value == _NEUTRAL[key] and part.class_name != "InputLayer":
            continue
        if _UNTAKEN.get(part.class_name) == key and value == "channels_last":
            continue
        if key == "batch_shape":
            key = "batch_input_shape"
        key = _RENAMED.get(part.class_name, {}).get(key, key)
        config[key] = _value(value)
    if part.class_name == "Bidirectional" and _mirrored(config.get("layer"), config.get("backward_layer")):
        config.pop("backward_layer", None)  # it makes that by itself, from the other one
    return {"class_name": part.class_name, "config": config}


def _value(value: Any) -> Any:
    """A setting: the layers in it as entries, all else without what only Keras 3 writes."""
    if isinstance(value, Part):
        return _entry(value)
    return [_value(item) for item in value] if isinstance(value, list) else _bare(value)


def _mirrored(forward: Any, backward: Any) -> bool:
    """Whether a layer is the other one in all but its name and direction."""
    if not isinstance(forward, dict) or not isinstance(backward, dict) or forward["class_name"] != backward["class_name"]:
        return False
    one, two = ({key: value for key, value in entry["config"].items() if key != "name"} for entry in (forward, backward))
    return bool(one.pop("go_backwards", False)) is not bool(two.pop("go_backwards", False)) and one == two


def _with_input(first: Part, rest: list[Part]) -> list[dict[str, Any]]:
    """The entries of a Sequential model, whose first layer says what comes in."""
    entries = [_entry(part) for part in rest]
    given = _entry(first)["config"]
    # a layer's own dtype can't say that texts come in
    if rest and not isinstance(rest[0], (Stack, Graph)) and given.get("dtype") != "string":
        entries[0]["config"] = {**entries[0]["config"], "batch_input_shape": given["batch_input_shape"]}
        return entries
    return [{"class_name": "InputLayer", "config": given}, *entries]


def _bare(value: Any) -> Any:
    """A regularizer or constraint without what only Keras 3 writes."""
    if isinstance(value, dict):
        return {key: _bare(item) for key, item in value.items() if key not in ("module", "registered_name")}
    return value


def _graph(graph: Graph) -> dict[str, Any]:
    # a model inside counts its own graph as call 0
    models = {part.name for part in graph.layers if isinstance(part, (Stack, Graph))}

    def place(ref: Ref) -> list:
        name, call, output = ref
        return [name, call + (name in models), output]

    def sources(read: Any, arguments: dict[str, Any]) -> list:
        # states of cells in cells lie in lists, too
        return [*place(read), arguments] if isinstance(read, Ref) else [sources(item, arguments) for item in read]

    layers = []
    for part in graph.layers:
        calls = []
        for read in graph.calls[part.name]:
            first, *others = [read] if isinstance(read, Ref) else read
            arguments = dict(part.flags)
            if part.takes:
                # behind the first, this layer takes its tensors by name
                arguments |= {name: place(ref) for name, ref in zip(part.takes[1:], others)}
                others = []
            elif part.states is not None and others:
                others = part.states(others)
            calls.append([[*place(first), arguments], *(sources(ref, arguments) for ref in others)])
        layers.append({**_entry(part), "name": part.name, "inbound_nodes": calls})
    ends = {"input_layers": [place(ref) for ref in graph.inputs], "output_layers": [place(ref) for ref in graph.outputs]}
    return {"name": graph.name, "layers": layers, **ends}
