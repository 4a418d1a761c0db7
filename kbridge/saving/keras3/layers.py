"""The differences of layers' options between Keras 3 and Keras 2, layer by layer; all else is read as Keras 2's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import ModelFileError

#: options that say how weights are stored or distributed, with the values at which they say nothing
_NEUTRAL = {"lora_rank": None, "lora_alpha": None, "autocast": True, "gptq_unpacked_column_size": None}

#: Keras 3's activation of this name is clip(x / 6 + 1/2, 0, 1)
HARD_SIGMOID = "relu6_sigmoid"


def as_of_keras2(class_name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a layer of Keras 3 as Keras 2 would have written them."""
    new = dict(config)
    _quantized(class_name, new)
    for key, neutral in _NEUTRAL.items():
        if key in new and new[key] in (neutral, None):
            del new[key]
    for key, value in new.items():
        if key.endswith("activation"):
            new[key] = activation_name(value)
    change = _CHANGES.get(class_name)
    if change is not None:
        change(new)
    return new


#: classes whose weights of 8 bits are read as the numbers that they stand for
_OF_8_BITS = ("Dense", "Embedding", "EinsumDense")


def _quantized(class_name: str, config: dict[str, Any]) -> None:
    """A layer with weights of 8 bits as the one that it was before: ``weights.py`` turns them back."""
    policies = [_policy(policy) for policy in _policies(config.get("dtype"))]
    for mode in (mode for _, mode in policies if mode is not None):
        if mode != "int8" or class_name not in _OF_8_BITS:
            raise ModelFileError(
                f"Layer {config.get('name')!r} ({class_name}) is quantized ({mode}), which can't be represented here. kbridge "
                f"reads only int8, of {', '.join(_OF_8_BITS[:-1])} and {_OF_8_BITS[-1]}. [convert: keras3-quantized]"
            )
    config.pop("quantization_config", None)  # also of a layer that the call of quantize passed over
    names = [name for name, _ in policies]
    if any(mode for _, mode in policies) or len(names) > 1:
        config["dtype"] = next((name for name in ("float64", "float32", "mixed_bfloat16") if name in names), names[0] if names else None)


def _policies(value: Any) -> list[Any]:
    """The policy of a layer, or those of a map of policies for it and for what it holds."""
    inner = value.get("config") if isinstance(value, Mapping) else None
    if not isinstance(inner, Mapping) or not isinstance(inner.get("policy_map"), Mapping):
        return [value]
    return [policy for policy in (inner.get("default_policy"), *inner["policy_map"].values()) if policy is not None]


def _policy(value: Any) -> tuple[Any, Any]:
    """A policy's name, that of the numbers before they were quantized, and how it quantizes them."""
    inner = value.get("config") if isinstance(value, Mapping) else None
    if not isinstance(inner, Mapping):
        return value, None
    if "mode" in inner:
        return inner.get("source_name") or "float32", inner["mode"] if isinstance(inner["mode"], str) else repr(inner["mode"])
    return inner.get("name"), None


def activation_name(value: Any) -> Any:
    """An activation's name: an object of Keras' own, and functions of the user's, are dicts."""
    if _is_steep(value):
        return "hard_sigmoid"
    if isinstance(value, Mapping):
        name, inner = value.get("registered_name") or value.get("class_name"), value.get("config")
        if value.get("class_name") == "function" and isinstance(inner, str):
            name = inner
        elif isinstance(inner, Mapping) and len(inner) > 0 and value.get("class_name") != "function":
            return value
        value = name
    return HARD_SIGMOID if value == "hard_sigmoid" else value


