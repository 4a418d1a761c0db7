"""The weights of Keras 2 files: which of kbridge's weights each stored array fills, and how.

Keras 2 stores all gates of a recurrent layer side by side, convolution kernels with the spatial axes first whatever the
ordering, and for a model inside another one the weights of all its layers: first those that are trained, then the others.
"""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...engine.inside import weight_shape
from ...engine.later import held_layers
from ...formats import formats_of
from ..assignment import Assignment, Pending, from_arrays
from ..errors import ModelFileError
from ..reading import Group, StoredArray
from ..weight_names import inverse, match_names
from .cudnn import plain_layout
from .local_weights import kernel_of, stored_shape
from .quantized import in_equation, kernel_first, of_heads, unquantized

_SPATIAL = {
    "Convolution1D": 1,
    "AtrousConvolution1D": 1,
    "Convolution2D": 2,
    "AtrousConvolution2D": 2,
    "Convolution3D": 3,
}


class Slot(NamedTuple):
    """One array of Keras 2: its name there (None: any), its shape, and what it means here."""

    name: str | None
    shape: tuple[int, ...]
    #: the array's value -> the values of kbridge's weights
    fill: Callable[[np.ndarray], list[Assignment]]
    trained: bool = True
    #: axes along which a kernel from Theano is flipped
    kernel_axes: tuple[int, ...] = ()
    #: the names of the layer that has the weight and of those round it, from the inside out
    owners: tuple[str, ...] = ()


# ---------------------------------------------------------------------- the slots of layers


def slots_of(layer: Any) -> list[Slot]:
    """The arrays that Keras 2 stores for ``layer``, layer by layer where it holds others."""
    inner = _inner_layers(layer)
    slots: list[Slot] | None
    if inner is not None:
        slots = [slot for item in inner for slot in slots_of(item)] + own_slots(layer)
    else:
        slots = _registered(layer)
        if slots is None:
            slots = next((_TABLE[c.__name__](layer) for c in type(layer).__mro__ if c.__name__ in _TABLE), None) or _as_they_are(layer)
    trained = getattr(layer, "trainable", True)
    return [slot._replace(trained=slot.trained and trained, owners=(*slot.owners, layer.name)) for slot in slots]


def own_slots(wrapper: Any) -> list[Slot]:
    """The slots of what a layer that holds others has besides."""
    return _registered(wrapper) or []


def _registered(layer: Any) -> list[Slot] | None:
    """The slots of a layer that is registered in ``kbridge.formats``."""
    formats = formats_of(layer)
    if formats is None:
        return None
    trained = {id(variable) for variable in layer.trainable_weights}
    return [_plain(name, variable, id(variable) in trained) for name, variable in formats.variables(layer)]


def _inner_layers(layer: Any) -> list | None:
    if hasattr(layer, "forward_layer"):
        return [layer.forward_layer, layer.backward_layer]
    if hasattr(layer, "flattened_layers"):
        return list(layer.flattened_layers)
    if hasattr(layer, "cells"):
        return list(layer.cells)
    if type(layer).__name__ != "Merge" and getattr(layer, "layers", None) is not None:
        return list(layer.layers)
    return [layer.layer] if hasattr(layer, "layer") else None


def _plain(name: str | None, variable: Any, trained: bool = True) -> Slot:
    return Slot(name, weight_shape(variable), lambda value: [Assignment(variable, value)], trained)


def _moved(name: str, variable: Any, order: Sequence[int], kernel_axes: tuple[int, ...] = ()) -> Slot:
    """An array whose axes, put into ``order``, are those of ``variable``."""
    shape = weight_shape(variable)
    stored = [0] * len(shape)
    for own, theirs in enumerate(order):
        stored[theirs] = shape[own]
    return Slot(name, tuple(stored), lambda value: [Assignment(variable, np.transpose(value, order))], kernel_axes=kernel_axes)


def _joined(name: str, variables: Sequence[Any], order: Sequence[int] | None = None, kernel_axes: tuple[int, ...] = ()) -> Slot:
    """An array that holds ``variables`` side by side along its last axis, each with its axes to be put into ``order``."""
    parts = [_moved(name, v, order or range(len(weight_shape(v)))) for v in variables]
    *head, last = parts[0].shape

    def fill(value: np.ndarray) -> list[Assignment]:
        return [a for part, piece in zip(parts, np.split(value, len(parts), axis=-1), strict=True) for a in part.fill(piece)]

    return Slot(name, (*head, last * len(parts)), fill, kernel_axes=kernel_axes)


