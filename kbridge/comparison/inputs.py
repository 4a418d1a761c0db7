"""Inputs and targets to compare with: drawn with a seed where the user gives none."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..layers.embeddings import EMBEDDINGS

#: axes whose length the model leaves open
SAMPLES, STEPS, PIXELS = 4, 8, 32


def draw_inputs(calls: list, count: int, seed: int) -> list[np.ndarray]:
    """An array for each of the first ``count`` calls, which are the inputs: floats, or valid indices for an Embedding."""
    from .. import backend as K

    random = np.random.default_rng(seed)
    drawn: list[np.ndarray] = []
    for number in range(count):
        x = calls[number].outputs[0]
        shape = _lengths(x._keras_shape)
        limit = _indices_below(calls, number)
        if limit is not None:
            drawn.append(random.integers(0, limit, shape).astype(K.dtype(x)))
        elif K.dtype(x).startswith("int"):
            drawn.append(random.integers(0, 2, shape).astype(K.dtype(x)))
        else:
            drawn.append(random.standard_normal(shape).astype(K.dtype(x)))
    return drawn


def _lengths(shape: tuple) -> tuple[int, ...]:
    free = PIXELS if len(shape) > 3 else STEPS
    return tuple(n if n is not None else free if axis else SAMPLES for axis, n in enumerate(shape))


def _indices_below(calls: list, number: int) -> int | None:
    """The smallest ``input_dim`` of the embeddings that an input reaches through layers without weights."""
    reached, limits = {number}, []
    for index, call in enumerate(calls):
        if not reached & set(call.sources):
            continue
        layer: Any = getattr(call.layer, "layer", call.layer)
        if any(c.__name__ in EMBEDDINGS for c in type(layer).__mro__):
            limits.append(layer.input_dim)
        elif not layer.weights:
            reached.add(index)
    return min(limits, default=None)


def draw_targets(losses: list[str], outputs: list[np.ndarray], seed: int) -> list[np.ndarray]:
    """Targets of the outputs' shapes that each loss can take: classes, signs, probabilities or floats."""
    random = np.random.default_rng(seed + 1)
    targets = []
    for loss, output in zip(losses, outputs, strict=True):
        shape, classes = output.shape, output.shape[-1]
        y: np.ndarray
        if loss == "sparse_categorical_crossentropy":
            y = random.integers(0, classes, (*shape[:-1], 1))
        elif loss == "categorical_crossentropy":
            y = np.eye(classes)[random.integers(0, classes, shape[:-1])]
        elif loss in ("binary_crossentropy", "poisson"):
            y = random.integers(0, 2, shape)
        elif loss in ("hinge", "squared_hinge"):
            y = random.integers(0, 2, shape) * 2 - 1
        elif loss in ("kullback_leibler_divergence", "kld", "KLD"):
            y = random.random(shape) + 0.1
            y /= y.sum(axis=-1, keepdims=True)
        else:
            y = random.random(shape) + 0.1
        targets.append(y.astype(output.dtype))
    return targets
