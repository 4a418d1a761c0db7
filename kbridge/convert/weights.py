"""Values of a layer's weights in one layout, whatever the layer's own: gates side by side, channels last."""

from __future__ import annotations

import numpy as np

from .. import backend as K

#: the order in which Keras 1 stores the gates of a layer that keeps them apart, and that of the joined matrix
GATES = {"LSTM": "ifco", "GRU": "zrh", "ConvLSTM2D": "ifco"}


def value(variable) -> np.ndarray:
    """The value of one weight."""
    return np.asarray(K.get_value(variable))


def gates(layer, order: str | None = None) -> list[np.ndarray]:
    """W, U and b of an LSTM, GRU or ConvLSTM2D with the gates side by side along the last axis.

    ``order`` names the gates wanted; by default 'ifco' (LSTM) or 'zrh' (GRU). Kernels of ConvLSTM2D come channels last.
    """
    kind = type(layer).__name__
    stored = GATES[kind]
    parts = []
    for part in "WUb":
        if hasattr(layer, f"{part}_{stored[0]}"):
            held = {g: getattr(layer, f"{part}_{g}") for g in stored}
            split = {g: np.zeros(layer.nb_filter, "float32") if v is None else value(v) for g, v in held.items()}
            if kind == "ConvLSTM2D" and part != "b" and layer.dim_ordering == "th":
                split = {g: np.transpose(v, (2, 3, 1, 0)) for g, v in split.items()}
        else:
            split = dict(zip(stored, np.split(value(getattr(layer, part)), len(stored), axis=-1)))
        parts.append(np.concatenate([split[g] for g in order or stored], axis=-1))
    return parts


def channels_last(kernel: np.ndarray, dim_ordering: str) -> np.ndarray:
    """A convolution kernel as (spatial..., channels in, filters) from one of (filters, channels, spatial...) ('th')."""
    if dim_ordering == "tf":
        return kernel
    return np.transpose(kernel, (*range(2, kernel.ndim), 1, 0))


def channels_first(kernel: np.ndarray, dim_ordering: str) -> np.ndarray:
    """A convolution kernel as (filters, channels in, spatial...)."""
    if dim_ordering == "th":
        return kernel
    return np.transpose(kernel, (kernel.ndim - 1, kernel.ndim - 2, *range(kernel.ndim - 2)))
