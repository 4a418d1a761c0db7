"""Convolutions and pooling: channels last for the kernels that need it, padding as the contract says."""

from __future__ import annotations

import math

from .. import settings
from ..deconvolution import check_deconvolution, spans_of
from .derivatives import gradient, passed, with_gradient
from .quiet import tf
from .tensors import as_tensor, as_tensors, dims

MODES = ("valid", "same", "full")


def _checked(what: str, border_mode: str, allowed=MODES) -> None:
    if border_mode not in allowed:
        raise ValueError(f"{what}: border_mode must be one of {', '.join(map(repr, allowed))}, got {border_mode!r}.")


def _last(x):
    return tf.transpose(x, [0, *range(2, x.shape.rank), 1])


def _first(x):
    return tf.transpose(x, [0, x.shape.rank - 1, *range(1, x.shape.rank - 1)])


def _kernel_from_th(kernel):
    return tf.transpose(kernel, [*range(2, kernel.shape.rank), 1, 0])


def _dilated(kernel, dilation):
    """``kernel`` with zeros between its values: TensorFlow's CPU gradients know no dilation."""
    for axis, d in enumerate(dilation):
        if d > 1:
            shape = kernel.shape.as_list()
            kernel = tf.expand_dims(kernel, axis + 1)
            kernel = tf.pad(kernel, [[0, d - 1] if a == axis + 1 else [0, 0] for a in range(len(shape) + 1)])
            shape[axis] *= d
            kernel = tf.reshape(kernel, shape)
            index = [slice(None)] * len(shape)
            index[axis] = slice(0, shape[axis] - d + 1)
            kernel = kernel[tuple(index)]
    return kernel


# Empty batches: oneDNN's convolutions give them the shape of their input, its gradient of maximum pooling ends the
# process, and the depthwise gradient of the kernel is never written.


def _reshaped(y, lengths, channels):
    """``y``, which has the spatial ``lengths`` and ``channels`` already unless the batch is empty. A reshape costs
    nothing; its shape comes from a placeholder, or TensorFlow would find it superfluous and drop it."""
    if dims(y)[0]:
        return y
    known = all(isinstance(n, int) and n > 0 for n in (*lengths, channels))
    # with lengths of 0 the batch can't be inferred
    shape = [-1 if known else tf.shape(y)[0], *lengths, channels]
    z = tf.reshape(y, tf.compat.v1.placeholder_with_default(shape, [len(shape)]))
    z.set_shape([dims(y)[0], *(n if isinstance(n, int) else None for n in shape[1:])])
    return z


def _gradient_reshaped(x):
    """``x``, whose gradient gets its shape as ``_reshaped`` does."""
    if dims(x)[0]:
        return x
    with with_gradient(Identity="OfItsShape"):
        return tf.identity(x)


@gradient("OfItsShape")
def _of_its_shape(op, dx):
    x = op.inputs[0]
    lengths = [tf.shape(x)[a] if dims(x)[a] is None else dims(x)[a] for a in range(1, x.shape.rank)]
    return _reshaped(dx, lengths[:-1], lengths[-1])


def _with_channels(what, x, channels):
    """``x`` (channels last) if it has as many channels as a kernel takes: with twice as many TensorFlow would compute
    a convolution by groups."""
    have = dims(x)[-1]
    if have is None:
        return tf.ensure_shape(x, [*[None] * (len(x.shape) - 1), channels]) if channels is not None else x
    if channels not in (None, have):
        raise ValueError(f"{what}: the kernel takes {channels} channels, but the input (channels last) has shape {tuple(x.shape)}.")
    return x


def _gradient_zero_if_empty(kernel, x):
    """``kernel``, whose gradient is 0 when the batch ``x`` is empty."""
    return kernel if dims(x)[0] else passed("ZeroIfEmpty", kernel, kernel, tf.shape(x)[0])


@gradient("ZeroIfEmpty")
def _zero_if_empty(op, dk, *_):
    return None, tf.where(op.inputs[2] > 0, dk, tf.zeros_like(dk)), None


@gradient("MaxPool")
def _of_max_pool(op, dy):
    with with_gradient(MaxPoolGrad="OfMaxPoolGrad"):
        return tf.raw_ops.MaxPoolGrad(
            orig_input=op.inputs[0], orig_output=op.outputs[0], grad=dy,
            **{name: op.get_attr(name) for name in ("ksize", "strides", "padding", "data_format")},
        )  # fmt: skip


