"""Errors, and helpers for their messages: the nearest valid name, and Keras 2 names in Keras 1 calls."""

from __future__ import annotations

from collections.abc import Iterable


class ModelFileError(ValueError):
    """A model file, a weights file or a stored config is damaged, unsafe or doesn't fit; the message says what and where."""


class BackendUnavailable(ImportError):
    """A backend that kbridge knows but can't use here; the message says why and what to do."""


#: argument names of Keras 2 -> those of Keras 1, where one fits all layers
KERAS2_ARGUMENTS = {
    "units": "output_dim",
    "filters": "nb_filter",
    "kernel_size": "nb_row and nb_col (filter_length in 1-D, kernel_dim1 to kernel_dim3 in 3-D)",
    "strides": "subsample (subsample_length in 1-D; strides in pooling layers)",
    "padding": "border_mode",
    "data_format": "dim_ordering ('th' for channels_first, 'tf' for channels_last)",
    "dilation_rate": "atrous_rate",
    "kernel_initializer": "init",
    "recurrent_initializer": "inner_init",
    "depthwise_initializer": "init",
    "pointwise_initializer": "init",
    "embeddings_initializer": "init",
    "use_bias": "bias",
    "kernel_regularizer": "W_regularizer",
    "bias_regularizer": "b_regularizer",
    "recurrent_regularizer": "U_regularizer",
    "embeddings_regularizer": "W_regularizer",
    "kernel_constraint": "W_constraint",
    "bias_constraint": "b_constraint",
    "embeddings_constraint": "W_constraint",
    "recurrent_activation": "inner_activation",
    "recurrent_dropout": "dropout_U",
    "rate": "p",
    "stddev": "sigma",
    "implementation": "consume_less",
    "unit_forget_bias": "forget_bias_init",
    "beta_initializer": "beta_init",
    "gamma_initializer": "gamma_init",
    "epochs": "nb_epoch",
    "steps_per_epoch": "samples_per_epoch (counted in samples, not batches)",
    "validation_steps": "nb_val_samples (counted in samples, not batches)",
    "steps": "val_samples (counted in samples, not batches)",
    "workers": "nb_worker",
    "max_queue_size": "max_q_size",
    "use_multiprocessing": "pickle_safe",
    "inputs": "input",
    "outputs": "output",
    "num_words": "nb_words",
    "learning_rate": "lr",
}


def nearest(name: str, valid: Iterable[str]) -> str:
    """' Did you mean 'x'?' for the closest of ``valid``, or nothing."""
    from difflib import get_close_matches  # takes long to import, for what only errors need

    found = get_close_matches(str(name), [str(v) for v in valid], n=1, cutoff=0.6)
    return f" Did you mean {found[0]!r}?" if found else ""


def unknown_argument(owner: str, name: str, valid: Iterable[str]) -> TypeError:
    """The error for an argument that ``owner`` doesn't have, with the Keras 1 name where it is Keras 2's."""
    if name in KERAS2_ARGUMENTS:
        return TypeError(f"{owner} has no argument {name!r}: that is its name in Keras 2, in Keras 1 it is {KERAS2_ARGUMENTS[name]}.")
    return TypeError(f"{owner} has no argument {name!r}.{nearest(name, valid)}")


def check_arguments(owner: str, kwargs: dict, valid: Iterable[str]) -> None:
    """TypeError for the first of ``kwargs`` that is not in ``valid``."""
    valid = list(valid)
    for name in kwargs:
        if name not in valid:
            raise unknown_argument(owner, name, valid)


def whole_number(value, owner: str, argument: str, least: int | None = None) -> int:
    """``value`` as an int of at least ``least``; integral floats (32.0) are accepted, others are a ValueError."""
    try:
        number = int(value) if hasattr(value, "__int__") and not isinstance(value, bool) else None
    except (TypeError, ValueError, OverflowError):
        number = None
    if number is None or number != value or (least is not None and number < least):
        wanted = "a whole number" if least is None else f"a whole number of at least {least}"
        raise ValueError(f"{owner}: {argument} must be {wanted}, got {value!r}.")
    return number


def one_length(value, owner: str, argument: str, least: int = 0) -> int | None:
    """``value``, or the one entry of a tuple (Keras 1 let ``input_dim=(100,)`` pass), as a whole number; None stays."""
    if isinstance(value, (tuple, list)) and len(value) == 1:
        value = value[0]
    return None if value is None else whole_number(value, owner, argument, least)


class UsageError(Exception):
    """A mistake of the user of the command: its message is printed without a traceback."""
