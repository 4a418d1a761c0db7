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
XD3 = {"th": In((2, 2, 3, 2, 3)), "tf": In((2, 3, 2, 3, 2))}
KD3 = {"th": In((2, 2, 2, 2, 2), kind="variable"), "tf": In((2, 2, 2, 2, 2), kind="variable")}
KG2 = {"th": In((4, 2, 3, 2), kind="variable"), "tf": In((3, 2, 2, 4), kind="variable")}
KG = {"th": In((4, 1, 3, 2), kind="variable"), "tf": In((3, 2, 1, 4), kind="variable")}
SINGLE = {"th": In((1, 2, 3, 3), kind="variable"), "tf": In((3, 3, 2, 1), kind="variable")}
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


def conv1d(x, kernel, stride=1, border_mode="valid", filter_dilation=1):
    return convolution(x, kernel, (stride,), border_mode, "tf", (filter_dilation,))


def grouped_conv(x, kernel, groups, strides, border_mode="valid", dim_ordering="tf", filter_dilation=None):
    x, kernel = last(x, dim_ordering), kernel_last(kernel, dim_ordering)
    parts = zip(np.split(x, groups, -1), np.split(kernel, groups, -1))
    dilation = filter_dilation or (1,) * len(strides)
    return back(np.concatenate([convolution(a, k, strides, border_mode, "tf", dilation) for a, k in parts], -1), dim_ordering)


def conv2d(x, kernel, strides=(1, 1), border_mode="valid", dim_ordering="tf", filter_dilation=(1, 1), **shapes):
    return convolution(x, kernel, strides, border_mode, dim_ordering, filter_dilation)


def conv3d(x, kernel, strides=(1, 1, 1), border_mode="valid", dim_ordering="tf", filter_dilation=(1, 1, 1), **shapes):
    return convolution(x, kernel, strides, border_mode, dim_ordering, filter_dilation)


def atrous_conv2d(x, kernel, rate=1, border_mode="valid", dim_ordering="tf"):
    rates = (rate, rate) if isinstance(rate, int) else rate
    return convolution(x, kernel, (1, 1), border_mode, dim_ordering, rates)


def depthwise_conv1d(x, kernel, stride=1, border_mode="valid", filter_dilation=1):
    return depthwise_conv2d(x[:, :, None], kernel[:, None], (stride, 1), border_mode, "tf", (filter_dilation, 1))[:, :, 0]


def depthwise_conv2d(x, kernel, strides=(1, 1), border_mode="valid", dim_ordering="tf", filter_dilation=(1, 1)):
    x = last(x, dim_ordering)
    kernel = np.moveaxis(kernel, (0, 1), (3, 2)) if dim_ordering == "th" else kernel
    y = sum(w[..., None] * kernel[p] for p, w in windows(x, kernel.shape[:2], strides, border_mode, filter_dilation))
    return back(y.reshape((*y.shape[:-2], y.shape[-2] * y.shape[-1])), dim_ordering)


def separable_conv2d(x, depthwise_kernel, pointwise_kernel, strides=(1, 1), border_mode="valid", dim_ordering="tf", filter_dilation=(1, 1)):
    y = depthwise_conv2d(x, depthwise_kernel, strides, border_mode, dim_ordering, filter_dilation)
    return conv2d(y, pointwise_kernel, dim_ordering=dim_ordering)


def deconvolution_of(x, kernel, output_shape, strides, border_mode="valid", dim_ordering="tf", filter_dilation=None):
    """y[i * stride + k * dilation] += x[i] * kernel[k], then cut to ``output_shape``."""
    x = last(x, dim_ordering)
    kernel = kernel_last(kernel, dim_ordering)
    axes = x.ndim - 2
    dilation = filter_dilation or (1,) * axes
    wanted = output_shape[2:] if dim_ordering == "th" else output_shape[1:-1]
    spans = [(k - 1) * d + 1 for k, d in zip(kernel.shape, dilation)]
    room = [max((n - 1) * s + k, w + k) for n, s, k, w in zip(x.shape[1:-1], strides, spans, wanted)]
    y = np.zeros((len(x), *room, kernel.shape[-1]), x.dtype)
    for i in product(*map(range, x.shape[1:-1])):
        for k in product(*map(range, kernel.shape[:axes])):
            at = tuple(p * s + q * d for p, s, q, d in zip(i, strides, k, dilation))
            y[(slice(None), *at)] += x[(slice(None), *i)] @ kernel[k]
    before = [border(n, k, s, border_mode)[0] for n, k, s in zip(wanted, spans, strides)]
    return back(y[(slice(None), *(slice(p, p + n) for p, n in zip(before, wanted)))], dim_ordering)


