"""Weights of a model to and from HDF5, as Keras 1.2.2 lays them out: a group for each layer, in the order of the layers.

This module also reads the whole files that ``model.save`` writes, the layout ``layer_N/param_N`` of Keras 0.x, and, with the help of
``keras2``, files of Keras 2.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from ..engine.inside import keras1_order, ordered_weights, unlisted_weights
from ..files.streams import Writer, path_of
from .assignment import POSITIONS, UNLISTED, assign_converted, has_layers_inside, read_weights, stored_layers
from .errors import ModelFileError
from .hdf5_layout import linking, write_array, write_names, write_numbers, write_text, writing
from .hdf5_names import Places, layer_paths
from .kinds import CHECKPOINT, JSON, KERAS3, SAVED_MODEL, kind_of
from .origin import WRITTEN, Origin, find_origin, forced_origin
from .reading import Group, local_file, open_file
from .weight_names import order_by_names


def save_weights(model, filepath: str | os.PathLike | Writer, overwrite: bool = True) -> None:
    """Write the weights of a model to a file.

    A file that is called NAME.weights.h5 can be read by Keras 3 too, whose ``load_weights`` wants that name: each of its arrays then has two paths.

    Args:
        model: a Sequential or a Model.
        filepath: the file, or a binary stream.
        overwrite: whether an existing file is written over without a question.
    """
    from ..utils.io_utils import ask_to_proceed_with_overwrite

    path = path_of(filepath)
    if path is not None and not overwrite and os.path.exists(path) and not ask_to_proceed_with_overwrite(path):
        return
    paths = layer_paths([layer.name for layer in stored_layers(model)], "/")
    also = None
    if path is not None and path.endswith(".weights.h5"):
        from ..convert.keras3.saving import weights_writer

        also = weights_writer(model, paths)
    with writing(filepath) as h5, linking() as known:
        write_weights(model, h5)
        write_provenance(h5)
        if also is not None:
            known.links = True
            also(h5)


def load_weights(model, filepath: str | os.PathLike, by_name: bool = False, original_backend: str | None = None) -> None:
    """Set the weights of a model from a file or from a checkpoint of TensorFlow. If anything doesn't fit, no weight is set.

    Args:
        model: a Sequential or a Model.
        filepath: a weights file or a whole model's file, or a checkpoint or SavedModel folder. A checkpoint goes by the name that its files share, by
            the path of one of them, or by its folder.
        by_name: whether layers are matched by their names; else in their order.
        original_backend: 'theano' or 'tensorflow': the convention of the kernels in the file, where it doesn't say it or says it wrongly.

    Raises:
        ModelFileError: the file doesn't fit; a ValueError whose message says what and where.
    """
    origin = None if original_backend is None else forced_origin(original_backend)
    with local_file(filepath) as path:
        kind = kind_of(path)
        if kind.name in (CHECKPOINT, SAVED_MODEL):
            from .checkpoint.weights import load_checkpoint, prefix_of

            load_checkpoint(model, prefix_of(kind), by_name)
            return
        if kind.name in (KERAS3, JSON):
            from .keras3.loading import load_archived_weights, load_shards

            (load_archived_weights if kind.name == KERAS3 else load_shards)(model, path, by_name)
            return
        _load_hdf5(model, path, by_name, origin)


def _load_hdf5(model, path: str, by_name: bool, origin: Origin | None) -> None:
    from .keras3.archive import is_weights_file
    from .keras3.loading import assign_weights

    with open_file(path) as root:
        if is_weights_file(root):
            assign_weights(model, root, by_name)
            return
        group = root
        if root.names("layer_names") is None and not root.has_attribute("nb_layers") and "model_weights" in root:
            group = root.group("model_weights")
        keras2 = is_of_keras2(root) or is_of_keras2(group)
        assign_converted(model, read_weights(model, group, by_name, origin or weights_origin(root, group), keras2))


def is_of_keras2(group: Group) -> bool:
    """Return whether the attributes of ``group`` say that Keras 2 wrote it, or Keras 3, whose .h5 files have the same layout.

    Raises:
        ModelFileError: a later Keras wrote it.
    """
    from .keras2 import major_version

    version = group.text("keras_version")
    major = major_version(version)
    if major is not None and major > 3:
        raise ModelFileError(f"{group.path!r} was written by Keras {version}; kbridge reads files of Keras 1 to 3.")
    return major in (2, 3)


def load_group(model, h5, by_name: bool = False) -> None:
    """Set the weights of ``model`` from the open h5py group ``h5``, matched in order or, with ``by_name``, by the layers' names."""
    path = h5.file.filename
    size = os.path.getsize(path) if os.path.exists(path) else sys.maxsize
    root, group = Group(h5.file, path, "/", size), Group(h5, path, h5.name, size)
    keras2 = is_of_keras2(root) or is_of_keras2(group)
    assign_converted(model, read_weights(model, group, by_name, weights_origin(root, group), keras2))


