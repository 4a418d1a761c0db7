"""Lambda layers."""

from __future__ import annotations

from typing import Any

from ....utils.generic_utils import get_custom_objects
from ...functions import named_function
from ..options import Options
from ..values import bare_name
from .common import Translated


def lambda_layer(options: Options) -> Translated:
    modules = {"function": options.take("module"), "output_shape": options.take("output_shape_module")}
    options.ignore("function_module")
    options.only("mask", None)
    arguments = options.take("arguments") or {}
    config: dict[str, Any] = {"arguments": arguments}
    for key in ("function", "output_shape"):
        value, kind, module = options.take(key), options.take(f"{key}_type", "raw"), modules[key]
        if isinstance(value, dict):
            # later tf.keras and Keras 3 write the code with its class, and a named function with its module
            kind = "lambda"
            if value.get("class_name") == "function" and isinstance(value.get("config"), str):
                kind, module, value = "function", value.get("module"), value["config"]
        if kind == "function" and key == "function" and not {str(value), bare_name(value), options.name} & set(get_custom_objects()):
            value = named_function(module, value, arguments) or value
        config |= {key: _stored(value) if kind == "lambda" else value, f"{key}_type": kind}
    return "Lambda", config


def _stored(value: Any) -> list:
    """A stored function as [code, defaults, closure], which are only ever read as data."""
    if isinstance(value, dict):
        inner = value.get("config")
        value = [inner.get(key) for key in ("code", "defaults", "closure")] if isinstance(inner, dict) else None
    value = list(value) if isinstance(value, (list, tuple)) else [value]
    return [*value, None, None, None][:3]
