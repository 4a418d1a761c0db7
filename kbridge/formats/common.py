"""Helpers of the registrations: options that have the same names here and there, and plain writers."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any


def same(cls: type, *ignored: str, **fixed: Any) -> Callable[..., dict[str, Any]]:
    """A reader of options that are the arguments of ``cls`` under the same names.

    ``ignored``: options that say nothing about what is computed; ``fixed``: options with the only value that can be represented.
    """

    def read(options: Any) -> dict[str, Any]:
        from ..saving.keras2 import values

        options.ignore(*ignored)
        for key, value in fixed.items():
            options.only(key, value)
        config: dict[str, Any] = {}
        for name, parameter in _arguments(cls):
            if name not in options:
                continue
            if name.endswith("_initializer"):
                usual = parameter.default if isinstance(parameter.default, str) else "glorot_uniform"
                config[name] = values.initializer(options, name, usual)
            elif name.endswith("_regularizer"):
                config[name] = values.regularizer(options, name)
            elif name.endswith("_constraint"):
                config[name] = values.constraint(options, name)
            elif name.endswith("activation"):
                config[name] = values.activation(options, name)
            else:
                config[name] = options.take(name)
        return config

    return read


def _arguments(cls: type) -> list[tuple[str, inspect.Parameter]]:
    found: dict[str, inspect.Parameter] = {}
    for base in reversed(cls.__mro__):
        if "__init__" in base.__dict__ and base.__module__.startswith("kbridge.layers"):
            for name, parameter in inspect.signature(base.__dict__["__init__"]).parameters.items():
                if name != "self" and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
                    found[name] = parameter
    return list(found.items())


def as_it_is(*names: str, class_name: str | None = None) -> Callable[..., list]:
    """A writer for Keras 3: the same class with the arguments ``names``, its weights in order.

    ``names`` with 'activation' and 'data_format' are those of a convolution, which is written with the channels last.
    """

    def write(context: Any, layer: Any, shapes: Any) -> list:
        from ..convert.keras3.images import by_channels_last
        from ..convert.weights import value
        from . import registry

        weights = [(name, value(v)) for name, v in registry()[type(layer).__name__].variables(layer)]
        penalties = {name: name for name in names if name.endswith(("_regularizer", "_constraint"))}
        plain = [name for name in names if name not in penalties and name != "activation"]
        config = {name: _plain(getattr(layer, name)) for name in plain} | context.penalties(layer, **penalties)
        name = class_name or type(layer).__name__
        if "activation" in names and "data_format" in config:
            return by_channels_last(context, layer, name, weights, config)
        parts = [context.part(layer, name, weights, **config)]
        return context.activated(layer, parts) if "activation" in names else parts

    return write


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
