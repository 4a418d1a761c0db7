"""The data that a model is given: made into lists of arrays that fit its inputs and outputs, checked, and split for validation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..engine.text_ids import with_ids, with_room
from .compiling import known_name
from .data import (
    check_array_lengths,
    check_loss_and_target_compatibility,
    check_shapes,
    one_for_each,
    part,
    standardize_input_data,
)
from .weighting import standardize_class_weights, standardize_sample_weights, standardize_weights

#: kinds of batches that a model remembers
MOST_REMEMBERED = 16


def standardize_user_data(model, x, y, sample_weight=None, class_weight=None, check_batch_axis=True, batch_size=None):
    """(inputs, targets, sample weights) as lists of arrays that fit the model."""
    model._check_compiled("be given targets")
    if type(x) is type(y) is np.ndarray and sample_weight is class_weight is batch_size is None and check_batch_axis:
        return _one_batch(model, x, y)
    return _checked(model, x, y, sample_weight, class_weight, check_batch_axis, batch_size)


def _one_batch(model, x: np.ndarray, y: np.ndarray) -> tuple[list, list, list]:
    """The same for a batch of one array of inputs and one of targets. What is checked are shapes and dtypes: of those that fitted before, only the weights
    of the samples are looked up, which are 1."""
    kind = x.shape, x.dtype, y.shape, y.dtype
    weights = model._batches_that_fit.get(kind)
    if weights is not None:
        return [x], [y], [weights]
    found = _checked(model, x, y)
    inputs, targets, weights = found
    if len(inputs) == len(targets) == 1 and inputs[0] is x and targets[0] is y:
        # each batch gets these: nobody may change them
        weights[0].flags.writeable = False
        if len(model._batches_that_fit) == MOST_REMEMBERED:
            model._batches_that_fit.clear()
        model._batches_that_fit[kind] = weights[0]
    return found


def _checked(model, x, y, sample_weight=None, class_weight=None, check_batch_axis=True, batch_size=None) -> tuple[list, list, list]:
    x = _standardized(model, x, check_batch_axis)
    shapes = model.internal_output_shapes
    axes = [getattr(loss, "target_ndim", len(shape)) for shape, loss in zip(shapes, model.loss_functions, strict=True)]
    y = one_for_each(y, model.output_names, "model target", axes)
    for target, name in zip(y, model.output_names, strict=True):
        if target is None:
            raise ValueError(f"The output {name!r} needs targets, got None.")
    y = [_with_classes_last(target, loss, shape) for target, loss, shape in zip(y, model.loss_functions, shapes, strict=True)]
    check_loss_and_target_compatibility(y, model.loss_functions, shapes)
    check_shapes(y, model.output_names, _target_shapes(model), "model target", check_batch_axis)
    check_inputs(model, x, batch_size)
    sample_weights = standardize_sample_weights(sample_weight, model.output_names)
    class_weights = standardize_class_weights(class_weight, model.output_names)
    weights = [
        standardize_weights(target, sw, cw, mode)
        for target, sw, cw, mode in zip(y, sample_weights, class_weights, model.sample_weight_modes, strict=True)
    ]
    check_array_lengths(x, y, weights)
    return x, y, weights


def _with_classes_last(target, loss, shape):
    """Indices of classes without a last axis of 1, as later Keras takes them for sequences and images: with one."""
    if known_name(loss) == "sparse_categorical_crossentropy" and shape is not None and 2 < len(shape) == target.ndim + 1:
        return target[..., None]
    return target


def inputs_only(model, x, check_batch_axis=True, batch_size=None) -> list:
    """Inputs for a prediction as a list of arrays that fit the model."""
    x = _standardized(model, x, check_batch_axis)
    check_inputs(model, x, batch_size, one_short=True)
    check_array_lengths(x, [], [])
    return x


def _standardized(model, x, check_batch_axis) -> list:
    """Inputs as a list of arrays that fit the model, with numbers in the place of texts."""
    dtypes = [getattr(layer, "input_dtype", None) for layer in model.input_layers]
    x = with_ids(x, model.input_names, dtypes)
    x = standardize_input_data(x, model.input_names, model.internal_input_shapes, check_batch_axis, "model input")
    return with_room(x, dtypes, model.layers)


def _target_shapes(model) -> list:
    """Return the shapes that targets must have: losses of kbridge know them, for others nothing is checked."""
    shapes = []
    for shape, loss in zip(model.internal_output_shapes, model.loss_functions, strict=True):
        name = known_name(loss)
        if name == "sparse_categorical_crossentropy":
            shape = (*shape[:-1], 1)
        shapes.append(shape if name else None)
    return shapes


def check_inputs(model, x, batch_size=None, one_short=False) -> None:
    """ValueError for inputs without samples, or whose number doesn't suit a fixed batch size or a stateful model.

    ``one_short``: fewer samples than ``batch_size`` are fine, as one batch.
    """
    for array, name, shape in zip(x, model.input_names, model.internal_input_shapes, strict=True):
        if array is None:
            raise ValueError(f"The input {name!r} needs data, got None.")
        samples = array.shape[0]
        if samples == 0:
            raise ValueError(f"The input {name!r} holds no samples: its shape is {tuple(array.shape)}.")
        if batch_size and model.stateful and samples % batch_size and not (one_short and samples < batch_size):
            raise ValueError(
                f"In a stateful network, you should only pass inputs with a number of samples that can be divided by the "
                f"batch size. Found: {samples} samples. Batch size: {batch_size}."
            )
        if batch_size and shape[0] and (samples % shape[0] or min(batch_size, samples) != shape[0]):
            raise ValueError(
                f"The model takes batches of {shape[0]} samples (the input {name!r} has shape {tuple(shape)}). "
                f"Found: {samples} samples. Batch size: {batch_size}."
            )


def with_validation(model, data: tuple, validation_data, validation_split, batch_size: int) -> tuple[Sequence, Sequence | None]:
    """(the data to train on, the data to validate on or None) of ``data`` and two arguments of ``fit``."""
    x, y, weights = data
    if validation_data is not None:
        if not isinstance(validation_data, (tuple, list)) or len(validation_data) not in (2, 3):
            found = f" of {len(validation_data)}" if isinstance(validation_data, (tuple, list)) else ""
            raise ValueError(f"validation_data must be (x, y) or (x, y, sample_weight), got {type(validation_data).__name__}{found}.")
        val_x, val_y, *rest = validation_data
        return data, model._standardize_user_data(val_x, val_y, rest[0] if rest else None, None, False, batch_size)
    if not validation_split:
        return data, None
    samples = x[0].shape[0]
    split = _split_at(samples, validation_split)
    validation = [[part(a, split, samples) for a in arrays] for arrays in (x, y, weights)]
    kept = [[part(a, 0, split) for a in arrays] for arrays in (x, y, weights)]
    check_inputs(model, kept[0], batch_size)
    check_inputs(model, validation[0], batch_size)
    return kept, validation


def _split_at(samples: int, fraction) -> int:
    """Where the validation data begin."""
    if not 0.0 < fraction < 1.0:
        raise ValueError(f"validation_split must be between 0 and 1, got {fraction!r}.")
    split = int(samples * (1.0 - fraction))
    if split in (0, samples):
        raise ValueError(f"validation_split={fraction} of {samples} samples leaves no samples for training or none for validation.")
    return split
