"""``convert``: from one file to another; ``save_keras3`` and ``save_onnx``: a model in memory to a file."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..saving.errors import ModelFileError
from ..saving.kinds import CHECKPOINT, JSON, YAML, kind_of

#: format -> suffixes that stand for it where none is named
FORMATS: dict[str, tuple[str, ...]] = {
    "keras1": (".h5", ".hdf5", ".hdf"), "json": (".json",), "keras2": (), "keras3": (".keras",), "onnx": (".onnx",),
}  # fmt: skip


def convert(
    source: str | os.PathLike,
    target: str | os.PathLike,
    to: str | None = None,
    weights: str | os.PathLike | None = None,
    custom_objects: Mapping[str, Any] | None = None,
    original_backend: str | None = None,
    training: bool = True,
) -> list[str]:
    """Write the model in one file to another file, in another format. The target appears whole or not at all.

    Args:
        source: a model file, a SavedModel folder of tf.keras, or an architecture (JSON, YAML) with its ``weights``.
        target: the file to write.
        to: the format, one of ``FORMATS``; read from the suffix of ``target`` if left out.
        weights: the weights of an architecture: a file, or a checkpoint of TensorFlow.
        custom_objects: classes and functions by name, as for ``load_model``.
        original_backend: 'theano' or 'tensorflow', as for ``load_model``.
        training: whether loss and optimizer go into a Keras 1 file or a ``.keras`` archive; the other formats hold none.

    Returns:
        Notes of what the result lacks, a list of texts.

    Raises:
        NotConvertible: the model has something that the format lacks; the message has all reasons.
        ModelFileError: something is wrong with the source.
        ValueError: an unknown format.
    """
    to = to or format_of(target)
    if to not in FORMATS:
        raise ValueError(f"The format must be one of {', '.join(FORMATS)}, got {to!r}.")
    archive = to == "keras3" and Path(target).suffix.lower() not in FORMATS["keras1"]
    compiled = training and (to == "keras1" or archive)
    with warnings.catch_warnings():
        if not compiled:
            warnings.filterwarnings("ignore", message=".*no training configuration.*")
        model = load_source(source, weights, custom_objects, original_backend, compiled)
    if to == "keras1":
        model.save(target)
        return []
    if to == "json":
        model.save_weights(weights_beside(target))
        from ..files.atomic import write_bytes

        write_bytes(target, model.to_json(indent=2).encode())
        return []
    if archive:
        from .keras3.saving import save_archive

        return save_archive(model, target, training)
    if to == "keras2":
        from .keras2 import save_keras2

        return save_keras2(model, target)
    return save_keras3(model, target) if to == "keras3" else save_onnx(model, target)


def format_of(target: str | os.PathLike) -> str:
    """Return the format that the suffix of ``target`` stands for.

    Raises:
        ValueError: it stands for none.
    """
    suffix = Path(target).suffix.lower()
    for name, suffixes in FORMATS.items():
        if suffix in suffixes:
            return name
    known = ", ".join(suffix for suffixes in FORMATS.values() for suffix in suffixes)
    raise ValueError(
        f"The suffix {suffix!r} of {os.fspath(target)!r} doesn't stand for a format ({known}). Name one of {', '.join(FORMATS)}."
    )


def weights_beside(target: str | os.PathLike) -> Path:
    """Return the path of the weights of an architecture ``target``: ``NAME.weights.h5`` for ``NAME.json``."""
    return Path(target).with_suffix(".weights.h5")


def load_source(source, weights, custom_objects, original_backend, compiled: bool):
    """The model in ``source``, as ``convert`` takes it."""
    from ..models import load_model, model_from_json, model_from_yaml

    kind = kind_of(source)
    if kind.name == CHECKPOINT:
        raise ModelFileError(
            f"{os.fspath(source)!r} is a checkpoint, which holds weights but no layers. Name the architecture (.json, .yaml) "
            "as the model, and the checkpoint as its weights."
        )
    if kind.name not in (JSON, YAML):
        if weights is not None:
            raise ValueError(
                f"{os.fspath(source)!r} is a model file with its own weights. Other weights can only be given for a .json or "
                ".yaml architecture."
            )
        try:
            return load_model(source, custom_objects, compile=compiled, original_backend=original_backend)
        except ModelFileError as error:
            if "only weights" not in str(error):
                raise
            raise ModelFileError(
                f"{os.fspath(source)!r} holds weights but no layers. Name the architecture (.json, .yaml) as the model, and this file as its weights "
                "(--weights FILE)."
            ) from error
    if weights is None:
        raise ModelFileError(f"{os.fspath(source)!r} is an architecture without weights. Name the file that has them, as weights.")
    read = model_from_json if kind.name == JSON else model_from_yaml
    model = read(Path(source).read_bytes().decode("utf8", "replace"), custom_objects)
    model.load_weights(weights, original_backend=original_backend)
    return model


def save_keras3(model, path: str | os.PathLike) -> list[str]:
    """Write a model so that Keras 3 loads it and predicts the same.

    An archive is compiled as ``model`` is, with the optimizer's state, if Keras 3 has the same.

    Args:
        model: a Sequential or a Model.
        path: the file: a ``.keras`` archive, or Keras 3's ``.h5`` file.

    Returns:
        Notes of what differs, in training or at steps that a mask drops; a list of texts.

    Raises:
        NotConvertible: with a line for each layer or setting that Keras 3 lacks.
    """
    from .keras3.files import write_h5, write_keras
    from .keras3.models import converted
    from .keras3.training import compiled

    part, notes = converted(model)
    if Path(path).suffix.lower() in FORMATS["keras1"]:
        write_h5(part, path)
        return notes
    how, more = compiled(model, lambda: converted(model)[0])
    write_keras(part, path, how)
    return notes + more


def save_onnx(model, path: str | os.PathLike) -> list[str]:
    """Write a model, as it predicts, as an ONNX model of operator set 17; shapes as in Keras, channels where they were.

    Args:
        model: a Sequential or a Model.
        path: the file.

    Returns:
        Notes, a list of texts.

    Raises:
        NotConvertible: with a line for each layer or setting that ONNX has no operators for here.
    """
    from .onnx.files import write_onnx
    from .onnx.models import converted

    graph, notes = converted(model)
    write_onnx(graph, path)
    return notes
