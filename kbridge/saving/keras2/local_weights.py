"""The kernels of locally connected layers in the three layouts of Keras 2.

Implementation 1 has a small kernel for each place of the result, as kbridge has. Implementation 2 has one weight for each pair of an input value and
a result value; most of these are masked out. Implementation 3 has only those that aren't, in one row, sorted by the result and then by
the input.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...engine.inside import weight_shape
from ..assignment import Assignment


def room_for(config: Any, values: int) -> int:
    """How many numbers the weights of a model may have whose file holds ``values``.

    Implementation 3 leaves out the weights of places outside of the input, which padding adds: less than half of a kernel as long as windows
    aren't larger than the input.
    """
    pending = [config]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            inner = value.get("config")
            if str(value.get("class_name")).startswith("LocallyConnected") and isinstance(inner, dict) and inner.get("implementation") == 3:
                return 2 * values
            pending.extend(value.values())
        elif isinstance(value, (list, tuple)):
            pending.extend(value)
    return values


def stored_shape(layer: Any, kernel_shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of the kernel in a file."""
    if layer.implementation == 1:
        return kernel_shape
    if layer.implementation == 3:
        return (int(_pairs(layer)[2].sum()),)
    came, gave = _shapes(layer)
    return (*came, *gave)


def kernel_of(layer: Any, variable: Any, value: np.ndarray) -> list[Assignment]:
    """The kernel here, for the file's ``value``. Weights of places outside of the input are 0."""
    shape = weight_shape(variable)
    if layer.implementation == 1:
        if layer.spatial == 1 and layer.dim_ordering == "th":
            # channel by channel in the file
            places, size, filters = shape
            value = value.reshape(places, -1, layer.filter_length, filters).transpose(0, 2, 1, 3).reshape(shape)
        return [Assignment(variable, value)]
    came, gave, inside = _pairs(layer)
    kernel = np.zeros(came.shape, value.dtype)
    if layer.implementation == 2:
        inputs, outputs = (int(np.prod(s)) for s in _shapes(layer))
        kernel[inside] = value.reshape(inputs, outputs)[came[inside], gave[inside]]
    else:
        place = np.empty(inside.sum(), int)
        place[np.lexsort((came[inside], gave[inside]))] = np.arange(place.size)
        kernel[inside] = value[place]
    if layer.spatial == 2 and layer.dim_ordering == "th":
        kernel = kernel.transpose(0, 2, 1, 3)
    return [Assignment(variable, kernel.reshape(shape))]


def _shapes(layer: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The shapes of an input and of a result, without the samples."""
    shape = tuple(layer.input_spec[0].shape)
    return shape[1:], tuple(layer.get_output_shape_for(shape))[1:]


def _pairs(layer: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each (place, position in the window, channel, filter): the number of the input's value, that of the result's, and whether the
    former is there."""
    first = layer.dim_ordering == "th"
    came, gave = _shapes(layer)
    channels, filters = (came[0], gave[0]) if first else (came[-1], gave[-1])
    lengths, places = (came[1:], gave[1:]) if first else (came[:-1], gave[:-1])
    at = np.indices(places).reshape(len(places), -1, 1)
    window = np.indices(layer.kernel_size).reshape(len(places), 1, -1)
    before = np.array([b for b, _ in layer.outside()]).reshape(-1, 1, 1)
    there = at * np.array(layer.steps).reshape(-1, 1, 1) + window - before
    inside = np.all([(n >= 0) & (n < length) for n, length in zip(there, lengths)], axis=0)
    shape = (*inside.shape, channels, filters)
    inputs = np.ravel_multi_index(tuple(np.where(inside, n, 0) for n in there), lengths)[..., None, None]
    outputs = np.broadcast_to(np.ravel_multi_index(tuple(at), places), inside.shape)[..., None, None]
    channel, filter_ = np.arange(channels)[:, None], np.arange(filters)
    if first:
        inputs = channel * int(np.prod(lengths)) + inputs
        outputs = filter_ * int(np.prod(places)) + outputs
    else:
        inputs, outputs = inputs * channels + channel, outputs * filters + filter_
    return np.broadcast_to(inputs, shape), np.broadcast_to(outputs, shape), np.broadcast_to(inside[..., None, None], shape)
