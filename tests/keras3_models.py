"""Models that Keras 3 (the package ``keras``) and tf.keras (``tf-keras``) save, with what they predict, and after training on.

    python tests/keras3_models.py FOLDER [NAME ...]

writes NAME.keras, some NAME.h5 and NAME.weights.h5, and NAME.npz (inputs, predictions) into FOLDER: tests/data/keras3. There they are read
where there is no Keras.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras2_recurrent
import numpy as np

#: name -> function of the module ``keras`` that gives a model
CASES: dict[str, Callable[[Any], Any]] = {}
#: cases that tf.keras writes into an archive of Keras 3's kind
OF_TF_KERAS = ("tf_keras_archive", "of_16_bits_tf_keras", "layers_of_two_models_tf_keras")
#: cases that are trained before they are saved, and on after it
TRAINED = ("layers_of_two_models", "layers_of_two_models_tf_keras")
#: cases that are written as Keras 3's .h5 file too, and their weights alone
ALSO_H5 = (
    "dense_layers", "sequences", "masks", "nested_models", "language", "depthwise_images", "heads_of_8_bits", "of_16_bits", "of_16_bits_tf_keras",
)  # fmt: skip
ALSO_WEIGHTS = ("nested_models", "language", "stacks", "layers_of_two_models")
#: optimizer -> how it is made
OPTIMIZERS: dict[str, Callable[[Any], Any]] = {
    "sgd": lambda k: k.optimizers.SGD(0.05),
    "sgd_nesterov": lambda k: k.optimizers.SGD(0.05, momentum=0.8, nesterov=True),
    "rmsprop": lambda k: k.optimizers.RMSprop(0.01),
    "adagrad": lambda k: k.optimizers.Adagrad(0.05),
    "adadelta": lambda k: k.optimizers.Adadelta(0.5),
    "adam": lambda k: k.optimizers.Adam(0.01),
    "adamax": lambda k: k.optimizers.Adamax(0.01),
}


def case(build: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Register a case."""
    CASES[build.__name__] = build
    return build


@case
def dense_layers(k):
    L = k.layers
    x = k.Input((6,), name="x")
    names = ("hard_sigmoid", "gelu", "silu", "hard_silu", "leaky_relu", "mish", "log_softmax", "softsign", "celu")
    layers = (
        L.LeakyReLU(negative_slope=0.1), L.ELU(0.5), L.ReLU(6.0, 0.1, 0.2), L.PReLU(), L.Softmax(), L.BatchNormalization(), L.LayerNormalization(),
        L.GroupNormalization(2), L.UnitNormalization(), L.RMSNormalization(), L.Rescaling(0.5, 1.0), L.Dropout(0.2), L.GaussianNoise(0.1),
        L.Normalization(mean=[0.1] * 6, variance=[2.0] * 6),
    )  # fmt: skip
    penal = L.Dense(6, kernel_regularizer="l2", bias_constraint="non_neg", kernel_constraint=k.constraints.MaxNorm(2.0))(x)
    shapes = L.Flatten()(L.Permute((2, 1))(L.Reshape((2, 3))(L.RepeatVector(1)(x))))
    return k.Model(x, [L.concatenate([L.Dense(2, activation=name)(x) for name in names]), *(layer(penal) for layer in layers), shapes])


@case
def sequences(k):
    L = k.layers
    x = k.Input((7, 4), name="x")
    recurrent = (
        L.SimpleRNN(3), L.LSTM(3), L.GRU(3), L.GRU(2, reset_after=False), L.LSTM(2, return_sequences=True, go_backwards=True),
        L.LSTM(2, recurrent_activation="hard_sigmoid", use_bias=False), L.Bidirectional(L.GRU(2, return_sequences=True), merge_mode="sum"),
        L.Bidirectional(L.LSTM(2)), L.TimeDistributed(L.Dense(3)),
        L.TimeDistributed(k.Sequential([k.Input((4,)), L.Dense(2), L.BatchNormalization()])),
    )  # fmt: skip
    series = (
        L.Conv1D(3, 2, padding="causal", dilation_rate=2), L.Conv1D(4, 3, groups=2, strides=2, padding="same"), L.SeparableConv1D(3, 2),
        L.DepthwiseConv1D(2), L.MaxPooling1D(3, 2, "same"), L.AveragePooling1D(2), L.GlobalMaxPooling1D(), L.ZeroPadding1D((1, 2)),
        L.Cropping1D((1, 2)), L.UpSampling1D(3), L.SpatialDropout1D(0.2),
    )  # fmt: skip
    return k.Model(x, [layer(x) for layer in (*recurrent, *series)])


