"""Which value of a file belongs to which weight of a model: layers in order or by name, then the weights of each layer.

Nothing is set before everything has been found to fit.
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..engine.inside import inner_layers, keras1_order, ordered_weights, unlisted_weights, weight_shape
from .errors import ModelFileError
from .limits import MAX_ARRAYS
from .origin import Origin, differing_padding, flip, spatial_axes
from .reading import Group, StoredArray
from .weight_names import inverse, order_by_names, orders_that_fit

#: An attribute of a layer's group: where in ``ordered_weights`` each stored array belongs, if Keras 1's order is another.
POSITIONS = "kbridge_positions"

#: An attribute of a layer's group: the names of the arrays that hold weights which the layer doesn't list.
UNLISTED = "kbridge_unlisted_names"


class Assignment(NamedTuple):
    """A value for a weight, checked but not set yet."""

    variable: Any
    value: np.ndarray


class StoredLayer(NamedTuple):
    """The part of a file that belongs to one layer."""

    name: str
    #: its weights, in the order of ``ordered_weights`` if that is known
    arrays: list[StoredArray]
    ordered: bool = False
    #: weights that the layer doesn't list
    unlisted: Sequence[StoredArray] = ()


class Pending(NamedTuple):
    """Values that are read only when they are set, one array at a time; all that can be wrong with them has been checked."""

    make: Callable[[], Iterable[Assignment]]


def from_arrays(arrays: Sequence[Any], make: Callable[[], Iterable[Assignment]]) -> list[Assignment | Pending]:
    """The values that ``make`` reads from ``arrays``: at once if they are compressed, for then reading may fail."""
    if all(getattr(array, "plain", False) for array in arrays):
        return [Pending(make)]
    return list(make())


def assign(assignments: Sequence[Assignment | Pending]) -> None:
    """Set all values."""
    from .. import backend as K

    K.batch_set_value([(item.variable, item.value) for item in assignments if isinstance(item, Assignment)])
    for pending in assignments:
        if isinstance(pending, Pending):
            K.batch_set_value([(item.variable, item.value) for item in pending.make()])


def assign_converted(model, assignments: Sequence[Assignment | Pending]) -> None:
    """Set all weights of ``model``, and remember that its kernels have been converted where they came from Theano.

    Programs of Keras 1 call ``convert_all_kernels_in_model`` after loading; it must not turn them a second time.
    """
    assign(assignments)
    model.kernels_converted = True


def stored_values(group: Group) -> int:
    """How many numbers the weights below ``group`` are."""
    stored = [_stored_layer(group, name) for name in _layer_names(group)]
    return sum(math.prod(array.shape) for layer in stored for array in (*layer.arrays, *layer.unlisted))


def stored_layers(model) -> list:
    """The layers that have a group in a file, each once: branches of a Sequential's leading Merge one by one."""
    flattened = getattr(model, "flattened_layers", None)
    return list({id(layer): layer for layer in (model.layers if flattened is None else flattened)}.values())


def read_weights(
    model, group: Group, by_name: bool, origin: Origin, keras2: bool = False, same_names: bool = False
) -> list[Assignment | Pending]:
    """The values below ``group`` for the weights of ``model``, flipped where the origin demands.

    ``keras2``: the arrays are laid out as Keras 2 does. ``same_names``: layers are those of the file, by their names.
    """
    layers = stored_layers(model)
    if group.has_attribute("nb_layers"):
        if by_name:
            raise ModelFileError(f"{group.path!r}: a file of Keras 0.x doesn't hold names of layers. Load it without by_name.")
        pairs = _pairs_of_oldest_layout(layers, group)
    elif by_name:
        pairs = _pairs_by_name(layers, group)
    elif same_names:
        pairs = _pairs_of_same_names(layers, group)
    else:
        pairs = _pairs_in_order(layers, group)
    axes = spatial_axes(model)
    _warn_of_origin(model, group, origin, bool(axes))
    unlisted = dict(zip(map(id, layers), unlisted_weights(layers), strict=True))
    assignments: list[Assignment | Pending] = []
    for number, (layer, stored) in enumerate(pairs):
        if keras2:
            from .keras2.weights import assignments as of_keras2

            assignments += of_keras2(layer, stored.arrays, group, origin.flipped)
        else:
            assignments += _layer_values(number, layer, stored, axes if origin.flipped else {}, group)
            assignments += _unlisted_values(layer, stored, unlisted[id(layer)])
    return assignments


