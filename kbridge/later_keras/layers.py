"""Layers' classes with the arguments of later Keras, each of which gives the layer of kbridge that computes the same."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Mapping
from typing import Any

from .. import initializers
from .. import layers as own
from ..budget import will_be_set
from ..engine.layer import Layer
from ..engine.layer_arguments import arguments_of
from ..engine.registry import layer_classes
from ..engine.writer import writer
from ..errors import unknown_argument
from ..saving.keras2 import is_of_tensorflow, major_version, read_option, translated_layer
from ..saving.keras3 import as_of_keras2
from ..utils.generic_utils import CustomObjectScope
from .arguments import ARGUMENTS, COMMON, DEFAULTS, SHORTER

#: arguments whose values may be objects, by their ends
_OBJECTS = ("initializer", "regularizer", "constraint", "activation")
#: layers whose defaults differ between Keras 2 itself and tf.keras
_RECURRENT = ("SimpleRNN", "GRU", "LSTM", "ConvLSTM2D")


class _Kind(type):
    """The class of these classes: a layer of kbridge is one of theirs, as ``isinstance`` sees it."""

    def __instancecheck__(cls, instance: Any) -> bool:
        target = cls.__dict__.get("_target")
        return isinstance(instance, target) if target is not None else super().__instancecheck__(instance)

    def __subclasscheck__(cls, subclass: type) -> bool:
        target = cls.__dict__.get("_target")
        return issubclass(subclass, target) if target is not None else super().__subclasscheck__(subclass)


@functools.cache
def layer_class(name: str) -> Any:
    """The class that later Keras calls ``name``: one that takes its arguments, or kbridge's own where these are the same.

    Raises:
        AttributeError: kbridge has no such layer.
    """
    asked, name = name, SHORTER.get(name, name)
    if name not in ARGUMENTS:
        return getattr(own, asked)
    target: Any = layer_classes()[_target(name)]
    constructor = vars(target).get("__init__") or target.__init__

    def __new__(cls, *args, **kwargs):
        if cls is made:
            return _built(name, target, args, kwargs)
        return target.__new__(cls)

    def __init__(self, *args, **kwargs):
        class_name, config = _of_keras1(name, target, args, kwargs)
        vars(self)["_later_arguments"] = _later_arguments(name, args, kwargs)
        if class_name == f"Atrous{target.__name__}":
            # the layer with holes of Keras 1 is a subclass that adds one option
            class_name, config["dilation_rate"] = target.__name__, config.pop("atrous_rate")
        if layer_classes()[class_name] is not target:
            raise TypeError(f"{type(self).__name__}: a subclass of {name} with these arguments would be one of {class_name} here.")
        constructor(self, **config)

    def get_config(self):
        # a subclass takes what it was given, by the names of later Keras
        given = vars(self).get("_later_arguments")
        return target.get_config(self) if given is None else {**_of_all_layers(self), **given}

    body = {
        "__new__": __new__,
        "__init__": __init__,
        "get_config": get_config,
        "__module__": __name__,
        "__doc__": target.__doc__,
        "_target": target,
    }
    made = _Kind(asked, (target,), body)
    return made


def _target(name: str) -> str:
    """The name of the class of kbridge for one with the usual options."""
    if name.startswith("CuDNN"):
        return name.removeprefix("CuDNN")
    if name == "SeparableConv2D":
        return "SeparableConvolution2D"
    return f"Convolution{name[4:]}" if name in ("Conv1D", "Conv2D", "Conv3D") else name


def _built(name: str, target: type, args: tuple, kwargs: Mapping[str, Any]) -> Any:
    class_name, config = _of_keras1(name, target, args, kwargs)
    return layer_classes()[class_name](**config)


def _of_keras1(name: str, target: type, args: tuple, kwargs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The class here, and its arguments, for a call with those of later Keras, or with Keras 1's where one of them is only Keras 1's."""
    places, named = ARGUMENTS[name]
    later = {*places, *named, *COMMON}
    first = [*arguments_of(target), *Layer.common_arguments]
    if any(key not in later and key in first for key in kwargs):
        return target.__name__, _by_name(name, [n for n in first if n not in ("self", *Layer.common_arguments)], args, kwargs)
    for key in kwargs:
        if key not in later:
            raise unknown_argument(name, key, sorted(later))
    if name in ("Conv2D", "Conv3D") and len(args) > 2 and all(isinstance(n, int) for n in args):
        raise TypeError(
            f"{name}{args!r}: in Keras 1 these are the lengths of the window, in later Keras a window and its strides. Name them: "
            "strides=... or nb_row=..., nb_col=..."
        )
    given = {**DEFAULTS.get(name, {}), **_by_name(name, places, args, kwargs)}
    given = {key: _known_start(value) if key.endswith("initializer") else value for key, value in given.items()}
    weights, input_dim, input_length = given.pop("weights", None), given.get("input_dim"), given.get("input_length")
    if name != "Embedding":
        given.pop("input_dim", None)
        given.pop("input_length", None)
    _take_shape(given, None if name == "Embedding" else input_dim, input_length)
    objects = {key: value for key, value in given.items() if key.endswith(_OBJECTS) and _is_object(value)}
    # an object stands under a name of its own while the other options are looked at
    tokens = {f"{name}.{key}": value for key, value in objects.items()}
    config = {**given, **{key: f"{name}.{key}" for key in objects}}
    with CustomObjectScope(tokens):
        unknown: list[str] = []
        translated = translated_layer(name, _as_in_config(name, config), unknown)
    if unknown and not will_be_set():
        warnings.warn(
            f"These initializers aren't known here, so new weights start otherwise unless they are loaded: {', '.join(unknown)}. "
            "[convert: keras2-initializer]",
            stacklevel=4,
        )
    result = {key: tokens.get(value, value) if isinstance(value, str) else value for key, value in translated["config"].items()}
    if given.get("name") is None:
        result.pop("name")
    if weights is not None:
        result["weights"] = weights
    return translated["class_name"], result