@case
def depthwise_images(k):
    L = k.layers
    x = k.Input((7, 8, 4), name="x")
    layers = (
        L.Conv2D(3, (2, 3), strides=2, padding="same"), L.Conv2D(3, 2, dilation_rate=2), L.Conv2D(4, 3, groups=2),
        L.Conv2DTranspose(3, 3, strides=2, padding="same"), L.SeparableConv2D(3, 2), L.DepthwiseConv2D(3, depth_multiplier=2),
        L.MaxPooling2D(), L.AveragePooling2D(2, padding="same"), L.GlobalAveragePooling2D(keepdims=True), L.ZeroPadding2D(((1, 2), (0, 1))),
        L.Cropping2D(1), L.UpSampling2D(2, interpolation="bilinear"), L.Resizing(5, 4), L.CenterCrop(3, 3), L.BatchNormalization(axis=1),
        L.PReLU(shared_axes=[1, 2]), L.SpatialDropout2D(0.3),
    )  # fmt: skip
    return k.Model(x, [layer(x) for layer in layers])


@case
def volumes(k):
    L = k.layers
    x = k.Input((4, 5, 6, 2), name="x")
    layers = (
        L.Conv3D(2, 2), L.MaxPooling3D(), L.ZeroPadding3D(), L.Cropping3D(), L.GlobalAveragePooling3D(), L.TimeDistributed(L.Conv2D(2, 2)),
        L.ConvLSTM2D(2, 3, padding="same", return_sequences=True), L.ConvLSTM2D(2, 2),
    )  # fmt: skip
    return k.Model(x, [layer(x) for layer in layers])


@case
def merges(k):
    L = k.layers
    a, b = k.Input((4,), name="a"), k.Input((4,), name="b")
    layers = (
        L.Add(), L.Subtract(), L.Multiply(), L.Average(), L.Maximum(), L.Minimum(), L.Concatenate(), L.Dot(1), L.Dot(1, normalize=True),
    )  # fmt: skip
    return k.Model([a, b], [layer([a, b]) for layer in layers])


@case
def attention(k):
    L = k.layers
    x, y = k.Input((5, 4), name="x"), k.Input((6, 4), name="y")
    heads = L.MultiHeadAttention(2, 3)(x, y)
    causal = L.MultiHeadAttention(2, 3, value_dim=2, output_shape=5)(query=x, value=y, key=y, use_causal_mask=True)
    groups = L.GroupQueryAttention(4, 2, 1)(x, y)
    return k.Model(
        [x, y],
        [
            heads,
            causal,
            groups,
            L.Attention(use_scale=True)([x, y]),
            L.AdditiveAttention()([x, y]),
            L.EinsumDense("abc,cd->abd", (None, 2), bias_axes="d")(x),
        ],
    )


