"""Which backend's convention do the kernels in a file follow?

Keras 1 on Theano computed true convolutions (kernels flipped), on TensorFlow cross-correlations, from
the same stored numbers. kbridge computes cross-correlation on every backend, so kernels from Theano are
flipped when they are read. The answer depends on the file alone, never on the active backend.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

#: What kbridge writes into the ``backend`` attribute: its kernels mean what TensorFlow's mean.
WRITTEN = "tensorflow"

_TENSORFLOW_NAME = re.compile(r":\d+$")

#: Layer classes whose kernels depend on the convention: class name -> number of spatial axes.
_CONVOLUTIONS = {
    "Convolution1D": 2,  # stored as (filter_length, 1, input_dim, nb_filter)
    "AtrousConvolution1D": 2,
    "Convolution2D": 2,
    "AtrousConvolution2D": 2,
    "Deconvolution2D": 2,
    "Convolution3D": 3,
    "ConvLSTM2D": 2,
}


class Origin(NamedTuple):
    """The backend whose convention a file follows, why, and whether its names tell two stories."""

    backend: str
    reason: str
    mixed: bool = False

    @property
    def flipped(self) -> bool:
        """Whether kernels must be flipped to be cross-correlation kernels."""
        return self.backend == "theano"

    @property
    def padding(self) -> str:
        """Whose 'same' padding the file's layers had: 'tensorflow' or 'theano'."""
        return "theano" if self.backend == "theano" else "tensorflow"


def find_origin(backend: str | None, weight_names: Iterable[str], oldest_layout: bool = False) -> Origin:
    """From the file's ``backend`` attribute, else from the names of its weights, else from its layout."""
    if backend:
        return Origin(backend.lower(), f"the file's attribute backend = {backend!r}")
    if oldest_layout:
        return Origin("theano", "the layout of Keras 0.x, which ran on Theano")
    suffixed = [bool(_TENSORFLOW_NAME.search(name)) for name in weight_names]
    if not suffixed:
        return Origin(WRITTEN, "there are no weights")
    count = sum(suffixed)
    if count == len(suffixed):
        return Origin("tensorflow", "the weights' names end in ':0', as TensorFlow made them")
    if count == 0:
        return Origin("theano", "the weights' names have no ':0', as on Theano")
    backend = "tensorflow" if 2 * count >= len(suffixed) else "theano"
    return Origin(backend, f"{count} of {len(suffixed)} weights' names end in ':0'", mixed=True)


def forced_origin(original_backend: str) -> Origin:
    """The origin that the caller states."""
    if original_backend not in ("theano", "tensorflow"):
        raise ValueError(f"original_backend must be 'theano' or 'tensorflow', got {original_backend!r}.")
    return Origin(original_backend, "original_backend was given")


def spatial_axes(model) -> dict[int, tuple[int, ...]]:
    """``id(variable)`` -> axes to flip, for every convolution kernel in ``model`` (any layer, nested ones included)."""
    axes: dict[int, tuple[int, ...]] = {}
    for layer in leaves(model):
        count = next((_CONVOLUTIONS[c.__name__] for c in type(layer).__mro__ if c.__name__ in _CONVOLUTIONS), None)
        if count is None:
            continue
        channels_first = getattr(layer, "dim_ordering", "tf") == "th" and not _is_temporal(layer)
        chosen = tuple(range(2, 2 + count)) if channels_first else tuple(range(count))
        for variable in layer.weights:
            if len(_shape(variable)) == count + 2:
                axes[id(variable)] = chosen
    return axes


def differing_padding(model) -> list[str]:
    """The names of layers whose 'same' padding would lie elsewhere if they had been made for a file from Theano."""
    return [layer.name for layer in leaves(model) if getattr(layer, "border_origin", None) == "tensorflow" and layer.depends_on_origin]


def _is_temporal(layer) -> bool:
    return any(c.__name__ in ("Convolution1D", "AtrousConvolution1D") for c in type(layer).__mro__)


def _shape(variable) -> tuple:
    from .. import backend as K

    return tuple(K.int_shape(variable))


def leaves(layer: Any) -> Iterator[Any]:
    """The layers inside ``layer`` that hold no other layers, each once."""
    seen: set[int] = set()
    pending = [layer]
    while pending:
        current = pending.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        inner = [
            *(getattr(current, "layers", None) or []),
            *(getattr(current, name) for name in ("layer", "forward_layer", "backward_layer") if hasattr(current, name)),
        ]
        if inner:
            pending.extend(inner)
        else:
            yield current


def flip(value: np.ndarray, axes: tuple[int, ...] | None) -> np.ndarray:
    """``value`` reversed along ``axes``; as it is without any."""
    return np.flip(value, axes) if axes else value
