"""Convolutions on Theano's channels-first operations, never flipping the kernel."""

from __future__ import annotations

from typing import Any

import numpy as np
import theano.tensor as T
from theano.graph.basic import Variable
from theano.tensor.nnet import abstract_conv

from .. import settings
from ..deconvolution import check_deconvolution, spans_of
from . import windows
from .shapes import pad_with, permute, reshape, size
from .static import int_shape, set_shape
from .tensors import as_tensors, floatx, is_float


def _channels_first(x):
    return permute(x, (0, x.ndim - 1, *range(1, x.ndim - 1)))


def _channels_last(x):
    return permute(x, (0, *range(2, x.ndim), 1))


def _computing(x, kernel):
    """Both in a dtype that Theano convolves in, and the dtype of the result."""
    x, kernel = as_tensors(x, kernel)
    dtype = x.dtype if is_float(x) else floatx()
    wide = "float32" if dtype == "float16" else dtype
    return T.cast(x, wide), T.cast(kernel, wide), dtype


def _prepared(x, kernel, dim_ordering: str, kernel_to_th: Any):
    """Channels first, and whether the result goes back to channels last."""
    last = settings.resolve_dim_ordering(dim_ordering) == "tf"
    x, kernel, dtype = _computing(x, kernel)
    if last:
        x, kernel = _channels_first(x), permute(kernel, kernel_to_th(kernel.ndim))
    return x, kernel, dtype, last


def _finished(y, dtype: str, last: bool):
    y = y if y.dtype == dtype else T.cast(y, dtype)
    return _channels_last(y) if last else y


def _filters_first(ndim: int) -> tuple[int, ...]:
    """(*spatial, in, out) to (out, in, *spatial)."""
    return (ndim - 1, ndim - 2, *range(ndim - 2))


def conv(what, x, kernel, strides, border_mode, dim_ordering, dilation):
    """Convolution with 2 or 3 spatial axes."""
    x, kernel, dtype, last = _prepared(x, kernel, dim_ordering, _filters_first)
    axes = windows.axes(what, int_shape(kernel)[2:], strides, dilation, border_mode)
    _check_channels(what, int_shape(x)[1], int_shape(kernel)[1], x)
    return _finished(_correlate(what, x, kernel, axes, border_mode, groups=1), dtype, last)


def _check_channels(what: str, found: int | None, wanted: int | None, x) -> None:
    if None not in (found, wanted) and found != wanted:
        raise ValueError(f"{what}: the kernel takes {wanted} channels, but the input (channels first) has shape {int_shape(x)}.")


def _correlate(what: str, x, kernel, axes: list[windows.Axis], border_mode: str, groups: int):
    """(n, c, *spatial) with (filters, c / groups, *kernel)."""
    shape, filters = int_shape(x), int_shape(kernel)
    lengths = [windows.output_length(what, a, n, border_mode) for a, n in zip(axes, shape[2:])]
    pads = [windows.padding(a, size(x, 2 + i), border_mode) for i, a in enumerate(axes)]
    # Theano pads both sides alike; all else is padded here
    alike = all(isinstance(p, (int, np.integer)) and p == q for p, q in pads)
    if not alike:
        x = pad_with(x, [(0, 0), (0, 0), *pads], 0)
        shape = (*shape[:2], *(None if n is None else n + p + q for n, (p, q) in zip(shape[2:], pads)))
    function = T.nnet.conv2d if len(axes) == 2 else abstract_conv.conv3d
    y = function(
        x,
        kernel,
        input_shape=_without_zeros(shape),
        filter_shape=filters,
        border_mode=tuple(int(p) for p, _ in pads) if alike else "valid",
        subsample=tuple(a.stride for a in axes),
        filter_flip=False,
        filter_dilation=tuple(a.dilation for a in axes),
        num_groups=groups,
    )
    return set_shape(y, (shape[0], filters[0], *lengths))


def _without_zeros(shape):
    """Theano takes only positive lengths as known."""
    return tuple(n or None for n in shape)


def deconv(what, x, kernel, output_shape, strides, border_mode, dim_ordering, dilation):
    """The transpose of a convolution with 2 or 3 spatial axes, from the output's shape to the input's."""
    if isinstance(output_shape, Variable):
        output_shape = [output_shape[i] for i in range(x.ndim)]
    batch, *rest = output_shape
    x, kernel, dtype, last = _prepared(x, kernel, dim_ordering, _filters_first)
    if last:
        rest = [rest[-1], *rest[:-1]]
    channels, *wanted = rest
    axes = windows.axes(what, int_shape(kernel)[2:], strides, dilation, border_mode)
    samples, found, *places = int_shape(x)
    gives, takes, *sizes = int_shape(kernel)
    spans = spans_of(sizes, dilation)
    check_deconvolution(what, (samples, *places, found), takes, gives, spans, strides, border_mode, [batch, *wanted, channels])
    pads = [windows.padding(a, n, border_mode) for a, n in zip(axes, wanted)]
    function = abstract_conv.conv2d_grad_wrt_inputs if len(axes) == 2 else abstract_conv.conv3d_grad_wrt_inputs
    y = function(
        x,
        permute(kernel, (1, 0, *range(2, kernel.ndim))),
        input_shape=(None, int_shape(kernel)[0], *(n + p + q for n, (p, q) in zip(wanted, pads))),
        border_mode="valid",
        subsample=tuple(a.stride for a in axes),
        filter_flip=False,
        filter_dilation=tuple(a.dilation for a in axes),
    )
    y = y[(slice(None), slice(None), *(slice(p, p + n) for n, (p, _) in zip(wanted, pads)))]
    y = set_shape(y, (int_shape(x)[0], int_shape(kernel)[0], *(n if isinstance(n, int) else None for n in wanted)))
    return _finished(y, dtype, last)


def depthwise_conv2d(x, kernel, strides, border_mode, dim_ordering, dilation):
    """A convolution with one group a channel."""
    # tf (r, c', channels, multiplier), th (multiplier, channels, r, c'): to (channels, multiplier, r, c')
    x, kernel, dtype, last = _prepared(x, kernel, dim_ordering, lambda ndim: (3, 2, 0, 1))
    multiplier, channels, *spatial = int_shape(kernel)
    axes = windows.axes("depthwise_conv2d", spatial, strides, dilation, border_mode)
    _check_channels("depthwise_conv2d", int_shape(x)[1], channels, x)
    if multiplier is None or channels is None:
        raise ValueError(f"depthwise_conv2d: the kernel's shape must be known, got {int_shape(kernel)}.")
    grouped = reshape(permute(kernel, (1, 0, 2, 3)), (channels * multiplier, 1, *spatial))
    return _finished(_correlate("depthwise_conv2d", x, grouped, axes, border_mode, groups=channels), dtype, last)