def deconv2d(x, kernel, output_shape, strides=(1, 1), border_mode="valid", dim_ordering="tf", filter_dilation=(1, 1), **shapes):
    return deconvolution_of(x, kernel, output_shape, strides, border_mode, dim_ordering, filter_dilation)


def deconv3d(x, kernel, output_shape, strides=(1, 1, 1), border_mode="valid", dim_ordering="tf", filter_dilation=(1, 1, 1)):
    return deconvolution_of(x, kernel, output_shape, strides, border_mode, dim_ordering, filter_dilation)


def deconv1d(x, kernel, output_shape, stride=1, border_mode="valid", filter_dilation=1):
    return deconvolution_of(x, kernel, output_shape, (stride,), border_mode, "tf", (filter_dilation,))


def convolutions(x, kernel, *forms, **common):
    """Cases in both orderings: each form is a dict of arguments."""
    return tuple(
        Case((x[ordering], *(k[ordering] for k in kernel)), {**form, **common, "dim_ordering": ordering})
        for form in forms
        for ordering in ORDERINGS
    )


def deconvolution(size, strides, border_mode, x=XD, kernel=KD, **more):
    return tuple(
        Case(
            (x[o], kernel[o], (None, 2, *size) if o == "th" else (None, *size, 2)),
            {"strides": strides, "border_mode": border_mode, "dim_ordering": o, **more},
        )
        for o in ORDERINGS
    )


def groups(x, kernel, count, strides, **more):
    """Cases in both orderings."""
    return tuple(Case((x[o], kernel[o], count, strides), {"dim_ordering": o, **more}) for o in ORDERINGS)


def batch_from_the_input(K):
    """The batch entry of output_shape as a tensor."""
    x, kernel = K.placeholder((None, 2, 2, 1)), K.variable(np.ones((2, 2, 1, 1)))
    y = K.deconv2d(x, kernel, (K.shape(x)[0], 4, 4, 1), strides=(2, 2), dim_ordering="tf")
    expect(K.int_shape(y)[1:], (4, 4, 1), "static shape")
    value = np.arange(12.0).reshape(3, 2, 2, 1)
    expect(K.function([x], [y])([value])[0], value.repeat(2, axis=1).repeat(2, axis=2), "value")


def lengths_from_the_input(K):
    """The rows and columns of output_shape as tensors, in both orderings."""
    for ordering, shape in (("tf", (None, None, None, 1)), ("th", (None, 1, None, None))):
        x, kernel = K.placeholder(shape), K.variable(np.ones((2, 2, 1, 1) if ordering == "tf" else (1, 1, 2, 2)))
        rows, columns = (K.shape(x)[a] * 2 for a, n in enumerate(shape) if a and n is None)
        wanted = (None, rows, columns, 1) if ordering == "tf" else (None, 1, rows, columns)
        y = K.deconv2d(x, kernel, wanted, strides=(2, 2), border_mode="same", dim_ordering=ordering)
        expect(K.int_shape(y), shape, f"static shape, {ordering}")
        value = back(np.arange(12.0).reshape(1, 4, 3, 1), ordering)
        expect(K.function([x], [y])([value])[0], back(last(value, ordering).repeat(2, 1).repeat(2, 2), ordering), f"value, {ordering}")