def _later_arguments(name: str, args: tuple, kwargs: Mapping[str, Any]) -> dict[str, Any] | None:
    """The arguments of later Keras for a config, by name; None where Keras 1's were given."""
    places, named = ARGUMENTS[name]
    if any(key not in {*places, *named, *COMMON} for key in kwargs):
        return None
    given = _by_name(name, places, args, kwargs)
    return {key: _in_config(value) for key, value in given.items() if key not in (*COMMON, "weights")}


def _in_config(value: Any) -> Any:
    """An argument as a config holds it: objects as {'class_name', 'config'}, functions as their names."""
    if hasattr(value, "get_config"):
        return {"class_name": type(value).__name__, "config": value.get_config()}
    return value.__name__ if callable(value) and hasattr(value, "__name__") else value


def _of_all_layers(layer: Any) -> dict[str, Any]:
    """The options that each layer of later Keras has."""
    config = Layer.get_config(layer)
    if "input_dtype" in config:
        config["dtype"] = config.pop("input_dtype")
    return {key: value for key, value in config.items() if key in COMMON}


def _by_name(name: str, places: Any, args: tuple, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """All arguments by their names."""
    if len(args) > len(places):
        raise TypeError(f"{name}: by their places it takes {', '.join(places)}; got {len(args)} values.")
    given = dict(zip(places, args))
    for key in kwargs:
        if key in given:
            raise TypeError(f"{name} got {key!r} twice.")
    return {**given, **kwargs}


def _take_shape(given: dict[str, Any], input_dim: Any, input_length: Any) -> None:
    """The shape of a first layer's input, as a config has it."""
    shape, size = given.pop("input_shape", None), given.pop("batch_size", None)
    if shape is None and input_dim is not None:
        shape = (input_dim,) if input_length is None else (input_length, input_dim)
    if shape is not None:
        given["batch_input_shape"] = (size, *shape)


def _known_start(value: Any) -> Any:
    """An initializer that Keras 1 has no name for as an object."""
    return initializers.get(value) if isinstance(value, (str, Mapping)) and read_option("initializer", value) is None else value


def _is_object(value: Any) -> bool:
    return value is not None and not isinstance(value, (str, Mapping))


def _as_in_config(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """The options as a config of Keras 2 would have them, with the defaults of the Keras that wrote the file that is being read."""
    given = {key: list(value) if isinstance(value, tuple) else value for key, value in given.items()}
    for key in ("use_cudnn", "autocast"):
        given.pop(key, None)
    if name == "LeakyReLU":
        slope = given.pop("negative_slope", None)
        return given if slope is None else {**given, "alpha": slope}
    version = writer()
    if version is None or major_version(version) != 2:
        return as_of_keras2(name, given)
    if name in _RECURRENT and is_of_tensorflow(version):
        given.setdefault("time_major", False)
        if name in ("LSTM", "GRU"):
            given.setdefault("recurrent_activation", "sigmoid")
            given.setdefault("implementation", 2)
        if name == "GRU":
            given.setdefault("reset_after", True)
        if name == "ConvLSTM2D":
            del given["time_major"]
    elif name in ("SimpleRNN", "LSTM", "GRU") and version.startswith("2.3"):
        given.setdefault("time_major", False)
    return given