def _warn_of_origin(model, group: Group, origin: Origin, has_convolutions: bool) -> None:
    """Tell where it is unclear who saved the kernels, or what a model can't compute as it was computed there."""
    if origin.mixed and has_convolutions:
        warnings.warn(
            f"{group.path!r}: {origin.reason}, so it is unclear which backend saved its convolution kernels. kbridge takes "
            f"them as those of {origin.backend}. If that is wrong, pass original_backend='theano' or 'tensorflow'.",
            stacklevel=4,
        )
    if origin.flipped and (layers_named := differing_padding(model)):
        warnings.warn(
            f"{group.path!r} comes from Theano ({origin.reason}), which puts 'same' padding with even windows or strides in "
            f"another place. These layers of the model compute as on TensorFlow: {_listed(layers_named)}. Make them with "
            "border_origin='theano', or load the whole model with load_model, which does so.",
            stacklevel=5,
        )


# ---------------------------------------------------------------------- layers


def _pairs_in_order(layers: list, group: Group) -> list[tuple[Any, StoredLayer]]:
    stored = [layer for name in _layer_names(group) if (layer := _stored_layer(group, name)).arrays]
    return _in_order(layers, stored, group)


def _in_order(layers: list, stored: list[StoredLayer], group: Group) -> list[tuple[Any, StoredLayer]]:
    expecting = [layer for layer in layers if ordered_weights(layer)]
    wider = [layer for layer in layers if ordered_weights(layer) or _tells_all(layer)]
    if len(expecting) != len(stored) == len(wider):
        return [(layer, one) for layer, one in zip(wider, stored, strict=True) if ordered_weights(layer)]
    if len(stored) != len(expecting):
        raise ModelFileError(
            f"You are trying to load a weight file containing {len(stored)} layers into a model with "
            f"{len(expecting)} layers (those with weights): {group.path!r} has {_listed(layer.name for layer in stored)}, "
            f"the model has {_listed(layer.name for layer in expecting)}."
        )
    return list(zip(expecting, stored, strict=True))


def _pairs_by_name(layers: list, group: Group) -> list[tuple[Any, StoredLayer]]:
    names = set(_layer_names(group))
    pairs = [(layer, stored) for layer in layers if layer.name in names and (stored := _stored_layer(group, layer.name)).arrays]
    if not pairs:
        warnings.warn(
            f"{group.path!r}: by_name=True found no layer of the model, so nothing was loaded. The file has "
            f"{_listed(sorted(names))}; the model has {_listed(layer.name for layer in layers)}.",
            stacklevel=4,
        )
    return pairs


def _pairs_of_same_names(layers: list, group: Group) -> list[tuple[Any, StoredLayer]]:
    """As ``_pairs_by_name``, but no layer with weights may be missing on either side."""
    told = {layer.name for layer in layers if _tells_all(layer)}
    stored = {name: layer for name in _layer_names(group) if name not in told and (layer := _stored_layer(group, name)).arrays}
    expecting = {layer.name: layer for layer in layers if ordered_weights(layer)}
    if different := stored.keys() ^ expecting.keys():
        raise ModelFileError(f"{group.path!r}: the config and the weights name different layers: {_listed(sorted(different))}.")
    return [(expecting[name], layer) for name, layer in stored.items()]


def _tells_all(layer) -> bool:
    """Whether the config of a layer tells what tf.keras stores as its weights too: the factors of a lookup's 'tf_idf'."""
    return getattr(layer, "factors_in_config", False)


def _pairs_of_oldest_layout(layers: list, group: Group) -> list[tuple[Any, StoredLayer]]:
    count = group.integer("nb_layers") or 0
    if count > MAX_ARRAYS:
        raise group.error(f"nb_layers is {count}; the limit is {MAX_ARRAYS}.")
    stored = []
    for number in range(count):
        name = f"layer_{number}"
        inner = group.group(name)
        params = inner.integer("nb_params") or 0
        if params > MAX_ARRAYS:
            raise inner.error(f"nb_params is {params}; the limit is {MAX_ARRAYS}.")
        stored.append(StoredLayer(name, [inner.array(f"param_{k}") for k in range(params)]))
    if len(stored) == len(layers) and all(
        len(one.arrays) == len(ordered_weights(layer)) for layer, one in zip(layers, stored, strict=True)
    ):
        return [(layer, one) for layer, one in zip(layers, stored, strict=True) if one.arrays]
    # Layers without weights came and went between versions; those with weights decide.
    return _in_order(layers, [one for one in stored if one.arrays], group)


def _layer_names(group: Group) -> list[str]:
    names = group.names("layer_names")
    if names is None:
        raise group.error("there are no weights here: the attribute 'layer_names' is missing.")
    return names


def _stored_layer(group: Group, name: str) -> StoredLayer:
    inner = group.group(name)
    names = inner.names("weight_names")
    if names is None:
        raise inner.error("the attribute 'weight_names' is missing.")
    arrays = [inner.array(name) for name in names]
    unlisted = [inner.array(name) for name in inner.names(UNLISTED) or ()]
    positions = inner.integers(POSITIONS)
    if positions is None:
        return StoredLayer(name, arrays, False, unlisted)
    if sorted(positions) != list(range(len(arrays))):
        raise inner.error(f"the attribute {POSITIONS!r} should hold a position for each of {len(arrays)} weights, but it is {positions}.")
    return StoredLayer(name, [arrays[k] for k in inverse(positions)], True, unlisted)