@gradient("OfMaxPoolGrad")
def _of_max_pool_grad(op, ddx):
    """Second derivatives of maximum pooling: the elements at the maxima. TensorFlow's own MaxPoolGradGrad writes its
    result over its input where both have one shape, and reads zeros."""
    window = {name: op.get_attr(name) for name in ("ksize", "strides", "padding")}
    at = tf.raw_ops.MaxPoolWithArgmax(input=op.inputs[0], include_batch_in_index=True, **window)[1]
    return None, None, tf.gather(tf.reshape(ddx, [-1]), at)


def _max_pool2d_once(x, size, steps, border):
    with with_gradient(MaxPool="MaxPool"):
        return tf.nn.max_pool2d(x, size, steps, border)


def _max_pool(function):
    """A maximum pooling that sees a batch of one image of zeros in place of an empty batch. Gradients and all, it stays
    one pair of operations of the graph, for which oneDNN has kernels; in a branch of its own it would have none."""

    def pool(x, size, steps, border):
        if dims(x)[0]:
            return function(x, size, steps, border)
        filled = tf.shape(x)[0] > 0
        shape = x.shape
        some = tf.cond(filled, lambda: x, lambda: tf.zeros(tf.concat([[1], tf.shape(x)[1:]], 0), x.dtype))
        some.set_shape(shape)
        y = function(some, size, steps, border)
        result = tf.cond(filled, lambda: y, lambda: y[:0])
        result.set_shape(y.shape)
        return result

    return pool


_max_pool2d = _max_pool(_max_pool2d_once)
_max_pool3d = _max_pool(tf.nn.max_pool3d)


