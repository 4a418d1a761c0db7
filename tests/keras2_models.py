"""Small models of Keras 2, as the legacy package ``tf-keras`` builds and saves them, with inputs for each.

    python tests/keras2_models.py FOLDER

writes them all, with their predictions: so tests/data/keras2 was made, which is read where there is no TensorFlow.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Build = Callable[[Any], Any]

CASES: dict[str, Build] = {}


def case(build: Build) -> Build:
    """Register a function that makes a model from the module ``tf_keras``."""
    CASES[build.__name__] = build
    return build


def sequential(k, shape, *layers, **options):
    return k.Sequential([k.layers.InputLayer(shape, **options), *layers])


@case
def dense_layers(k):
    L = k.layers
    return sequential(
        k, (5,),
        L.Dense(4, activation="relu", kernel_regularizer=k.regularizers.l1_l2(0.01, 0.02), bias_regularizer="l2"),
        L.Dense(4, use_bias=False, kernel_constraint=k.constraints.MaxNorm(1.5), activity_regularizer="l1"),
        L.Dropout(0.3), L.GaussianNoise(0.1), L.GaussianDropout(0.2), L.Activation("softplus"),
        L.ActivityRegularization(0.01, 0.01), L.Dense(3, kernel_initializer="he_normal", bias_constraint="non_neg"), L.Softmax(),
    )  # fmt: skip


@case
def activations(k):
    L = k.layers
    x = k.Input((6,))
    names = ("elu", "softplus", "softsign", "relu", "tanh", "sigmoid", "hard_sigmoid", "linear", "softmax")
    return k.Model(x, L.concatenate([L.Dense(2, activation=name)(x) for name in names]))


@case
def advanced_activations(k):
    L = k.layers
    layers = (
        L.LeakyReLU(0.2),
        L.ELU(0.7),
        L.ThresholdedReLU(0.5),
        L.PReLU(),
        L.PReLU(shared_axes=[1]),
        L.ReLU(),
        L.ReLU(negative_slope=0.1),
    )
    x = k.Input((4, 3))
    return k.Model(x, [layer(x) for layer in layers])


@case
def conv1d(k):
    L = k.layers
    return sequential(
        k, (12, 3), L.Conv1D(4, 3, padding="same", activation="relu"), L.Conv1D(4, 4, strides=2, padding="same"),
        L.ZeroPadding1D(2), L.Conv1D(3, 3, dilation_rate=2), L.UpSampling1D(2), L.Cropping1D((1, 2)), L.MaxPooling1D(2),
        L.AveragePooling1D(3, strides=1, padding="same"), L.SpatialDropout1D(0.2), L.LocallyConnected1D(2, 2, strides=2),
        L.GlobalMaxPooling1D(),
    )  # fmt: skip


@case
def conv2d(k):
    L = k.layers
    return sequential(
        k, (15, 9, 2), L.ZeroPadding2D(((1, 0), (2, 1))), L.Conv2D(4, (3, 2), padding="same", strides=(2, 1)),
        L.BatchNormalization(), L.Activation("relu"), L.Conv2D(3, 3, dilation_rate=(2, 1), use_bias=False),
        L.MaxPooling2D(2, padding="same"), L.UpSampling2D((2, 1)), L.Cropping2D(((1, 0), (0, 1))), L.SpatialDropout2D(0.2),
        L.LocallyConnected2D(2, (2, 2)), L.AveragePooling2D((1, 2), strides=1), L.Flatten(), L.Dense(2),
    )  # fmt: skip


@case
def conv2d_channels_first(k):
    # the parts that TensorFlow computes with the channels first on a CPU
    L = k.layers
    x = k.Input((3, 5, 4))
    outputs = [
        L.UpSampling2D(2, data_format="channels_first")(x),
        L.ZeroPadding2D(1, data_format="channels_first")(x),
        L.Cropping2D(1, data_format="channels_first")(x),
        L.GlobalAveragePooling2D(data_format="channels_first")(x),
        L.BatchNormalization(axis=1, fused=False)(x),
    ]
    return k.Model(x, outputs)


def _images(k, data_format):
    L = k.layers
    return sequential(
        k, (2, 7, 6) if data_format == "channels_first" else (7, 6, 2),
        *(layer(data_format=data_format) for layer in (
            lambda **o: L.Conv2D(3, (3, 2), padding="same", strides=(2, 1), activation="relu", **o),
            lambda **o: L.Conv2DTranspose(4, (2, 3), strides=(2, 1), **o),
            lambda **o: L.SeparableConv2D(3, (2, 3), depth_multiplier=2, **o),
            lambda **o: L.Conv2D(3, 2, dilation_rate=2, **o),
            lambda **o: L.MaxPooling2D((2, 1), **o),
            lambda **o: L.GlobalMaxPooling2D(**o),
        )),
    )  # fmt: skip


def _volumes(k, data_format):
    L = k.layers
    first = data_format == "channels_first"
    return sequential(
        k, (2, 3, 5, 4) if first else (3, 5, 4, 2),
        L.Conv3D(3, (2, 3, 2), padding="same", data_format=data_format),
        L.AveragePooling3D((2, 1, 1), data_format=data_format),
        L.GlobalAveragePooling3D(data_format=data_format),
    )  # fmt: skip


def _frames(k, data_format):
    L = k.layers
    return sequential(
        k, (3, 2, 5, 4) if data_format == "channels_first" else (3, 5, 4, 2),
        L.ConvLSTM2D(3, 2, padding="same", data_format=data_format), L.GlobalAveragePooling2D(data_format=data_format),
    )  # fmt: skip


#: Models that TensorFlow can build but not compute on a CPU: case -> (builder, axes that put the input's channels last).
#: What they predict is what the same model with its channels last predicts.
CHANNELS_FIRST = {
    "images_channels_first": (_images, (0, 2, 3, 1)),
    "volumes_channels_first": (_volumes, (0, 2, 3, 4, 1)),
    "frames_channels_first": (_frames, (0, 1, 3, 4, 2)),
}
for _name, (_build, _) in CHANNELS_FIRST.items():
    CASES[_name] = lambda k, make=_build: make(k, "channels_first")


@case
def separable_and_transposed(k):
    L = k.layers
    return sequential(
        k, (5, 6, 2), L.SeparableConv2D(3, 3, depth_multiplier=2, padding="same", activation="relu"),
        L.Conv2DTranspose(4, 3, strides=2, padding="same"), L.Conv2DTranspose(2, (2, 4), strides=(3, 2), activation="tanh"),
        L.GlobalAveragePooling2D(),
    )  # fmt: skip


@case
def conv3d(k):
    L = k.layers
    return sequential(
        k, (5, 6, 4, 2), L.Conv3D(3, (2, 3, 1), padding="same"), L.ZeroPadding3D(1), L.MaxPooling3D(2),
        L.UpSampling3D((1, 2, 1)), L.Cropping3D(1), L.AveragePooling3D((1, 2, 1)), L.Flatten(), L.Dense(2),
    )  # fmt: skip


@case
def batch_normalization_parts(k):
    L = k.layers
    return sequential(
        k, (4, 3), L.BatchNormalization(center=False), L.BatchNormalization(scale=False, axis=1, momentum=0.9),
        L.BatchNormalization(center=False, scale=False, epsilon=0.01), L.GlobalAveragePooling1D(),
    )  # fmt: skip


@case
def embedding_and_masks(k):
    L = k.layers
    return k.Sequential([L.Embedding(7, 4, mask_zero=True, input_length=6), L.LSTM(3, return_sequences=True), L.GRU(3, reset_after=False)])


@case
def masking(k):
    L = k.layers
    return sequential(k, (5, 2), L.Masking(0.0), L.SimpleRNN(3, return_sequences=True), L.LSTM(2, implementation=1))


@case
def recurrent(k):
    L = k.layers
    x = k.Input((5, 3))
    outputs = [
        L.SimpleRNN(4, activation="relu", go_backwards=True)(x),
        L.LSTM(4, implementation=1, recurrent_activation="hard_sigmoid", unit_forget_bias=False, return_sequences=True)(x),
        L.LSTM(4, dropout=0.1, recurrent_dropout=0.2, unroll=True, implementation=2)(x),
        L.GRU(4, reset_after=False, implementation=1, recurrent_activation="hard_sigmoid")(x),
        L.GRU(4, reset_after=False, implementation=2, return_sequences=True, kernel_regularizer="l2", recurrent_regularizer="l2")(x),
    ]
    return k.Model(x, outputs)


@case
def conv_lstm(k):
    L = k.layers
    return sequential(
        k, (3, 5, 4, 2), L.ConvLSTM2D(3, 3, padding="same", return_sequences=True),
        L.ConvLSTM2D(2, (2, 1), strides=(2, 1), recurrent_activation="hard_sigmoid"), L.Flatten(),
    )  # fmt: skip


@case
def wrappers(k):
    L = k.layers
    return sequential(
        k, (4, 6, 2), L.TimeDistributed(L.Conv1D(3, 2, activation="relu")), L.TimeDistributed(L.Flatten()),
        L.Bidirectional(L.LSTM(3, return_sequences=True)),
        L.Bidirectional(L.GRU(2, reset_after=False, return_sequences=True), merge_mode="sum"),
        L.Bidirectional(L.SimpleRNN(2), merge_mode="ave"),
    )  # fmt: skip


@case
def merges(k):
    L = k.layers
    a, b = k.Input((4,), name="first"), k.Input((4,), name="second")
    p, q = L.Dense(4)(a), L.Dense(4)(b)
    outputs = [
        L.Add()([p, q, a]), L.Multiply()([p, q]), L.Average()([p, q, b]), L.Maximum()([p, q]), L.Minimum()([p, q]),
        L.Subtract()([p, q]), L.Concatenate(axis=-1)([p, q]), L.Dot(axes=1)([p, q]), L.Dot(axes=-1, normalize=True)([p, q]),
    ]  # fmt: skip
    return k.Model([a, b], outputs)


@case
def dots_of_sequences(k):
    L = k.layers
    a, b = k.Input((4, 3)), k.Input((5, 3))
    return k.Model([a, b], L.Dot(axes=(2, 2))([a, b]))


@case
def shapes(k):
    L = k.layers
    return sequential(k, (12,), L.Reshape((3, 4)), L.Permute((2, 1)), L.Flatten(), L.Dense(3), L.RepeatVector(2), L.Reshape((-1,)))


@case
def nested_models(k):
    L = k.layers
    inner = k.Sequential(
        [L.Dense(4, input_shape=(5,)), L.BatchNormalization(), L.Dense(4, activation="tanh"), L.BatchNormalization()], name="inner"
    )
    x = k.Input((4,))
    deep = k.Model(x, L.Add()([L.Dense(4)(x), x]), name="deep")
    a, b = k.Input((5,)), k.Input((5,))
    shared = L.Dense(4, name="shared")
    return k.Model([a, b], [deep(inner(a)), L.Concatenate()([deep(shared(inner(b))), shared(deep(inner(a)))])])


@case
def nested_in_sequential(k):
    L = k.layers
    head = k.Sequential([L.Dense(4, input_shape=(3,)), L.BatchNormalization(), L.Dense(4)], name="head")
    return k.Sequential([head, k.Sequential([L.Dense(3, input_shape=(4,)), L.BatchNormalization()], name="tail"), L.Dense(2)])


@case
def frozen_parts(k):
    L = k.layers
    inner = k.Sequential([L.Dense(4, input_shape=(5,)), L.BatchNormalization(), L.Dense(4), L.BatchNormalization()], name="inner")
    inner.layers[2].trainable = False
    frozen = k.Sequential([L.Dense(4, input_shape=(4,)), L.BatchNormalization(), L.Dense(4)], name="frozen")
    frozen.trainable = False
    return k.Sequential([inner, frozen, L.Dense(2)])


@case
def masks_of_taggers(k):
    L = k.layers
    return k.Sequential(
        [
            L.Embedding(7, 4, mask_zero=True, input_length=6), L.Bidirectional(L.LSTM(3, return_sequences=True)),
            L.Dense(4, activation="tanh"), L.BatchNormalization(), L.TimeDistributed(L.Dense(2)),
        ]
    )  # fmt: skip


@case
def shape_from_the_first_call(k):
    model = k.Sequential([k.Sequential([k.layers.Dense(3)]), k.layers.BatchNormalization()])
    model(np.zeros((1, 4), "float32"))
    return model


@case
def normalized_dots(k):
    L = k.layers
    a, b, c = k.Input((4, 3)), k.Input((5, 3)), k.Input((3,))
    outputs = [
        L.Dot(axes=2, normalize=True)([a, b]), L.Dot(axes=(2, 1), normalize=True)([a, c]), L.Dot(axes=-1, normalize=True)([c, c]),
        L.Dot(axes=(1, 1), normalize=True)([a, a]),
    ]  # fmt: skip
    return k.Model([a, b, c], outputs)


@case
def broadcasting_merges(k):
    L = k.layers
    a, b, c, d = k.Input((4, 3)), k.Input((1, 3)), k.Input((3,)), k.Input((None, 3))
    merges = (L.Add(), L.Average(), L.Multiply(), L.Maximum(), L.Minimum(), L.Subtract())
    outputs = [merge([a, b]) for merge in merges] + [L.Add()([a, c]), L.Average()([c, a]), L.Add()([d, b]), L.Average()([b, d, c])]
    return k.Model([a, b, c, d], outputs)


@case
def masks_that_are_dropped(k):
    L = k.layers
    x = k.Input((6, 2))
    y = L.Dense(2)(L.Masking(0.0)(x))
    layers = (
        L.Conv1D(3, 2), L.Flatten(), L.ZeroPadding1D(1), L.UpSampling1D(2), L.Reshape((3, 4)), L.GlobalAveragePooling1D(),
        L.GlobalMaxPooling1D(), L.MaxPooling1D(2), L.AveragePooling1D(2), L.Cropping1D(1), L.Permute((2, 1)), L.LocallyConnected1D(2, 2),
    )  # fmt: skip
    return k.Model(x, [layer(y) for layer in layers] + [L.LSTM(2)(L.Conv1D(2, 2)(y))])


@case
def masks_and_both_directions_backwards(k):
    L = k.layers
    x = k.Input((6, 2))
    y = L.Masking(0.0)(x)
    options = {"return_sequences": True, "go_backwards": True}
    both = L.Bidirectional(L.LSTM(2, **options))(y)
    return k.Model(x, [both, L.Dot(1)([both, both]), L.GRU(2, reset_after=False)(L.Bidirectional(L.SimpleRNN(2, **options), "sum")(both))])


#: Training that goes on: name -> optimizer.
OPTIMIZERS: dict[str, Build] = {
    "sgd": lambda k: k.optimizers.SGD(0.05),
    "sgd_nesterov": lambda k: k.optimizers.SGD(0.05, momentum=0.8, nesterov=True),
    "sgd_legacy": lambda k: k.optimizers.legacy.SGD(0.05, momentum=0.7, decay=0.1),
    "rmsprop": lambda k: k.optimizers.RMSprop(0.01),
    "rmsprop_legacy": lambda k: k.optimizers.legacy.RMSprop(0.01, decay=0.2),
    "adagrad_legacy": lambda k: k.optimizers.legacy.Adagrad(0.05),
    "adadelta": lambda k: k.optimizers.Adadelta(0.5),
    "adam": lambda k: k.optimizers.Adam(0.02),
    "adam_legacy": lambda k: k.optimizers.legacy.Adam(0.02, clipvalue=0.3),
    "adamax": lambda k: k.optimizers.Adamax(0.02),
}


def to_train(k, optimizer: str):
    """A compiled model with a fused kernel, and names whose order isn't that of the layers."""
    k.backend.clear_session()
    k.utils.set_random_seed(2)
    L = k.layers
    layers = [L.LSTM(3, name="zeta"), L.Dense(4, name="my", activation="tanh"), L.BatchNormalization(name="alpha"), L.Dense(2, name="beta")]
    model = sequential(k, (4, 2), *layers)
    model.compile(OPTIMIZERS[optimizer](k), "mse", metrics=["mae"])
    return model


