"""Whole models of Keras 2: their configs as Keras 1 wrote them, with all layers and calls translated."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from ...formats import keras2_classes
from ...formats.lacking import reason
from ...layers.embeddings import EMBEDDINGS
from ...utils.generic_utils import get_custom_objects
from ..errors import ModelFileError
from ..functions import place_pixels_as_tensorflow_1
from .added import without_added
from .calls import translated_calls
from .detection import is_from, is_of_tensorflow, major_version, named_entries
from .layers import TRANSLATIONS
from .operations import is_of_tensorflow as holds_a_function
from .operations import of_tensorflow, with_shapes_inside
from .options import Options
from .shared import NUMBER, numbered
from .values import bare_name

_FUNCTIONAL = ("Model", "Functional", "Container")

#: What a layer's config holds besides its own options, and says nothing about what the layer computes.
_BOOKKEEPING = ("build_config", "build_input_shape", "registered_name", "optional")


def to_keras1(config: Any, warn: bool = True, version: str | None = None) -> dict[str, Any]:
    """The Keras 1 config for a whole model's {'class_name', 'config'} of Keras 2.

    ``warn``: whether to tell of initializers that kbridge lacks, which matter unless the weights are loaded.
    ``version``: that of the Keras that wrote it, where ``config`` doesn't say it.
    ModelFileError names the layer and the option that can't be represented.
    """
    unknown: list[str] = []
    translated = _entry(numbered(_plain(config)), unknown)
    version = version or config.get("keras_version")
    if is_of_tensorflow(version):
        _as_in_tensorflow(translated, major_version(version) == 2)
    elif isinstance(version, str) and major_version(version) == 2:
        _as_before_tensorflow_2(translated, is_from(version, 1, 4))
        place_pixels_as_tensorflow_1(translated, not is_from(version, 3))
    if is_from(version, 3):
        _start_with_zeros(translated)
    if unknown and warn:
        warnings.warn(
            "kbridge doesn't have these initializers of a later Keras, so new weights start differently unless they are loaded: "
            f"{', '.join(unknown)}. [convert: keras2-initializer]",
            stacklevel=4,
        )
    return translated


def _as_before_tensorflow_2(translated: Any, of_samples: bool) -> None:
    """Give layers the options for what Keras 2 itself computes otherwise than Keras 1 and tf.keras.

    The first pixels of larger images coincide, as in TensorFlow 1; and from 2.1.4 on (``of_samples``) the moving variance is that of a sample.
    """
    for name, config in _settings(translated):
        if name == "UpSampling2D" and config.get("interpolation") == "bilinear":
            config["half_pixel_centers"] = False
        if of_samples and name == "BatchNormalization":
            config["sample_variance"] = "always"


def _as_in_tensorflow(translated: Any, of_keras2: bool) -> None:
    """Give layers the options for what tf.keras and Keras 3 compute otherwise than Keras 2 itself.

    A frozen BatchNormalization trains with the moving statistics, not with those of the batch; penalties of outputs are divided by the
    number of samples; and in tf.keras (``of_keras2``) the moving variance of images is that of a sample, and Conv3DTranspose has no holes
    in its kernel, whatever its dilation_rate.
    """
    for name, config in _settings(translated):
        if name == "BatchNormalization" and config.get("trainable") is False:
            config["moving_if_frozen"] = True
        if of_keras2 and name == "BatchNormalization" and config.get("axis") in (-1, 1, 3):
            config["sample_variance"] = True
        if of_keras2 and name == "Conv3DTranspose":
            config["dilation_rate"] = 1
        _per_sample(name, config)


def _settings(translated: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The class and the config of each layer in a config, which may be changed."""
    for entry in named_entries(translated):
        if isinstance(entry.get("config"), dict):
            yield entry["class_name"], entry["config"]


def _per_sample(class_name: Any, config: dict[str, Any]) -> None:
    """Have a layer's penalty of its outputs divided by the number of samples, if it has one of kbridge's."""
    penalty = config.get("activity_regularizer")
    if class_name == "ActivityRegularization":
        config["per_sample"] = True
    elif isinstance(penalty, dict) and penalty.get("name") == "L1L2Regularizer" and penalty["name"] not in get_custom_objects():
        penalty["per_sample"] = True


