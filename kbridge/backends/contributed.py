"""Helpers that layers contributed to Keras 1 import from its backend modules: they prepare tensors for the framework's own functions.

A framework that computes images with channels last, or first, has its layout in these helpers, so what a layer
computes between them is the framework's own business.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .settings import resolve_dim_ordering


def channels_last(K: Any) -> dict[str, Callable]:
    """The helpers of a backend that computes images as (samples, rows, columns, channels)."""

    def to_last(x, dim_ordering):
        return K.permute_dimensions(x, _axes_last(K.ndim(x))) if resolve_dim_ordering(dim_ordering) == "th" else x

    def kernel_to_last(kernel, dim_ordering):
        spatial = range(2, K.ndim(kernel))
        return K.permute_dimensions(kernel, (*spatial, 1, 0)) if resolve_dim_ordering(dim_ordering) == "th" else kernel

    def from_last(x, dim_ordering):
        return K.permute_dimensions(x, _axes_first(K.ndim(x))) if resolve_dim_ordering(dim_ordering) == "th" else x

    def border_mode(border_mode):
        if border_mode not in ("same", "valid"):
            raise ValueError(f"Invalid border mode: {border_mode!r}; it must be 'same' or 'valid'.")
        return border_mode.upper()

    def deconv_output_shape(x, shape, dim_ordering):
        if resolve_dim_ordering(dim_ordering) == "th":
            shape = (shape[0], *shape[2:], shape[1])
        return (K.shape(x)[0] if shape[0] is None else shape[0], *shape[1:])

    return {
        **_for_both(to_last, "_preprocess_{}_input"),
        **_for_both(kernel_to_last, "_preprocess_{}_kernel"),
        **_for_both(from_last, "_postprocess_{}_output"),
        "_preprocess_border_mode": border_mode,
        "_preprocess_deconv_output_shape": deconv_output_shape,
        **_of_any_layout(K),
    }


def channels_first(K: Any) -> dict[str, Callable]:
    """The helpers of a backend that computes images as (samples, channels, rows, columns)."""

    def to_first(x, dim_ordering):
        return K.permute_dimensions(x, _axes_first(K.ndim(x))) if resolve_dim_ordering(dim_ordering) == "tf" else x

    def kernel_to_first(kernel, dim_ordering):
        ndim = K.ndim(kernel)
        return (
            K.permute_dimensions(kernel, (ndim - 1, ndim - 2, *range(ndim - 2))) if resolve_dim_ordering(dim_ordering) == "tf" else kernel
        )

    def from_first(conv_out, x, border_mode, kernel_shape, strides, dim_ordering):
        if border_mode == "same":
            # a border of half an even kernel gives one place too many
            for axis, stride in enumerate(strides, 2):
                if kernel_shape[axis] % 2 == 0:
                    whole = (slice(None),) * axis
                    conv_out = conv_out[(*whole, slice((K.shape(x)[axis] + stride - 1) // stride))]
        return K.permute_dimensions(conv_out, _axes_last(K.ndim(conv_out))) if resolve_dim_ordering(dim_ordering) == "tf" else conv_out

    def border_mode(border_mode):
        if border_mode not in ("same", "valid", "full"):
            raise ValueError(f"Border mode not supported: {border_mode!r}; it must be 'same', 'valid' or 'full'.")
        return "half" if border_mode == "same" else border_mode

    def image_shape(dim_ordering, shape):
        if shape is None or resolve_dim_ordering(dim_ordering) == "th":
            return None if shape is None else tuple(shape)
        return (shape[0], shape[-1], *shape[1:-1])

    def filter_shape(dim_ordering, shape):
        if shape is None or resolve_dim_ordering(dim_ordering) == "th":
            return None if shape is None else tuple(shape)
        return (shape[-1], shape[-2], *shape[:-2])

    return {
        **_for_both(to_first, "_preprocess_{}_input"),
        **_for_both(kernel_to_first, "_preprocess_{}_kernel"),
        **_for_both(from_first, "_postprocess_{}_output"),
        **_for_both(filter_shape, "_preprocess_{}_filter_shape"),
        "_preprocess_border_mode": border_mode,
        "_preprocess_conv2d_image_shape": image_shape,
        "_preprocess_conv3d_volume_shape": image_shape,
        **_of_any_layout(K),
    }


def _of_any_layout(K: Any) -> dict[str, Callable]:
    def normalize_axis(axis, ndim):
        if isinstance(axis, (list, tuple)):
            return [a % ndim for a in axis]
        return None if axis is None else axis % ndim

    def to_tensor(x, dtype):
        return K.cast(x, dtype) if K.is_tensor(x) else K.constant(x, dtype)

    return {"_normalize_axis": normalize_axis, "_to_tensor": to_tensor, "_cond": K.switch, "_initialize_variables": lambda: None}


def _for_both(function: Callable, pattern: str) -> dict[str, Callable]:
    return {pattern.format(kind): function for kind in ("conv2d", "conv3d")}


def _axes_last(ndim: int) -> tuple:
    return (0, *range(2, ndim), 1)


def _axes_first(ndim: int) -> tuple:
    return (0, ndim - 1, *range(1, ndim - 1))