def frozen_normalization(k):
    model = to_train(k, "sgd")
    model.get_layer("alpha").trainable = False
    model.get_layer("alpha").set_weights([np.linspace(0.5, 2, 4), np.linspace(-1, 1, 4), np.linspace(1, 2, 4), np.linspace(3, 1, 4)])
    model.compile("sgd", "mse", metrics=["mae"])
    return model


def adagrad(k):
    model = to_train(k, "sgd")
    model.compile(k.optimizers.Adagrad(0.05, initial_accumulator_value=0.3), "mse", metrics=["mae"])
    return model


def adagrad_legacy(k):
    model = to_train(k, "sgd")
    model.compile(k.optimizers.legacy.Adagrad(0.05), "mse", metrics=["mae"])
    return model


#: Models that are saved before their first step
UNTRAINED: dict[str, Build] = {"frozen_normalization": frozen_normalization, "adagrad": adagrad, "adagrad_legacy": adagrad_legacy}


def train(model) -> None:
    """Three steps, on all data each."""
    draw = np.random.RandomState(4)
    x, y = draw.normal(size=(8, 4, 2)).astype("float32"), draw.normal(size=(8, 2)).astype("float32")
    for _ in range(3):
        model.train_on_batch(x, y)


def inputs(model, name: str) -> list[np.ndarray]:
    """Two samples for each input of a Keras model (of any Keras)."""
    draw = np.random.RandomState(sum(map(ord, name)))
    arrays = []
    for tensor in model.inputs:
        shape = (2, *(n or 4 for n in tuple(getattr(tensor, "_keras_shape", None) or tensor.shape)[1:]))
        if name in ("embedding_and_masks", "masks_of_taggers"):
            arrays.append(np.array([[1, 2, 3, 0, 0, 0], [4, 5, 6, 1, 2, 0]], "float32"))
            continue
        x = draw.normal(size=shape).astype("float32")
        if name.startswith("mask"):
            x[0, 3:] = 0
        if name.startswith("masks_"):
            x[1, 1] = 0
        arrays.append(x)
    return arrays