def groups_that_do_not_divide(K):
    """A ValueError that tells the numbers."""
    x, kernel = K.placeholder((None, 4, 3)), K.variable(np.ones((2, 1, 4)))
    expect_error(ValueError, ("2 groups", "3 channels"), lambda: K.grouped_conv(x, kernel, 2, (1,)))


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
            for s in (1, 2, 5)
            for b in ("valid", "same")
        )
        + (Case((In((2, 7, 3)), In((3, 3, 2), kind="variable")), {"filter_dilation": 2, "border_mode": "same"}),),
    ),
    Op(
        "grouped_conv",
        grouped_conv,
        (
            Case((In((2, 6, 4)), In((3, 2, 6), kind="variable"), 2, (1,)), {"border_mode": "same"}, note="one axis"),
            Case((In((2, 6, 4)), In((3, 1, 8), kind="variable"), 4, (2,)), note="one axis, a group a channel"),
            *groups({"th": In((2, 4, 5, 4)), "tf": In((2, 5, 4, 4))}, KG2, 2, (2, 1), border_mode="same"),
            *groups(X2, KG, 2, (1, 1), filter_dilation=(2, 1)),
            *groups({"th": In((2, 4, 3, 4, 3)), "tf": In((2, 3, 4, 3, 4))}, K3, 2, (1, 2, 1), border_mode="same"),
        ),
        checks(groups_that_do_not_divide),
    ),
    Op(
        "depthwise_conv1d",
        depthwise_conv1d,
        (
            Case((In((2, 7, 3)), In((3, 3, 2), kind="variable")), {"border_mode": "same"}),
            Case((In((2, 7, 3)), In((3, 3, 1), kind="variable")), {"stride": 2}),
            Case((In((2, 7, 3)), In((2, 3, 1), kind="variable")), {"filter_dilation": 3}),
        ),
    ),
    Op(
        "deconv1d",
        deconv1d,
        (
            Case((In((2, 4, 3)), In((3, 3, 2), kind="variable"), (None, 9, 2)), {"stride": 2}),
            Case((In((2, 4, 3)), In((3, 3, 2), kind="variable"), (None, 8, 2)), {"stride": 2, "border_mode": "same"}),
            Case((In((2, 4, 3)), In((3, 3, 2), kind="variable"), (None, 8, 2)), {"filter_dilation": 2}),
            Case(
                (In((2, 4, 3)), In((3, 3, 2), kind="variable"), (None, 12, 2)), {"stride": 3, "border_mode": "same", "filter_dilation": 2}
            ),
        ),
    ),
    Op(
        "deconv3d",
        deconv3d,
        (
            *deconvolution((4, 3, 4), (1, 1, 1), "valid", XD3, KD3),
            *deconvolution((6, 4, 7), (2, 2, 2), "valid", XD3, KD3),
            *deconvolution((6, 2, 5), (2, 1, 2), "same", XD3, KD3),
            *deconvolution((3, 2, 6), (1, 1, 2), "same", XD3, KD3, filter_dilation=(2, 1, 1)),
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
                {"strides": (5, 4), "border_mode": "same"},
                {"strides": (4, 5)},
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
            Case(
                (In((2, 6, 3, 1)), In((1, 2, 1, 2), kind="variable")),
                {"strides": (1, 4), "dim_ordering": "tf"},
                note="one channel, and one value along the last axis of the result",
            ),
            Case(
                (In((2, 6, 3, 1), kind="unknown"), In((2, 2, 1, 2), kind="variable")),
                {"strides": (1, 4), "border_mode": "same", "dim_ordering": "tf"},
                note="the same with nothing known",
            ),
        ),
        checks(unknown_words),
    ),
    Op(
        "conv3d",
        conv3d,
        convolutions(
            X3,
            [K3],
            {},
            {"border_mode": "same"},
            {"strides": (2, 1, 2), "border_mode": "same"},
            {"strides": (1, 2, 1)},
            # the last window ends before the input does
            {"strides": (4, 3, 5), "border_mode": "same"},
            {"strides": (1, 6, 4), "border_mode": "same"},
        )
        + (
            Case(
                (In((2, 6, 2, 4, 1), kind="unknown"), In((1, 1, 2, 1, 2), kind="variable")),
                {"strides": (3, 1, 5), "border_mode": "same", "dim_ordering": "tf"},
                note="strides larger than the kernel, nothing known",
            ),
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
            *deconvolution((7, 6), (1, 1), "valid", filter_dilation=(2, 2)),
            *deconvolution((5, 8), (2, 2), "same", filter_dilation=(2, 1)),
            *deconvolution((10, 18), (4, 5), "same"),
            *deconvolution((13, 18), (5, 5), "valid"),
            Case(
                (In((2, 5, 1, 2)), In((2, 3, 2, 1), kind="variable"), (None, 6, 3, 1)),
                {"strides": (1, 2), "dim_ordering": "tf"},
                note="one channel comes out, of one value along the last axis",
            ),
        ),
        checks(batch_from_the_input, lengths_from_the_input),
        note="the batch entry of output_shape may be None, all may be tensors",
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
            X2,
            [DEPTHWISE],
            {},
            {"border_mode": "same"},
            {"strides": (2, 2), "border_mode": "same"},
            {"strides": (2, 2)},
            {"strides": (2, 1)},
            {"filter_dilation": (1, 2), "border_mode": "same"},
            {"strides": (2, 2), "filter_dilation": (2, 2)},
            {"strides": (3, 3), "border_mode": "same"},
            {"strides": (5, 5), "border_mode": "same"},
            {"strides": (4, 5), "border_mode": "same"},
        )
        + convolutions(X2, [SINGLE], {}, {"strides": (2, 2), "border_mode": "same"}, {"strides": (1, 2)}),
    ),
    Op(
        "separable_conv2d",
        separable_conv2d,
        convolutions(
            X2, [DEPTHWISE, POINTWISE], {}, {"strides": (2, 2), "border_mode": "same"}, {"filter_dilation": (2, 1), "border_mode": "same"}
        ),
    ),
]