@case
def masks(k):
    L = k.layers
    words, x = k.Input((5,), name="words"), k.Input((5, 3), name="x")
    one, two = L.Embedding(6, 3, mask_zero=True)(words), L.Embedding(6, 3, mask_zero=True)(words)
    outputs = [
        L.LSTM(2)(one), L.GRU(2, return_sequences=True)(L.Dropout(0.1)(one)), L.Bidirectional(L.LSTM(2, return_sequences=True))(one),
        L.LSTM(2)(L.Add()([one, two])), L.LSTM(2)(L.Concatenate()([one, two])), L.LSTM(2)(L.TimeDistributed(L.Dense(3))(one)),
        L.GlobalAveragePooling1D()(one), L.LSTM(2)(L.Conv1D(3, 2)(one)), L.MultiHeadAttention(2, 2)(one, one), L.Attention()([one, two]),
        L.LSTM(2)(L.LSTM(2, return_sequences=True, go_backwards=True)(one)), L.GRU(2)(L.Masking(0.0)(x)),
        k.Sequential([k.Input((5, 3)), L.LSTM(3, return_sequences=True), L.LSTM(2)])(one),
    ]  # fmt: skip
    return k.Model([words, x], outputs)


@case
def nested_models(k):
    L = k.layers
    a, b, p, p1, p2 = (k.Input((3,), name=name) for name in ("a", "b", "p", "p1", "p2"))
    inner = k.Model(p, L.Dense(3, name="dense")(p), name="inner")
    stack = k.Sequential([k.Input((3,)), L.Dense(3), L.BatchNormalization()], name="stack")
    two = k.Model([p1, p2], [L.concatenate([L.Dense(2)(p1), p2]), p2], name="two")
    shared = L.Dense(3, name="shared")
    r1, r2 = inner(a), inner(b)
    s1, s2 = stack(r1), stack(r2)
    t1, t2 = shared(s1), shared(s2)
    joined, second = two([t1, r2])
    return k.Model([a, b], [L.add([t1, t2]), L.Concatenate()([t1, t2, r2]), r2, s2, L.Dense(2)(joined), second])


@case
def named_ends(k):
    L = k.layers
    a, b = k.Input((3,), name="a"), k.Input((2,), name="b")
    return k.Model({"a": a, "b": b}, {"sum": L.Dense(2)(a), "all": L.Concatenate()([a, b])})


@case
def stacks(k):
    L = k.layers
    return k.Sequential(
        [k.Input((4,)), k.Sequential([L.Dense(3), k.Sequential([L.Dense(2), L.BatchNormalization()])]), L.Dense(2), L.Dense(3)]
    )


@case
def states(k):
    L = k.layers
    x = k.Input((5, 3), name="x")
    y, h, c = L.LSTM(2, return_state=True, return_sequences=True)(x)
    z, state = L.GRU(3, return_state=True)(x)
    return k.Model(x, [L.LSTM(2)(y, initial_state=[h, c]), h, z, L.GRU(3, return_sequences=True)(x, initial_state=state)])


@case
def language(k):
    """Embeddings that are called both ways: with one table, with two, and one that a model inside holds."""
    L = k.layers
    x = k.Input((6,), dtype="int32", name="words")
    outputs = []
    for options in ({"logit_soft_cap": 1.5}, {"tie_weights": False, "embeddings_regularizer": "l2"}):
        table = L.ReversibleEmbedding(9, 4, mask_zero=True, **options)
        steps = L.LSTM(4, return_sequences=True)(table(x))
        outputs += [table(L.Dense(4)(steps), reverse=True), L.GRU(3)(table(x))]
    y = k.Input((6,), dtype="int32", name="inner_words")
    table = L.ReversibleEmbedding(9, 5)
    inner = k.Model(y, table(L.LayerNormalization()(table(y)), reverse=True))
    return k.Model(x, [*outputs, inner(x)])


@case
def of_8_bits(k):
    """The embeddings of ``words`` and a kernel, quantized; predictions differ since Keras rounds the activations too."""
    L = k.layers
    model = k.Sequential([k.Input((4,), name="words"), L.Embedding(6, 3), L.Flatten(), L.Dense(3)])
    model.quantize("int8")
    return model


@case
def heads_of_8_bits(k):
    """Kernels of 8 bits with scales along other axes."""
    L = k.layers
    words = k.Input((6,), name="words")
    x = L.EinsumDense("abc,cde->abde", (6, 2, 4), bias_axes="de")(L.Embedding(9, 8)(words))
    x = L.EinsumDense("abde,def->abf", (6, 8))(x)
    x = L.MultiHeadAttention(2, 4)(x, x)
    model = k.Model(words, L.Dense(3)(L.Flatten()(x)))
    shake(model)
    model.quantize("int8")
    return model


