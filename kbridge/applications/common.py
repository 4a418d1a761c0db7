"""The arguments, the input and the weights of all application models."""

from __future__ import annotations

import os

from .. import backend as K
from ..engine.topology import Input, get_source_inputs
from ..training.model import Model
from ..utils.data_utils import get_file


def check_arguments(owner: str, weights, trained_on: str, include_top: bool, classes: int, trained_classes: int) -> None:
    """ValueError unless ``weights`` is None, ``trained_on`` or a file; trained ones have a fixed number of classes."""
    if weights is None:
        return
    if weights == trained_on:
        if include_top and classes != trained_classes:
            raise ValueError(
                f"{owner}: weights={trained_on!r} with include_top=True need {trained_classes} classes, got classes={classes!r}. "
                "Pass weights=None or include_top=False."
            )
        return
    if not isinstance(weights, (str, os.PathLike)) or not os.path.isfile(weights):
        raise ValueError(
            f"{owner}: weights should be None (random ones), {trained_on!r} (trained ones) or the path of a weights file, got {weights!r}."
        )


def input_for(input_tensor, shape):
    """Return the tensor that the model starts from: ``input_tensor`` itself, an Input of it if it isn't a Keras tensor, or a new Input of ``shape``."""
    if input_tensor is None:
        return Input(shape=shape)
    return input_tensor if K.is_keras_tensor(input_tensor) else Input(tensor=input_tensor, shape=shape)


def model_of(input_tensor, start, output, name: str | None) -> Model:
    """The model from ``start`` (what made ``input_tensor``, if that was given) to ``output``."""
    return Model(start if input_tensor is None else get_source_inputs(input_tensor), output, name=name)


def load_weights(model: Model, weights, trained_on: str, origin: str, by_name: bool = False) -> Model:
    """Set the weights of ``model``: none, those at ``origin`` (kept in the cache), or those of a file.

    ``by_name``: layers of those at ``origin`` are found by their names. ``origin`` ends in
    Keras 1's names, which tell the convention of the kernels: 'th_kernels' are flipped.
    """
    if weights is None:
        return model
    if weights != trained_on:
        model.load_weights(weights)
        return model
    path = get_file(os.path.basename(origin), origin, cache_subdir="models")
    model.load_weights(path, by_name=by_name, original_backend="theano" if "th_kernels" in os.path.basename(origin) else "tensorflow")
    return model
