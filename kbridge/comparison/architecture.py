"""Differences of two architectures as sentences: which layers there are, their classes, settings and connections."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..convert.keras3.over_time import TAKE_MASKS
from ..inspection.layers import entries_of, sources_of


class Described(NamedTuple):
    """A layer of a model's config: its class, settings, and the names of the layers that it reads."""

    class_name: Any
    settings: dict[str, Any]
    inputs: list[str]


#: name -> layer, those of models inside as 'model/layer'
Layers = dict[str, Described]


def layers_in(config: Any, prefix: str = "") -> Layers:
    """The layers in a model's config of any Keras."""
    found: Layers = {}
    for number, entry in enumerate(entries_of(config)):
        if not isinstance(entry, dict):
            continue
        stored = entry.get("config")
        settings = stored if isinstance(stored, dict) else {}
        name = prefix + str(entry.get("name") or settings.get("name") or nameless(number))
        inner = layers_in(entry, f"{name}/")
        settings = {key: value for key, value in settings.items() if not inner or key not in ("layers", "input_layers", "output_layers")}
        found[name] = Described(entry.get("class_name"), settings, sources_of(entry.get("inbound_nodes")))
        found |= inner
    return found


def nameless(number: int) -> str:
    """Return the name of a model that is the layer of this number in a Sequential model: its config has no name there."""
    return f"model {number}"


def only(names: Sequence[str], others: Sequence[str], text: str) -> list[str]:
    """A sentence that begins with ``text`` for each name that isn't among ``others``."""
    return [f"{text} {name}" for name in names if name not in others]


def differences(one: Layers, two: Layers, classes: Sequence[Any]) -> list[str]:
    """Return what differs between the layers of two models, whose own classes are ``classes``."""
    said = [] if classes[0] == classes[1] else [f"A is a {classes[0]}, B a {classes[1]}"]
    said += [f"only in A: layer {name} ({one[name].class_name})" for name in one if name not in two]
    said += [f"only in B: layer {name} ({two[name].class_name})" for name in two if name not in one]
    both = [name for name in one if name in two]
    for name in both:
        a, b = one[name], two[name]
        if a.class_name != b.class_name:
            said.append(f"layer {name}: {a.class_name} in A, {b.class_name} in B")
            continue
        said += [f"layer {name}: {text}" for text in settings_apart(a.settings, b.settings)]
        if a.inputs != b.inputs:
            said.append(f"layer {name}: reads {', '.join(a.inputs) or 'nothing'} in A, {', '.join(b.inputs) or 'nothing'} in B")
    if list(classes) == ["Sequential", "Sequential"] and both != [name for name in two if name in one]:
        said.append(f"the order of layers: {', '.join(both)} in A, {', '.join(n for n in two if n in one)} in B")
    return said


#: settings that new weights start with, and others that count in training alone
_STARTING = ("init", "inner_init", "forget_bias_init", "beta_init", "gamma_init", "unit_forget_bias", "initializer")
_IN_TRAINING = ("sample_variance", "moving_if_frozen", "consume_less", "seed", "synchronized")
#: what layers do with a mask
_OF_MASKS = ("zero_output_for_mask", "zeros_before_mask", "mask_as_it_came", "mask_inside", "drop_mask")


#: settings that name axes, from the first or from the last
_AXES = ("axis", "axes", "dot_axes", "concat_axis")


def meant(layers: Layers, sequential: bool, masked: Container[str], started: Container[str], ndims: Mapping[str, int]) -> Layers:
    """The layers of a model that kbridge built, without the settings that change nothing that they compute.

    These are names of layers inside of others, the shape of an input that isn't the model's, how the products of a layer over time are made, and
    what a layer does with a mask, but for those to which a mask comes: ``masked``, of which those ``started`` don't begin with zeros. Axes count from the first: ``ndims`` has how many an input has.
    """
    found: Layers = {}
    for i, (name, layer) in enumerate(layers.items()):
        settings = {key: _meant(value) for key, value in layer.settings.items() if key not in ("name", "input_length")}
        settings = _from_the_first(settings, ndims.get(name), layer.class_name)
        if layer.inputs or sequential and i or "/" in name and layer.class_name != "InputLayer":
            settings = {key: value for key, value in settings.items() if key not in ("batch_input_shape", "input_dtype")}
        if name not in started:
            settings = _without(settings, _OF_MASKS if name not in masked else ("zeros_before_mask",))
        if name in masked:
            settings = _masked(settings, layer.class_name)
        found[name] = Described(layer.class_name, _plain_products(settings), layer.inputs)
    return found