@case
def of_16_bits(k):
    """A branch for each policy of short numbers, and one whose layers have policies of their own by a map."""
    L = k.layers
    words = k.Input((6,), name="words")
    parts = []
    for policy in ("float16", "bfloat16", "mixed_float16", "mixed_bfloat16"):
        x = L.Embedding(9, 4, mask_zero=True, dtype=policy)(words)
        x = L.LayerNormalization(dtype=policy)(L.GRU(3, return_sequences=True, recurrent_initializer="zeros", dtype=policy)(x))
        x = L.Conv1D(3, 2, activation="gelu", dtype=policy)(x)
        parts.append(L.Dense(2, activation="softmax", dtype="float32")(L.Flatten(dtype=policy)(L.BatchNormalization(dtype=policy)(x))))
    if hasattr(k, "dtype_policies"):
        own = k.dtype_policies.DTypePolicyMap(default_policy="float32")
        own["heads/query"] = k.dtype_policies.DTypePolicy("mixed_bfloat16")
        x = L.Embedding(9, 4)(words)
        parts.append(L.MultiHeadAttention(2, 3, name="heads", dtype=own)(x, x))
    return k.Model(words, parts)


def of_16_bits_tf_keras(k):
    return of_16_bits(k)


@case
def layers_of_two_models(k):
    """Layers that stand in a model and in models inside, alone, as the first of a Sequential, and two levels down."""
    L = k.layers
    x, a, b = (k.Input((4,), name=name) for name in ("x", "a", "b"))
    d, e, first = L.Dense(4, activation="tanh", name="d"), L.BatchNormalization(name="e"), L.Dense(4, name="first")
    one = k.Model(a, L.Dense(4, name="own")(e(d(a))), name="one")
    two = k.Model(b, [one(d(b)), L.Dense(2, name="other")(b)], name="two")
    stack = k.Sequential([k.Input((4,)), first, L.Dense(4, name="own" if hasattr(k, "ops") else "mine")], name="stack")
    y = d(L.add([e(first(x)), stack(x)]))
    model = k.Model(x, [L.Dense(3, name="last")(L.add([*two(y)[:1], one(x), y])), two(x)[1]])
    model.compile(k.optimizers.Adam(0.01), "mse")
    return model


def own_layers(k):
    """Classes of a program's own that hold layers: ``own_layers.py``."""
    from own_layers import Block, Pair

    model = k.Sequential([k.Input((4,), name="x"), Block(4, name="block"), Pair(name="pair"), k.layers.Dense(2, name="last")])
    model.compile(k.optimizers.Adam(0.01), "mse")
    return model


#: cases that need their classes
OWN_CLASSES = {"own_layers": own_layers}


def layers_of_two_models_tf_keras(k):
    return layers_of_two_models(k)


CASES |= {f.__name__: f for f in (of_16_bits_tf_keras, layers_of_two_models_tf_keras)}


@case
def tf_keras_archive(k):
    L = k.layers
    x = k.Input((5, 3), name="x")
    y = L.TimeDistributed(L.Dense(4, activation="hard_sigmoid"))(L.Bidirectional(L.LSTM(2, return_sequences=True))(x))
    y = k.Sequential([L.GRU(2), L.Dense(3), L.BatchNormalization()])(L.MultiHeadAttention(2, 3)(y, y))
    model = k.Model(x, y)
    model.compile("adam", "mse")
    return model


def trained(k, name: str) -> Any:
    """A model that an optimizer has trained for three steps."""
    L = k.layers
    x = k.Input((3,), name="x")
    y = L.Dense(2, name="two")(L.BatchNormalization()(L.Dense(4, activation="tanh")(x)))
    frozen = L.Dense(2, trainable=False, name="frozen")(x)
    model = k.Model(x, L.Dense(1, name="one")(L.concatenate([y, frozen])))
    model.compile(OPTIMIZERS[name](k), "mse", metrics=["mae"])
    train(model)
    return model


