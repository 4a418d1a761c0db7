"""Initializers, regularizers, constraints, activations, orderings and padding of Keras 2, as Keras 1 writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...utils.generic_utils import get_custom_objects, known_name
from .options import Options

#: activations whose names are those of ``kbridge.activations``
_ACTIVATIONS = frozenset(
    {
        "softmax", "elu", "softplus", "softsign", "relu", "tanh", "sigmoid", "hard_sigmoid", "linear", "leaky_relu", "relu6",
        "relu6_sigmoid", "selu",
        "celu", "gelu", "silu", "swish", "hard_silu", "hard_swish", "mish", "exponential", "log_sigmoid", "log_softmax", "hard_tanh",
        "hard_shrink", "soft_shrink", "tanh_shrink", "squareplus", "sparse_plus", "sparse_sigmoid", "sparsemax", "glu",
    }
)  # fmt: skip

_INITIALIZERS = {
    "zeros": "zero",
    "ones": "one",
    "identity": "identity",
    "orthogonal": "orthogonal",
    "glorot_uniform": "glorot_uniform",
    "glorot_normal": "glorot_normal",
    "he_uniform": "he_uniform",
    "he_normal": "he_normal",
    "lecun_uniform": "lecun_uniform",
}

#: (scale, mode, distribution) of VarianceScaling.
_SCALINGS = {
    (1.0, "fan_avg", "uniform"): "glorot_uniform",
    (1.0, "fan_avg", "normal"): "glorot_normal",
    (2.0, "fan_in", "uniform"): "he_uniform",
    (2.0, "fan_in", "normal"): "he_normal",
    (1.0, "fan_in", "uniform"): "lecun_uniform",
}

#: Constraint -> its Keras 1 name, and its arguments' (Keras 2 name, Keras 1 name, default).
_CONSTRAINTS: dict[str, tuple[str, tuple[tuple[str, str, Any], ...]]] = {
    "max_norm": ("MaxNorm", (("max_value", "m", 2), ("axis", "axis", 0))),
    "non_neg": ("NonNeg", ()),
    "unit_norm": ("UnitNorm", (("axis", "axis", 0),)),
    "min_max_norm": (
        "MinMaxNorm",
        (("min_value", "low", 0.0), ("max_value", "high", 1.0), ("rate", "rate", 1.0), ("axis", "axis", 0)),
    ),
}


#: what Keras stores as the name of a function that has none
NAMELESS = "<lambda>"


def bare_name(class_name: Any) -> str:
    """``class_name`` without the package that a registered class of the user's own has before it."""
    name = str(class_name)
    return name if name == NAMELESS else name.rpartition(">")[2]


def snake_case(name: str) -> str:
    """'GlorotUniform' as 'glorot_uniform'; 'L1L2' as 'l1l2'."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _named(value: Any) -> tuple[str, dict[str, Any]]:
    """The name and the arguments in a text or in {'class_name', 'config'}."""
    value = function_name(value)
    if isinstance(value, Mapping):
        config = value.get("config")
        name = known_name(value.get("registered_name")) or value.get("class_name")
        return known_name(name) or bare_name(name), dict(config) if isinstance(config, Mapping) else {}
    return known_name(value) or bare_name(value), {}


def function_name(value: Any) -> Any:
    """The name in {'class_name': 'function', 'config': name}, as tf.keras and Keras 3 store a function; anything else as it is."""
    if isinstance(value, Mapping) and value.get("class_name") == "function" and isinstance(value.get("config"), str):
        return value["config"]
    return value


def _wanted(value: Any) -> list[str]:
    """Return what an error says of a stored function that is missing, if ``value`` is one."""
    name = function_name(value)
    return [] if name is value else [f"a function of yours: pass custom_objects={{{name!r}: ...}}"]


def is_activation(value: Any) -> bool:
    """Whether an activation's name is known: one of kbridge's, or of ``custom_objects``."""
    return not isinstance(value, str) or value in _ACTIVATIONS or known_name(value) is not None


def activation(options: Options, key: str = "activation", default: str = "linear") -> str:
    """The activation's name."""
    value = function_name(options.take(key, default) or "linear")
    if isinstance(value, str) and (value in _ACTIVATIONS or known_name(value)):
        return known_name(value) or value
    named = f"custom_objects={{{value!r}: ...}}" if isinstance(value, str) else "it in custom_objects under that name"
    raise options.error(key, value, f"which isn't an activation of kbridge. If it is a function of yours, pass {named}")


def initializer(options: Options, key: str, default: str) -> str:
    """The initializer's name; ``default`` (noted in the options) for one that kbridge lacks."""
    value = options.take(key, default)
    name, arguments = _named(value)
    if name in get_custom_objects():
        return name
    found = _initializer(snake_case(name), arguments)
    if found is None:
        options.unknown_initializers.append(f"{options.name}.{key} = {name}")
        return default
    return found


