"""Weights of a model to and from HDF5: one group a layer, in the order of the layers, as Keras 1.2.2 lays them out.

Read are also the full files of ``model.save``, the ``layer_N/param_N`` layout of Keras 0.x and, by ``keras2``, what Keras 2
wrote.
"""

from __future__ import annotations

import math
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .errors import ModelFileError
from .hdf5_layout import write_array, write_names, write_text, writing
from .limits import MAX_ARRAYS
from .origin import WRITTEN, Origin, differing_borders, find_origin, flip, forced_origin, spatial_axes
from .reading import Group, StoredArray, open_file


def save_weights(model, filepath: str | os.PathLike, overwrite: bool = True) -> None:
    """Write the weights of ``model`` to ``filepath``. With ``overwrite=False`` an existing file is asked about first."""
    from ..utils.io_utils import ask_to_proceed_with_overwrite

    if not overwrite and os.path.exists(filepath) and not ask_to_proceed_with_overwrite(filepath):
        return
    with writing(filepath) as h5:
        write_weights(model, h5)
        write_provenance(h5)


def load_weights(model, filepath: str | os.PathLike, by_name: bool = False, original_backend: str | None = None) -> None:
    """Set the weights of ``model`` from a weights file or a full model file.

    Layers are matched in order, or by name with ``by_name``. ``original_backend`` ('theano' or
    'tensorflow') overrides what the file tells about the convention of its kernels. Nothing is set
    unless everything fits; ModelFileError (a ValueError) says what doesn't.
    """
    origin = None if original_backend is None else forced_origin(original_backend)
    with open_file(filepath) as root:
        group = root
        if root.names("layer_names") is None and not root.has_attribute("nb_layers") and "model_weights" in root:
            group = root.group("model_weights")
        keras2 = is_of_keras2(root) or is_of_keras2(group)
        assign_converted(model, read_weights(model, group, by_name, origin or weights_origin(root, group), keras2))


def is_of_keras2(group: Group) -> bool:
    """Whether the attributes of ``group`` say that Keras 2 wrote it. ModelFileError for a later Keras."""
    from .keras2 import major_version

    version = group.text("keras_version")
    major = major_version(version)
    if major is not None and major > 2:
        raise ModelFileError(f"{group.path!r} was written by Keras {version}; files of Keras 1 and 2 can be read.")
    return major == 2


def load_group(model, h5, by_name: bool = False) -> None:
    """Set the weights of ``model`` from the open h5py group ``h5``; see ``load_weights``."""
    path = h5.file.filename
    size = os.path.getsize(path) if os.path.exists(path) else sys.maxsize
    root, group = Group(h5.file, path, "/", size), Group(h5, path, h5.name, size)
    keras2 = is_of_keras2(root) or is_of_keras2(group)
    assign_converted(model, read_weights(model, group, by_name, weights_origin(root, group), keras2))


def write_weights(model, h5) -> None:
    """Put the groups of all layers, and their names, into the h5py group ``h5``."""
    from .. import backend as K

    layers = stored_layers(model)
    write_names(h5, "layer_names", [layer.name for layer in layers])
    for layer in layers:
        group = h5.create_group(layer.name)
        variables = list(layer.weights)
        names = stored_names(variables)
        write_names(group, "weight_names", names)
        for name, value in zip(names, K.batch_get_value(variables), strict=True):
            write_array(group, name, value)


def write_provenance(h5) -> None:
    """The attributes that tell where the kernels' convention comes from, and who wrote the file."""
    from .. import backend as K
    from .._version import __version__

    write_text(h5, "backend", WRITTEN)
    write_text(h5, "kbridge_version", __version__)
    write_text(h5, "kbridge_backend", K.backend())


def stored_layers(model) -> list:
    """The layers that have a group in a file: branches of a Sequential's leading Merge one by one."""
    flattened = getattr(model, "flattened_layers", None)
    return list(model.layers if flattened is None else flattened)


