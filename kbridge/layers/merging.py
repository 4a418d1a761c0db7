"""Keras 2's layers that join tensors, each a ``Merge`` of one mode, and functions that call them."""

from __future__ import annotations

from ..engine.topology import Merge

__all__ = ["Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract"]
#: functions that a star import leaves out: other packages have such names too
FUNCTIONS = ("add", "average", "concatenate", "dot", "maximum", "minimum", "multiply", "subtract")


class _Joined(Merge):
    """A ``Merge`` whose mode is its class's. Its config is its own arguments."""

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

    Input shape:
        A list of at least two tensors.

    Output shape:
        Theirs, broadcast.

    Raises:
        ValueError: where shapes don't fit together.

    Example:
        >>> from kbridge.layers import Add, Input
        >>> Add()([Input((3, 1)), Input((3, 4))])._keras_shape
        (None, 3, 4)
    """


class Subtract(_Joined):
    """The first of two tensors minus the second; shapes as for ``Add``."""

    joins = "sub"


class Multiply(_Joined):
    """The product of tensors, element by element; shapes as for ``Add``."""

    joins = "mul"


class Average(_Joined):
    """The mean of tensors, element by element; shapes as for ``Add``."""

    joins = "ave"


class Maximum(_Joined):
    """The largest of the tensors at each place; shapes as for ``Add``."""

    joins = "max"


class Minimum(_Joined):
    """The smallest of the tensors at each place; shapes as for ``Add``."""

    joins = "min"


class Concatenate(_Joined):
    """Tensors side by side along ``axis``.

    Args:
        axis: an axis; the others must be equal.

    Input shape:
        A list of at least two tensors.

    Output shape:
        Theirs, with the lengths along ``axis`` added up.
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
        axes: an int, or a pair for the two tensors.
        normalize: whether vectors along these axes are brought to length 1 before: the result is the cosine of their angle.

    Input shape:
        Two tensors.

    Output shape:
        (samples, the other axes of the first, those of the second).
    """

    def __init__(self, axes, normalize=False, name=None):
        self.joins = "normalized_dot" if normalize else "dot"
        super().__init__(name=name, dot_axes=axes)
        self.axes, self.normalize = axes, bool(normalize)

    def get_config(self):
        axes = list(self.axes) if isinstance(self.axes, tuple) else self.axes
        return {**super().get_config(), "axes": axes, "normalize": self.normalize}


def add(inputs, **options):
    """``Add()(inputs)``; ``options``: a name."""
    return Add(**options)(inputs)


def subtract(inputs, **options):
    """``Subtract()(inputs)``."""
    return Subtract(**options)(inputs)


def multiply(inputs, **options):
    """``Multiply()(inputs)``."""
    return Multiply(**options)(inputs)


def average(inputs, **options):
    """``Average()(inputs)``."""
    return Average(**options)(inputs)


def maximum(inputs, **options):
    """``Maximum()(inputs)``."""
    return Maximum(**options)(inputs)


def minimum(inputs, **options):
    """``Minimum()(inputs)``."""
    return Minimum(**options)(inputs)


def concatenate(inputs, axis=-1, **options):
    """``Concatenate(axis)(inputs)``."""
    return Concatenate(axis=axis, **options)(inputs)


def dot(inputs, axes, normalize=False, **options):
    """``Dot(axes, normalize)(inputs)``."""
    return Dot(axes=axes, normalize=normalize, **options)(inputs)
