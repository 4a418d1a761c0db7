"""Convolutions: cross-correlations with zeros round the input, for any number of spatial axes."""

from itertools import product
from math import ceil

import numpy as np

from .spec import Case, In, Op, checks, expect, expect_error

X2 = {"th": In((2, 2, 5, 6)), "tf": In((2, 5, 6, 2))}
K2 = {"th": In((3, 2, 3, 2), kind="variable"), "tf": In((3, 2, 2, 3), kind="variable")}
X3 = {"th": In((2, 2, 3, 4, 3)), "tf": In((2, 3, 4, 3, 2))}
K3 = {"th": In((2, 2, 2, 3, 2), kind="variable"), "tf": In((2, 3, 2, 2, 2), kind="variable")}
DEPTHWISE = {"th": In((2, 2, 3, 3), kind="variable"), "tf": In((3, 3, 2, 2), kind="variable")}
POINTWISE = {"th": In((3, 4, 1, 1), kind="variable"), "tf": In((1, 1, 4, 3), kind="variable")}
XD = {"th": In((2, 3, 3, 4)), "tf": In((2, 3, 4, 3))}
KD = {"th": In((2, 3, 3, 2), kind="variable"), "tf": In((3, 2, 3, 2), kind="variable")}
ORDERINGS = ("th", "tf")


def last(x, dim_ordering):
    """Channels last."""
    return np.moveaxis(x, 1, -1) if dim_ordering == "th" else x


def back(x, dim_ordering):
    return np.moveaxis(x, -1, 1) if dim_ordering == "th" else x


def kernel_last(kernel, dim_ordering):
    """(*spatial, channels, filters)."""
    return np.moveaxis(kernel, (0, 1), (-1, -2)) if dim_ordering == "th" else kernel


def border(n, k, stride, border_mode):
    """Zeros before and after an axis of ``n`` values, for a kernel that spans ``k``."""
    if border_mode == "valid":
        return 0, 0
    if border_mode == "full":
        return k - 1, k - 1
    total = max((ceil(n / stride) - 1) * stride + k - n, 0)
    return total // 2, total - total // 2


