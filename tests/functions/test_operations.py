"""Operations by the names of programs: values against NumPy on the backend in use, arguments, texts, and what data from files may ask for."""

import json

import numpy as np
import pytest

from kbridge import backend as K
from kbridge.errors import ModelFileError
from kbridge.operations import Builder, Graph, constant, knows, resolve, table

RNG = np.random.RandomState(3)
X = RNG.uniform(-2, 2, (2, 3, 4)).astype("float32")
Y = RNG.uniform(0.5, 2, (2, 3, 4)).astype("float32")
M = RNG.uniform(-1, 1, (2, 4, 5)).astype("float32")
I = np.array([[2, 0, 1], [1, 1, 2]], "int32")  # noqa: E741
P = RNG.uniform(0, 1, (2, 6, 4, 2)).astype("float32")
Q = RNG.dirichlet([1, 1, 1], 3).astype("float32")
T = RNG.dirichlet([2, 2, 2], (1, 2)).astype("float32")


def softmax(x, axis):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


#: (name, arguments, keywords, what NumPy gives)
CASES = {
    "arithmetic": [
        ("operator.add", (X, 1), {}, X + 1), ("operator.sub", (1.5, X), {}, 1.5 - X), ("tf.math.multiply", (X, Y), {}, X * Y),
        ("tf.math.truediv", (X, Y), {}, X / Y), ("tf.divide", (I, 2), {}, I / 2), ("operator.truediv", (1, Y), {}, 1 / Y),
        ("operator.floordiv", (Y, 0.3), {}, Y // 0.3), ("operator.mod", (I, 2), {}, I % 2), ("operator.mod", (Y, 0.7), {}, Y % np.float32(0.7)), ("operator.mul", (I, 0.5), {}, I * 0.5),
        ("np.power", (Y, 3), {}, Y**3), ("operator.pow", (Y, X), {}, Y**X), ("operator.pow", (2.0, X), {}, 2.0**X), ("operator.neg", (X,), {}, -X),
        ("operator.add", (X, Y[0]), {}, X + Y[0]), ("operator.sub", (X[0], Y), {}, X[0] - Y), ("operator.gt", (X, 0), {}, X > 0), ("operator.le", (X, Y), {}, X <= Y),
        ("operator.eq", (1, I), {}, I == 1), ("tf.logical_and", (X > 0, Y > 1), {}, (X > 0) & (Y > 1)), ("operator.invert", (X > 0,), {}, X <= 0),
        ("operator.mul", (X > 0, X), {}, (X > 0) * X), ("tf.math.divide_no_nan", (X, I[:, :, None]), {}, np.where(I[:, :, None] == 0, 0, X / np.maximum(I[:, :, None], 1))),
    ],
    "elementwise": [
        ("tf.abs", (X,), {}, abs(X)), ("tf.math.rsqrt", (Y,), {}, Y**-0.5), ("keras.ops.log10", (Y,), {}, np.log10(Y)), ("np.arctan2", (X, Y), {}, np.arctan2(X, Y)),
        ("tf.clip_by_value", (X, -1, 0.5), {}, X.clip(-1, 0.5)), ("np.clip", (X,), {"a_min": 0, "a_max": 1}, X.clip(0, 1)), ("keras.ops.clip", (X, -1.0, 1.0), {}, X.clip(-1, 1)),
        ("tf.maximum", (X, 0.0), {}, np.maximum(X, 0)), ("tf.minimum", (0, X), {}, np.minimum(X, 0)), ("tf.cast", (X, "int32"), {}, X.astype("int32")),
        ("tf.where", (X > 0, X, 0.0), {}, np.where(X > 0, X, 0)), ("keras.ops.where", (X > 0, X, Y), {}, np.where(X > 0, X, Y)), ("tf.sqrt", (I,), {}, np.sqrt(I)),
        ("keras.ops.logaddexp", (X, Y), {}, np.logaddexp(X, Y)), ("tf.math.squared_difference", (X, Y), {}, (X - Y) ** 2), ("np.trunc", (X,), {}, np.trunc(X)),
        ("np.sinc", (X,), {}, np.sinc(X)), ("keras.ops.isnan", (X,), {}, np.isnan(X)), ("keras.ops.isfinite", (X,), {}, np.isfinite(X)), ("tf.math.reciprocal", (Y,), {}, 1 / Y),
        ("tf.clip_by_norm", (X, 1.0, [2]), {}, X / np.maximum(np.sqrt((X * X).sum(2, keepdims=True)), 1)),
    ],
    "reductions": [
        ("tf.reduce_mean", (X,), {"axis": [1, 2]}, X.mean((1, 2))), ("tf.reduce_sum", (X, -1), {"keepdims": True}, X.sum(-1, keepdims=True)), ("np.sum", (X,), {}, X.sum()),
        ("tf.compat.v1.reduce_max", (X, 1), {"keep_dims": True}, X.max(1, keepdims=True)), ("keras.ops.amax", (X, 1), {}, X.max(1)), ("tf.math.reduce_std", (X, 1), {}, X.std(1)),
        ("tf.argmax", (X,), {"axis": -1}, X.argmax(-1)), ("tf.argmax", (X,), {}, X.argmax(0)), ("K.argmax", (X,), {}, X.argmax(-1)), ("tf.cumsum", (X, 1), {"exclusive": True}, X.cumsum(1) - X),
        ("tf.nn.l2_normalize", (X,), {"axis": -1}, X / np.sqrt((X * X).sum(-1, keepdims=True))), ("tf.norm", (X,), {"axis": 1}, np.linalg.norm(X, axis=1)),
        ("np.linalg.norm", (X,), {"ord": 1, "axis": -1}, abs(X).sum(-1)), ("keras.ops.mean", (I,), {"axis": 1}, I.mean(1)), ("tf.math.count_nonzero", (I,), {}, np.count_nonzero(I)),
        ("tf.reduce_any", (X > 1,), {"axis": 1}, (X > 1).any(1)), ("keras.ops.average", (X,), {"axis": 1, "weights": np.array([1.0, 2, 1])}, np.average(X, 1, [1, 2, 1])),
        ("keras.ops.normalize", (X,), {"order": 1}, X / abs(X).sum(-1, keepdims=True)), ("K.logsumexp", (X, 1), {}, np.log(np.exp(X).sum(1))),
    ],
    "shapes": [
        ("tf.reshape", (X, [-1, 12]), {}, X.reshape(-1, 12)), ("tensor.reshape", (X, -1, 2, 6), {}, X.reshape(-1, 2, 6)), ("tf.transpose", (X, [0, 2, 1]), {}, X.transpose(0, 2, 1)),
        ("keras.ops.swapaxes", (X, 1, -1), {}, X.swapaxes(1, 2)), ("keras.ops.moveaxis", (X, 2, 1), {}, np.moveaxis(X, 2, 1)), ("tf.expand_dims", (X, 1), {}, X[:, None]),
        ("tf.squeeze", (X[:, :1],), {"axis": [1]}, X[:, 0]), ("operator.getitem", (X, (slice(None), slice(1, None), 0)), {}, X[:, 1:, 0]),
        ("operator.getitem", (X, (Ellipsis, slice(None, None, -1), None)), {}, X[..., ::-1, None]), ("operator.getitem", (X, (slice(None), -1)), {}, X[:, -1]),
        ("operator.getitem", (X, (slice(None), [2, 0])), {}, X[:, [2, 0]]), ("operator.getitem", (X, (Ellipsis, [3, 1, 1])), {}, X[..., [3, 1, 1]]), ("tf.strided_slice", (X, [0, 1, 0], [0, 3, 2]), {"begin_mask": 1, "end_mask": 1, "shrink_axis_mask": 4}, X[:, 1:3, 0]),
        ("tf.slice", (X, [0, 1, 0], [-1, 2, 3]), {}, X[:, 1:3, :3]), ("tf.gather", (X, [3, 0]), {"axis": -1}, X[..., [3, 0]]), ("keras.ops.take", (X, I, 1), {}, X[:, I]),
        ("keras.ops.take_along_axis", (X[:, :, 0], I), {"axis": 1}, np.take_along_axis(X[:, :, 0], I, 1)), ("tf.gather", (X, I), {"batch_dims": 1}, X[np.arange(2)[:, None], I]), ("tf.concat", ([X, Y], 1), {}, np.concatenate([X, Y], 1)),
        ("tf.concat", (), {"values": [X, Y], "axis": -1}, np.concatenate([X, Y], -1)), ("tf.stack", ([X, Y],), {"axis": 1}, np.stack([X, Y], 1)), ("tf.tile", (X, [1, 2, 1]), {}, np.tile(X, [1, 2, 1])),
        ("np.repeat", (X, 2, 1), {}, X.repeat(2, 1)), ("np.flip", (X, -1), {}, X[..., ::-1]), ("np.roll", (X, -1, 1), {}, np.roll(X, -1, 1)),
        ("tf.pad", (X, [[0, 0], [1, 2], [0, 1]]), {}, np.pad(X, [[0, 0], [1, 2], [0, 1]])), ("tf.pad", (X, [[0, 0], [1, 1], [2, 0]], "REFLECT"), {}, np.pad(X, [[0, 0], [1, 1], [2, 0]], mode="reflect")),
        ("tf.pad", (X, [[0, 0], [1, 1], [2, 0]], "CONSTANT", 3.0), {}, np.pad(X, [[0, 0], [1, 1], [2, 0]], constant_values=3)), ("tf.one_hot", (I, 3), {}, np.eye(3)[I]),
        ("tf.one_hot", (I, 3, 2.0, -1.0, 1), {}, np.moveaxis(np.eye(3)[I] * 3 - 1, -1, 1)), ("keras.ops.zeros_like", (X,), {}, 0 * X), ("tf.linalg.matrix_transpose", (X,), {}, X.swapaxes(1, 2)),
        ("tf.sequence_mask", (I, 3), {}, np.arange(3) < I[..., None]), ("tf.broadcast_to", (X[:, :1], [2, 3, 4]), {}, np.broadcast_to(X[:, :1], (2, 3, 4))), ("keras.ops.full_like", (X, 2.0), {}, 0 * X + 2),
    ],
    "linalg": [
        ("tf.matmul", (X, M), {}, X @ M), ("operator.matmul", (X, M[0]), {}, X @ M[0]), ("tf.linalg.matmul", (X, Y), {"transpose_b": True}, X @ Y.swapaxes(1, 2)), ("tf.matmul", (X[:, None], M[:, None]), {}, X[:, None] @ M[:, None]),
        ("keras.ops.matmul", (X[:, None], M[:1]), {}, X[:, None] @ M[:1]), ("tf.einsum", ("abc,acd->abd", X, M), {}, X @ M), ("keras.ops.einsum", ("abc,abc,acd->ad", X, Y, M), {}, np.einsum("abc,abc,acd->ad", X, Y, M)),
        ("tf.tensordot", (X, M, [[2], [1]]), {}, np.tensordot(X, M, [[2], [1]])), ("np.dot", (X, M[1]), {}, X @ M[1]), ("K.batch_dot", (X, M), {"axes": [2, 1]}, X @ M), ("np.tril", (X,), {}, np.tril(X)),
        ("tf.linalg.band_part", (X, -1, 0), {}, np.tril(X)), ("np.cross", (X[..., :3], Y[..., :3]), {}, np.cross(X[..., :3], Y[..., :3])), ("tf.linalg.diag_part", (X[:, :, :3],), {}, np.einsum("aii->ai", X[..., :3])),
    ],
    "neural": [
        ("tf.nn.relu", (X,), {}, np.maximum(X, 0)), ("tf.nn.leaky_relu", (X,), {}, np.where(X > 0, X, 0.2 * X)), ("tf.nn.softmax", (X, 1), {}, softmax(X, 1)), ("keras.ops.softmax", (X,), {"axis": [1, 2]}, softmax(X, (1, 2))),
        ("K.relu", (X,), {"max_value": 1.0, "threshold": 0.5}, np.where(X >= 0.5, X.clip(None, 1), 0)), ("tf.nn.bias_add", (X, np.arange(4.0)), {}, X + np.arange(4)), ("tf.nn.silu", (X,), {}, X / (1 + np.exp(-X))),
        ("tf.nn.max_pool2d", (P, 2, 2, "VALID"), {}, P.reshape(2, 3, 2, 2, 2, 2).max((2, 4))), ("tf.nn.avg_pool", (P, [1, 2, 2, 1], [1, 2, 2, 1], "SAME"), {}, P.reshape(2, 3, 2, 2, 2, 2).mean((2, 4))),
        ("tf.nn.conv2d", (P, np.ones((1, 1, 2, 3)).tolist()), {"strides": [1, 1, 1, 1], "padding": "SAME"}, np.repeat(P.sum(-1, keepdims=True), 3, -1)), ("keras.ops.relu6", (5 * X,), {}, (5 * X).clip(0, 6)),
    ],
    "losses": [
        ("keras.losses.mse", (X, Y), {}, ((X - Y) ** 2).mean(-1)), ("keras.metrics.mean_absolute_error", (X, Y), {}, abs(X - Y).mean(-1)), ("keras.losses.msle", (Y, Y + 1), {}, (np.log((Y + 2) / (Y + 1)) ** 2).mean(-1)),
        ("keras.losses.sparse_categorical_crossentropy", (I[0], Q), {}, -np.log(Q[[0, 1, 2], I[0]])), ("K.sparse_categorical_crossentropy", (I[:1].T, Q), {}, -np.log(Q[[0, 1, 2], I[0]])),
        ("keras.losses.binary_crossentropy", (X > 0, X, True), {}, np.log1p(np.exp(-abs(X))).mean(-1)), ("tf.nn.sparse_softmax_cross_entropy_with_logits", (I[0], X[0]), {}, -np.log(softmax(X[0], -1)[[0, 1, 2], I[0]])),
        ("keras.losses.cosine_similarity", (X, Y, 1), {}, -(X * Y).sum(1) / np.sqrt((X**2).sum(1) * (Y**2).sum(1))), ("keras.metrics.sparse_categorical_accuracy", (I[0], Q), {}, Q.argmax(-1) == I[0]),
        ("K.ctc_batch_cost", (np.array([[1, 0]]), T, np.array([[2]]), np.array([[1]])), {}, [[-np.log(T[0, 0, 1] * T[0, 1, 1] + T[0, 0, 1] * T[0, 1, 2] + T[0, 0, 2] * T[0, 1, 1])]]),
    ],
    "kernels": [
        ("K.conv1d", (X, np.ones((2, 4, 1)).tolist(), 1, "causal"), {"dilation_rate": 2}, X.sum(-1, keepdims=True) + np.pad(X, [(0, 0), (2, 0), (0, 0)])[:, :3].sum(-1, keepdims=True)), ("K.pool2d", (P, (2, 1)), {"strides": (2, 1), "pool_mode": "avg"}, (P[:, ::2] + P[:, 1::2]) / 2),
        ("tf.nn.conv2d", (P.transpose(0, 3, 1, 2), np.ones((1, 1, 2, 3)).tolist(), 1, "VALID", "NCHW"), {}, np.repeat(P.sum(-1)[:, None], 3, 1)), ("tf.compat.v1.nn.conv1d", (X, np.ones((1, 4, 2)).tolist(), 1, "VALID"), {}, np.repeat(X.sum(-1, keepdims=True), 2, -1)),
        ("K.depthwise_conv2d", (P, [[[[2.0], [3.0]]]]), {}, P * [2, 3]), ("tf.nn.separable_conv2d", (P, [[[[2.0], [3.0]]]], [[[[1.0], [1.0]]]], [1, 1, 1, 1], "SAME"), {}, (P * [2, 3]).sum(-1, keepdims=True)),
    ],
    "running": [
        ("K.cumprod", (X, 1), {}, X.cumprod(1)), ("tf.math.cumprod", (X, 2), {"exclusive": True, "reverse": True}, np.concatenate([X[..., :0:-1].cumprod(2)[..., ::-1], np.ones((2, 3, 1))], 2)), ("np.median", (X,), {"axis": 1}, np.median(X, 1)), ("np.median", (X,), {"axis": -1}, np.median(X, -1)),
        ("np.quantile", (X, 0.3, 1), {}, np.quantile(X, 0.3, 1)), ("keras.ops.nanmean", (np.where(X > 1, np.nan, X), 1), {}, np.nanmean(np.where(X > 1, np.nan, X), 1)), ("np.ptp", (X, 2), {}, np.ptp(X, 2)), ("np.cbrt", (X,), {}, np.cbrt(X)), ("np.fmod", (X, 0.7), {}, np.fmod(X, np.float32(0.7))),
        ("np.fmax", (np.where(X > 1, np.nan, X), 0.0), {}, np.where(X > 1, 0, X.clip(0, None))), ("tf.gather_nd", (X, [[0, 2], [1, 1]]), {}, X[[0, 1], [2, 1]]), ("tf.gather_nd", (X, [[[0, 1]], [[2, 3]]]), {"batch_dims": 1}, X[[0, 1], [0, 2], [1, 3]][:, None]),
        ("tf.math.unsorted_segment_mean", (Q, np.array([2, 0, 2]), 4), {}, np.stack([Q[1], 0 * Q[1], (Q[0] + Q[2]) / 2, 0 * Q[1]])), ("tf.reverse_sequence", (X, np.array([2, 3]), 1), {}, np.stack([X[0, [1, 0, 2]], X[1, ::-1]])), ("tf.scalar_mul", (), {"scalar": 2.0, "x": X}, 2 * X),
        ("np.rot90", (P,), {"axes": (1, 2)}, np.rot90(P, axes=(1, 2))), ("keras.ops.kron", (Q, [[1.0, 2.0]]), {}, np.kron(Q, [[1, 2]])), ("keras.ops.multi_hot", (I, 4), {}, [[1, 1, 1, 0], [0, 1, 1, 0]]),
        ("tf.linalg.normalize", (X,), {"axis": 2}, X / np.sqrt((X * X).sum(2, keepdims=True))), ("tensor.clip", (X, 0.0, 1.0), {}, X.clip(0, 1)), ("K.print_tensor", (X, "x"), {}, X), ("keras.activations.sparse_plus", (X,), {}, np.where(X < -1, 0, np.where(X > 1, X, (X + 1) ** 2 / 4))),
    ],
    "comparing_images": [
        ("tf.image.total_variation", (P,), {}, abs(np.diff(P, axis=1)).sum((1, 2, 3)) + abs(np.diff(P, axis=2)).sum((1, 2, 3))), ("tf.image.psnr", (P, P / 2, 1.0), {}, -10 * np.log10((P * P / 4).mean((1, 2, 3)))), ("tf.image.ssim", (P, P, 1.0), {"filter_size": 3}, [1, 1]),
        ("tf.image.sobel_edges", (np.arange(25.0).reshape(1, 5, 5, 1)[:, ::-1],), {}, np.stack(np.broadcast_arrays(np.array([0, -40, -40, -40, 0.0])[:, None], np.array([0, 8, 8, 8, 0.0])), -1)[None, :, :, None]), ("tf.image.image_gradients", (P,), {}, np.pad(np.diff(P, axis=1), [(0, 0), (0, 1), (0, 0), (0, 0)])),
    ],
    "images": [
        ("tf.image.resize", (P, [3, 2], "area"), {}, P.reshape(2, 3, 2, 2, 2, 2).mean((2, 4))), ("tf.image.flip_left_right", (P,), {}, P[:, :, ::-1]), ("tf.image.resize_images", (P, [12, 4]), {"method": 1}, P.repeat(2, 1)),
        ("tf.image.resize_images", (P, (6, 8)), {}, np.concatenate([np.stack([P, (P + np.concatenate([P[:, :, 1:], P[:, :, -1:]], 2)) / 2], 3).reshape(2, 6, 8, 2)])), ("tf.image.rot90", (P,), {}, np.rot90(P, 1, (1, 2))), ("tf.image.rot90", (P, 3), {}, np.rot90(P, 3, (1, 2))),
        ("tf.image.crop_to_bounding_box", (P, 1, 0, 3, 2), {}, P[:, 1:4, :2]), ("tf.image.rgb_to_grayscale", (X[..., :3],), {}, (X[..., :3] * [0.2989, 0.587, 0.114]).sum(-1, keepdims=True)), ("tf.nn.space_to_depth", (P, 2), {}, P.reshape(2, 3, 2, 2, 2, 2).transpose(0, 1, 3, 2, 4, 5).reshape(2, 3, 2, 8)),
        ("tf.image.per_image_standardization", (P,), {}, (P - P.mean((1, 2, 3), keepdims=True)) / P.std((1, 2, 3), keepdims=True)),
    ],
}  # fmt: skip


def fed(value, found):
    """An argument with placeholders for arrays (small ones and lists stay), which go into ``found``."""
    if isinstance(value, np.ndarray) and value.ndim > 1:
        tensor = K.placeholder(shape=(None, *value.shape[1:]), dtype=value.dtype.name)
        found.append((tensor, value))
        return tensor
    if isinstance(value, (list, tuple)) and any(isinstance(v, np.ndarray) for v in value):
        return type(value)(fed(v, found) for v in value)
    return value


@pytest.mark.parametrize("family", CASES)
def test_operations_give_what_numpy_gives(family):
    found, results = [], []
    for name, args, kwargs, _ in CASES[family]:
        own, arguments = resolve(name, [fed(a, found) for a in args], {k: fed(v, found) for k, v in kwargs.items()})
        result = own.call(arguments)
        results.append(result[0] if isinstance(result, (list, tuple)) else result)
    values = K.function([t for t, _ in found], results)([v for _, v in found])
    for (name, *_, expected), value, result in zip(CASES[family], values, results):
        np.testing.assert_allclose(value, expected, rtol=2e-5, atol=2e-6, err_msg=name)
        assert len(K.int_shape(result)) == np.ndim(expected), name
        assert all(n in (None, m) for n, m in zip(K.int_shape(result), np.shape(expected))), name


def test_every_operation_is_described_and_its_names_are_found():
    for name, own in table().items():
        assert knows(name) and own.name == name
    assert (
        knows("tensorflow.compat.v1.math.add")
        and knows("keras.src.ops.numpy.ExpandDims")
        and knows("keras.src.backend.tensorflow.numpy.mean") is False
    )
    assert resolve("keras.src.ops.numpy.GetItem", ([1, 2], 0))[0].name == "getitem"
    assert (
        constant("tf.float32") == "float32"
        and constant("np.newaxis") is None
        and constant("tensorflow.image.ResizeMethod.BILINEAR") == "bilinear"
    )


@pytest.mark.parametrize(
    ("name", "args", "kwargs", "words"),
    [
        ("os.system", ("true",), {}, "'os.system' isn't known"),
        ("tf.reduce_sum", (1,), {"colour": 2}, "'colour'"),
        ("tf.reshape", (1,), {}, "'shape'"),
        ("np.sum", (1,), {"out": 3}, "out=3"),
        ("K.abs", (1, 2, 3), {}, "3 arguments"),
    ],
)
def test_unknown_names_and_arguments_are_named(name, args, kwargs, words):
    with pytest.raises(ModelFileError, match=words):
        resolve(name, args, kwargs)


def scaled():
    b = Builder(["x"])
    return b.graph(b.call("operator.sub", b.call("operator.truediv", b.inputs[0], b.call("operator.mul", 2, 63.75)), 1))


def distance():
    b = Builder(["x", "y"])
    total = b.call("K.sum", b.call("K.square", b.call("operator.sub", *b.inputs)), axis=1, keepdims=True)
    b.call("K.exp", b.inputs[0])
    return b.graph(b.call("K.sqrt", b.call("K.maximum", total, 1e-7)))


def sampled():
    b = Builder(["args"])
    mean, deviation = (b.call("operator.getitem", b.call("unpack", b.inputs[0], 2), i) for i in (0, 1))
    rows = b.call("operator.getitem", b.call("K.shape", mean), 0)
    noise = b.call("K.random_normal", shape=(rows, 2), mean=0.0, stddev=1.0)
    return b.graph(b.call("operator.add", mean, b.call("operator.mul", b.call("K.exp", b.call("operator.truediv", deviation, 2)), noise)))


def test_graphs_are_expressions():
    assert str(scaled()) == "x / 127.5 - 1"
    assert str(distance()) == "sqrt(maximum(sum(square(x - y), axis=1, keepdims=True), 1e-07))"
    assert str(sampled()) == "unpack(args, 2)[0] + exp(unpack(args, 2)[1] / 2) * random_normal((shape(unpack(args, 2)[0])[0], 2))"
    b = Builder(["x"])
    x = b.inputs[0]
    crop = b.call("operator.getitem", x, (slice(None), slice(60, -20), Ellipsis, None))
    product = b.call(
        "operator.mul", b.call("operator.sub", 1, b.call("operator.sub", crop, 2)), b.call("operator.pow", b.call("operator.neg", x), -2)
    )
    assert str(b.graph(product)) == "(1 - (x[:, 60:-20, ..., None] - 2)) * (-x) ** (-2)"


def test_graphs_are_computed_and_infer_shapes():
    graph = distance()
    assert [call.operation for call in graph.calls] == ["subtract", "square", "sum", "maximum", "sqrt"]
    tensors = [K.placeholder((None, 4)), K.placeholder((None, 4))]
    value = K.function(tensors, [graph.run(tensors)])([X[0], Y[0]])[0]
    np.testing.assert_allclose(value, np.sqrt(((X[0] - Y[0]) ** 2).sum(1, keepdims=True)), rtol=1e-5)
    assert graph.output_shapes([(None, 4), (None, 4)]) == (None, 1)
    assert sampled().random and not graph.random
    pair = [K.placeholder((None, 2)), K.placeholder((None, 2))]
    drawn = K.function(pair, [sampled().run([pair])])([X[0, :, :2], -99 * np.ones((3, 2))])[0]
    np.testing.assert_allclose(drawn, X[0, :, :2], rtol=1e-5)


@pytest.mark.parametrize("make", [scaled, distance, sampled])
def test_graphs_come_back_from_json(make):
    graph = make()
    again = Graph.from_json(json.loads(json.dumps(graph.to_json())))
    assert again == graph and str(again) == str(graph)


def test_all_kinds_of_arguments_come_back_from_json():
    b = Builder(["x"])
    big = np.arange(100, dtype="float32").reshape(10, 10)
    graph = b.graph([b.call("operator.getitem", b.inputs[0], (slice(1, None, 2), None, Ellipsis, -1)), b.call("operator.add", b.inputs[0], big),
                     b.call("tf.constant", [[1, 2], [3, 4]]), b.call("operator.mul", b.inputs[0], float("inf")), b.call("operator.add", b.inputs[0], np.array([True, False]))])  # fmt: skip
    again = Graph.from_json(json.loads(json.dumps(graph.to_json())))
    assert again == graph
    np.testing.assert_array_equal(again.calls[1].arguments["y"], big)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.update(calls=[["no_such", {}]]), "'no_such' isn't known"),
        (lambda d: d.update(calls=[["tf.abs", {"x": {"ref": 0}}]]), "'tf.abs' isn't known"),
        (lambda d: d["calls"][0][1].update(x={"ref": 5}), "value 5"),
        (lambda d: d["calls"][0][1].update(x={"ref": -1}), "value -1"),
        (lambda d: d["calls"][0][1].update(z=1), "'z'"),
        (lambda d: d.update(calls=d["calls"] * 3000), "6000 operations"),
        (lambda d: d["calls"][0][1].update(y=[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]), "nested"),
        (lambda d: d["calls"][0][1].update(y={"array": 1, "shape": [10**12], "dtype": "float32"}), "shape"),
        (lambda d: d["calls"][0][1].update(y={"bytes": "AAAA", "shape": [7], "dtype": "float32"}), "read"),
        (lambda d: d["calls"][0][1].update(y={"code": "AAAA"}), "isn't an argument"),
        (lambda d: d["calls"][0][1].update(y=2**70), "64 bits"),
        (lambda d: d["calls"][0][1].update(y="a" * 5000), "5000 characters"),
        (lambda d: d.update(result={"ref": 9}), "value 9"),
        (lambda d: d.pop("calls"), "lists"),
    ],
)
def test_what_a_file_may_not_ask_for(change, words):
    data = scaled().to_json()
    change(data)
    with pytest.raises(ModelFileError, match=words):
        Graph.from_json(data)


def test_results_too_large_and_operations_that_fail_are_named():
    b = Builder(["x"])
    graph = b.graph(b.call("tf.tile", b.inputs[0], [1, 5 * 10**7]))
    with pytest.raises(ModelFileError, match=r"'tile' returns shape .* the limit is"):
        graph.output_shapes([(None, 30)])
    b = Builder(["x"])
    with pytest.raises(ValueError, match="'concatenate' can't take"):
        b.graph(b.call("tf.concat", [b.inputs[0], 1.0], 7)).output_shapes([(None, 3)])
    with pytest.raises(ModelFileError, match="64 bits"):
        b.call("operator.pow", 10, 10**9)
    with pytest.raises(ModelFileError, match="1000 entries"):
        b.call("operator.mul", [0], 10**9)
