"""Other shapes for the same values: Reshape, Permute, Flatten, RepeatVector."""

from __future__ import annotations

import numpy as np

from ... import backend as K
from ...engine.node import static_shape
from ...engine.topology import InputSpec, Layer
from ...errors import whole_number
from ..spatial import resolve_ordering


class Reshape(Layer):
    """Give the values of each sample another shape, in row-major order.

    Args:
        target_shape: the new shape without the batch axis; one entry may be -1 and is found from the others.

    Input shape:
        Any; if lengths are unknown, the check is left to the run.

    Output shape:
        (samples, *target_shape).

    Raises:
        ValueError: two entries are -1, or the number of values differs.

    Example:
        >>> from kbridge.layers import Reshape
        >>> from kbridge.models import Sequential
        >>> Sequential([Reshape((2, -1), input_shape=(6,))]).output_shape
        (None, 2, 3)
    """

    def __init__(self, target_shape, **kwargs):
        super().__init__(**kwargs)
        self.target_shape = tuple(whole_number(n, f"Reshape {self.name}", "target_shape") for n in target_shape)

    def get_output_shape_for(self, input_shape):
        rest, target = input_shape[1:], list(self.target_shape)
        if target.count(-1) > 1:
            raise ValueError(f"Reshape {self.name}: only one entry of target_shape may be -1, got {self.target_shape}.")
        if None in rest:
            return (input_shape[0], *(None if n == -1 else n for n in target))
        size, known = int(np.prod(rest)), int(np.prod([n for n in target if n != -1]))
        fits = known != 0 and size % known == 0 if -1 in target else size == known
        if not fits:
            raise ValueError(
                f"Reshape {self.name}: the total size of the new array must be unchanged: an input of shape {tuple(rest)} "
                f"({size} values) can't become {self.target_shape}."
            )
        return (input_shape[0], *(size // known if n == -1 else n for n in target))

    def call(self, x, mask=None):
        """Return the input in its new shape."""
        shape = static_shape(x)
        target = self.get_output_shape_for(shape)[1:]
        if None in target:
            return K.reshape(x, (K.shape(x)[0], *self.target_shape))
        return K.reshape(x, (-1, *target))

    def get_config(self):
        return {**super().get_config(), "target_shape": self.target_shape}


class Permute(Layer):
    """Reorder the axes of each sample.

    Args:
        dims: the axes of the input in their new order, counted from 1 without the batch axis: (2, 1) exchanges the first two.

    Input shape:
        A batch axis and as many axes as ``dims`` has entries.

    Output shape:
        The input's, reordered.

    Raises:
        ValueError: ``dims`` doesn't hold each number from 1 on once.

    Example:
        >>> from kbridge.layers import Permute
        >>> from kbridge.models import Sequential
        >>> Sequential([Permute((2, 1), input_shape=(5, 3))]).output_shape
        (None, 3, 5)
    """

    def __init__(self, dims, **kwargs):
        super().__init__(**kwargs)
        self.dims = tuple(whole_number(d, f"Permute {self.name}", "dims") for d in dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(f"Permute {self.name}: dims must hold each number from 1 to {len(self.dims)} once, got {self.dims}.")
        self.input_spec = [InputSpec(ndim=len(self.dims) + 1)]

    def get_output_shape_for(self, input_shape):
        return (input_shape[0], *(input_shape[d] for d in self.dims))

    def call(self, x, mask=None):
        """Return the input with its axes reordered."""
        return K.permute_dimensions(x, (0, *self.dims))

    def get_config(self):
        return {**super().get_config(), "dims": self.dims}


class Flatten(Layer):
    """Make all axes but the batch axis one, in row-major order.

    Args:
        dim_ordering: 'th' moves axis 1, the channels, to the end before, as Keras 2's ``data_format='channels_first'`` does; it is stored only
            then.

    Input shape:
        (samples, ...) with all lengths but the samples' known.

    Output shape:
        (samples, the product of the other lengths).

    Raises:
        ValueError: a length is unknown.

    Example:
        >>> from kbridge.layers import Flatten
        >>> from kbridge.models import Sequential
        >>> Sequential([Flatten(input_shape=(4, 3, 2))]).output_shape
        (None, 24)
    """

    def __init__(self, dim_ordering="tf", **kwargs):
        self.input_spec = [InputSpec(ndim="2+")]
        self.dim_ordering = resolve_ordering(self, dim_ordering)
        super().__init__(**kwargs)

    def get_config(self):
        return {**super().get_config(), **({"dim_ordering": "th"} if self.dim_ordering == "th" else {})}

    def get_output_shape_for(self, input_shape):
        if None in input_shape[1:]:
            raise ValueError(
                f"The shape of the input to Flatten {self.name} is not fully defined, got {tuple(input_shape[1:])}. "
                f"Give the first layer of the model a full input_shape."
            )
        return (input_shape[0], int(np.prod(input_shape[1:])))

    def call(self, x, mask=None):
        """Return the input as (samples, values)."""
        if self.dim_ordering == "th" and K.ndim(x) > 2:
            x = K.permute_dimensions(x, (0, *range(2, K.ndim(x)), 1))
        return K.batch_flatten(x)


class RepeatVector(Layer):
    """Repeat each vector ``n`` times, as the time steps of a sequence.

    Args:
        n: how often, a whole number above 0.

    Input shape:
        (samples, features).

    Output shape:
        (samples, n, features).

    Example:
        >>> from kbridge.layers import RepeatVector
        >>> from kbridge.models import Sequential
        >>> Sequential([RepeatVector(3, input_shape=(2,))]).output_shape
        (None, 3, 2)
    """

    def __init__(self, n, **kwargs):
        super().__init__(**kwargs)
        self.n = whole_number(n, f"RepeatVector {self.name}", "n", 1)
        self.input_spec = [InputSpec(ndim=2)]

    def get_output_shape_for(self, input_shape):
        return (input_shape[0], self.n, input_shape[1])

    def call(self, x, mask=None):
        """Return the input repeated along a new axis 1."""
        return K.repeat(x, self.n)

    def get_config(self):
        return {**super().get_config(), "n": self.n}