def _start_with_zeros(translated: Any) -> None:
    """From 2.3 on the outputs of masked sequences start with zeros, as in tf.keras, before with the initial state."""
    for name, config in _settings(translated):
        if name in ("SimpleRNN", "GRU", "LSTM"):
            config["zeros_before_mask"] = True


def _plain(value: Any) -> Any:
    """``value`` without the dicts that tf.keras puts round tuples and shapes."""
    if isinstance(value, dict):
        if value.get("class_name") in ("__tuple__", "TensorShape") and isinstance(value.get("items"), list):
            return [_plain(item) for item in value["items"]]
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _entry(entry: Any, unknown: list[str]) -> dict[str, Any]:
    """{'class_name', 'config'} of a layer or model, translated; {'name'} too for a Sequential model, and the number of one that is shared."""
    translated = _translated(entry, unknown)
    return {**translated, NUMBER: entry[NUMBER]} if NUMBER in entry else translated


def _translated(entry: Any, unknown: list[str]) -> dict[str, Any]:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("class_name"), str) or "config" not in entry:
        raise ModelFileError(f"A layer's config should be a dict with 'class_name' and 'config', got {type(entry).__name__}.")
    class_name, config = entry["class_name"], entry["config"]
    if class_name not in get_custom_objects():
        class_name = bare_name(class_name)
    if class_name == "Sequential":
        return _sequential(config, entry.get("name"), unknown)
    if not isinstance(config, Mapping):
        raise ModelFileError(f"The config of a {class_name} layer should be a dict, got {type(config).__name__}.")
    if class_name in _FUNCTIONAL and class_name not in get_custom_objects():
        return {"class_name": "Model", "config": _functional(config, unknown)}
    return _layer(class_name, config, unknown)


# ---------------------------------------------------------------------- models


def _sequential(config: Any, name: Any, unknown: list[str]) -> dict[str, Any]:
    entries, shape = config, None
    if isinstance(config, Mapping):
        entries, name, shape = config.get("layers"), config.get("name", name), config.get("build_input_shape")
    if not isinstance(entries, list):
        raise ModelFileError(f"The layers of the Sequential model {name!r} should be a list, got {type(entries).__name__}.")
    layers = [_entry(entry, unknown) for entry in entries]
    input_name = None
    if len(layers) > 1 and layers[0]["class_name"] == "InputLayer":
        given = layers[0]["config"]
        input_name = given.get("name")
        if not _keeps_state(layers):
            # the batch size may be that of the first call; only a state depends on it
            given["batch_input_shape"] = [None, *given["batch_input_shape"][1:]]
        if isinstance(layers[1]["config"], dict):
            _take_input(layers[1], given)
            layers = layers[1:]
    elif isinstance(shape, list) and layers and isinstance(layers[0]["config"], dict):
        # that of the first call: other batches may be of another size
        layers[0]["config"].setdefault("batch_input_shape", [None, *shape[1:]])
    translated = {"class_name": "Sequential", "config": layers}
    if isinstance(input_name, str):
        # Keras 1 has no such layer in a Sequential model, but clients know the input by its name
        translated["input_name"] = input_name
    return translated if name is None else {**translated, "name": name}


def _keeps_state(layers: list[dict[str, Any]]) -> bool:
    configs = [layer["config"] for layer in layers]
    return any(_keeps_state(c) if isinstance(c, list) else c.get("stateful") or _keeps_state(c.get("layers", [])) for c in configs)


def _take_input(layer: dict[str, Any], given: dict[str, Any]) -> None:
    """Put the shape and dtype of an InputLayer into the layer after it, as in Keras 1."""
    if layer["class_name"] in ("Model", "Sequential"):
        return
    layer["config"]["batch_input_shape"] = given["batch_input_shape"]
    if layer["class_name"] not in EMBEDDINGS:
        layer["config"].setdefault("input_dtype", given.get("input_dtype", "float32"))


