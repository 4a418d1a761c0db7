"""The file formats of each layer, by family: one registration beside another, so that a new layer is one class, one
registration and one test.

A family's module imports the layers; reading, conversion and the documentation look here by class name. The layers that Keras 1 had
still have tables of their own in ``saving/keras2`` and ``convert``; those that came later are all here.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

#: modules of this package with registrations
FAMILIES = (
    "activations", "adaptive", "attention", "categories", "conv_lstm", "depthwise", "images",
    "merging", "noise", "normalization", "operations", "pipeline", "random_colors", "random_images", "recurrent", "residual", "reversible_embedding", "spectral", "spectrograms", "transposed",
)  # fmt: skip


@dataclass(frozen=True)
class Formats:
    """A layer's formats.

    Attributes:
        layer: the class in ``kbridge.layers``.
        family: title for the documentation.
        since: versions of Keras whose files hold it, as a reader knows them: 'Keras 2.2.3', 'Keras 3.9'.
        keras2: class names in files -> function of the options that gives the config here.
        weights: the arrays in the order of the files, as (name there, attribute); a missing attribute value is left out. A function
            of the layer where that isn't enough.
        keras3: function (context, layer, input shapes) that gives the layers in Keras 3.
        onnx: function (context, layer, call) that gives the output tensor.
        random: whether it draws numbers in training.
    """

    layer: type
    family: str
    since: str
    keras2: dict[str, Callable[..., dict[str, Any]]]
    weights: tuple[tuple[str, str], ...] | Callable[[Any], list]
    keras3: Callable[..., Any]
    onnx: Callable[..., Any]
    random: bool = False

    def variables(self, layer: Any) -> list[tuple[str, Any]]:
        """(name in files, variable) of a layer's weights, as the files order them."""
        if callable(self.weights):
            return self.weights(layer)
        found = ((name, getattr(layer, attribute)) for name, attribute in self.weights)
        return [(name, variable) for name, variable in found if variable is not None]


@cache
def registry() -> dict[str, Formats]:
    """All registrations, by the name of the layer's class."""
    found: dict[str, Formats] = {}
    for family in FAMILIES:
        for formats in importlib.import_module(f"{__name__}.{family}").LAYERS:
            found[formats.layer.__name__] = formats
    return found


@cache
def keras2_classes() -> dict[str, tuple[str, Callable[..., dict[str, Any]]]]:
    """Class name in files of Keras 2 and 3 -> (class here, function of the options)."""
    return {name: (own, read) for own, formats in registry().items() for name, read in formats.keras2.items()}


def formats_of(layer: Any) -> Formats | None:
    """The registration of a layer's class, if that is one of kbridge's own."""
    found = registry().get(type(layer).__name__)
    return found if found is not None and found.layer is type(layer) else None
