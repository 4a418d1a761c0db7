"""States of a cell: their sizes, flat lists of them, zeros."""

from __future__ import annotations

from ... import backend as K


def is_shape(size) -> bool:
    """Whether a size is a shape of a program's own making (TensorFlow's ``TensorShape``), not several sizes."""
    return hasattr(size, "as_list")


def flat_shapes(size) -> list[tuple]:
    """The shape of each state, without the samples, for a ``state_size``: numbers, lists of them, lists of lists."""
    if is_shape(size):
        return [tuple(size.as_list())]
    if isinstance(size, (list, tuple)):
        return [shape for item in size for shape in flat_shapes(item)]
    return [(int(size),)]


def flat(states) -> list:
    """Nested lists of tensors as one list."""
    return [tensor for item in states for tensor in flat(item)] if isinstance(states, (list, tuple)) else [states]


def packed(states: list, size):
    """A flat list of states nested as ``state_size`` is; a list in any case."""

    def take(size):
        if isinstance(size, (list, tuple)):
            return [take(item) for item in size]
        return states.pop(0)

    states = list(states)
    made = take(size)
    return made if isinstance(made, list) else [made]


def zeros_for(x, shape: tuple):
    """Zeros (samples, *shape) for as many samples as ``x`` (samples, ...) has."""
    zeros = K.sum(K.zeros_like(x), axis=tuple(range(1, K.ndim(x))))
    return K.tile(K.reshape(zeros, (-1, *[1] * len(shape))), [1, *shape])