def _with_bias(layer: Any, *slots: Slot) -> list[Slot]:
    return [*slots, _plain("bias", layer.b)] if getattr(layer, "bias", True) else list(slots)


def _as_they_are(layer: Any) -> list[Slot]:
    """A layer without weights, or of the user's own: its own weights, then those of the layers that it holds."""
    held = held_layers(layer) if layer.of_later_keras else []
    return once(slots_of_itself(layer, held) + [slot for item in held for slot in slots_of(item)])


def slots_of_itself(layer: Any, held: Sequence[Any]) -> list[Slot]:
    """The slots of a layer of the user's own without those of the layers that it holds."""
    inside = {id(variable) for item in held for variable in item.weights}
    trained = {id(variable) for variable in layer.trainable_weights}
    return [_plain(None, variable, id(variable) in trained) for variable in layer.weights if id(variable) not in inside]


def holds_others(layer: Any) -> bool:
    """Whether a layer is of the user's own class, whose weights are its own and those of the layers in its attributes."""
    return layer.of_later_keras and not is_of_table(layer) and formats_of(layer) is None


def is_of_table(layer: Any) -> bool:
    """Whether a layer's class is one of kbridge's whose weights are stored in another form, or a subclass of one."""
    return any(c.__name__ in _TABLE for c in type(layer).__mro__)


def _dense(layer: Any) -> list[Slot]:
    return _with_bias(layer, _plain("kernel", layer.W))


def _convolution(layer: Any) -> list[Slot]:
    spatial = next(_SPATIAL[c.__name__] for c in type(layer).__mro__ if c.__name__ in _SPATIAL)
    axes = tuple(range(spatial))
    if spatial == 1:
        length, _, channels, filters = weight_shape(layer.W)
        kernel = Slot("kernel", (length, channels, filters), lambda value: [Assignment(layer.W, value[:, np.newaxis])], kernel_axes=axes)
    else:
        kernel = _moved("kernel", layer.W, _order(layer, spatial), axes)
    return _with_bias(layer, kernel)


def _order(layer: Any, spatial: int) -> tuple[int, ...]:
    """The axes of a kernel (spatial axes, channels in, filters) in the order that ``layer`` has."""
    axes = tuple(range(spatial))
    return (spatial + 1, spatial, *axes) if layer.dim_ordering == "th" else (*axes, spatial, spatial + 1)


def _transposed_convolution(layer: Any) -> list[Slot]:
    order = (2, 3, 0, 1) if layer.dim_ordering == "th" else (0, 1, 3, 2)
    return _with_bias(layer, _moved("kernel", layer.W, order, (0, 1)))


def _locally_connected(layer: Any) -> list[Slot]:
    kernel = Slot("kernel", stored_shape(layer, weight_shape(layer.W)), lambda value: kernel_of(layer, layer.W, value))
    return _with_bias(layer, kernel)


def _separable_convolution(layer: Any) -> list[Slot]:
    order = _order(layer, 2)
    kernels = [_moved(f"{part}_kernel", getattr(layer, f"{part}_kernel"), order) for part in ("depthwise", "pointwise")]
    return _with_bias(layer, *kernels)


def _embedding(layer: Any) -> list[Slot]:
    return [_plain("embeddings", layer.W)]


def _batch_normalization(layer: Any) -> list[Slot]:
    slots = [_plain("gamma", layer.gamma)] if layer.scale else []
    slots += [_plain("beta", layer.beta)] if layer.center else []
    moving = (("moving_mean", layer.running_mean), ("moving_variance", layer.running_std))
    return slots + [_plain(name, variable, trained=False) for name, variable in moving]


def _prelu(layer: Any) -> list[Slot]:
    return [_plain("alpha", layer.alphas)]


