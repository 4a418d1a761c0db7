"""Whole numbers as vectors: the output modes that these layers share, and what their input holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ... import backend as K

OUTPUT_MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")


def checked_mode(owner: str, mode: str, allowed: Sequence[str]) -> str:
    """An output mode by its name today. ValueError if it isn't ``allowed``."""
    mode = {"binary": "multi_hot", "tf-idf": "tf_idf"}.get(mode, mode)
    if mode not in allowed:
        raise ValueError(f"{owner}: output_mode must be one of {', '.join(map(repr, allowed))}, got {mode!r}.")
    return mode


def dense_only(owner: str, sparse: Any) -> bool:
    """False for an option ``sparse`` that is off. ValueError if it is on."""
    if sparse:
        raise ValueError(f"{owner}: kbridge computes only dense results, so sparse=True isn't possible.")
    return False


def encoded(x: Any, tokens: Any, mode: str, factors: Any = None, weights: Any = None) -> Any:
    """Whole numbers (samples, ...) as vectors of length ``tokens``, or themselves for 'int'; one below 0 plays no part in them.

    ``factors``: of the vectors' elements, for 'tf_idf'; ``weights``: how much each number counts, for 'count'.
    """
    if mode == "int":
        return x
    shape = K.int_shape(x)
    if mode == "one_hot":
        if len(shape) > 1 and shape[-1] == 1:
            x = K.squeeze(x, len(shape) - 1)
        return K.one_hot(x, tokens)
    codes = K.one_hot(x if len(shape) > 1 else K.expand_dims(x, -1), tokens)
    if weights is not None:
        codes = codes * K.expand_dims(K.cast(weights, K.floatx()), -1)
    if mode == "multi_hot":
        return K.max(codes, axis=-2)
    counts = K.sum(codes, axis=-2)
    return counts if mode == "count" else counts * K.constant(factors, dtype=K.floatx())


def encoded_shape(shape: tuple, tokens: int | None, mode: str) -> tuple:
    """The shape of what ``encoded`` gives."""
    if mode == "int":
        return tuple(shape)
    if mode == "one_hot":
        return (*(shape[:-1] if len(shape) > 1 and shape[-1] == 1 else shape), tokens)
    return (*shape[:-1], tokens) if len(shape) > 1 else (shape[0], tokens)


def is_text(x: Any) -> bool:
    """Whether a tensor comes from an input of texts."""
    history = getattr(x, "_keras_history", None)
    return history is not None and getattr(history[0], "input_dtype", None) == "string"


def on_host(function: Callable[[np.ndarray], np.ndarray], x: Any) -> Any:
    """The whole numbers that ``function`` makes of an array like ``x``; of texts without the room that is left behind one for each sample."""
    if len(K.int_shape(x)) == 2 and K.int_shape(x)[1] is None and is_text(x):
        return K.host_call(function, [x[:, :1]], "int32", lambda shape: (shape[0], 1))
    return K.host_call(function, [x], "int32", lambda shape: shape)
