"""The layers that Keras 2 added, option by option, as the legacy package ``tf-keras`` builds, saves and trains them.

    python tests/keras2_layers.py FOLDER [NAME ...]

writes for each case NAME.h5 and NAME.npz (inputs, predictions, and predictions after a step of training), into tests/data/keras2_layers;
there they are read where there is no TensorFlow.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras2_recurrent
import numpy as np

#: name -> function of the module ``tf_keras`` that gives a model
CASES: dict[str, Callable[[Any], Any]] = {}
#: cases whose training draws numbers, or isn't Keras 1's: only predictions are compared
ONLY_PREDICTED: set[str] = set()


def case(build: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Register a case."""
    CASES[build.__name__] = build
    return build


@case
def activations(k):
    L = k.layers
    x = k.Input((6,))
    names = ("gelu", "swish", "selu", "exponential", "mish")
    layers = (L.ReLU(6.0), L.ReLU(1.0, negative_slope=0.2, threshold=0.1), L.Softmax(axis=1), L.Softmax(axis=[1]))
    return k.Model(x, [L.concatenate([L.Dense(2, activation=name)(x) for name in names]), *(layer(L.Dense(3)(x)) for layer in layers)])


@case
def normalizations(k):
    L = k.layers
    x = k.Input((4, 6))
    layers = (
        L.LayerNormalization(), L.LayerNormalization(axis=[1, 2], epsilon=0.1), L.LayerNormalization(axis=1, scale=False),
        L.LayerNormalization(center=False), L.GroupNormalization(3), L.GroupNormalization(-1), L.GroupNormalization(2, axis=1, epsilon=0.1),
        L.UnitNormalization(), L.UnitNormalization(axis=[1, 2]),
    )  # fmt: skip
    return k.Model(x, [layer(L.Dense(6)(x)) for layer in layers])


@case
def depthwise(k):
    L = k.layers
    x, y = k.Input((7, 6, 3)), k.Input((8, 3))
    images = (
        L.DepthwiseConv2D(3), L.DepthwiseConv2D((2, 3), strides=2, padding="same", depth_multiplier=2, activation="relu"),
        L.DepthwiseConv2D(2, dilation_rate=2, use_bias=False), L.DepthwiseConv2D(3, strides=(2, 2), padding="same", depthwise_regularizer="l2"),
    )  # fmt: skip
    series = (
        L.DepthwiseConv1D(3, padding="same"), L.DepthwiseConv1D(2, strides=2, depth_multiplier=2), L.SeparableConv1D(4, 3, activation="tanh"),
        L.SeparableConv1D(4, 2, padding="causal", dilation_rate=2, depth_multiplier=2), L.SeparableConv1D(2, 3, strides=2, padding="same"),
    )  # fmt: skip
    return k.Model([x, y], [layer(x) for layer in images] + [layer(y) for layer in series])


@case
def gru_reset_after(k):
    L = k.layers
    x = k.Input((5, 3))
    layers = (
        L.GRU(4), L.GRU(3, return_sequences=True, go_backwards=True), L.GRU(3, implementation=1, activation="relu"),
        L.GRU(2, use_bias=False), L.GRU(3, kernel_regularizer="l2", recurrent_regularizer="l1", unroll=True),
        L.Bidirectional(L.GRU(2, return_sequences=True)), L.TimeDistributed(L.Dense(2)),
    )  # fmt: skip
    return k.Model(x, [layer(x) for layer in layers])


@case
def recurrent_options(k):
    L = k.layers
    x = k.Input((5, 3))
    layers = (
        L.LSTM(3, use_bias=False), L.SimpleRNN(3, use_bias=False, kernel_constraint="non_neg"), L.LSTM(2, recurrent_constraint=k.constraints.MaxNorm(0.5)),
        L.GRU(2, reset_after=False, use_bias=False, bias_regularizer="l2"), L.LSTM(2, activity_regularizer=None, unit_forget_bias=False),
    )  # fmt: skip
    return k.Model(x, [layer(x) for layer in layers])


@case
def states_of_masked_sequences(k):
    L = k.layers
    x, y = k.Input((5, 3)), k.Input((4, 2))
    encoded, h, c = L.LSTM(3, return_state=True)(L.Masking()(x))
    decoded = L.LSTM(3, return_sequences=True)(y, initial_state=[h, c])
    sequence, state = L.GRU(3, return_sequences=True, return_state=True)(decoded, initial_state=h)
    both, *states = L.Bidirectional(L.LSTM(2, return_state=True, return_sequences=True))(L.Masking()(x))
    again = L.Bidirectional(L.LSTM(2))(y, initial_state=states)
    return k.Model([x, y], [encoded, decoded, sequence, state, both, again, *states])


@case
def time_major(k):
    L = k.layers
    x = k.Input((5, 3))
    steps = L.Permute((1, 2))(x)
    return k.Model(x, L.GRU(3, return_sequences=True, zero_output_for_mask=True)(L.Masking()(steps)))


@case
def masks_backwards(k):
    L = k.layers
    x = k.Input((5, 3))
    y = L.LSTM(2, return_sequences=True, go_backwards=True)(L.Masking()(x))
    return k.Model(x, [L.GRU(2)(y), L.SimpleRNN(2, go_backwards=True)(y)])


@case
def attention(k):
    L = k.layers
    q, v = k.Input((4, 3)), k.Input((5, 3))
    outputs = [
        L.Attention()([q, v]), L.Attention(use_scale=True, score_mode="concat")([q, v, v]), L.AdditiveAttention()([q, v]),
        L.Attention()([v, v], use_causal_mask=True), *L.AdditiveAttention(use_scale=False)([q, v], return_attention_scores=True),
    ]  # fmt: skip
    return k.Model([q, v], outputs)