def write_weights(model, h5) -> None:
    """Write the weights of ``model`` into the h5py group ``h5``: a group for each layer, and the list of their names.

    Raises:
        ValueError: a name that HDF5 can't hold.
    """
    from .. import backend as K

    layers = stored_layers(model)
    paths = layer_paths([layer.name for layer in layers], h5.name, _holding_weights(h5))
    places = Places([h5.name, *paths, *_members(h5)])
    write_names(h5, "layer_names", [layer.name for layer in layers])
    for layer, path, unlisted in zip(layers, paths, unlisted_weights(layers), strict=True):
        group = h5.file.require_group(path)
        own, order = ordered_weights(layer), keras1_order(layer)
        variables = [own[position] for position in order] + unlisted
        names = stored_names(variables, places, path)
        write_names(group, "weight_names", names[: len(own)])
        if order != sorted(order) or has_layers_inside(layer) and order_by_names(own, names[: len(own)]) is None:
            write_numbers(group, POSITIONS, order)
        if unlisted:
            write_names(group, UNLISTED, names[len(own) :])
        for name, value in zip(names, K.batch_get_value(variables), strict=True):
            write_array(group, name, value)


def write_provenance(h5) -> None:
    """Write into the h5py group ``h5`` which convention its kernels follow, and that kbridge wrote it."""
    from .. import backend as K
    from .._version import __version__

    write_text(h5, "backend", WRITTEN)
    write_text(h5, "kbridge_version", __version__)
    write_text(h5, "kbridge_backend", K.backend())


def _holding_weights(h5) -> list[str]:
    """Return the paths of all groups in the file of ``h5`` that hold weights; some may be another model's."""
    found = ["/"] if "weight_names" in h5.file.attrs else []
    h5.file.visititems(lambda name, item: found.append("/" + name) if "weight_names" in item.attrs else None)
    return found


def _members(h5) -> list[str]:
    found: list[str] = []
    h5.file.visit(lambda name: found.append("/" + name))
    return found


def stored_names(variables: Sequence, places: Places, group: str) -> list[str]:
    """Return a name for each array that goes into ``group``.

    It is the variable's own name with ':0' at its end, as TensorFlow adds it, or ``param_N`` for a variable without a name.
    """
    from .. import backend as K

    return [places.name_for(group, K.tensor_name(variable) or f"param_{position}") for position, variable in enumerate(variables)]


# ---------------------------------------------------------------------- whose they are


def first_shape(group: Group, layer: str) -> tuple[int, ...] | None:
    """The shape of the first weight that a layer has below ``group``, without reading it."""
    inner = group.group(layer)
    names = inner.names("weight_names")
    return tuple(inner.array(names[0]).shape) if names else None


def weights_origin(root: Group, group: Group) -> Origin:
    """Return whose convention the kernels below ``group`` of the file ``root`` follow."""
    backend = root.text("backend") or (group.text("backend") if group is not root else None)
    if group.has_attribute("nb_layers"):
        return find_origin(backend, (), oldest_layout=True)
    names = (name for layer in group.names("layer_names") or [] for name in group.group(layer).names("weight_names") or [])
    return find_origin(backend, () if backend else names)