def _recurrent(layer: Any) -> list[Slot]:
    gates = {"LSTM": "ifco", "GRU": "zrh"}.get(next(c.__name__ for c in type(layer).__mro__ if c.__name__ in _TABLE), "")
    joined = not gates or layer.consume_less == "gpu" or getattr(layer, "reset_after", False)
    suffixes = [""] if joined else [f"_{gate}" for gate in gates]
    parts = (("W", "kernel"), ("U", "recurrent_kernel"), ("b", "bias"))
    slots = [_joined(name, [getattr(layer, part + suffix) for suffix in suffixes]) for part, name in parts[: 3 if layer.bias else 2]]
    if layer.bias and getattr(layer, "reset_after", False):
        slots[2] = _two_biases(layer)
    return slots


def _two_biases(layer: Any) -> Slot:
    """The biases of the input and of the state, one above the other."""
    return Slot("bias", (2, *weight_shape(layer.b)), lambda value: [Assignment(layer.b, value[0]), Assignment(layer.b_U, value[1])])


def _conv_lstm(layer: Any) -> list[Slot]:
    def gates(part: str) -> list:
        return [getattr(layer, f"{part}_{gate}") for gate in "ifco"]

    order = _order(layer, 2)
    kernels = [_joined(name, gates(part), order, (0, 1)) for name, part in (("kernel", "W"), ("recurrent_kernel", "U"))]
    return [*kernels, _joined("bias", gates("b"))] if layer.bias else kernels


_TABLE: dict[str, Callable[[Any], list[Slot]]] = {
    "Dense": _dense,
    "LocallyConnected1D": _locally_connected,
    "LocallyConnected2D": _locally_connected,
    "Deconvolution2D": _transposed_convolution,
    "SeparableConvolution2D": _separable_convolution,
    **dict.fromkeys(_SPATIAL, _convolution),
    "ConvLSTM2D": _conv_lstm,
    "Embedding": _embedding,
    "BatchNormalization": _batch_normalization,
    "PReLU": _prelu,
    "SimpleRNN": _recurrent,
    "GRU": _recurrent,
    "LSTM": _recurrent,
}

_NEVER_TRAINED = ("moving_mean", "moving_variance")

_NAMES = frozenset(
    {"kernel", "bias", "recurrent_kernel", "depthwise_kernel", "pointwise_kernel", "embeddings", "gamma", "beta"}
    | {"moving_mean", "moving_variance", "alpha"}
)


# ---------------------------------------------------------------------- matching them with a file


def assignments(layer: Any, arrays: Sequence[StoredArray], group: Group, flipped: bool) -> Iterator[Assignment | Pending]:
    """The values for the weights of ``layer`` from a file's ``arrays``. Nothing is read before all shapes have been compared."""
    for slot, array in match(layer, arrays, group):
        yield from from_arrays([array], functools.partial(_filled, slot, array, flipped))


def _filled(slot: Slot, array: StoredArray, flipped: bool) -> list[Assignment]:
    return slot.fill(_flipped(array.read(), slot) if flipped else array.read())


def _flipped(value: np.ndarray, slot: Slot) -> np.ndarray:
    return np.flip(value, slot.kernel_axes) if slot.kernel_axes else value


def match(layer: Any, arrays: Sequence[StoredArray], group: Group) -> list[tuple[Slot, StoredArray]]:
    """The slots of ``layer`` with their arrays. ModelFileError names the layer and the first array that doesn't fit."""
    slots = slots_of(layer)
    arrays = _unquantized(layer, plain_layout(arrays), len(slots))
    if len(slots) > len(arrays):
        slots = once(slots)  # tf.keras lists the weights of a layer that stands in two models once
    if len(slots) != len(arrays):
        raise ModelFileError(
            f"{group.path!r}: layer {layer.name!r} needs {len(slots)} arrays in files of Keras 2 and 3 "
            f"({', '.join(str(slot.name) for slot in slots) or 'none'}), but the file has {len(arrays)}."
        )
    by_names = _order_by_names(slots, arrays)
    trained_first = sorted(range(len(slots)), key=lambda k: not slots[k].trained)
    unfrozen_first = sorted(range(len(slots)), key=lambda k: slots[k].name in _NEVER_TRAINED)
    # Keras 2 and tf.keras differ in whether the layers of a frozen model are listed one by one; names that both sides
    # have tell it, and what was frozen when the file was written
    fitting: list[list[int]] = []
    problems = []
    for order in [by_names] if by_names else [trained_first, list(range(len(slots))), unfrozen_first]:
        problem = next((p for k, array in zip(order, arrays, strict=True) if (p := _misfit(slots[k], array))), None)
        if problem is not None:
            problems.append(problem)
        elif order not in fitting:
            fitting.append(order)
    if not fitting:
        raise ModelFileError(f"{group.path!r}: layer {layer.name!r}: {problems[0]}")
    if len(fitting) > 1 and not by_names:
        warnings.warn(
            f"{group.path!r}: the names of the weights of layer {layer.name!r} don't show their order, which depends on what "
            "was frozen when they were saved. kbridge takes the order of a layer that is frozen as this one is now. "
            "[differences: order-of-weights]",
            stacklevel=2,
        )
    return [(slots[k], array) for k, array in zip(fitting[0], arrays, strict=True)]


