"""Keras 2's layers that join tensors, each a ``Merge`` of one mode, and functions that call them."""

from __future__ import annotations

from ..engine.topology import Merge

__all__ = ["Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract"]
#: functions that a star import leaves out: other packages have such names too
FUNCTIONS = ("add", "average", "concatenate", "dot", "maximum", "minimum", "multiply", "subtract")


class _Joined(Merge):
    """The base of these layers: a ``Merge`` whose mode is its class's. Its config is its own arguments."""

    joins = "sum"

    def __init__(self, name=None, **options):
        super().__init__(mode=self.joins, broadcast=True, name=name, **options)

    def get_config(self):
        return {"name": self.name}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


class Add(_Joined):
    """The sum of tensors. Axes of length 1 are repeated, and a tensor with fewer axes along those right behind the samples.

    Args:
        name: the layer's name.

    Input shape:
        A list of at least two tensors.

    Output shape:
        Theirs, broadcast.

    Raises:
        ValueError: the shapes don't fit together.

    Example:
        >>> from kbridge.layers import Add, Input
        >>> Add()([Input((3, 1)), Input((3, 4))])._keras_shape
        (None, 3, 4)
    """


class Subtract(_Joined):
    """The first of two tensors minus the second.

    The other arguments are those of ``Add``.

    Input shape:
        A list of two tensors.

    Output shape:
        Theirs, broadcast as in ``Add``.
    """

    joins = "sub"


class Multiply(_Joined):
    """The product of tensors, element by element.

    The other arguments are those of ``Add``.

    Input shape:
        A list of at least two tensors.

    Output shape:
        Theirs, broadcast as in ``Add``.
    """

    joins = "mul"


class Average(_Joined):
    """The mean of tensors, element by element.

    The other arguments are those of ``Add``.

    Input shape:
        A list of at least two tensors.

    Output shape:
        Theirs, broadcast as in ``Add``.
    """

    joins = "ave"


class Maximum(_Joined):
    """The largest of the tensors at each place.

    The other arguments are those of ``Add``.

    Input shape:
        A list of at least two tensors.

    Output shape:
        Theirs, broadcast as in ``Add``.
    """

    joins = "max"


class Minimum(_Joined):
    """The smallest of the tensors at each place.

    The other arguments are those of ``Add``.

    Input shape:
        A list of at least two tensors.

    Output shape:
        Theirs, broadcast as in ``Add``.
    """

    joins = "min"


class Concatenate(_Joined):
    """Put tensors side by side along ``axis``.

    Args:
        axis: the axis; the lengths of the others must be equal.
        name: the layer's name.

    Input shape:
        A list of at least two tensors.

    Output shape:
        Theirs, with the lengths along ``axis`` added up.

    Example:
        >>> from kbridge.layers import Concatenate, Input
        >>> Concatenate()([Input((3,)), Input((4,))])._keras_shape
        (None, 7)
    """

    joins = "concat"

    def __init__(self, axis=-1, name=None):
        super().__init__(name=name, concat_axis=axis)
        self.axis = axis

    def get_config(self):
        return {**super().get_config(), "axis": self.axis}


class Dot(_Joined):
    """The sums of products of two tensors along one axis of each.

    Args:
        axes: the axis of both tensors, or a pair.
        normalize: whether vectors along these axes are first brought to length 1: the output is the cosine of their angle then.
        name: the layer's name.

    Input shape:
        A list of two tensors.

    Output shape:
        (samples, the other axes of the first, those of the second).

    Example:
        >>> from kbridge.layers import Dot, Input
        >>> Dot(axes=2)([Input((3, 5)), Input((4, 5))])._keras_shape
        (None, 3, 4)
    """

    def __init__(self, axes, normalize=False, name=None):
        self.joins = "normalized_dot" if normalize else "dot"
        super().__init__(name=name, dot_axes=axes)
        self.axes, self.normalize = axes, bool(normalize)

    def get_config(self):
        axes = list(self.axes) if isinstance(self.axes, tuple) else self.axes
        return {**super().get_config(), "axes": axes, "normalize": self.normalize}


def add(inputs, **options):
    """Return ``Add(**options)(inputs)`` for ``inputs``, a list of tensors; ``options``: ``name``."""
    return Add(**options)(inputs)


def subtract(inputs, **options):
    """Return ``Subtract(**options)(inputs)`` for ``inputs``, a list of two tensors."""
    return Subtract(**options)(inputs)


def multiply(inputs, **options):
    """Return ``Multiply(**options)(inputs)`` for ``inputs``, a list of tensors."""
    return Multiply(**options)(inputs)


def average(inputs, **options):
    """Return ``Average(**options)(inputs)`` for ``inputs``, a list of tensors."""
    return Average(**options)(inputs)


def maximum(inputs, **options):
    """Return ``Maximum(**options)(inputs)`` for ``inputs``, a list of tensors."""
    return Maximum(**options)(inputs)


def minimum(inputs, **options):
    """Return ``Minimum(**options)(inputs)`` for ``inputs``, a list of tensors."""
    return Minimum(**options)(inputs)


def concatenate(inputs, axis=-1, **options):
    """Return ``Concatenate(axis, **options)(inputs)`` for ``inputs``, a list of tensors that are joined along ``axis``."""
    return Concatenate(axis=axis, **options)(inputs)


def dot(inputs, axes, normalize=False, **options):
    """Return ``Dot(axes, normalize, **options)(inputs)`` for ``inputs``, a list of two tensors; ``axes`` and ``normalize`` as for ``Dot``."""
    return Dot(axes=axes, normalize=normalize, **options)(inputs)