def _meant(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_meant(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "class_name" in value and isinstance(value.get("config"), dict) and not entries_of(value):
        # a layer inside of another one, or an object: neither is found by its name
        value = {**value, "config": {key: item for key, item in value["config"].items() if key != "name"}}
    return _plain_products({key: _meant(item) for key, item in value.items()})


def _from_the_first(settings: dict[str, Any], ndim: int | None, class_name: Any) -> dict[str, Any]:
    """Settings with each axis counted from the first, and one number for as many that are the same."""
    if ndim is None:
        return settings
    found = dict(settings)
    for key in (key for key in _AXES if key in settings):
        axes = settings[key] if isinstance(settings[key], list) else [settings[key]]
        if axes and all(type(axis) is int for axis in axes):
            axes = [axis % ndim for axis in axes]
            found[key] = axes[0] if len(set(axes)) == 1 else axes
    inner = settings.get("layer")
    if class_name == "TimeDistributed" and isinstance(inner, dict) and isinstance(inner.get("config"), dict):
        found["layer"] = {**inner, "config": _from_the_first(inner["config"], ndim - 1, inner.get("class_name"))}
    return found


def _without(settings: dict[str, Any], left_out: Sequence[str]) -> dict[str, Any]:
    """Settings without some, the layers of a wrapper included; a model inside of it may make masks of its own."""
    return {
        key: {**value, "config": _without(value["config"], left_out)}
        if isinstance(value, dict) and isinstance(value.get("config"), dict) and not entries_of(value)
        else value
        for key, value in settings.items()
        if key not in left_out
    }


def _masked(settings: dict[str, Any], class_name: Any) -> dict[str, Any]:
    """Settings of masks without those that change nothing here: of a layer that shows its last step alone, or over time of one that sees no mask."""
    inner = settings.get("layer")
    config = inner.get("config") if isinstance(inner, dict) else None
    if class_name == "TimeDistributed" and isinstance(inner, dict) and inner.get("class_name") not in (*TAKE_MASKS, "Model", "Merge"):
        return _without(settings, ("mask_inside",))
    shown = (config if class_name == "Bidirectional" and isinstance(config, dict) else settings).get("return_sequences", True)
    return settings if shown else _without(settings, ("zero_output_for_mask",))


def _plain_products(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings without ``consume_less``, unless dropout depends on it; the penalty of the recurrent weights is the one that has an effect."""
    if "consume_less" not in settings:
        return settings
    if settings["consume_less"] != "gpu" and "inner_activation" in settings and not settings.get("reset_after"):
        settings = {**settings, "U_regularizer": settings.get("W_regularizer")}
    joined = settings["consume_less"] == "gpu" if settings.get("dropout_W") or settings.get("dropout_U") else False
    return {**settings, "consume_less": "gpu" if joined else "cpu"}


def of_training(sentence: str) -> bool:
    """Whether a difference that ``settings_apart`` found counts in training alone, or for new weights."""
    key = re.split(r"[.: ]", sentence.partition(" is ")[0])[-1]
    return key in _IN_TRAINING or key in _STARTING or key.endswith(_STARTING[-1])


#: settings that are off where a config doesn't have them
_OFF = (
    *_OF_MASKS, *_IN_TRAINING, "return_state", "time_major", "reset_after", "stateful", "unroll", "sparse", "ragged", "optional", "mask_zero",
    "use_causal_mask", "return_attention_scores", "broadcast", "use_mask",
)  # fmt: skip


def settings_apart(a: Mapping[str, Any], b: Mapping[str, Any], prefix: str = "") -> list[str]:
    """A sentence for each setting that differs, those of a wrapped layer as 'layer.config.units'."""
    said = []
    for key in dict.fromkeys([*a, *b]):
        one, two = a.get(key), b.get(key)
        if key == "shared_object_id":
            continue  # a number that is another one in each process
        if key not in a or key not in b:
            left = b.get(key) if key not in a else one
            if left is None or left is False and key in _OFF:
                continue  # what isn't there is off
        if isinstance(one, dict) and isinstance(two, dict):
            said += settings_apart(one, two, f"{prefix}{key}.")
        elif key not in a or key not in b or not equal(one, two):
            told = [repr(settings[key]) if key in settings else "not set" for settings in (a, b)]
            said.append(f"{prefix}{key} is {told[0]} in A, {told[1]} in B")
    return said


def equal(a: Any, b: Any) -> bool:
    """Whether two settings mean the same: a tuple is a list, 1 is 1.0, and a float is its value in float32."""
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(equal, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(equal(value, b[key]) for key, value in a.items())
    if isinstance(a, float) and isinstance(b, (int, float)) or isinstance(b, float) and isinstance(a, int):
        with np.errstate(over="ignore"):
            return a == b or bool(np.float32(a) == np.float32(b)) or a != a and b != b
    return type(a) is type(b) and a == b


def training_apart(a: Any, b: Any) -> list[str]:
    """Return what differs between the training settings of two files, as Keras 1 and 2 write them."""
    if not isinstance(a, dict) or not isinstance(b, dict):
        return [] if a is b else ["only one of the files has training settings"]
    return [f"training: {text}" for text in settings_apart(_with_optimizer(a), _with_optimizer(b))]


def _with_optimizer(training: dict) -> dict:
    """Training settings with the optimizer's among them."""
    optimizer = training.get("optimizer_config")
    if not isinstance(optimizer, dict) or not isinstance(optimizer.get("config"), dict):
        return training
    others = {key: value for key, value in training.items() if key != "optimizer_config"}
    return {"optimizer": optimizer.get("class_name")} | {f"optimizer's {key}": value for key, value in optimizer["config"].items()} | others