def stored_names(variables: Sequence) -> list[str]:
    """Names for datasets: the variables' own with ':0' as TensorFlow adds it, ``param_N`` without one; no name twice."""
    from .. import backend as K

    names: list[str] = []
    taken: set[str] = set()
    for position, variable in enumerate(variables):
        base = (K.tensor_name(variable) or f"param_{position}").strip("/")
        name, number = base, 1
        while name in taken:
            name = f"{base}_{number}"
            number += 1
        taken.add(name)
        names.append(name + ":0")
    return names


# ---------------------------------------------------------------------- reading


class Assignment(NamedTuple):
    """A value for a weight, checked but not set yet."""

    variable: Any
    value: np.ndarray


def assign(assignments: Sequence[Assignment]) -> None:
    """Set all values."""
    from .. import backend as K

    K.batch_set_value([(item.variable, item.value) for item in assignments])


def assign_converted(model, assignments: Sequence[Assignment]) -> None:
    """Set all weights of ``model``, and remember that its kernels have been converted where they came from Theano.

    Programs of Keras 1 call ``convert_all_kernels_in_model`` after loading; it must not turn them a second time.
    """
    assign(assignments)
    model.kernels_converted = True


def weights_origin(root: Group, group: Group) -> Origin:
    """The origin of the kernels below ``group`` of the file ``root``."""
    backend = root.text("backend") or (group.text("backend") if group is not root else None)
    if group.has_attribute("nb_layers"):
        return find_origin(backend, (), oldest_layout=True)
    names = (name for layer in group.names("layer_names") or [] for name in group.group(layer).names("weight_names") or [])
    return find_origin(backend, () if backend else names)


def stored_values(group: Group) -> int:
    """How many numbers the weights below ``group`` are."""
    return sum(math.prod(array.shape) for name in _layer_names(group) for array in _arrays(group, name))


def read_weights(
    model, group: Group, by_name: bool, origin: Origin, keras2: bool = False, same_names: bool = False
) -> list[Assignment]:
    """The values below ``group`` for the weights of ``model``, flipped where the origin demands.

    ``keras2``: the arrays are laid out as Keras 2 does. ``same_names``: layers are those of the file, by their names.
    """
    layers = stored_layers(model)
    if group.has_attribute("nb_layers"):
        if by_name:
            raise ModelFileError(f"{group.path!r}: a file of Keras 0.x has no layer names; load it without by_name.")
        pairs = _pairs_of_oldest_layout(layers, group)
    elif by_name:
        pairs = _pairs_by_name(layers, group)
    elif same_names:
        pairs = _pairs_of_same_names(layers, group)
    else:
        pairs = _pairs_in_order(layers, group)
    axes = spatial_axes(model)
    _warn_of_origin(model, group, origin, bool(axes))
    assignments: list[Assignment] = []
    for number, (layer, name, arrays) in enumerate(pairs):
        if keras2:
            from .keras2.weights import assignments as of_keras2

            assignments += of_keras2(layer, arrays, group, origin.flipped)
        else:
            assignments += _layer_values(number, layer, name, arrays, axes if origin.flipped else {}, group)
    return assignments


def _warn_of_origin(model, group: Group, origin: Origin, has_convolutions: bool) -> None:
    """Tell where it is unclear who saved the kernels, or what a model can't compute as it was computed there."""
    if origin.mixed and has_convolutions:
        warnings.warn(
            f"{group.path!r}: {origin.reason}, so it is unclear which engine saved its convolution kernels; "
            f"taken as {origin.engine}. Pass original_backend='theano' or 'tensorflow' if that is wrong.",
            stacklevel=4,
        )
    if origin.flipped and (layers_named := differing_borders(model)):
        warnings.warn(
            f"{group.path!r} comes from Theano ({origin.reason}), where 'same' borders with even windows or strides lie "
            f"elsewhere; these layers of the model compute what they compute on TensorFlow: {_listed(layers_named)}. "
            "Make them with border_origin='theano', or load the whole model with load_model, which does so.",
            stacklevel=5,
        )