def _is_steep(value: Any) -> bool:
    """Whether an activation is the model that stands for Keras 1's hard_sigmoid in files that kbridge converts."""
    inner = value.get("config") if isinstance(value, Mapping) and value.get("class_name") == "Sequential" else None
    layers = inner.get("layers") if isinstance(inner, Mapping) else None
    if not isinstance(layers, list) or not all(isinstance(layer, Mapping) and isinstance(layer.get("config"), Mapping) for layer in layers):
        return False
    found = [(layer.get("class_name"), layer["config"]) for layer in layers if layer.get("class_name") != "InputLayer"]
    if [name for name, _ in found] != ["Rescaling", "Activation"]:
        return False
    scaling, clipping = (config for _, config in found)
    return scaling.get("scale") == 1.2 and not scaling.get("offset") and clipping.get("activation") == "hard_sigmoid"


def _recurrent(config: dict[str, Any]) -> None:
    config.setdefault("implementation", 2)  # one dropout decision for all gates
    config.pop("seed", None)
    # which the layers of Keras 1 hold by themselves, and a wrapper reads
    config.setdefault("zero_output_for_mask", False)
    # outputs start with zeros, as in tf.keras
    config.setdefault("time_major", False)


def _gated(config: dict[str, Any]) -> None:
    _recurrent(config)
    config.setdefault("recurrent_activation", "sigmoid")


def _gru(config: dict[str, Any]) -> None:
    _gated(config)
    config.setdefault("reset_after", True)


def _conv_lstm(config: dict[str, Any]) -> None:
    _gated(config)
    config.pop("implementation")


def _leaky_relu(config: dict[str, Any]) -> None:
    config["alpha"] = config.pop("negative_slope", 0.3)


def _without(*keys: str) -> Callable[[dict[str, Any]], None]:
    def change(config: dict[str, Any]) -> None:
        for key in keys:
            config.pop(key, None)

    return change


def _bidirectional(config: dict[str, Any]) -> None:
    """The layer that goes backwards is that of the other options, unless the user gave one."""
    layer, backward = config.get("layer"), config.get("backward_layer")
    if isinstance(layer, Mapping) and isinstance(backward, Mapping) and _alike(layer, backward):
        del config["backward_layer"]
    if isinstance(layer, Mapping) and isinstance(layer.get("config"), Mapping):
        inner = dict(layer["config"])
        name = inner.get("name")
        if isinstance(name, str) and name.startswith("forward_"):
            inner["name"] = name.removeprefix("forward_")
        inner["zero_output_for_mask"] = True
        config["layer"] = {**layer, "config": inner}


def _alike(forward: Mapping[str, Any], backward: Mapping[str, Any]) -> bool:
    ours, theirs = ({k: v for k, v in (e.get("config") or {}).items() if k not in ("name", "go_backwards")} for e in (forward, backward))
    turned = [bool((e.get("config") or {}).get("go_backwards")) for e in (forward, backward)]
    return forward.get("class_name") == backward.get("class_name") and _unnamed(ours) == _unnamed(theirs) and turned[0] != turned[1]


def _unnamed(value: Any) -> Any:
    """``value`` without the numbers of shared objects, which differ from one object to the next."""
    if isinstance(value, Mapping):
        return {k: _unnamed(v) for k, v in value.items() if k not in ("shared_object_id", "seed", "build_config")}
    return [_unnamed(v) for v in value] if isinstance(value, list) else value


def _attention(config: dict[str, Any]) -> None:
    for key in ("use_gate", "sliding_window"):
        value = config.pop(key, None)
        if value not in (None, False):
            raise ModelFileError(
                f"Layer {config.get('name')!r} has the option {key}={value!r}, which can't be represented here. [convert: keras2-option]"
            )


_CHANGES: dict[str, Callable[[dict[str, Any]], None]] = {
    "SimpleRNN": _recurrent,
    "LSTM": _gated,
    "GRU": _gru,
    "ConvLSTM1D": _conv_lstm,
    "ConvLSTM2D": _conv_lstm,
    "ConvLSTM3D": _conv_lstm,
    "LeakyReLU": _leaky_relu,
    "Bidirectional": _bidirectional,
    "MultiHeadAttention": _attention,
    "GroupQueryAttention": _attention,
    "GroupedQueryAttention": _attention,
}
