"""The inputs and outputs of a model, by name: shapes, dtypes, and where the channels of a picture are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isqrt
from typing import Any

import numpy as np

from .. import backend as K
from ..engine.topology import Container
from ..errors import UsageError
from ..models import Sequential
from ..saving.input_names import input_names

#: numbers of channels that a picture can have: grey, colour, colour with transparency
CHANNELS = (1, 3, 4)


@dataclass(frozen=True)
class Tensor:
    """An input or output of a model.

    Attributes:
        name: the name of its layer, as the model's file has it.
        shape: without the batch axis; None where a length is open.
        dtype: its dtype, 'float32' or 'int32', say.
        first: whether the channels of pictures come first.
        own: the name of its layer in this process, if another one than ``name``.
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: str
    first: bool = False
    own: str = ""

    def __str__(self) -> str:
        return f"{self.name!r} {shown(self.shape)}"

    def checked(self, values: Any, what: str) -> np.ndarray:
        """``values`` as one sample of this input.

        Args:
            values: an array or nested lists of numbers; a flat row is brought into the input's shape.
            what: where they come from, for errors.

        Raises:
            UsageError: they are no numbers, or of another shape.
        """
        try:
            array = np.asarray(values)
        except ValueError:
            raise UsageError(f"{what}: its rows have different lengths, but the input {self} takes an array.") from None
        if array.dtype == object or array.dtype.kind not in "buif":
            raise UsageError(f"{what}: input {self} takes numbers, got {_kind(values, array)}.")
        if not self.fits(array.shape):
            reshaped = self._from_row(array)
            if reshaped is None:
                raise UsageError(f"{what}: the input {self} takes one sample of this shape, got {shown(array.shape)}.")
            array = reshaped
        return array.astype(self.dtype)

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Whether a sample of ``shape`` can be fed."""
        return len(shape) == len(self.shape) and all(want in (None, got) for want, got in zip(self.shape, shape))

    def _from_row(self, array: np.ndarray) -> np.ndarray | None:
        """A flat row in the input's shape, if there is one way to do it."""
        if array.ndim != 1 or len(self.shape) < 2 or self.shape.count(None) > 1:
            return None
        wanted = [-1 if n is None else n for n in self.shape]
        try:
            return array.reshape(wanted)
        except ValueError:
            return None

    def picture(self) -> tuple[int | None, int | None, int] | None:
        """(height, width, channels) if a picture can be fed: of 3 axes, of 2 (grey), or a square in a row (grey)."""
        if len(self.shape) == 3:
            *size, channels = (*self.shape[1:], self.shape[0]) if self.first else self.shape
            return (size[0], size[1], channels or 3) if channels is None or channels in CHANNELS else None
        if len(self.shape) == 2 and None not in self.shape:
            return (self.shape[0], self.shape[1], 1)
        if len(self.shape) == 1 and self.shape[0] is not None and self.shape[0] >= 16 and isqrt(self.shape[0]) ** 2 == self.shape[0]:
            return (isqrt(self.shape[0]), isqrt(self.shape[0]), 1)
        return None

    def from_pixels(self, pixels: np.ndarray) -> np.ndarray:
        """An array (height, width, channels) as one sample."""
        if len(self.shape) == 3:
            pixels = pixels.transpose(2, 0, 1) if self.first else pixels
        elif len(self.shape) == 2:
            pixels = pixels[:, :, 0]
        else:
            pixels = pixels.ravel()
        return pixels.astype(self.dtype)


def inputs_of(model: Any) -> list[Tensor]:
    """The model's inputs in their order."""
    first, graph = channels_first(model), graph_of(model)
    return [
        Tensor(name, tuple(K.int_shape(x)[1:]), K.dtype(x), first, own if own != name else "")
        for name, own, x in zip(input_names(model), graph.input_names, graph.inputs)
    ]


def renamed(found: dict[Any, Any], inputs: list[Tensor]) -> dict[Any, Any]:
    """``found`` with the names of the file for those that the inputs have in this process."""
    known = {x.own: x.name for x in inputs if x.own and x.name not in found and x.own not in {y.name for y in inputs}}
    return {known.get(name, name): value for name, value in found.items()} if known else found


def outputs_of(model: Any) -> list[Tensor]:
    """The model's outputs in their order."""
    model = graph_of(model)
    return [Tensor(name, tuple(x._keras_shape[1:]), K.dtype(x)) for name, x in zip(model.output_names, model.outputs)]


def channels_first(model: Any) -> bool:
    """Whether the model's pictures have their channels first, by the first of its layers that says so, else by its input's shape."""
    for layer in all_layers(model):
        found = getattr(layer, "dim_ordering", None) or getattr(layer, "data_format", None)
        if found in ("th", "channels_first"):
            return True
        if found in ("tf", "channels_last"):
            return False
    shapes = [K.int_shape(x)[1:] for x in graph_of(model).inputs]
    return any(len(s) == 3 and s[0] in CHANNELS and s[2] not in CHANNELS for s in shapes)


def graph_of(model: Any) -> Any:
    """The functional model that computes what ``model`` does: the one inside of a Sequential model, else itself."""
    if isinstance(model, Sequential):
        if not model.built:
            model.build()
        return model.model
    return model


def all_layers(model: Any) -> Iterator[Any]:
    """The layers of a model, those of models inside it in their place."""
    for layer in model.layers:
        if isinstance(layer, Container):
            yield from all_layers(layer)
        else:
            yield layer


def shown(shape: tuple[int | None, ...]) -> str:
    """A shape as people write it: ``(28, 28, 1)``, with ``?`` for an open length."""
    inside = ", ".join("?" if n is None else str(n) for n in shape)
    return f"({inside},)" if len(shape) == 1 else f"({inside})"


def _kind(values: Any, array: np.ndarray) -> str:
    if array.dtype == object:
        return "lists of different lengths, or values that aren't numbers"
    return f"{array.dtype} ({values!r:.40})"