def _pairs_in_order(layers: list, group: Group) -> list[tuple[Any, str, list[StoredArray]]]:
    stored = [(name, arrays) for name in _layer_names(group) if (arrays := _arrays(group, name))]
    expecting = [layer for layer in layers if layer.weights]
    if len(stored) != len(expecting):
        raise ModelFileError(
            f"You are trying to load a weight file containing {len(stored)} layers into a model with "
            f"{len(expecting)} layers (those with weights): {group.path!r} has {_listed(name for name, _ in stored)}, "
            f"the model has {_listed(layer.name for layer in expecting)}."
        )
    return [(layer, name, arrays) for layer, (name, arrays) in zip(expecting, stored, strict=True)]


def _pairs_by_name(layers: list, group: Group) -> list[tuple[Any, str, list[StoredArray]]]:
    names = set(_layer_names(group))
    pairs = [
        (layer, layer.name, arrays) for layer in layers if layer.name in names and (arrays := _arrays(group, layer.name))
    ]
    if not pairs:
        warnings.warn(
            f"{group.path!r}: by_name=True found no layer of the model, so nothing was loaded. The file has "
            f"{_listed(sorted(names))}, the model has {_listed(layer.name for layer in layers)}.",
            stacklevel=4,
        )
    return pairs


def _pairs_of_same_names(layers: list, group: Group) -> list[tuple[Any, str, list[StoredArray]]]:
    """As ``_pairs_by_name``, but no layer with weights may be missing on either side."""
    stored = {name: arrays for name in _layer_names(group) if (arrays := _arrays(group, name))}
    expecting = {layer.name: layer for layer in layers if layer.weights}
    if different := stored.keys() ^ expecting.keys():
        raise ModelFileError(f"{group.path!r}: the config and the weights don't have the same layers: {_listed(sorted(different))}.")
    return [(expecting[name], name, arrays) for name, arrays in stored.items()]


def _pairs_of_oldest_layout(layers: list, group: Group) -> list[tuple[Any, str, list[StoredArray]]]:
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
        stored.append((name, [inner.array(f"param_{k}") for k in range(params)]))
    if len(stored) == len(layers) and all(
        len(a) == len(layer.weights) for layer, (_, a) in zip(layers, stored, strict=True)
    ):
        return [(layer, name, arrays) for layer, (name, arrays) in zip(layers, stored, strict=True) if arrays]
    # Layers without weights came and went between versions; those with weights decide.
    stored = [(name, arrays) for name, arrays in stored if arrays]
    expecting = [layer for layer in layers if layer.weights]
    if len(stored) != len(expecting):
        raise ModelFileError(
            f"You are trying to load a weight file containing {len(stored)} layers into a model with "
            f"{len(expecting)} layers (those with weights)."
        )
    return [(layer, name, arrays) for layer, (name, arrays) in zip(expecting, stored, strict=True)]


def _layer_names(group: Group) -> list[str]:
    names = group.names("layer_names")
    if names is None:
        raise group.error("no weights: the attribute 'layer_names' is missing.")
    return names


def _arrays(group: Group, layer: str) -> list[StoredArray]:
    inner = group.group(layer)
    names = inner.names("weight_names")
    if names is None:
        raise inner.error("the attribute 'weight_names' is missing.")
    return [inner.array(name) for name in names]


def _layer_values(number: int, layer, name: str, arrays: list[StoredArray], axes: dict, group: Group) -> list[Assignment]:
    """The values of one layer's weights, read only after count and shapes have been compared."""
    from .. import backend as K

    variables = list(layer.weights)
    if len(variables) != len(arrays):
        raise ModelFileError(
            f'{group.path!r}: Layer #{number} (named "{layer.name}" in the current model) was found to correspond to layer '
            f"{name} in the save file. However the new layer {layer.name} expects {len(variables)} weights, but the saved "
            f"weights have {len(arrays)} elements."
        )
    assignments = []
    for variable, array in zip(variables, arrays, strict=True):
        expected = tuple(K.int_shape(variable))
        order = _axes_order(layer, array.shape, expected)
        if order is None:
            raise ModelFileError(
                f'{group.path!r}: Layer #{number} (named "{layer.name}" in the current model): the weight '
                f"{K.tensor_name(variable)!r} has the shape {expected}, the file's {array.where} has {array.shape}."
            )
        value = array.read()
        if order:
            value = np.transpose(value, order)
        assignments.append(Assignment(variable, flip(value, axes.get(id(variable)))))
    return assignments


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
