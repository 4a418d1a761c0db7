"""Helpers of the functions that write Keras 3 layers: the table of them, names, activations, penalties, problems and notes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import activations, constraints, regularizers
from ... import backend as K
from ...formats import formats_of
from ...saving.configs import layer_classes
from ..masks import Seen
from ..problems import Unsupported, refusal, told
from ..weights import value
from .parts import Part, Stack, Weight

#: class name in Keras 1 -> function of (context, layer, input shapes) that gives the layers in Keras 3, in a row
MAKERS: dict[str, Callable[..., list[Part]]] = {}

#: hard_sigmoid is clip(x / 5 + 1/2, 0, 1) in Keras 1 and clip(x / 6 + 1/2, 0, 1) in Keras 3: its input is scaled by 6/5.
#: The weights aren't, so that they train as they do here.
HARD_SIGMOID = 1.2

#: What ``Context.activation`` calls Keras 1's hard_sigmoid; 'hard_sigmoid' is Keras 3's.
STEEP = "hard_sigmoid of Keras 1"

_NAMES = {"hard_sigmoid": STEEP, "relu6_sigmoid": "hard_sigmoid"}

_ACTIVATIONS = (
    "linear", "softmax", "elu", "softplus", "softsign", "relu", "tanh", "sigmoid", "hard_sigmoid", "relu6_sigmoid", "leaky_relu", "relu6", "selu", "celu",
    "gelu", "silu", "hard_silu", "mish", "exponential", "log_sigmoid", "log_softmax", "hard_tanh", "hard_shrink", "soft_shrink",
    "tanh_shrink", "squareplus", "sparse_plus", "sparse_sigmoid", "sparsemax", "glu",
)  # fmt: skip


#: activations that work along the last axis, which isn't that of the channels in 'th' ordering
ALONG_LAST_AXIS = ("softmax", "log_softmax", "sparsemax", "glu")


def makes(*class_names: str):
    """Enter a function into MAKERS."""

    def enter(function):
        for name in class_names:
            MAKERS[name] = function
        return function

    return enter


class Context:
    """One conversion: ``problems`` that prevent it, ``notes`` of what differs elsewhere.

    ``seen``: all calls of a layer in the whole model, by the layer's id.
    """

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.notes: list[str] = []
        self.seen: dict[int, list[Seen]] = {}

    def masked(self, layer) -> bool:
        """Whether a mask comes to any call of a layer."""
        return any(seen.masked for seen in self.seen.get(id(layer), ()))

    def make(self, layer, shapes: list[tuple]) -> list[Part]:
        """The layers in Keras 3 for one layer, the last under its name. Unsupported if there are none."""
        name = type(layer).__name__
        if layer_classes().get(name) is not type(layer):
            raise refusal(layer, "own-layer", "a layer class of your own")
        formats = formats_of(layer)
        make = formats.keras3 if formats is not None else MAKERS.get(name)
        if make is None:
            raise self.no_layer(layer)
        parts = make(self, layer, shapes)
        for part in parts:
            if not getattr(layer, "trainable", True):
                part.freeze()
        return parts

    def no_layer(self, layer) -> Unsupported:
        """The refusal of a layer that no function makes."""
        return refusal(layer, "keras3-no-layer", "Keras 3 has no such layer")

    def note(self, layer, slug: str, what: str) -> None:
        """Something that differs, but not in a prediction that counts; ``slug`` is its id in docs/convert.md."""
        if (text := told(layer, slug, what)) not in self.notes:
            self.notes.append(text)

    def part(self, layer, class_name: str, weights=(), suffix: str = "", /, **config: Any) -> Part:
        """A layer of Keras 3 named after ``layer``; ``weights`` are (name, value) pairs."""
        base = {"name": safe_name(layer.name) + suffix, "trainable": getattr(layer, "trainable", True), "dtype": K.floatx()}
        return Part(class_name, {**base, **config}, [Weight(n, v) for n, v in weights])

    # ------------------------------------------------------------------ settings

    def activation(self, layer, attribute: str = "activation") -> str:
        """The name of an activation in Keras 3; STEEP for one that it lacks."""
        function = getattr(layer, attribute)
        name = getattr(function, "__name__", type(function).__name__)
        if name not in _ACTIVATIONS or function is not getattr(activations, name):
            raise refusal(layer, "own-activation", f"{attribute} {name!r} is a function of your own")
        if name == "sparsemax":
            self.note(layer, "keras3-sparsemax", "Keras 3.15's sparsemax gives other numbers, which don't sum to 1")
        return _NAMES.get(name, name)

    def inner_activation(self, layer, attribute: str = "activation") -> str | Part:
        """An activation for inside of a recurrent layer: a name, or a model that computes it."""
        name = self.activation(layer, attribute)
        if name != STEEP:
            return name
        scaling = self.part(layer, "Rescaling", (), f"_{attribute}_scale", scale=HARD_SIGMOID, offset=0.0)
        clipping = self.part(layer, "Activation", (), f"_{attribute}_clip", activation="hard_sigmoid")
        return Stack("Sequential", {"name": f"{safe_name(layer.name)}_{attribute}", "trainable": True}, layers=[scaling, clipping])

    def activated(self, layer, parts: list[Part], apart: bool = False) -> list[Part]:
        """``parts`` with the layer's activation: in the last one, or behind it, where that must be or ``apart`` says so."""
        name = self.activation(layer)
        if name != STEEP and not apart:
            parts[-1].config["activation"] = name
            return parts
        config = {}
        for part in parts:
            if (penalty := part.config.pop("activity_regularizer", None)) is not None:
                config["activity_regularizer"] = penalty
            if part.name == safe_name(layer.name):
                part.config["name"] += "_linear"
        if name == STEEP:
            parts, name = [*parts, self.part(layer, "Rescaling", (), "_scale", scale=HARD_SIGMOID, offset=0.0)], "hard_sigmoid"
        return [*parts, self.part(layer, "Activation", activation=name, **config)]

    def penalties(self, layer, axes: dict[int, int | None] | None = None, /, **names: str) -> dict[str, Any]:
        """Config entries for regularizers and constraints: ``kernel_regularizer='W_regularizer'`` and so on.

        ``axes``: where Keras 3 has the weights' axes (None: nowhere), if elsewhere.
        """
        return {key: self._penalty(layer, attribute, axes) for key, attribute in names.items()}

    def _penalty(self, layer, attribute: str, axes: dict[int, int | None] | None) -> dict[str, Any] | None:
        item: Any = getattr(layer, attribute, None)

        def axis() -> int | list[int]:
            given = list(item.axis) if isinstance(item.axis, (list, tuple)) else [int(item.axis)]
            moved = given if axes is None else [axes[a % len(axes)] for a in given]
            kept = [a for a in moved if a is not None]
            return kept[0] if len(kept) == 1 else kept

        if item is None:
            return None
        if type(item) is regularizers.L1L2Regularizer:
            return _object("regularizers", "L1L2", l1=float(item.l1), l2=float(item.l2))
        if type(item) is regularizers.OrthogonalRegularizer and axes is None:
            return _object("regularizers", "OrthogonalRegularizer", factor=item.factor, mode=item.mode)
        if type(item) is constraints.MaxNorm:
            return _object("constraints", "MaxNorm", max_value=item.m, axis=axis())
        if type(item) is constraints.NonNeg:
            return _object("constraints", "NonNeg")
        if type(item) is constraints.UnitNorm:
            return _object("constraints", "UnitNorm", axis=axis())
        if type(item) is constraints.MinMaxNorm:
            return _object("constraints", "MinMaxNorm", min_value=item.low, max_value=item.high, rate=item.rate, axis=axis())
        self.note(layer, "keras3-own-penalty", f"its {attribute} {type(item).__name__} is left out, because Keras 3 has nothing like it")
        return None

    def affine(self, layer, axes: dict[int, int | None] | None = None) -> dict[str, Any]:
        """Regularizers and constraints of a layer with W and b; ``axes`` of W as for ``penalties``."""
        return {
            "use_bias": bool(layer.bias),
            **self.penalties(layer, axes, kernel_regularizer="W_regularizer", kernel_constraint="W_constraint"),
            **self.penalties(
                layer,
                bias_regularizer="b_regularizer",
                activity_regularizer="activity_regularizer",
                bias_constraint="b_constraint",
            ),
        }


def _object(module: str, class_name: str, **config: Any) -> dict[str, Any]:
    return {"module": f"keras.{module}", "class_name": class_name, "config": config, "registered_name": None}


def safe_name(name: str) -> str:
    """A name that Keras 3 takes: without slashes."""
    return name.replace("/", "_")


def bias_of(layer) -> list[tuple]:
    """The (name, value) pair of a layer's b, if it has one."""
    return [("bias", value(layer.b))] if layer.bias else []


def data_format(dim_ordering: str) -> str:
    """Keras 3's name of a dim ordering."""
    return "channels_first" if dim_ordering == "th" else "channels_last"