@case
def heads(k):
    L = k.layers
    q, v = k.Input((4, 3)), k.Input((5, 2))
    outputs = [
        L.MultiHeadAttention(2, 3)(q, v), *L.MultiHeadAttention(2, 2, value_dim=3, use_bias=False)(q, v, v, return_attention_scores=True),
        L.MultiHeadAttention(2, 3, output_shape=5)(q, q, use_causal_mask=True),
        L.EinsumDense("abc,cde->abde", (None, 2, 3), bias_axes="de")(q), L.EinsumDense("...x,xy->...y", 4, activation="relu")(q),
    ]  # fmt: skip
    return k.Model([q, v], outputs)


@case
def masks_of_attention(k):
    L = k.layers
    x, allowed = k.Input((5, 3)), k.Input((5, 5), dtype="int32")
    y = L.Masking()(x)
    outputs = [
        L.Attention()([y, y]),
        L.AdditiveAttention()([x, y]),
        L.MultiHeadAttention(2, 2)(y, y),
        L.MultiHeadAttention(2, 2)(x, x, attention_mask=allowed),
    ]
    return k.Model([x, allowed], outputs)


@case
def pictures(k):
    L = k.layers
    x, y = k.Input((6, 8, 3)), k.Input((4,))
    adapted = L.Normalization()
    adapted.adapt(np.random.RandomState(3).normal(2, 3, (20, 4)))
    outputs = [
        L.Rescaling(1 / 127.5, offset=-1)(x), L.Rescaling([0.5, 1.0, 2.0], [0.0, 1.0, -1.0])(x), L.Resizing(4, 5)(x),
        L.Resizing(12, 9, interpolation="nearest")(x), L.Resizing(3, 3, crop_to_aspect_ratio=True)(x), L.Resizing(4, 5, "lanczos3")(x),
        L.CenterCrop(4, 5)(x), L.CenterCrop(8, 7)(x), L.Normalization(mean=[1.0, 2.0, 3.0], variance=[1.0, 4.0, 9.0])(x), adapted(y),
        L.Normalization(axis=None, mean=2.0, variance=4.0, invert=True)(y),
    ]  # fmt: skip
    return k.Model([x, y], outputs)


@case
def convolution_options(k):
    L = k.layers
    x, y, z = k.Input((8, 4)), k.Input((6, 5, 4)), k.Input((5, 4, 6, 2))
    outputs = [
        L.Conv1D(3, 3, padding="causal")(x), L.Conv1D(4, 2, padding="causal", dilation_rate=2)(x), L.Conv1D(4, 3, groups=2, strides=2)(x),
        L.Conv2D(6, 3, groups=2, padding="same")(y), L.Conv2D(4, (2, 3), groups=4, use_bias=False)(y),
        L.Conv2D(4, 2, groups=2, dilation_rate=2)(y), L.Conv3D(3, 2, dilation_rate=(2, 1, 2))(z), L.UpSampling2D((2, 3), interpolation="bilinear")(y),
        L.GlobalAveragePooling2D(keepdims=True)(y), L.GlobalMaxPooling1D(keepdims=True)(x),
    ]  # fmt: skip
    return k.Model([x, y, z], outputs)


@case
def mobile_net_2(k):
    return k.applications.MobileNetV2((32, 32, 3), alpha=0.1, weights=None, classes=5)


ONLY_PREDICTED |= {"mobile_net_2"}
CASES |= keras2_recurrent.CASES


def inputs(model, name: str) -> list[np.ndarray]:
    """Three samples for each input of a model of Keras 2."""
    draw = np.random.RandomState(sum(map(ord, name)))
    arrays = []
    for tensor in model.inputs:
        shape = (3, *(n or 5 for n in tensor.shape[1:]))
        if "int" in str(tensor.dtype):
            arrays.append(draw.randint(0, 2 if "mask" in name else 6, shape).astype("int32"))
            continue
        x = np.round(draw.normal(size=shape), 3).astype("float32")
        if "mask" in name and len(shape) > 2:
            x[1, shape[1] // 2 :], x[2, -1:] = 0, 0
            x[0, : int("start" in name)], x[0, :, shape[2] - int("over_time" in name) :] = 0, 0
        arrays.append(x)
    return arrays


def targets(results: list[np.ndarray]) -> list[np.ndarray]:
    draw = np.random.RandomState(7)
    return [np.round(draw.normal(size=y.shape), 3).astype("float32") for y in results]


def listed(value: Any) -> list:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def main(folder: str, *names: str) -> None:
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    import tf_keras as k

    for name in names or CASES:
        k.backend.clear_session()
        k.utils.set_random_seed(1)
        model = CASES[name](k)
        draw = np.random.RandomState(5)
        model.set_weights([w + draw.uniform(0.02, 0.2, w.shape) for w in model.get_weights()])
        model.save(Path(folder) / f"{name}.h5")
        x = inputs(model, name)
        before = listed(model.predict(x, verbose=0))
        arrays = {f"input/{i}": a for i, a in enumerate(x)} | {f"predicted/{i}": a for i, a in enumerate(before)}
        if name not in ONLY_PREDICTED and model.trainable_weights:
            model.compile(k.optimizers.SGD(0.1), "mse")
            model.train_on_batch(x, targets(before))
            arrays |= {f"trained/{i}": a for i, a in enumerate(listed(model.predict(x, verbose=0)))}
        np.savez_compressed(Path(folder) / f"{name}.npz", **arrays)


if __name__ == "__main__":
    main(*sys.argv[1:])
