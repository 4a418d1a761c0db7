"""Functional models with functions of tensors among their layers, as tf.keras and Keras 3 build, save and train them.

    python tests/operation_cases.py FOLDER [NAME ...]

writes for each case NAME.h5 and NAME.npz as ``keras2_layers.py`` does, into tests/data/operations. ``nodes`` is made in TensorFlow 1's mode,
where tf.keras holds nodes of the graph; the cases of Keras 3 need that.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from keras2_layers import inputs, listed, targets

#: name -> function of (the module tf_keras, TensorFlow) that gives a model
CASES: dict[str, Callable[[Any, Any], Any]] = {}
#: name -> function of (Keras 3, its ops)
CASES3: dict[str, Callable[[Any, Any], Any]] = {}


def case(build):
    CASES[build.__name__] = build
    return build


def case3(build):
    CASES3[build.__name__] = build
    return build


@case
def arithmetic(k, tf):
    x, y = k.Input((4, 3)), k.Input((4, 3))
    d = k.layers.Dense(3)(x)
    floats = [
        d + 1, 2 - d, d * y, d / tf.constant([1.0, 2.0, 4.0]), 1.5 / (tf.abs(d) + 1), d // 0.5, d % 0.7, -d, d**2, tf.pow(tf.abs(d) + 0.5, y), abs(d),
        tf.math.add_n([d, y, d]), tf.math.squared_difference(d, y), tf.math.divide_no_nan(d, tf.nn.relu(y)), tf.maximum(d, 0.1), tf.minimum(d, y),
        tf.clip_by_value(d, -0.5, 0.5), tf.where(d > 0, d, y), tf.where(tf.logical_and(d > 0, tf.logical_not(y > 0)), 1.0, d),
        tf.exp(d), tf.math.log(tf.abs(d) + 1), tf.sqrt(tf.abs(d) + 1), tf.square(d), tf.math.rsqrt(tf.abs(d) + 1), tf.sin(d), tf.cos(d), tf.tanh(d),
        tf.math.log1p(tf.abs(d)), tf.math.expm1(d), tf.math.erf(d), tf.math.atan2(d, tf.abs(y) + 1), tf.math.reciprocal(tf.abs(d) + 1), k.backend.square(d),
    ]  # fmt: skip
    wholes = [
        tf.sign(d), tf.round(d), tf.floor(d), tf.math.ceil(d), tf.cast(d > y, "float32"), tf.cast(tf.not_equal(tf.round(d), 0.0), tf.float32),
        tf.cast(tf.cast(3 * d, "int32") + 2, "float32"), tf.stop_gradient(d) * 2,
    ]  # fmt: skip
    return k.Model([x, y], floats + wholes)


@case
def shapes(k, tf):
    x, y = k.Input((4, 6)), k.Input((4, 6))
    d = k.layers.Dense(6)(x)
    s = tf.shape(d)
    parts = tf.split(d, 3, axis=2)
    first, second = tf.unstack(d[:, :2], axis=1)
    outputs = [
        d[:, 1:, 0], d[:, -1], d[:, ::2, ::-1], d[..., None, 1:5], d[:, tf.newaxis], tf.concat([d, y], axis=1), tf.concat([d, y, d], -1), tf.stack([d, y], axis=1),
        tf.stack([first, second, first], -1), parts[0] + parts[2], tf.split(d, [1, 2, 3], -1)[1], tf.reshape(d, [-1, 24]), tf.reshape(d, (s[0], s[1] * 2, 3)),
        tf.reshape(d, (s[0], -1)), tf.reshape(d, tf.concat([s[:1], [8, 3]], 0)), tf.transpose(d, [0, 2, 1]), tf.expand_dims(d, 1), tf.squeeze(d[:, :1], axis=1), tf.squeeze(d[:, None, :1]),
        tf.tile(d, [1, 2, 1]), tf.repeat(d, 2, axis=1), tf.pad(d, [[0, 0], [1, 2], [0, 1]]), tf.pad(d, [[0, 0], [1, 1], [2, 0]], "REFLECT"),
        tf.pad(d, [[0, 0], [0, 1], [1, 0]], constant_values=2.0), tf.reverse(d, [1]), tf.roll(d, 1, 1), tf.gather(d, [0, 2, 2], axis=1), tf.one_hot(tf.argmax(d, axis=-1), 6) * d,
        tf.zeros_like(d) + y, tf.ones_like(d) * d, tf.slice(d, [0, 1, 2], [-1, 2, 3]), tf.broadcast_to(d[:, :1], s), k.backend.permute_dimensions(d, (0, 2, 1)), k.backend.concatenate([d, y]),
        k.backend.expand_dims(d), k.backend.repeat_elements(d, 2, 1), k.backend.batch_flatten(d), tf.cast(tf.shape(d)[1], "float32") * d,
        tf.fill(tf.shape(d), 2.0) * d, tf.math.top_k(d, 2)[0], tf.sort(d, axis=1),
    ]  # fmt: skip
    return k.Model([x, y], outputs)


@case
def reductions(k, tf):
    x, y, z = k.Input((4, 3)), k.Input((4, 3)), k.Input((3, 2))
    d = k.layers.Dense(3)(x)
    outputs = [
        tf.reduce_mean(d, axis=[1, 2])[:, None], tf.reduce_sum(d, -1, keepdims=True), tf.reduce_max(d, 1), tf.reduce_min(d, axis=1), tf.reduce_prod(d, 2), tf.reduce_logsumexp(d, axis=1),
        tf.math.reduce_std(d, 1), tf.math.reduce_variance(d, -1), tf.cumsum(d, axis=1), tf.cumsum(d, 1, exclusive=True, reverse=True), tf.nn.l2_normalize(d, axis=-1), tf.norm(d, axis=1),
        tf.cast(tf.reduce_any(d > 0.5, axis=1), "float32"), tf.cast(tf.argmin(d, 1), "float32"), k.backend.mean(d, axis=1, keepdims=True), k.backend.sum(d, axis=(1, 2))[:, None], k.backend.max(d, -1),
        k.backend.l2_normalize(d, axis=-1), k.backend.std(d, axis=1), tf.matmul(d, y, transpose_b=True), tf.matmul(d, z), tf.linalg.matmul(d[:, None], z[:, None]), tf.tensordot(d, tf.constant([[1.0, 2], [3, 4], [5, 6]]), [[2], [0]]),
        k.backend.batch_dot(d, z, axes=[2, 1]), k.backend.dot(d, tf.constant([[1.0], [2], [3]])), tf.linalg.band_part(tf.matmul(d, y, transpose_b=True), -1, 0), tf.nn.moments(d, [1])[1],
        tf.nn.relu(d), tf.nn.relu6(4 * d), tf.nn.leaky_relu(d), tf.nn.leaky_relu(d, alpha=0.1), tf.nn.elu(d), tf.nn.selu(d), tf.nn.gelu(d), tf.nn.silu(d), tf.nn.softplus(d), tf.nn.softsign(d), tf.nn.sigmoid(d), tf.nn.tanh(d),
        tf.nn.softmax(d), tf.nn.softmax(d, axis=1), tf.nn.log_softmax(d), k.activations.relu(d, alpha=0.1, max_value=1.0), k.backend.relu(d), k.backend.hard_sigmoid(d), k.activations.gelu(d), k.activations.softmax(d),
        tf.nn.bias_add(d, [1.0, 2.0, 3.0]), tf.nn.batch_normalization(d, tf.constant([0.1, 0.2, 0.3]), tf.constant([1.0, 2.0, 3.0]), None, None, 0.01),
    ]  # fmt: skip
    return k.Model([x, y, z], outputs)


@case
def pictures(k, tf):
    x = k.Input((6, 4, 3))
    y = x / 127.5 - 1.0
    y = k.layers.Conv2D(4, 3, padding="same")(y)
    small = k.layers.MaxPooling2D()(y)
    outputs = [
        tf.image.resize(y, (3, 8)), tf.image.resize(y, [12, 8], method="nearest"), tf.image.resize(small, tf.shape(y)[1:3]), tf.image.resize(x, (4, 3), "area"),
        tf.compat.v1.image.resize_bilinear(y, (9, 6)), tf.compat.v1.image.resize_bilinear(y, (11, 7), align_corners=True), tf.compat.v1.image.resize_nearest_neighbor(y, (9, 6)),
        tf.image.flip_left_right(y), tf.image.rgb_to_grayscale(y[..., :3]), tf.image.central_crop(y, 0.5), tf.image.per_image_standardization(y), tf.nn.depth_to_space(y, 2), tf.nn.space_to_depth(y, 2),
        tf.nn.max_pool2d(y, 2, 2, "SAME"), tf.nn.avg_pool2d(y, 3, 1, "SAME"), tf.nn.conv2d(y, tf.constant(np.arange(24.0).reshape(2, 3, 4, 1) / 24, tf.float32), 1, "SAME"),
        k.backend.resize_images(y, 2, 3, "channels_last"), tf.image.crop_to_bounding_box(y, 1, 0, 4, 3), k.applications.mobilenet_v2.preprocess_input(x), k.applications.resnet.preprocess_input(x),
    ]  # fmt: skip
    return k.Model(x, outputs)


@case
def attention_by_hand(k, tf):
    x = k.Input((5, 6))
    q, v = k.layers.Dense(6)(x), k.layers.Dense(6)(x)
    s = tf.shape(q)
    heads = tf.transpose(tf.reshape(q, (s[0], s[1], 2, 3)), [0, 2, 1, 3])
    values = tf.transpose(tf.reshape(v, (-1, 5, 2, 3)), [0, 2, 1, 3])
    scores = tf.matmul(heads, values, transpose_b=True) / tf.math.sqrt(tf.cast(tf.shape(heads)[-1], tf.float32))
    weights = tf.nn.softmax(scores + (1.0 - tf.linalg.band_part(tf.ones((5, 5)), -1, 0)) * -1e9, axis=-1)
    mixed = tf.reshape(tf.transpose(tf.matmul(weights, values), [0, 2, 1, 3]), (s[0], -1, 6))
    inner = k.Sequential([k.layers.Dense(4), k.layers.Dense(6)])
    y = k.layers.LayerNormalization()(inner(mixed) + x)
    return k.Model(x, [y, tf.reduce_mean(y, 1) * 2])


@case
def losses(k, tf):
    x, y = k.Input((4,)), k.Input((4,))
    p, q = k.layers.Dense(4, "softmax")(x), k.layers.Dense(4, "sigmoid")(x)
    d = k.layers.Dense(4)(x)
    labels = tf.argmax(y, -1)
    right, yes = tf.one_hot(labels, 4), tf.cast(y > 0, "float32")
    loss, metric = k.losses, k.metrics
    outputs = [
        loss.mean_squared_error(y, d), loss.mae(y, d), loss.mean_absolute_percentage_error(y, d), loss.mean_squared_logarithmic_error(q, p), loss.kl_divergence(right, p), loss.poisson(q, p), loss.huber(y, d, 0.5),
        loss.log_cosh(y, d), loss.hinge(yes, d), loss.squared_hinge(yes, d), loss.categorical_hinge(right, d), loss.binary_crossentropy(yes, q), loss.binary_crossentropy(yes, d, from_logits=True, label_smoothing=0.1),
        loss.categorical_crossentropy(right, p), loss.categorical_crossentropy(right, d, True, 0.1),  loss.binary_focal_crossentropy(yes, q, gamma=1.5), loss.categorical_focal_crossentropy(right, p),
        loss.cosine_similarity(y, d), metric.binary_accuracy(yes, q), metric.categorical_accuracy(right, p), metric.sparse_categorical_accuracy(labels, p), metric.top_k_categorical_accuracy(right, p, 2), k.backend.binary_focal_crossentropy(yes, q, True, 0.3),  tf.nn.softmax_cross_entropy_with_logits(right, d), tf.nn.sparse_softmax_cross_entropy_with_logits(labels, d), tf.nn.weighted_cross_entropy_with_logits(yes, d, 2.5),
    ]  # fmt: skip
    return k.Model([x, y], [o if len(o.shape) > 1 else o[:, None] for o in outputs])


@case
def colors(k, tf):
    x, y = k.Input((6, 8, 3)), k.Input((6, 8, 3))
    p, q = (0.1 + 0.8 * k.layers.Conv2D(3, n, padding="same", activation="sigmoid")(0.1 * t) for n, t in ((3, x), (1, y)))
    kernel = tf.constant(np.arange(54.0).reshape(3, 3, 3, 2) / 54, tf.float32)
    one, image = lambda t: t[:, None], tf.image
    outputs = [
        image.rgb_to_yiq(p), image.yiq_to_rgb(p), image.rgb_to_yuv(p), image.yuv_to_rgb(p), image.rgb_to_hsv(p), image.hsv_to_rgb(p), image.adjust_hue(tf.stop_gradient(p), 0.2), image.adjust_saturation(tf.stop_gradient(p), 1.3), image.adjust_gamma(p, 2.2),
        0.01 * one(image.total_variation(p)),   0.01 * one(image.psnr(p, q, 1.0)), image.pad_to_bounding_box(p, 1, 2, 9, 12), image.adjust_contrast(tf.stop_gradient(p), 1.5),
        tf.nn.depthwise_conv2d(p, kernel, [1, 1, 1, 1], "SAME"), tf.nn.separable_conv2d(p, kernel, tf.ones((1, 1, 6, 2)), [1, 1, 1, 1], "VALID"), tf.nn.convolution(p, kernel, padding="VALID"), tf.nn.pool(p, [2, 2], "AVG", [2, 2], "SAME"),
        k.backend.depthwise_conv2d(p, kernel, (2, 2), "same"), k.backend.conv2d(p, kernel, padding="same"),
    ]  # fmt: skip
    return k.Model([x, y], [0.05 * o for o in outputs])  # colors near grey turn fast


@case
def running(k, tf):
    x, y = k.Input((4, 3)), k.Input((4, 3))
    d = k.layers.Dense(3)(x)
    steps = tf.reshape(tf.argmax(y, -1), (-1, 4, 1)) % 4
    outputs = [
        tf.math.cumprod(d, 1), tf.math.cumprod(d, 2, exclusive=True, reverse=True), k.backend.cumprod(d, -1), tf.math.cumulative_logsumexp(d, 1), tf.math.reduce_euclidean_norm(d, 1), tf.linalg.normalize(d, axis=-1)[0], tf.gather_nd(d, steps, batch_dims=1),
        tf.reverse_sequence(d, tf.argmax(y, -1)[:, 0] + 1, seq_axis=1), tf.linalg.adjoint(d), tf.nn.crelu(d), tf.truncatemod(tf.stop_gradient(d), tf.abs(y) + 0.5), tf.math.xlog1py(d, tf.abs(y)), tf.math.reciprocal_no_nan(tf.abs(d) + 1), tf.math.xdivy(d, tf.abs(y) + 0.5),
        k.activations.tanh(d), k.activations.exponential(d), tf.math.unsorted_segment_sum(tf.ones((5, 3)), tf.constant([0, 2, 2, 1, 0]), 4)[None] * d, d[:, ::-1, ::2],
    ]  # fmt: skip
    return k.Model([x, y], outputs)


@case
def nodes(k, tf):
    x, y = k.Input((4, 3)), k.Input((4, 3))
    picture = k.Input((4, 6, 2))
    d = k.layers.Dense(3)(x)
    s = tf.shape(d)
    outputs = [
        d + 1, 2 - d, d * y, d / tf.constant([1.0, 2.0, 4.0]), d[:, 1:, 0], d[:, -1], d[..., None], tf.concat([d, y], axis=1), tf.reduce_mean(d, axis=[1, 2])[:, None], tf.nn.relu(d), tf.matmul(d, y, transpose_b=True),
        tf.where(d > 0, d, y), tf.cast(d > 0, tf.float32), tf.clip_by_value(d, -1.0, 1.0), tf.transpose(d, [0, 2, 1]), tf.reshape(d, [-1, 12]), tf.stack([d, y], axis=1), tf.split(d, 3, axis=2)[1],
        tf.split(d, [1, 2], -1)[1], tf.reshape(d, (s[0], 6, 2)), tf.image.resize(picture, (2, 3)), tf.image.resize(picture, (8, 9), method="nearest"), tf.compat.v1.image.resize_bilinear(picture, (7, 9)), tf.nn.leaky_relu(d, 0.3), tf.nn.softmax(d),
        tf.pad(d, [[0, 0], [1, 1], [0, 0]]), tf.pad(d, [[0, 0], [1, 1], [0, 0]], "SYMMETRIC"), tf.tile(d, [1, 2, 1]), tf.expand_dims(d, 1), tf.squeeze(d[:, :1], 1), tf.one_hot(tf.argmax(d, -1), 3), tf.gather(d, [0, 2], axis=1),
        tf.nn.l2_normalize(d, axis=-1), tf.exp(d), tf.square(d), tf.abs(d), tf.sigmoid(d), tf.tanh(d), tf.math.add_n([d, y]), tf.nn.max_pool2d(picture, 2, 2, "VALID"), tf.einsum("abc,adc->abd", d, y), tf.reverse(d, [1]),
        tf.reduce_sum(d, 1, keepdims=True), tf.unstack(d, axis=1)[2], tf.pow(tf.abs(d), 1.5), tf.cumsum(d, 1), tf.nn.depth_to_space(tf.concat([picture, picture], -1), 2), k.backend.mean(d, axis=1), tf.maximum(d, y), tf.nn.elu(d),
    ]  # fmt: skip
    return k.Model([x, y, picture], outputs)


@case3
def keras3_arithmetic(k, ops):
    x, y = k.Input((4, 3)), k.Input((4, 3))
    d = k.layers.Dense(3)(x)
    outputs = [
        d + 1, 2 - d, d * y, d / np.array([1.0, 2.0, 4.0], "float32"), d // 0.5, d % 0.7, -d, d**2, abs(d), 1.5 / (ops.abs(d) + 1), ops.maximum(d, 0.1), ops.minimum(d, y), ops.clip(d, -0.5, 0.5), ops.where(d > 0, d, y),
        ops.where(ops.logical_and(d > 0, ops.logical_not(y > 0)), 1.0, d), ops.exp(d), ops.log(ops.abs(d) + 1), ops.sqrt(ops.abs(d)), ops.square(d), ops.rsqrt(ops.abs(d) + 1), ops.sin(d), ops.tanh(d), ops.log1p(ops.abs(d)), ops.erf(d),
        ops.arctan2(d, ops.abs(y) + 1), ops.sign(d), ops.round(d), ops.floor(d), ops.cast(d > y, "float32"), ops.cast(ops.not_equal(ops.round(d), 0.0), "float32"), ops.logaddexp(d, y), ops.power(ops.abs(d) + 0.5, y), ops.reciprocal(ops.abs(d) + 1), ops.stop_gradient(d) * 2,
        ops.relu(d), ops.relu6(4 * d), ops.leaky_relu(d), ops.leaky_relu(d, 0.1), ops.elu(d), ops.selu(d), ops.gelu(d), ops.gelu(d, approximate=False), ops.silu(d), ops.softplus(d), ops.softsign(d), ops.sigmoid(d), ops.hard_sigmoid(d), ops.softmax(d), ops.softmax(d, axis=1),
        ops.log_softmax(d), ops.hard_silu(d), ops.celu(d, 0.5), ops.glu(ops.concatenate([d, y], -1)), ops.log_sigmoid(d), ops.hard_tanh(d), ops.squareplus(d), ops.soft_shrink(d), ops.threshold(d, 0.1, 2.0),
    ]  # fmt: skip
    return k.Model([x, y], outputs)


@case3
def keras3_shapes(k, ops):
    x, y, p = k.Input((4, 6)), k.Input((4, 6)), k.Input((6, 4, 3))
    d = k.layers.Dense(6)(x)
    parts = ops.split(d, 3, axis=2)
    outputs = [
        d[:, 1:, 0], d[:, -1], d[:, ::2], d[..., None, 1:5], ops.concatenate([d, y], axis=1), ops.concatenate([d, y, d], -1), ops.stack([d, y], axis=1), parts[0] + parts[2], ops.split(d, [1, 3], -1)[1], ops.unstack(d, axis=1)[1], ops.reshape(d, (-1, 24)),
        ops.transpose(d, (0, 2, 1)), ops.swapaxes(d, 1, 2), ops.moveaxis(d, 1, 2), ops.expand_dims(d, 1), ops.squeeze(d[:, :1], axis=1), ops.tile(d, (1, 2, 1)), ops.repeat(d, 2, axis=1), ops.pad(d, ((0, 0), (1, 2), (0, 1))), ops.pad(d, ((0, 0), (1, 1), (2, 0)), mode="reflect"),
        ops.pad(d, ((0, 0), (0, 1), (1, 0)), constant_values=2.0), ops.flip(d, 1), ops.roll(d, 1, 1), ops.take(d, [0, 2, 2], axis=1), ops.one_hot(ops.argmax(d, axis=-1), 6) * d, ops.zeros_like(d) + y, ops.slice(d, (0, 1, 2), (3, 2, 3)),
        ops.mean(d, axis=(1, 2))[:, None], ops.sum(d, -1, keepdims=True), ops.max(d, 1), ops.min(d, axis=1), ops.prod(d, 2), ops.logsumexp(d, axis=1), ops.std(d, 1), ops.var(d, -1), ops.cumsum(d, axis=1), ops.normalize(d, axis=-1), ops.norm(d, axis=1), ops.average(d, axis=1),
        ops.matmul(d, ops.transpose(y, (0, 2, 1))), ops.einsum("abc,adc->abd", d, y), ops.tensordot(d, np.ones((6, 2), "float32"), 1), ops.dot(d, np.ones((6, 2), "float32")), ops.tril(d), ops.top_k(d, 2)[0], ops.sort(d, axis=1), ops.take_along_axis(d, ops.argsort(d, axis=1), axis=1),
        ops.image.resize(p, (3, 8)), ops.image.resize(p, (12, 8), interpolation="nearest"), ops.image.rgb_to_grayscale(p), ops.max_pool(p, 2, 2), ops.average_pool(p, (2, 2), 1, padding="same"), ops.conv(p, np.ones((2, 2, 3, 2), "float32"), 1, "same"), ops.cast(ops.shape(d)[1], "float32") * d,
        ops.moments(d, [1])[1], ops.cast(ops.count_nonzero(d, axis=1), "float32"), ops.cast(ops.any(d > 0.5, axis=1), "float32"), ops.full_like(d, 2.0) * d,
    ]  # fmt: skip
    return k.Model([x, y, p], outputs)


@case3
def keras3_sharing(k, ops):
    x = k.Input((5, 6))
    inner_x = k.Input((5, 6))
    inner = k.Model(inner_x, ops.softmax(k.layers.Dense(6)(inner_x) * 0.5 + inner_x, axis=1), name="inner")
    y = inner(inner(x))
    heads = ops.transpose(ops.reshape(y, (-1, 5, 2, 3)), (0, 2, 1, 3))
    scores = ops.matmul(heads, ops.swapaxes(heads, -1, -2)) / np.float32(3**0.5)
    return k.Model(x, [ops.reshape(scores, (-1, 50)), k.layers.LayerNormalization()(y + x)])


def record(folder: Path, name: str, model: Any, keras: Any) -> None:
    draw = np.random.RandomState(5)
    model.set_weights([w + draw.uniform(0.02, 0.2, w.shape) for w in model.get_weights()])
    model.save(folder / f"{name}.h5")
    x = inputs(model, name)
    before = listed(model.predict(x, verbose=0))
    arrays = {f"input/{i}": a for i, a in enumerate(x)} | {f"predicted/{i}": a for i, a in enumerate(before)}
    if model.trainable_weights:
        optimizers = keras.optimizers.legacy if name == "nodes" else keras.optimizers
        model.compile(optimizers.SGD(0.1), "mse")
        model.train_on_batch(x, targets(before))
        arrays |= {f"trained/{i}": a for i, a in enumerate(listed(model.predict(x, verbose=0)))}
    np.savez_compressed(folder / f"{name}.npz", **arrays)


def main(folder: str, *names: str) -> None:
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    if len(names) != 1:
        for name in names or (*CASES, *CASES3):
            subprocess.run([sys.executable, __file__, folder, name], check=True)
        return
    import tensorflow as tf

    if names[0] == "nodes":
        tf.compat.v1.disable_v2_behavior()
    if names[0] in CASES3:
        import keras

        keras.utils.set_random_seed(1)
        record(Path(folder), names[0], CASES3[names[0]](keras, keras.ops), keras)
        return
    import tf_keras as k

    if names[0] != "nodes":
        k.utils.set_random_seed(1)
    record(Path(folder), names[0], CASES[names[0]](k, tf), k)


if __name__ == "__main__":
    main(*sys.argv[1:])
