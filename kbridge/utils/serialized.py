"""Configs of objects as Keras 2 and 3 store them: {'class_name', 'config'} and what stands round it."""

from __future__ import annotations

from typing import Any


def unwrapped(value: Any) -> Any:
    """``value`` without the dicts that Keras puts round arrays, tensors and tuples."""
    if isinstance(value, dict):
        inner = value.get("config")
        if value.get("class_name") in ("__numpy__", "__tensor__") and isinstance(inner, dict) and "value" in inner:
            return inner["value"]
        if value.get("class_name") == "__tuple__" and isinstance(value.get("items"), list):
            return [unwrapped(item) for item in value["items"]]
        return {key: unwrapped(item) for key, item in value.items()}
    return [unwrapped(item) for item in value] if isinstance(value, (list, tuple)) else value


def bare_class(name: Any) -> str:
    """The name of a class without the package that it was registered under: 'Custom>Adam' is 'Adam'."""
    return str(name).rpartition(">")[2]
