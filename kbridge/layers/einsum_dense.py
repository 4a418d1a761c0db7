"""A dense layer over any axes, told by an equation."""

from __future__ import annotations

from collections.abc import Callable

from .. import backend as K
from ..engine.topology import InputSpec
from .configured import Configured

__all__ = ["EinsumDense"]


class EinsumDense(Configured):
    """activation(einsum(equation, x, kernel) + bias).

    Args:
        equation: as 'abc,cd->abd', of the input and the kernel; '...' stands for axes that stay as they are.
        output_shape: the lengths of the output behind the samples (behind '...' too), None for those of the input.
        activation: the name of an activation or a function of tensors; None for none.
        bias_axes: the letters of the axes that the bias has; None for no bias.
        kernel_initializer: how the kernel starts.
        bias_initializer: how the bias starts.
        kernel_regularizer: a penalty on the kernel.
        bias_regularizer: a penalty on the bias.
        activity_regularizer: a penalty on the output.
        kernel_constraint: a function that is applied to the kernel after each update.
        bias_constraint: a function that is applied to the bias after each update.

    Input shape:
        As the equation says, with known lengths of the kernel's axes.

    Output shape:
        (samples, *output_shape).

    Raises:
        ValueError: the equation doesn't fit the input.

    Example:
        >>> from kbridge.layers import EinsumDense
        >>> from kbridge.models import Sequential
        >>> Sequential([EinsumDense("abc,cd->abd", (None, 5), bias_axes="d", input_shape=(4, 3))]).output_shape
        (None, 4, 5)
    """

    activation: Callable
    equation: str
    bias_axes: str | None

    def __init__(
        self,
        equation,
        output_shape,
        activation=None,
        bias_axes=None,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        # output_shape itself is the property of every layer with one input
        self.partial_output_shape = tuple(output_shape) if isinstance(output_shape, (list, tuple)) else (output_shape,)
        self.take(
            equation=equation, activation=activation, bias_axes=bias_axes, kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer, kernel_regularizer=kernel_regularizer, bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer, kernel_constraint=kernel_constraint, bias_constraint=bias_constraint,
        )  # fmt: skip

    def get_config(self):
        return {**self.stored_arguments(("output_shape",)), "output_shape": list(self.partial_output_shape)}

    def _letters(self, ndim: int) -> tuple[list[str], list[str], list[str]]:
        """The letters of input, kernel and result, with numbers for what '...' stands for."""
        left, arrow, result = self.equation.replace(" ", "").partition("->")
        parts = left.split(",")
        if not arrow or len(parts) != 2:
            raise ValueError(f"EinsumDense {self.name}: the equation must have a form such as 'ab,bc->ac', got {self.equation!r}.")
        hidden = [str(i) for i in range(ndim - len(parts[0].replace("...", "")))] if "..." in parts[0] else []

        def spelled(term: str) -> list[str]:
            before, dots, after = term.partition("...")
            return [*before, *(hidden if dots else []), *after]

        return spelled(parts[0]), spelled(parts[1]), spelled(result)

    def _sizes(self, input_shape) -> tuple[dict[str, int | None], list[str], list[str]]:
        x, kernel, result = self._letters(len(input_shape))
        if len(x) != len(input_shape):
            raise ValueError(f"EinsumDense {self.name}: {self.equation!r} doesn't fit an input of shape {tuple(input_shape)}.")
        sizes = dict(zip(x, input_shape))
        given = len(self.partial_output_shape)
        # the last axes of the result; where it ends in '...', those before, without the samples
        letters = [c for c in result if not c.isdigit()][1:] if self.equation.rstrip().endswith("...") else result[len(result) - given :]
        for letter, n in zip(letters, self.partial_output_shape):
            if n is not None:
                if sizes.get(letter) not in (None, n):
                    raise ValueError(
                        f"EinsumDense {self.name}: output_shape={self.partial_output_shape} has {n} for the axis {letter!r}, but the "
                        f"input of shape {tuple(input_shape)} has {sizes[letter]}."
                    )
                sizes[letter] = n
        return sizes, kernel, result

    def build(self, input_shape):
        sizes, kernel, result = self._sizes(input_shape)
        unknown = [c for c in kernel if sizes.get(c) is None]
        if unknown:
            raise ValueError(
                f"EinsumDense {self.name}: the length of the axis {unknown[0]!r} must be known to make the kernel of "
                f"{self.equation!r}, got the input shape {tuple(input_shape)}."
            )
        self.input_spec = [InputSpec(ndim=len(input_shape))]
        self.kernel = self.weight("kernel", tuple(sizes[c] for c in kernel))
        self.bias = None
        if self.bias_axes:
            # in the order of the result, with 1 for axes between that the bias lacks
            at = min(result.index(c) for c in self.bias_axes)
            self.bias = self.weight("bias", tuple(sizes[c] if c in self.bias_axes else 1 for c in result[at:]))
        self.built = True

    def call(self, x, mask=None):
        """Return activation(einsum of x and the kernel, plus bias)."""
        y = K.einsum(self.equation, x, self.kernel)
        return self.activation(y if self.bias is None else y + self.bias)

    def get_output_shape_for(self, input_shape):
        sizes, _, result = self._sizes(input_shape)
        return tuple(sizes[c] for c in result)
