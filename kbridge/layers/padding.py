"""Where the zeros of 'same' padding lie: as on TensorFlow, or as Keras 1 on Theano put them.

TensorFlow puts as few zeros as are needed, the smaller half before, so their number depends on the input's length with
strides. Keras 1 on Theano put a number that depends on the window alone. A layer with ``border_origin='theano'``
computes the latter on every backend: it pads its input itself and then works with 'valid' padding.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .. import backend as K
from ..engine.conventions import BORDER_ORIGINS, padding_of_new_layers
from ..engine.node import static_shape
from ..engine.topology import Layer


class Windowed(Layer):
    """The base of layers that move a window over their input.

    Args:
        border_origin: whose 'same' padding the layer has, 'tensorflow' (if left out) or 'theano'. It is stored only where it is 'theano' and
            matters, since Keras 1 doesn't know it.
    """

    common_arguments = (*Layer.common_arguments, "border_origin")
    border_origin = "tensorflow"
    border_mode: str
    dim_ordering: str

    def __init__(self, **kwargs):
        origin = kwargs.get("border_origin") or padding_of_new_layers()
        if origin not in BORDER_ORIGINS:
            raise ValueError(f"{type(self).__name__}: border_origin must be 'tensorflow' or 'theano', got {origin!r}.")
        self.border_origin = origin
        super().__init__(**kwargs)

    def assert_input_compatibility(self, input) -> None:
        """ValueError if ``input`` doesn't fit ``input_spec`` or, once the layer is built, if a window doesn't fit into it."""
        super().assert_input_compatibility(input)
        if self.built:
            self.get_output_shape_for(static_shape(input))

    def theano_padding(self) -> list[tuple[int, int]]:
        """For each spatial axis, how many zeros 'same' padding put before and after on Theano."""
        raise NotImplementedError(f"{type(self).__name__} must define theano_padding().")

    def window_steps(self) -> tuple[int, ...]:
        """For each spatial axis, the distance from window to window."""
        raise NotImplementedError(f"{type(self).__name__} must define window_steps().")

    @property
    def pads_as_theano(self) -> bool:
        """Whether this layer must pad its input itself."""
        return self.border_origin == "theano" and self.border_mode == "same"

    @property
    def depends_on_origin(self) -> bool:
        """Whether its results may differ between the two origins."""
        return self.border_mode == "same" and any(
            sum(pair) > 0 and (step > 1 or pair != tensorflow_padding(sum(pair) + 1))
            for pair, step in zip(self.theano_padding(), self.window_steps(), strict=True)
        )

    def padded_input(self, x, border_mode: str):
        """Return the tensor to convolve and the ``border_mode`` to use: ``x`` is padded here where the padding is Theano's."""
        if border_mode != "same" or self.border_origin != "theano":
            return x, border_mode
        return padded(x, self.theano_padding(), getattr(self, "window_ordering", self.dim_ordering)), "valid"

    def get_config(self):
        config = super().get_config()
        stored = self.border_origin == "theano" and self.depends_on_origin
        return {**config, "border_origin": "theano"} if stored else config


# Every pair sums to window - 1, so that 'valid' windows give the ceil(length / stride) results of 'same' ones.


def tensorflow_padding(window: int) -> tuple[int, int]:
    """Zeros before and after on TensorFlow, for windows one step apart."""
    return (window - 1) // 2, window // 2


def convolution_padding(window: int) -> tuple[int, int]:
    """Zeros before and after, for convolutions."""
    return window // 2, (window - 1) // 2


def pooling_padding(window: int) -> tuple[int, int]:
    """Places before and after, for poolings."""
    before = window - 2 if window > 2 and window % 2 else window - 1
    return before, window - 1 - before


def padded(x, padding: Sequence[tuple[int, int]], dim_ordering: str):
    """``x`` with zeros before and after its spatial axes."""
    axis = 2 if dim_ordering == "th" else 1
    after = K.ndim(x) - axis - len(padding)
    return K.pad(x, [(0, 0)] * axis + list(padding) + [(0, 0)] * after)


def pooled(x, pool, pool_size, strides, dim_ordering: str, mode: str):
    """``pool`` (K.pool2d or K.pool3d) with the padding of Theano, which neither the maximum nor the mean's divisor sees."""
    padding = [pooling_padding(size) for size in pool_size]
    inside = padded(K.ones_like(x), padding, dim_ordering)
    x = padded(x, padding, dim_ordering)
    if mode == "max":
        lowest = float(np.finfo(K.floatx()).min)
        return pool(x + (1.0 - inside) * lowest, pool_size, strides, "valid", dim_ordering, mode)
    mean = pool(x, pool_size, strides, "valid", dim_ordering, mode)
    return mean / pool(inside, pool_size, strides, "valid", dim_ordering, mode)


def deconvolved(x, kernel, output_shape, window, strides, dim_ordering: str):
    """``K.deconv2d`` as the gradient of a convolution with the padding of Theano."""
    axes = (2, 3) if dim_ordering == "th" else (1, 2)
    whole = list(output_shape)
    spans = [slice(None)] * 4
    for axis, size, step in zip(axes, window, strides, strict=True):
        before, length = size // 2, output_shape[axis]
        steps = (length + 2 * before - size) // step
        # all that the windows reach, or more where the result reaches further
        whole[axis] = max(steps * step + size, before + length)
        spans[axis] = slice(before, before + length)
    full = K.deconv2d(x, kernel, tuple(whole), strides=strides, border_mode="valid", dim_ordering=dim_ordering)
    return full[tuple(spans)]