def _initializer(name: str, arguments: dict[str, Any]) -> str | None:
    if name in _INITIALIZERS.values() or name in ("uniform", "normal") and not arguments:
        return name
    if name == "random_normal":
        return "normal" if arguments.get("mean", 0) == 0 and arguments.get("stddev", 0.05) == 0.05 else None
    if name == "random_uniform":
        return "uniform" if (arguments.get("minval", -0.05), arguments.get("maxval", 0.05)) == (-0.05, 0.05) else None
    if name == "variance_scaling":
        distribution = str(arguments.get("distribution", "normal")).rpartition("truncated_")[2]
        return _SCALINGS.get((arguments.get("scale", 1.0), arguments.get("mode", "fan_in"), distribution))
    return _INITIALIZERS.get(name)


def zeros(options: Options, key: str = "bias_initializer", expected: str = "zero") -> None:
    """An initializer that is fixed in Keras 1; another one is noted in the options."""
    if initializer(options, key, expected) != expected:
        options.unknown_initializers.append(f"{options.name}.{key}")


def regularizer(options: Options, key: str) -> dict[str, Any] | str | None:
    """The regularizer's config."""
    value = options.take(key)
    if value is None:
        return None
    name, arguments = _named(value)
    if value != function_name(value) and name in get_custom_objects():
        return get_custom_objects()[name]
    if name in get_custom_objects():
        return {"name": name, **arguments} if isinstance(value, Mapping) else name
    kind = snake_case(name).replace("_", "")
    if kind == "orthogonalregularizer":
        return {"name": "OrthogonalRegularizer", "factor": arguments.get("factor", 0.01), "mode": arguments.get("mode", "rows")}
    if kind not in ("l1", "l2", "l1l2"):
        raise options.error(key, function_name(value), *_wanted(value))
    # as texts they have Keras 2's default strength
    default = {} if isinstance(value, Mapping) else dict.fromkeys(("l1", "l2"), 0.01)
    return {
        "name": "L1L2Regularizer",
        "l1": arguments.get("l1", default.get("l1", 0.0)) if "l1" in kind else 0.0,
        "l2": arguments.get("l2", default.get("l2", 0.0)) if "l2" in kind else 0.0,
    }


def constraint(options: Options, key: str, places: Sequence[int] | None = None) -> dict[str, Any] | str | None:
    """The constraint's config. ``places``: the axes here for those of the weight there, where they differ; none where there are no such axes."""
    value = options.take(key)
    if value is None:
        return None
    name, arguments = _named(value)
    if value != function_name(value) and name in get_custom_objects():
        return get_custom_objects()[name]
    if name in get_custom_objects():
        return {"name": name, **arguments} if isinstance(value, Mapping) else name
    found = _CONSTRAINTS.get(snake_case(name))
    if found is None:
        raise options.error(key, function_name(value), *_wanted(value))
    config = {new: arguments.get(old, default) for old, new, default in found[1]}
    if places is not None and "axis" in config:
        axes = config["axis"] if isinstance(config["axis"], (list, tuple)) else [config["axis"]]
        if not all(type(axis) is int and -len(places) <= axis < len(places) for axis in axes):
            raise options.error(key, value, "but the kernel has other axes here, so this axis has no place")
        moved = [places[axis] for axis in axes]
        config["axis"] = moved if isinstance(config["axis"], (list, tuple)) else moved[0]
    return {"name": found[0], **config}


def ordering(options: Options) -> str:
    """The ``dim_ordering`` for the option ``data_format``."""
    value = options.take("data_format") or "channels_last"
    if value not in ("channels_last", "channels_first"):
        raise options.error("data_format", value)
    return "tf" if value == "channels_last" else "th"


def border_mode(options: Options) -> str:
    """The ``border_mode`` for the option ``padding``."""
    return options.only("padding", "valid", "same")


def pair_or_number(options: Options, key: str, count: int, default: int = 1) -> list[int]:
    """``count`` numbers, from a list or one number for all."""
    value = options.take(key, default)
    values = [value] * count if isinstance(value, int) else list(value) if isinstance(value, (list, tuple)) else []
    if len(values) != count:
        raise options.error(key, value, f"but {count} whole numbers were expected")
    return values


def read_option(kind: str, value: Any) -> Any:
    """Return what Keras 1 writes for an initializer, a regularizer or a constraint of Keras 2: a name or a config.

    Args:
        kind: 'initializer', 'regularizer' or 'constraint'.
        value: its name or config in Keras 2.

    Returns:
        A name or a config; for an initializer that Keras 1 lacks None.
    """
    if kind == "initializer":
        name, arguments = _named(value)
        return name if name in get_custom_objects() else _initializer(snake_case(name), arguments)
    return {"regularizer": regularizer, "constraint": constraint}[kind](Options(kind, {kind: value}), kind)