# ---------------------------------------------------------------------- the weights of one layer


def _layer_values(number: int, layer, stored: StoredLayer, axes: dict, group: Group) -> list[Assignment | Pending]:
    """The values of one layer's weights, read only after count and shapes have been compared."""
    from .. import backend as K

    variables = ordered_weights(layer)
    if len(variables) != len(stored.arrays):
        raise ModelFileError(
            f'{group.path!r}: Layer #{number} (named "{layer.name}" in the current model) was found to correspond to layer '
            f"{stored.name} in the save file. However the new layer {layer.name} expects {len(variables)} weights, but the saved "
            f"weights have {len(stored.arrays)} elements."
        )
    arrays = stored.arrays if stored.ordered else _ordered(layer, variables, stored, group)
    assignments: list[Assignment | Pending] = []
    for variable, array in zip(variables, arrays, strict=True):
        expected = weight_shape(variable)
        order = _axes_order(layer, array.shape, expected)
        if order is None:
            raise ModelFileError(
                f'{group.path!r}: Layer #{number} (named "{layer.name}" in the current model): the weight '
                f"{K.tensor_name(variable)!r} has the shape {expected}, but {array.where} in the file has {array.shape}."
            )
        assignments += from_arrays([array], functools.partial(_value, variable, array, order, axes.get(id(variable))))
    return assignments


def _value(variable: Any, array: StoredArray, order: tuple[int, ...], axes: tuple[int, ...] | None) -> list[Assignment]:
    value = array.read()
    return [Assignment(variable, flip(np.transpose(value, order) if order else value, axes))]


def _ordered(layer, variables: list, stored: StoredLayer, group: Group) -> list[StoredArray]:
    """The arrays in the order of ``ordered_weights``.

    Keras put what was trained at the time of saving before what was frozen, layer by layer inside. So the names
    decide; where they can't, the order of a layer that is frozen as this one is now, then that of one without anything
    frozen.
    """
    from .. import backend as K

    if not has_layers_inside(layer):
        return stored.arrays
    shapes = [tuple(K.int_shape(variable)) for variable in variables]
    found = order_by_names(variables, [array.name for array in stored.arrays])
    if found is not None and all(stored.arrays[k].shape == shape for k, shape in zip(found, shapes, strict=True)):
        return [stored.arrays[k] for k in found]
    as_frozen = keras1_order(layer)
    candidates = [inverse(as_frozen), list(range(len(shapes)))]
    fitting = orders_that_fit(candidates, shapes, [array.shape for array in stored.arrays])
    if len(fitting) > 1:
        warnings.warn(
            f"{group.path!r}: the names of the weights of layer {layer.name!r} don't show their order, which depends on what "
            "was frozen when they were saved. kbridge takes the order of a layer that is frozen as this one is now. "
            "[differences: order-of-weights]",
            stacklevel=2,
        )
    return [stored.arrays[k] for k in (fitting or candidates[1:])[0]]


def has_layers_inside(layer) -> bool:
    """Whether the weights of ``layer`` are those of several layers, so that freezing some may have changed their order."""
    return len(inner_layers(layer)) > 1


def _unlisted_values(layer, stored: StoredLayer, variables: list) -> list[Assignment]:
    from .. import backend as K

    if not stored.unlisted:
        return []
    if [tuple(K.int_shape(variable)) for variable in variables] != [array.shape for array in stored.unlisted]:
        raise ModelFileError(
            f"{stored.unlisted[0].where!r} in the file, and perhaps other weights, don't fit the layer inside {layer.name!r}."
        )
    return [Assignment(variable, array.read()) for variable, array in zip(variables, stored.unlisted, strict=True)]


def _axes_order(layer, stored: tuple[int, ...], expected: tuple[int, ...]) -> tuple[int, ...] | None:
    """() if the shapes are equal, the axes' new order for a kernel of an older layout, None if nothing fits."""
    if stored == expected:
        return ()
    # Convolution1D stored its kernel as (nb_filter, input_dim, filter_length, 1) before Keras 1.1.
    if type(layer).__name__ == "Convolution1D" and len(stored) == 4 and tuple(stored[i] for i in (2, 3, 1, 0)) == expected:
        return (2, 3, 1, 0)
    return None


def _listed(names) -> str:
    names = list(names)
    text = ", ".join(names[:8])
    return f"{len(names)}: {text}" + (", ..." if len(names) > 8 else "") if names else "none"