def _lengths(x, sizes, strides, border_mode):
    """The spatial lengths of a convolution's or pooling's result."""
    found = []
    for axis, (k, s) in enumerate(zip(sizes, strides), 1):
        n = dims(x)[axis] if dims(x)[axis] is not None else tf.shape(x)[axis]
        found.append((n + s - 1) // s if border_mode == "same" else (n - k) // s + 1)
    return found


def _same_padding(n, size, stride, count):
    """Zeros of 'same' before and after ``n`` values (an int or a tensor) for ``count`` windows."""
    needed = (count - 1) * stride + size - n
    total = max(needed, 0) if isinstance(needed, int) else tf.maximum(needed, 0)
    return total // 2, total - total // 2


def _padded_same(x, sizes, strides, lengths):
    """``x`` with the zeros of 'same'. Where a stride is larger than the kernel, the last window may end before the input
    does, and TensorFlow's 3-D kernels then begin at another place than the first value."""
    known = [tf.shape(x)[a] if dims(x)[a] is None else dims(x)[a] for a in range(1, x.shape.rank - 1)]
    return tf.pad(x, [[0, 0], *map(list, map(_same_padding, known, sizes, strides, lengths)), [0, 0]])


def _misread(x, channels, strides, last):
    """Whether oneDNN's convolution would read ``x`` wrongly, of one channel with strides such as (1, 2) that leave ``last``
    (None: unknown) = 1 value along the last axis. With a second channel, of zeros, it doesn't."""
    return channels == 1 and x.dtype == tf.float32 and strides[-2] == 1 < strides[-1] and last in (None, 1)


def _with_zeros(x, axis):
    """``x``, of length 1 along ``axis``, with zeros behind it. Not by tf.pad, which oneDNN takes into the convolution and
    whose channels it loses."""
    return tf.concat([x, tf.zeros_like(x)], axis)


def _pool3d_by_axes(pool2d):
    """3-D pooling as two 2-D ones: TensorFlow's CPU kernels of the former know float32 alone, and are wrong for strides
    larger than the window (see ``_padded_same``). Both maximum
    and average, whose divisor is a product over the axes too, can be taken one axis after the other, and the
    first position of a tie stays the first."""

    def pool(x, size, steps, border):
        depth, height, width = (tf.shape(x)[a] if dims(x)[a] is None else dims(x)[a] for a in (1, 2, 3))
        channels = tf.shape(x)[4] if dims(x)[4] is None else dims(x)[4]
        flat = pool2d(tf.reshape(x, [-1, height, width, channels]), size[1:], steps[1:], border)
        rows, columns = (tf.shape(flat)[1], tf.shape(flat)[2])
        by_depth = tf.reshape(flat, [-1, depth, rows * columns, channels])
        y = pool2d(by_depth, [size[0], 1], [steps[0], 1], border)
        return tf.reshape(y, [-1, tf.shape(y)[1], rows, columns, channels])

    return pool


class ConvolutionPrimitives:
    """conv2d, conv3d, deconv2d, deconv3d, depthwise_conv2d, pool2d and pool3d."""

    def conv2d(self, x, kernel, strides=(1, 1), border_mode="valid", dim_ordering="default", image_shape=None, filter_shape=None, filter_dilation=(1, 1)):  # fmt: skip
        return self._conv("conv2d", tf.nn.conv2d, x, kernel, strides, border_mode, dim_ordering, filter_dilation)

    def conv3d(self, x, kernel, strides=(1, 1, 1), border_mode="valid", dim_ordering="default", volume_shape=None, filter_shape=None, filter_dilation=(1, 1, 1)):  # fmt: skip
        return self._conv("conv3d", tf.nn.conv3d, x, kernel, strides, border_mode, dim_ordering, filter_dilation)

    def _conv(self, what, function, x, kernel, strides, border_mode, dim_ordering, dilation):
        _checked(what, border_mode)
        x, kernel = as_tensors(x, kernel)
        first = settings.resolve_dim_ordering(dim_ordering) == "th"
        if first:
            x, kernel = _last(x), _kernel_from_th(kernel)
        x = _with_channels(what, x, dims(kernel)[-2])
        kernel = _dilated(kernel, dilation)
        if border_mode == "full":
            widths = [k - 1 for k in kernel.shape.as_list()[:-2]]
            x = tf.pad(x, [[0, 0], *[[w, w] for w in widths], [0, 0]])
        strides = [int(s) for s in strides]
        padding = "SAME" if border_mode == "same" else "VALID"
        sizes = kernel.shape.as_list()[:-2]
        lengths = _lengths(x, sizes, strides, border_mode)
        if what == "conv3d" and padding == "SAME" and any(s > k for s, k in zip(strides, sizes)):
            x, padding = _padded_same(x, sizes, strides, lengths), "VALID"
        if _misread(x, dims(kernel)[-2], strides, lengths[-1] if isinstance(lengths[-1], int) else None):
            x, kernel = _with_zeros(x, -1), _with_zeros(kernel, -2)
        y = _reshaped(function(x, kernel, [1, *strides, 1], padding), lengths, dims(kernel)[-1])
        return _first(y) if first else y

    def deconv2d(self, x, kernel, output_shape, strides=(1, 1), border_mode="valid", dim_ordering="default", image_shape=None, filter_shape=None, filter_dilation=(1, 1)):  # fmt: skip
        return self._deconv(
            "deconv2d", tf.nn.conv2d_transpose, x, kernel, output_shape, strides, border_mode, dim_ordering, filter_dilation
        )

    def deconv3d(self, x, kernel, output_shape, strides=(1, 1, 1), border_mode="valid", dim_ordering="default", filter_dilation=(1, 1, 1)):  # fmt: skip
        return self._deconv(
            "deconv3d", tf.nn.conv3d_transpose, x, kernel, output_shape, strides, border_mode, dim_ordering, filter_dilation
        )

    def _deconv(self, what, function, x, kernel, output_shape, strides, border_mode, dim_ordering, dilation):
        _checked(what, border_mode)
        x, kernel = as_tensors(x, kernel)
        rank = x.shape.rank
        first = settings.resolve_dim_ordering(dim_ordering) == "th"
        size = [output_shape[i] for i in range(rank)]
        if first:
            x, kernel = _last(x), _kernel_from_th(kernel)
            size = [size[0], *size[2:], size[1]]
        *sizes, takes, gives = kernel.shape.as_list()
        spans = spans_of(sizes, dilation)
        check_deconvolution(what, x.shape.as_list(), takes, gives, spans, strides, border_mode, size)
        kernel = _dilated(kernel, dilation)
        static = [dims(x)[0], *(n if isinstance(n, int) else None for n in size[1:])]
        spatial, strides = size[1:-1], [int(s) for s in strides]
        # zeros that the convolution this transposes would have had, before and after: cut off afterwards
        cut = [(0, 0)] * len(spatial)
        spans = kernel.shape.as_list()[:-2]
        if border_mode == "full":
            cut = [(k - 1, k - 1) for k in spans]
        elif border_mode == "same" and what == "deconv3d":
            cut = [_same_padding(n, k, s, -(-n // s)) for n, k, s in zip(spatial, spans, strides)]
        padding = "SAME" if border_mode == "same" and what == "deconv2d" else "VALID"
        whole = [n + p + q for n, (p, q) in zip(spatial, cut)]
        # the gradient is a convolution of what comes out here
        widened = _misread(x, gives, strides, dims(x)[-2])
        kernel = _with_zeros(kernel, -1) if widened else kernel
        turned = tf.transpose(kernel, [*range(rank - 2), rank - 1, rank - 2])
        x = _gradient_reshaped(x)
        y = function(x, turned, tf.stack([tf.shape(x)[0], *whole, size[-1] + widened]), [1, *strides, 1], padding)
        if padding == "VALID":
            y = y[(slice(None), *(slice(p, p + n) for n, (p, _) in zip(spatial, cut)))]
        y = y[..., :1] if widened else y
        y.set_shape(static)
        return _first(y) if first else y

    def depthwise_conv2d(self, x, kernel, strides=(1, 1), border_mode="valid", dim_ordering="default", filter_dilation=(1, 1)):
        _checked("depthwise_conv2d", border_mode)
        x, kernel = as_tensors(x, kernel)
        first = settings.resolve_dim_ordering(dim_ordering) == "th"
        if first:
            x, kernel = _last(x), tf.transpose(kernel, [2, 3, 1, 0])
        x = _with_channels("depthwise_conv2d", x, dims(kernel)[2])
        kernel = _dilated(kernel, filter_dilation)
        if strides[0] == strides[1] and border_mode != "full":
            lengths = _lengths(x, kernel.shape.as_list()[:2], strides, border_mode)
            channels = math.prod(kernel.shape.as_list()[2:])
            steps = [1, *map(int, strides), 1]
            kernel = _gradient_zero_if_empty(kernel, x)
            y = _reshaped(tf.nn.depthwise_conv2d(x, kernel, steps, border_mode.upper()), lengths, channels)
        else:
            # TensorFlow's depthwise kernel has one stride for both axes
            parts = [
                self._conv(
                    "depthwise_conv2d",
                    tf.nn.conv2d,
                    x[..., c : c + 1],
                    kernel[:, :, c : c + 1],
                    strides,
                    border_mode,
                    "tf",
                    (1, 1),
                )
                for c in range(kernel.shape.as_list()[2])
            ]
            y = tf.concat(parts, -1)
        return _first(y) if first else y

    def pool2d(self, x, pool_size, strides=(1, 1), border_mode="valid", dim_ordering="default", pool_mode="max"):
        return self._pool("pool2d", (_max_pool2d, tf.nn.avg_pool2d), x, pool_size, strides, border_mode, dim_ordering, pool_mode)

    def pool3d(self, x, pool_size, strides=(1, 1, 1), border_mode="valid", dim_ordering="default", pool_mode="max"):
        return self._pool("pool3d", (_max_pool3d, tf.nn.avg_pool3d), x, pool_size, strides, border_mode, dim_ordering, pool_mode)

    def _pool(self, what, functions, x, pool_size, strides, border_mode, dim_ordering, pool_mode):
        _checked(what, border_mode, ("valid", "same"))
        if pool_mode not in ("max", "avg"):
            raise ValueError(f"pool_mode must be 'max' or 'avg', got {pool_mode!r}.")
        x = as_tensor(x)
        first = settings.resolve_dim_ordering(dim_ordering) == "th"
        x = _last(x) if first else x
        function, size, steps = functions[pool_mode == "avg"], [*map(int, pool_size)], [*map(int, strides)]
        if what == "pool3d" and (x.dtype != tf.float32 or (border_mode == "same" and any(s > k for s, k in zip(steps, size)))):
            function = _pool3d_by_axes(tf.nn.avg_pool2d if pool_mode == "avg" else _max_pool2d)
        y = function(x, size, steps, border_mode.upper())
        if what == "pool3d":
            y.set_shape([dims(x)[0], *(n if isinstance(n, int) else None for n in _lengths(x, size, steps, border_mode)), dims(x)[-1]])
        return _first(y) if first else y