def _functional(config: Mapping[str, Any], unknown: list[str]) -> dict[str, Any]:
    name = config.get("name")
    if not all(isinstance(config.get(key), list) for key in ("layers", "input_layers", "output_layers")):
        raise ModelFileError(f"The config of the model {name!r} should have the lists layers, input_layers and output_layers.")
    config = without_added(config)
    layers: list[dict[str, Any]] = []
    apart: list[str] = []
    names = {entry.get("name") for entry in config["layers"] if isinstance(entry, Mapping)}
    for entry in config["layers"]:
        if (made := _function(entry, names)) is not None:
            layers.append(made)
            continue
        translated = _entry(entry, unknown)
        own = entry.get("name", translated.get("name"))
        calls = entry.get("inbound_nodes")
        if not isinstance(calls, list):
            raise ModelFileError(f"Layer {own!r}: inbound_nodes should be a list of calls, got {type(calls).__name__}.")
        sources, without_training = translated_calls(own, bare_name(entry["class_name"]), calls, translated["config"])
        if without_training:
            apart.append(own)
        layers.append({**translated, "name": own, "inbound_nodes": sources})
    if apart:
        warnings.warn(
            f"These layers are called with training=False in Keras 2: {', '.join(map(repr, apart))}. They predict as there, "
            "but training treats them like all others. Freeze them, or remove their noise, before you train on. "
            "[differences: called-without-training]",
            stacklevel=2,
        )
    return {
        "name": name,
        "layers": with_shapes_inside(layers, _ends(config["output_layers"])),
        "input_layers": _ends(config["input_layers"]),
        "output_layers": _ends(config["output_layers"]),
    }


def _function(entry: Any, names: set) -> dict[str, Any] | None:
    """The layer ``Operations`` for an entry that holds a function; None for a layer's."""
    if not isinstance(entry, Mapping) or not isinstance(entry.get("class_name"), str):
        return None
    class_name, own, calls = bare_name(entry["class_name"]), entry.get("name"), entry.get("inbound_nodes")
    if not holds_a_function(class_name) or class_name in get_custom_objects():
        return None
    if not isinstance(calls, list) or not isinstance(entry.get("config"), Mapping) or not isinstance(own, str):
        raise ModelFileError(f"Layer {own!r}: a {class_name} should have a name, a config and a list of calls.")
    translated, sources = of_tensorflow(own, class_name, entry["config"], calls, names)
    return {"name": own, "class_name": "Operations", "config": translated, "inbound_nodes": sources}


def _ends(ends: list) -> list:
    """A list of [name, node, tensor]; tf.keras writes one alone without the outer list."""
    return [ends] if ends and isinstance(ends[0], str) else ends


# ---------------------------------------------------------------------- layers


def _layer(class_name: str, config: Mapping[str, Any], unknown: list[str]) -> dict[str, Any]:
    if class_name in get_custom_objects():
        return {"class_name": class_name, "config": _of_custom_layer(config)}
    return translated_layer(class_name, config, unknown)


def translated_layer(class_name: str, config: Mapping[str, Any], unknown: list[str]) -> dict[str, Any]:
    """{'class_name', 'config'} of the layer of Keras 1 for the options of one of Keras 2; ``unknown`` gets the initializers that kbridge lacks."""
    options = Options(class_name, config)
    options.translate = lambda entry: _entry(entry, unknown)
    common = _common(class_name, options)
    if class_name == "InputLayer":
        translated = "InputLayer", _input_layer(options, common)
    elif class_name == "TimeDistributed":
        translated = class_name, {"layer": _wrapped(options, unknown), "mask_inside": True}
    elif class_name == "Bidirectional":
        translated = class_name, _bidirectional(options, unknown)
    elif class_name in keras2_classes():
        own_class, read = keras2_classes()[class_name]
        translated = own_class, read(options)
    elif class_name in TRANSLATIONS:
        translated = TRANSLATIONS[class_name](options)
    else:
        near = get_close_matches(class_name, [*TRANSLATIONS, *keras2_classes()], n=1)
        raise ModelFileError(
            f"Layer {options.name!r} is a {class_name} of a later Keras, which kbridge doesn't have"
            + (reason(class_name) or (f" (similar: {near[0]})" if near else ""))
            + f". You can pass a class of your own: custom_objects={{{class_name!r}: ...}}. [convert: keras2-layer]"
        )
    options.finish()
    unknown += options.unknown_initializers
    keras1_class, own = translated
    if keras1_class == "Merge":
        common = {"name": common["name"]}  # it has no weights, and takes nothing else
    if keras1_class in EMBEDDINGS:
        common.pop("input_dtype", None)  # numbers, whatever type they come in
    elif keras1_class in _layers_without_masks():
        common["drop_mask"] = True
    return {"class_name": keras1_class, "config": {**common, **own}}