def build(k, name: str):
    """The model of a case, with weights that are all different from what they start from."""
    k.backend.clear_session()
    k.utils.set_random_seed(1)
    model = CASES[name](k)
    draw = np.random.RandomState(len(name))
    weights = [w + draw.uniform(0.05, 0.45, size=w.shape) for w in model.get_weights()]
    model.set_weights(weights)
    return model


def predictions(model, name: str) -> list[np.ndarray]:
    result = model.predict(inputs(model, name), verbose=0)
    return [np.asarray(y) for y in (result if isinstance(result, list) else [result])]


def predictions_of_keras(k, model, name: str) -> list[np.ndarray]:
    """What a model of tf_keras predicts, or its twin with the channels last."""
    if name not in CHANNELS_FIRST:
        return predictions(model, name)
    make, axes = CHANNELS_FIRST[name]
    twin = make(k, "channels_last")
    twin.set_weights(model.get_weights())
    return [twin.predict(np.transpose(x, axes), verbose=0) for x in inputs(model, name)]


def main(folder: str) -> None:
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    import tensorflow as tf
    import tf_keras

    # to trace a function for each small model takes longer than all their steps
    tf.config.run_functions_eagerly(True)
    arrays = {}
    for name, make in UNTRAINED.items():
        model = make(tf_keras)
        model.save(Path(folder) / f"untrained_{name}.h5")
        train(model)
        arrays |= {f"untrained_{name}/{i}": y for i, y in enumerate(predictions(model, name))}
    for name in CASES:
        model = build(tf_keras, name)
        model.save(Path(folder) / f"{name}.h5")
        arrays |= {f"{name}/{i}": y for i, y in enumerate(predictions_of_keras(tf_keras, model, name))}
    for name in OPTIMIZERS:
        model = to_train(tf_keras, name)
        train(model)
        model.save(Path(folder) / f"training_{name}.h5")
        train(model)
        arrays |= {f"training_{name}/{i}": y for i, y in enumerate(predictions(model, name))}
    np.savez_compressed(Path(folder) / "predictions.npz", **arrays)


if __name__ == "__main__":
    main(sys.argv[1])