def train(model: Any) -> None:
    """Three steps of training."""
    x = np.random.RandomState(3).randn(8, 3).astype("float32")
    for _ in range(3):
        model.train_on_batch(x, x[:, :1] * x[:, 1:2])


def train_pairs(model: Any) -> None:
    """Three steps of training of a model with two outputs."""
    x = np.random.RandomState(3).randn(8, 4).astype("float32")
    for _ in range(3):
        model.train_on_batch(x, [x[:, :3], x[:, 1:3] * x[:, :2]])


def inputs_for(model: Any) -> list[np.ndarray]:
    """Values for the inputs; whole numbers for words, some of them 0."""
    chance = np.random.RandomState(0)
    made = []
    for tensor in model.inputs:
        shape = (2, *tensor.shape[1:])
        made.append((chance.randint(0, 6, shape) if tensor.name.startswith("words") else chance.randn(*shape)).astype("float32"))
    return made


def shake(model: Any) -> None:
    """Move all weights away from where they started, but for those of 8 bits."""
    chance = np.random.RandomState(1)
    values = [
        value if value.dtype == np.int8 or "scale" in v.name or "seed" in v.name
        else np.asarray(np.abs(chance.randn(*value.shape)) + 0.1 if "variance" in v.name else 0.5 * chance.randn(*value.shape), value.dtype)
        for value, v in zip(model.get_weights(), model.weights)
    ]  # fmt: skip
    model.set_weights(values)


def _predictions(model: Any, x: list[np.ndarray]) -> list[np.ndarray]:
    y = model(x if len(x) > 1 else x[0], training=False)
    y = list(y.values()) if isinstance(y, dict) else y if isinstance(y, (list, tuple)) else [y]
    return [np.asarray(value, "float32") for value in y]


CASES |= {
    name: keras2_recurrent.CASES[name]
    for name in (
        "cells",
        "stacked_cells",
        "both_directions",
        "states_of_both_directions",
        "convolutional_recurrence",
        "convolutional_states",
        "over_time",
    )
}


def main() -> None:
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras

    folder, *wanted = sys.argv[1:]
    target = Path(folder)
    for name in wanted or [*CASES, *OWN_CLASSES, *(f"trained_{name}" for name in OPTIMIZERS)]:
        k = keras
        if name in OF_TF_KERAS:
            import tf_keras as k
        k.backend.clear_session()
        k.utils.set_random_seed(5)
        cases = {**CASES, **OWN_CLASSES}
        model = trained(k, name.removeprefix("trained_")) if name.startswith("trained_") else cases[name](k)
        if name in cases and not name.endswith("of_8_bits"):
            shake(model)
        if name in TRAINED:
            train_pairs(model)
        if name == "tf_keras_archive":
            model.train_on_batch(np.ones((2, 5, 3), "float32"), np.ones((2, 3), "float32"))
        x = inputs_for(model)
        arrays = {f"input/{i}": value for i, value in enumerate(x)}
        arrays |= {f"predicted/{i}": value for i, value in enumerate(_predictions(model, x))}
        model.save(target / f"{name}.keras")
        if name in ALSO_H5:
            model.save(target / f"{name}.h5")
        if name in ALSO_WEIGHTS:
            model.save_weights(target / f"{name}.weights.h5")
        if name == "stacks":
            model.save_weights(target / "shards.weights.json", max_shard_size=100 / 2**30)
        if name.startswith("trained_"):
            train(model)
            arrays |= {f"trained/{i}": value for i, value in enumerate(_predictions(model, x))}
        if name in TRAINED:
            train_pairs(model)
            arrays |= {f"trained/{i}": value for i, value in enumerate(_predictions(model, x))}
        np.savez_compressed(target / f"{name}.npz", **arrays)


if __name__ == "__main__":
    main()