@functools.cache
def _layers_without_masks() -> frozenset[str]:
    """The layers that have an error for a mask in Keras 1, and drop it in tf.keras. Lambda drops it here too."""
    from ..configs import layer_classes

    known = {
        name for name, layer in layer_classes().items() if not getattr(layer, "supports_masking", True) and hasattr(layer, "drop_mask")
    }
    return frozenset(known - {"Lambda", "InputLayer", "Embedding", "Model", "Sequential", "Container"})


def _common(class_name: str, options: Options) -> dict[str, Any]:
    """Return the options that all layers have: name, whether trained, and for a first layer its input."""
    from ... import backend as K

    common: dict[str, Any] = {"name": options.name, "trainable": bool(options.take("trainable", True))}
    options.take("name")
    options.ignore(*_BOOKKEEPING)
    options.only("quantization_config", None)
    dtype = _dtype(options)
    shape = options.take("batch_input_shape", options.take("batch_shape"))
    if class_name != "InputLayer" and dtype not in (None, K.floatx()) and dtype.startswith("float"):
        raise options.error(
            "dtype",
            dtype,
            f"but all layers here compute in floatx, which is {K.floatx()!r}. To change it, call K.set_floatx({dtype!r}) before loading",
        )
    if shape is not None:
        common["batch_input_shape"] = shape
        common["input_dtype"] = dtype or K.floatx()
    return common


def _dtype(options: Options) -> str | None:
    """The name in the option ``dtype``: a text, or the config of a policy. Float numbers that are no longer than those of floatx become these."""
    from ... import backend as K
    from ...engine.later import no_more_than_floatx

    value = options.take("dtype")
    name = value
    if isinstance(value, Mapping):
        inner = value.get("config")
        name = inner.get("name") if isinstance(inner, Mapping) else None
    if value is not None and not isinstance(name, str):
        raise options.error("dtype", value)
    return K.floatx() if name is not None and no_more_than_floatx(name) else name


def _input_layer(options: Options, common: dict[str, Any]) -> dict[str, Any]:
    options.only("ragged", False)
    if "batch_input_shape" not in common:
        raise ModelFileError(f"The InputLayer {options.name!r} has no batch_input_shape.")
    common.pop("trainable")
    return {"sparse": bool(options.take("sparse", False))}


def _wrapped(options: Options, unknown: list[str]) -> dict[str, Any]:
    return _entry(options.need("layer"), unknown)


def _bidirectional(options: Options, unknown: list[str]) -> dict[str, Any]:
    config: dict[str, Any] = {"merge_mode": options.take("merge_mode", "concat")}
    entries = [_without_zeros(options.need("layer"), config), _without_zeros(options.take("backward_layer"), config)]
    config["layer"] = _entry(entries[0], unknown)
    if entries[1] is not None:
        backward = _entry(entries[1], unknown)
        # Keras 3 always writes it
        if _but_for_direction(backward) != _but_for_direction(config["layer"]):
            config["backward_layer"] = backward
    return config


def _without_zeros(entry: Any, config: dict[str, Any]) -> Any:
    """A recurrent layer's entry without what is ``config``'s here: zeros at masked steps."""
    if not isinstance(entry, Mapping) or not isinstance(entry.get("config"), Mapping):
        return entry
    inner = dict(entry["config"])
    # tf.keras (only its recurrent layers have time_major) has zeros at masked steps here, unlike Keras 2 itself
    if inner.pop("zero_output_for_mask", False) or "time_major" in inner:
        config["zero_output_for_mask"] = True
    return {**entry, "config": inner}


def _but_for_direction(entry: dict[str, Any]) -> tuple:
    left_out = ("name", "go_backwards", "mask_as_it_came")
    return entry["class_name"], {key: value for key, value in entry["config"].items() if key not in left_out}


def _named_function(value: Any) -> Any:
    """The name of a function of Keras' own, which later versions write with its module."""
    if isinstance(value, Mapping) and value.get("class_name") == "function" and isinstance(value.get("config"), str):
        return value["config"]
    return value


def _of_custom_layer(config: Mapping[str, Any]) -> dict[str, Any]:
    """The config of the user's own layer: only what every layer of Keras 2 writes is made Keras 1's."""
    own = {str(key): _named_function(value) for key, value in config.items() if key not in _BOOKKEEPING}
    dtype = own.pop("dtype", None)
    if own.get("batch_input_shape") is not None and isinstance(dtype, str):
        own["input_dtype"] = dtype
    return own
