"""Regularizers, constraints and activations by later Keras' names: how programs make them, look them up and put them into configs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import activations, constraints, regularizers
from ..saving.keras2 import read_option

#: name -> (the class in configs, its arguments in order, with their defaults)
_REGULARIZERS: dict[str, tuple[str, dict[str, Any]]] = {
    "L1": ("L1", {"l1": 0.01}),
    "L2": ("L2", {"l2": 0.01}),
    "L1L2": ("L1L2", {"l1": 0.0, "l2": 0.0}),
    "l1": ("L1", {"l1": 0.01}),
    "l2": ("L2", {"l2": 0.01}),
    "l1_l2": ("L1L2", {"l1": 0.01, "l2": 0.01}),
}
_CONSTRAINTS: dict[str, tuple[str, dict[str, Any]]] = {
    "MaxNorm": ("MaxNorm", {"max_value": 2, "axis": 0}),
    "MinMaxNorm": ("MinMaxNorm", {"min_value": 0.0, "max_value": 1.0, "rate": 1.0, "axis": 0}),
    "NonNeg": ("NonNeg", {}),
    "UnitNorm": ("UnitNorm", {"axis": 0}),
}
_CONSTRAINTS |= {
    name: _CONSTRAINTS[of]
    for name, of in (("max_norm", "MaxNorm"), ("min_max_norm", "MinMaxNorm"), ("non_neg", "NonNeg"), ("unit_norm", "UnitNorm"))
}


def _got(kind: str, module: Any) -> Any:
    def get(identifier):
        """Return what a name or a config means; objects as they are."""
        if isinstance(identifier, Mapping) and "name" in identifier:
            return module.get(dict(identifier))
        if identifier is None or not isinstance(identifier, (str, Mapping)):
            return identifier
        return module.get(read_option(kind, identifier))

    return get


def _made(kind: str, module: Any, class_name: str, defaults: Mapping[str, Any]) -> Any:
    def make(*args, **kwargs):
        given = dict(zip(defaults, args))
        if len(args) > len(defaults) or set(kwargs) - set(defaults) or set(given) & set(kwargs):
            raise TypeError(f"{class_name} takes {', '.join(defaults) or 'no arguments'}; got {args!r} and {kwargs!r}.")
        return module.get(read_option(kind, {"class_name": class_name, "config": {**defaults, **given, **kwargs}}))

    make.__name__ = make.__qualname__ = class_name
    make.__doc__ = f"Return the {kind} that later Keras calls {class_name}."
    return make


def _serialized(item: Any) -> Any:
    """The config of a regularizer or constraint; None without one."""
    return None if item is None else item.get_config() if hasattr(item, "get_config") else item.__name__


def names_of(kind: str) -> dict[str, Any]:
    """Return what later Keras has in its module of regularizers, constraints or activations besides what kbridge's has by the same names.

    Args:
        kind: 'regularizer', 'constraint' or 'activation'.
    """
    if kind == "activation":
        return {"get": activations.get, "deserialize": activations.get, "serialize": lambda function: function.__name__}
    module, table = (regularizers, _REGULARIZERS) if kind == "regularizer" else (constraints, _CONSTRAINTS)
    get = _got(kind, module)
    made = {name: _made(kind, module, class_name, defaults) for name, (class_name, defaults) in table.items()}
    return {**made, "get": get, "deserialize": get, "serialize": _serialized}