def _unquantized(layer: Any, arrays: Sequence[Any], wanted: int) -> list[Any]:
    """``arrays`` with those of 8 bits as the numbers that they stand for."""
    equation, arrays = getattr(layer, "equation", None), kernel_first(arrays)
    if isinstance(equation, str) and "->" in equation:
        return in_equation(arrays, equation)
    return of_heads(arrays) if hasattr(layer, "query_kernel") else unquantized(arrays, wanted)


def once(slots: Sequence[Slot]) -> list[Slot]:
    """``slots`` without those of weights that have come before: a layer may stand in several models."""
    return list({tuple(id(weight) for weight in weights_of(slot)): slot for slot in reversed(slots)}.values())[::-1]


def weights_of(slot: Slot) -> list:
    """The weights here that an array there fills."""
    return [weight for weight, _ in slot.fill(np.broadcast_to(np.float32(0), slot.shape))]


def _order_by_names(slots: Sequence[Slot], arrays: Sequence[StoredArray]) -> list[int] | None:
    """For each array the place of its slot, None if the names don't tell.

    An array is called by its layer and its weight, perhaps with names of layers round it and of parts before and between:
    'dense_1/kernel:0', 'bidirectional/forward_lstm/lstm_cell_1/kernel:0'; in a TimeDistributed the wrapper's name stands alone.
    """
    if len(slots) < 2 or len({slot.owners for slot in slots}) == 1:
        return None
    paths = [re.sub(r":\d+$", "", array.name).split("/") for array in arrays]
    by_own_name = [_places(slot, slot.owners[:1], paths) for slot in slots]
    found = [own if own else _places(slot, slot.owners[1:2], paths) for slot, own in zip(slots, by_own_name, strict=True)]
    if all(len(places) == 1 for places in found) and len({places[0] for places in found}) == len(slots):
        return inverse([places[0] for places in found])
    # names of other numbers, or with a number that TensorFlow put behind them
    own = [f"{slot.owners[0]}/{slot.name}" for slot in slots]
    matched = match_names(own, ["/".join(path[-2:]) for path in paths])
    return None if matched is None else inverse(matched)


def _places(slot: Slot, owners: Sequence[str], paths: Sequence[list[str]]) -> list[int]:
    """Where arrays stand that have the weight's name below one of ``owners``."""
    return [
        place
        for place, path in enumerate(paths)
        if slot.name is not None and re.sub(r"_\d+$", "", path[-1]) == slot.name and any(owner in path[:-1] for owner in owners)
    ]


def _misfit(slot: Slot, array: StoredArray) -> str | None:
    """Return what is wrong with taking ``array`` for ``slot``, as a text."""
    stored = re.sub(r"(_\d+)?(:\d+)?$", "", array.where.rpartition("/")[2])
    # Keras 3 calls it so in its .h5 files
    alike = (slot.name, stored) == ("depthwise_kernel", "kernel")
    if slot.name is not None and stored in _NAMES and stored != slot.name and not alike:
        return f"{slot.name!r} was expected, but the file has {array.where!r}."
    if slot.shape == array.shape:
        return None
    if slot.name == "bias" and array.shape == (2, *slot.shape):
        return "the file has the bias of a GRU with reset_after=True (two biases), but the layer here has reset_after=False."
    return f"{slot.name or 'the weight'!r} has the shape {slot.shape} in Keras 2, but {array.where} in the file has {array.shape}."
