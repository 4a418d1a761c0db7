"""What the makers of Keras 3 layers share: the table of them, names, activations, penalties, problems and notes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import activations, constraints, regularizers
from ... import backend as K
from ...saving.configs import layer_classes
from ..problems import Unsupported, called
from ..weights import value
from .parts import Part, Weight

#: class name in Keras 1 -> function of (context, layer, input shapes) that gives the layers in Keras 3, in a row
MAKERS: dict[str, Callable[..., list[Part]]] = {}

#: hard_sigmoid is clip(x / 5 + 1/2, 0, 1) in Keras 1 and clip(x / 6 + 1/2, 0, 1) in Keras 3: its input is scaled by 6/5
HARD_SIGMOID = 1.2

_ACTIVATIONS = ("linear", "softmax", "elu", "softplus", "softsign", "relu", "tanh", "sigmoid", "hard_sigmoid")


def makes(*class_names: str):
    """Enter a function into MAKERS."""

    def enter(function):
        for name in class_names:
            MAKERS[name] = function
        return function

    return enter


class Context:
    """One conversion: ``problems`` that prevent it, ``notes`` of what differs elsewhere."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.notes: list[str] = []

    def make(self, layer, shapes: list[tuple]) -> list[Part]:
        """The layers in Keras 3 for one layer, the last under its name. Unsupported if there are none."""
        name = type(layer).__name__
        if layer_classes().get(name) is not type(layer):
            raise Unsupported(f"{called(layer)}: a layer class of your own")
        if name not in MAKERS:
            raise Unsupported(f"{called(layer)}: Keras 3 has no such layer")
        parts = MAKERS[name](self, layer, shapes)
        for part in parts:
            if not getattr(layer, "trainable", True):
                part.freeze()
        return parts

    def note(self, layer, what: str) -> None:
        """Something that differs, but not in a prediction that counts."""
        self.notes.append(f"{called(layer)}: {what}")

    def part(self, layer, class_name: str, weights=(), suffix: str = "", /, **config: Any) -> Part:
        """A layer of Keras 3 named after ``layer``; ``weights`` are (name, value) pairs."""
        base = {"name": safe_name(layer.name) + suffix, "trainable": getattr(layer, "trainable", True), "dtype": K.floatx()}
        return Part(class_name, {**base, **config}, [Weight(n, v) for n, v in weights])

    # ------------------------------------------------------------------ settings

    def activation(self, layer, attribute: str = "activation") -> tuple[str, float]:
        """(name in Keras 3, factor of its input)."""
        function = getattr(layer, attribute)
        name = getattr(function, "__name__", type(function).__name__)
        if name not in _ACTIVATIONS or function is not getattr(activations, name):
            raise Unsupported(f"{called(layer)}: {attribute} {name!r} is a function of your own")
        return name, HARD_SIGMOID if name == "hard_sigmoid" else 1.0

    def penalties(self, layer, **names: str) -> dict[str, Any]:
        """Config entries for regularizers and constraints: ``kernel_regularizer='W_regularizer'`` and so on."""
        return {key: self._penalty(layer, attribute) for key, attribute in names.items()}

    def _penalty(self, layer, attribute: str) -> dict[str, Any] | None:
        item = getattr(layer, attribute, None)
        if item is None:
            return None
        if type(item) is regularizers.L1L2Regularizer:
            return _object("regularizers", "L1L2", l1=float(item.l1), l2=float(item.l2))
        if type(item) is constraints.MaxNorm:
            return _object("constraints", "MaxNorm", max_value=item.m, axis=item.axis)
        if type(item) is constraints.NonNeg:
            return _object("constraints", "NonNeg")
        if type(item) is constraints.UnitNorm:
            return _object("constraints", "UnitNorm", axis=item.axis)
        if type(item) is constraints.MinMaxNorm:
            return _object("constraints", "MinMaxNorm", min_value=item.low, max_value=item.high, rate=item.rate, axis=item.axis)
        self.note(layer, f"its {attribute} {type(item).__name__} is left out, as Keras 3 has none like it")
        return None

    def affine(self, layer) -> dict[str, Any]:
        """Regularizers and constraints of a layer with W and b."""
        return {
            "use_bias": bool(layer.bias),
            **self.penalties(
                layer,
                kernel_regularizer="W_regularizer",
                bias_regularizer="b_regularizer",
                activity_regularizer="activity_regularizer",
                kernel_constraint="W_constraint",
                bias_constraint="b_constraint",
            ),
        }


def _object(module: str, class_name: str, **config: Any) -> dict[str, Any]:
    return {"module": f"keras.{module}", "class_name": class_name, "config": config, "registered_name": None}


def safe_name(name: str) -> str:
    """A name that Keras 3 takes: without slashes."""
    return name.replace("/", "_")


def bias_of(layer, scale: float = 1.0) -> list[tuple]:
    """The (name, value) pair of a layer's b, if it has one."""
    return [("bias", value(layer.b) * scale)] if layer.bias else []


def data_format(dim_ordering: str) -> str:
    """Keras 3's name of a dim ordering."""
    return "channels_first" if dim_ordering == "th" else "channels_last"
