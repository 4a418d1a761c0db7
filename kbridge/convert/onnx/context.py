"""Helpers of the functions that write ONNX operators: the table of them, calls of layers inside of others, activations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ... import activations
from ...formats import formats_of
from ...saving.configs import layer_classes
from ..problems import refusal
from ..weights import value
from .activations import COMPOSED
from .builder import Builder

#: class name -> function of (context, layer, call) that gives the output tensor, or a list of them
MAKERS: dict[str, Callable[..., Any]] = {}

#: activations that are one operator, with its attributes; 'linear' and 'softmax' apart
_OPERATORS: dict[str, tuple[str, dict[str, Any]]] = {
    "relu": ("Relu", {}),
    "tanh": ("Tanh", {}),
    "sigmoid": ("Sigmoid", {}),
    "hard_sigmoid": ("HardSigmoid", {"alpha": 0.2, "beta": 0.5}),
    "relu6_sigmoid": ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}),
    "softplus": ("Softplus", {}),
    "softsign": ("Softsign", {}),
    "elu": ("Elu", {"alpha": 1.0}),
}


def makes(*class_names: str):
    """Enter a function into MAKERS."""

    def enter(function):
        for name in class_names:
            MAKERS[name] = function
        return function

    return enter


@dataclass
class Call:
    """One call of a layer: input tensors, their shapes, the shapes of the outputs, and the masks that come along.

    ``masks`` are tensors here, or None; ``lazy`` what makes them in the graph.
    """

    inputs: list[str]
    shapes: list[tuple]
    output_shapes: list[tuple]
    masks: list
    lazy: list = field(default_factory=list)
    #: masks of the outputs, where the call itself knows them
    made: list | None = None

    def mask(self, place: int = 0) -> str | None:
        """The mask of an input, as a tensor of bools of the graph, or None."""
        known = place < len(self.masks) and self.masks[place] is not None
        return self.lazy[place]() if known else None

    @property
    def masked(self) -> bool:
        return any(mask is not None for mask in self.masks)

    @property
    def x(self) -> str:
        return self.inputs[0]

    @property
    def shape(self) -> tuple:
        return self.shapes[0]


class Context:
    """One conversion: the graph, ``problems`` that prevent it, ``notes`` of what differs."""

    def __init__(self, name: str):
        self.graph = Builder(name)
        self.problems: list[str] = []
        self.notes: list[str] = []

    def make(self, layer, call: Call) -> Any:
        """The outputs of a layer. Unsupported if ONNX has no operators for it."""
        name = type(layer).__name__
        if layer_classes().get(name) is not type(layer):
            raise refusal(layer, "own-layer", "a layer class of your own")
        formats = formats_of(layer)
        make = formats.onnx if formats is not None else MAKERS.get(name)
        if make is None:
            raise refusal(layer, "onnx-no-operators", "kbridge has no ONNX operators for it")
        return make(self, layer, call)

    def activation_name(self, layer, attribute: str = "activation") -> str:
        """The name of one of Keras' own activations. Unsupported for others."""
        function = getattr(layer, attribute)
        name = getattr(function, "__name__", type(function).__name__)
        if name not in (*_OPERATORS, *COMPOSED, "linear", "softmax") or function is not getattr(activations, name):
            raise refusal(layer, "own-activation", f"{attribute} {name!r} is a function of your own")
        return name

    def activate(self, layer, x: str, attribute: str = "activation") -> str:
        """The layer's activation of ``x``."""
        name = self.activation_name(layer, attribute)
        if name == "linear":
            return x
        if name == "softmax":
            return self.graph.op("Softmax", x, axis=-1)
        if name in COMPOSED:
            return COMPOSED[name](self.graph, x)
        op, attributes = _OPERATORS[name]
        return self.graph.op(op, x, **attributes)

    def recurrent_activation(self, layer, attribute: str) -> tuple[str, float, float]:
        """(name, alpha, beta) of an activation inside of a recurrent operator."""
        name = self.activation_name(layer, attribute)
        if name == "softmax" or name in COMPOSED:
            raise refusal(layer, "onnx-recurrent-softmax", f"{attribute} {name!r} inside of a recurrent layer")
        if name == "linear":
            return "Affine", 1.0, 0.0
        op, attributes = _OPERATORS[name]
        return op, attributes.get("alpha", 0.0), attributes.get("beta", 0.0)

    def biased(self, layer, x: str, variable: str = "b", shape: tuple | None = None) -> str:
        """``x`` plus the layer's bias, if it has one, in ``shape``."""
        if not layer.bias:
            return x
        bias = value(getattr(layer, variable))
        return self.graph.op("Add", x, bias if shape is None else np.reshape(bias, shape))