def windows(x, size, strides, border_mode, dilation):
    """For each position in the kernel: the values of ``x`` (channels last) it meets, at all outputs."""
    spatial = x.shape[1:-1]
    spans = [(k - 1) * d + 1 for k, d in zip(size, dilation)]
    x = np.pad(x, [(0, 0), *(border(n, k, s, border_mode) for n, k, s in zip(spatial, spans, strides)), (0, 0)])
    lengths = [(n - k) // s + 1 for n, k, s in zip(x.shape[1:-1], spans, strides)]
    for position in product(*map(range, size)):
        cut = [slice(p * d, p * d + (n - 1) * s + 1, s) for p, d, n, s in zip(position, dilation, lengths, strides)]
        yield position, x[(slice(None), *cut)]


def convolution(x, kernel, strides, border_mode, dim_ordering, dilation):
    x, kernel = last(x, dim_ordering), kernel_last(kernel, dim_ordering)
    size = kernel.shape[:-2]
    return back(sum(w @ kernel[p] for p, w in windows(x, size, strides, border_mode, dilation)), dim_ordering)


def conv1d(x, kernel, stride=1, border_mode="valid"):
    return convolution(x, kernel, (stride,), border_mode, "tf", (1,))


def conv2d(x, kernel, strides=(1, 1), border_mode="valid", dim_ordering="tf", filter_dilation=(1, 1), **shapes):
    return convolution(x, kernel, strides, border_mode, dim_ordering, filter_dilation)


def conv3d(x, kernel, strides=(1, 1, 1), border_mode="valid", dim_ordering="tf", filter_dilation=(1, 1, 1), **shapes):
    return convolution(x, kernel, strides, border_mode, dim_ordering, filter_dilation)


def atrous_conv2d(x, kernel, rate=1, border_mode="valid", dim_ordering="tf"):
    rates = (rate, rate) if isinstance(rate, int) else rate
    return convolution(x, kernel, (1, 1), border_mode, dim_ordering, rates)


def depthwise_conv2d(x, kernel, strides=(1, 1), border_mode="valid", dim_ordering="tf"):
    x = last(x, dim_ordering)
    kernel = np.moveaxis(kernel, (0, 1), (3, 2)) if dim_ordering == "th" else kernel
    y = sum(w[..., None] * kernel[p] for p, w in windows(x, kernel.shape[:2], strides, border_mode, (1, 1)))
    return back(y.reshape((*y.shape[:-2], y.shape[-2] * y.shape[-1])), dim_ordering)


def separable_conv2d(x, depthwise_kernel, pointwise_kernel, strides=(1, 1), border_mode="valid", dim_ordering="tf"):
    y = depthwise_conv2d(x, depthwise_kernel, strides, border_mode, dim_ordering)
    return conv2d(y, pointwise_kernel, dim_ordering=dim_ordering)


def deconv2d(x, kernel, output_shape, strides=(1, 1), border_mode="valid", dim_ordering="tf", **shapes):
    """y[i * stride + k] += x[i] * kernel[k], then cut to ``output_shape``."""
    x = last(x, dim_ordering)
    kernel = kernel_last(kernel, dim_ordering)
    wanted = output_shape[2:4] if dim_ordering == "th" else output_shape[1:3]
    size = kernel.shape[:2]
    room = [max((n - 1) * s + k, w) for n, s, k, w in zip(x.shape[1:3], strides, size, wanted)]
    y = np.zeros((len(x), *room, kernel.shape[-1]), x.dtype)
    for i, j in product(*map(range, x.shape[1:3])):
        at = (slice(None), *(slice(p * s, p * s + k) for p, s, k in zip((i, j), strides, size)))
        y[at] += np.einsum("nc,hwcf->nhwf", x[:, i, j], kernel)
    before = [border(n, k, s, border_mode)[0] for n, k, s in zip(wanted, size, strides)]
    return back(y[:, before[0] : before[0] + wanted[0], before[1] : before[1] + wanted[1]], dim_ordering)


def convolutions(x, kernel, *forms, **common):
    """Cases in both orderings: each form is a dict of arguments."""
    return tuple(
        Case((x[ordering], *(k[ordering] for k in kernel)), {**form, **common, "dim_ordering": ordering})
        for form in forms
        for ordering in ORDERINGS
    )


def deconvolution(size, strides, border_mode):
    return tuple(
        Case(
            (XD[o], KD[o], (None, 2, *size) if o == "th" else (None, *size, 2)),
            {"strides": strides, "border_mode": border_mode, "dim_ordering": o},
        )
        for o in ORDERINGS
    )


def batch_from_the_input(K):
    """The batch entry of output_shape as a tensor."""
    x, kernel = K.placeholder((None, 2, 2, 1)), K.variable(np.ones((2, 2, 1, 1)))
    y = K.deconv2d(x, kernel, (K.shape(x)[0], 4, 4, 1), strides=(2, 2), dim_ordering="tf")
    expect(K.int_shape(y)[1:], (4, 4, 1), "static shape")
    value = np.arange(12.0).reshape(3, 2, 2, 1)
    expect(K.function([x], [y])([value])[0], value.repeat(2, axis=1).repeat(2, axis=2), "value")


def unknown_words(K):
    """A border mode or an ordering that doesn't exist is a ValueError that names it."""
    x, kernel = K.placeholder((None, 4, 4, 1)), K.variable(np.ones((2, 2, 1, 1)))
    expect_error(ValueError, ("bogus",), lambda: K.conv2d(x, kernel, border_mode="bogus"))
    expect_error(ValueError, ("channels_last",), lambda: K.conv2d(x, kernel, dim_ordering="channels_last"))
    expect_error(ValueError, ("bogus",), lambda: K.pool2d(x, (2, 2), border_mode="bogus"))
    expect_error(ValueError, ("median",), lambda: K.pool2d(x, (2, 2), pool_mode="median"))


OPS = [
    Op(
        "conv1d",
        conv1d,
        tuple(
            Case((In((2, 7, 3)), In((3, 3, 2), kind="variable")), {"stride": s, "border_mode": b})
            for s in (1, 2)
            for b in ("valid", "same")
        ),
    ),
    Op(
        "conv2d",
        conv2d,
        (
            *convolutions(
                X2,
                [K2],
                {},
                {"border_mode": "same"},
                {"border_mode": "full"},
                {"strides": (2, 1)},
                {"strides": (2, 2), "border_mode": "same"},
                {"strides": (1, 2), "border_mode": "same"},
                {"filter_dilation": (2, 2)},
                {"filter_dilation": (2, 1), "border_mode": "same"},
            ),
            Case(
                (In((2, 5, 6, 2), kind="unknown"), K2["tf"]),
                {"border_mode": "same", "dim_ordering": "tf"},
                note="nothing known",
            ),
            Case(
                (In((2, 4, 4, 1)), In((1, 1, 1, 2), kind="variable")),
                {"strides": (2, 2), "dim_ordering": "tf"},
                note="1x1, strided",
            ),
            Case((X2["tf"], K2["tf"]), note="default ordering"),
        ),
        checks(unknown_words),
    ),
    Op(
        "conv3d",
        conv3d,
        convolutions(
            X3, [K3], {}, {"border_mode": "same"}, {"strides": (2, 1, 2), "border_mode": "same"}, {"strides": (1, 2, 1)}
        ),
    ),
    Op(
        "deconv2d",
        deconv2d,
        (
            *deconvolution((5, 5), (1, 1), "valid"),
            *deconvolution((7, 8), (2, 2), "valid"),
            *deconvolution((8, 9), (2, 2), "valid"),
            *deconvolution((3, 4), (1, 1), "same"),
            *deconvolution((6, 8), (2, 2), "same"),
            *deconvolution((5, 7), (2, 2), "same"),
        ),
        checks(batch_from_the_input),
        note="the batch entry of output_shape may be None",
    ),
    Op(
        "atrous_conv2d",
        atrous_conv2d,
        convolutions(X2, [K2], {"rate": 2}, {"rate": 2, "border_mode": "same"}, {"rate": (1, 2)}),
    ),
    Op(
        "depthwise_conv2d",
        depthwise_conv2d,
        convolutions(
            X2, [DEPTHWISE], {}, {"border_mode": "same"}, {"strides": (2, 2), "border_mode": "same"}, {"strides": (2, 2)}
        ),
    ),
    Op(
        "separable_conv2d",
        separable_conv2d,
        convolutions(X2, [DEPTHWISE, POINTWISE], {}, {"strides": (2, 2), "border_mode": "same"}),
    ),
]
