"""Layers that are called a second time, on an input of another shape than they were built for.

Such a call is an error that names the layer, what it was built for and what came; or it computes what a layer
made for that shape computes with the same weights.
"""

import numpy as np
import pytest
from layers.test_families import CASES, TF, TH

from kbridge import backend as K
from kbridge import layers
from kbridge.engine.copying import clone
from kbridge.layers import (
    Bidirectional,
    Convolution1D,
    Dense,
    Embedding,
    Highway,
    Input,
    Lambda,
    MaxoutDense,
    Merge,
    PReLU,
    Reshape,
    SimpleRNN,
    TimeDistributed,
    TimeDistributedDense,
    merge,
)
from kbridge.models import Model, Sequential

RNG = np.random.RandomState(0)

MORE = [
    ("Dense", {"output_dim": 3}, (2,)),
    ("Dense", {"output_dim": 3}, (2, 4)),
    ("MaxoutDense", {"output_dim": 3}, (2,)),
    ("Highway", {}, (2,)),
    ("TimeDistributedDense", {"output_dim": 3}, (4, 2)),
    ("AtrousConvolution2D", {"nb_filter": 2, "nb_row": 2, "nb_col": 2, **TH}, (2, 6, 6)),
    ("SeparableConvolution2D", {"nb_filter": 3, "nb_row": 2, "nb_col": 2, "subsample": (1, 2), **TF}, (4, 4, 2)),
    ("SeparableConvolution2D", {"nb_filter": 3, "nb_row": 2, "nb_col": 2, **TH}, (2, 4, 4)),
    ("Convolution3D", {"nb_filter": 2, "kernel_dim1": 2, "kernel_dim2": 2, "kernel_dim3": 2, **TH}, (2, 3, 4, 3)),
    ("PReLU", {}, (4,)),
    ("PReLU", {}, (1,)),
    ("PReLU", {"shared_axes": [-1]}, (2, 3)),
    ("SReLU", {"shared_axes": [1]}, (2, 1)),
    ("ParametricSoftplus", {}, (2, 1)),
    ("BatchNormalization", {}, (1,)),
    ("BatchNormalization", {}, (2, 1)),
    ("LocallyConnected1D", {"nb_filter": 3, "filter_length": 2}, (5, 1)),
    ("SimpleRNN", {"output_dim": 3}, (4, 1)),
    ("Reshape", {"target_shape": (-1, 2)}, (4, 3)),
    ("Reshape", {"target_shape": (3, 4)}, (4, 3)),
    ("Permute", {"dims": (2, 1)}, (4, 3)),
    ("RepeatVector", {"n": 2}, (3,)),
    ("Flatten", {}, (3, 2)),
    ("Dropout", {"p": 0.5}, (3, 2)),
    ("SpatialDropout1D", {"p": 0.5}, (3, 2)),
    ("SpatialDropout2D", {"p": 0.5, **TF}, (3, 2, 2)),
    ("Masking", {}, (3, 2)),
]


def variants(shape):
    """(name, shape) for shapes that differ from ``shape`` in one axis, or in the number of axes."""
    found = [("two more axes", (*shape, 2, 2)), ("one axis more", (*shape, 2)), ("one axis less", shape[:-1])]
    for axis, n in enumerate(shape):
        for new in {1, (n or 4) - 1, (n or 4) + 1, 2 * (n or 4), None} - {n, 0}:
            found.append((f"axis {axis + 1} {n} to {new}", (*shape[:axis], new, *shape[axis + 1 :])))
    return found


def outputs(layer, x, value):
    y = layer(x)
    return y, K.function([x, K.learning_phase()], [y])([value, 0])[0]


def check(layer, shape, variant):
    """Call ``layer`` on ``shape``, then on ``variant``."""
    layer(Input(shape))
    # a length that isn't known turns out to be the one that it was built for
    real = tuple(n or (shape[axis] if len(shape) == len(variant) and shape[axis] else 5) for axis, n in enumerate(variant))
    value = RNG.rand(3, *real).astype("float32")
    try:
        y, result = outputs(layer, Input(variant), value)
    except ValueError as error:
        # for a shape of its own too, or with what it was built for
        message = str(error)
        assert layer.name in message, message
        assert str((None, *variant)) in message or str(variant) in message, message
        if "incompatible" in message and "ndim" not in message:
            assert f"built for inputs of shape {(None, *shape)}" in message, message
        return
    assert len(y._keras_shape) == result.ndim
    assert all(n in (None, m) for n, m in zip(y._keras_shape, result.shape)), (y._keras_shape, result.shape)
    twin = clone(layer)
    x = Input(real)
    twin(x)
    assert [w.shape for w in twin.get_weights()] == [w.shape for w in layer.get_weights()], "the weights depend on this length"
    twin.set_weights(layer.get_weights())
    np.testing.assert_allclose(result, outputs(twin, x, value)[1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("name", "kwargs", "shape"), CASES + MORE, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES + MORE)])
def test_other_shapes_are_refused_or_computed_as_by_a_layer_of_their_own(name, kwargs, shape):
    for _, variant in variants(shape):
        check(getattr(layers, name)(**kwargs), shape, variant)


CHANNELS = [
    (layers.Convolution1D(4, 2), (5, 2), (5, 4)),
    (layers.AtrousConvolution1D(4, 2, atrous_rate=2), (5, 2), (5, 4)),
    (layers.Convolution2D(4, 2, 2, **TF), (4, 4, 2), (4, 4, 4)),
    (layers.Convolution2D(4, 2, 2, **TH), (2, 4, 4), (4, 4, 4)),
    (layers.AtrousConvolution2D(4, 2, 2, **TF), (4, 4, 2), (4, 4, 4)),
    (layers.SeparableConvolution2D(4, 2, 2, **TF), (4, 4, 2), (4, 4, 4)),
    (layers.SeparableConvolution2D(4, 2, 2, **TH), (2, 4, 4), (4, 4, 4)),
    (layers.Deconvolution2D(4, 2, 2, (None, 5, 5, 4), **TF), (4, 4, 2), (4, 4, 4)),
    (layers.Convolution3D(4, 2, 2, 2, **TF), (3, 3, 3, 2), (3, 3, 3, 4)),
    (layers.ConvLSTM2D(4, 2, 2, **TF), (2, 3, 3, 2), (2, 3, 3, 4)),
    (layers.LocallyConnected1D(4, 2), (5, 2), (5, 4)),
    (layers.LocallyConnected2D(4, 2, 2, **TF), (4, 4, 2), (4, 4, 4)),
    (Dense(4), (2,), (4,)),
    (Highway(), (2,), (1,)),
    (MaxoutDense(4), (2,), (4,)),
    (TimeDistributedDense(4), (3, 2), (3, 4)),
    (layers.SimpleRNN(4), (3, 2), (3, 4)),
    (layers.GRU(4), (3, 2), (3, 4)),
    (layers.LSTM(4, consume_less="gpu"), (3, 2), (3, 4)),
    (layers.PReLU(), (1,), (4,)),
    (layers.SReLU(), (2, 4), (1, 4)),
    (layers.ParametricSoftplus(), (1, 3), (2, 3)),
    (layers.BatchNormalization(), (4, 1), (4, 3)),
]


@pytest.mark.parametrize(("layer", "shape", "other"), CHANNELS, ids=[type(c[0]).__name__ + str(i) for i, c in enumerate(CHANNELS)])
@pytest.mark.parametrize("wrap", ["plain", "tensor", "time distributed", "model", "model of time steps"])
def test_weights_take_no_other_channels(layer, shape, other, wrap):
    layer = clone(layer)
    if wrap == "time distributed":
        outer, shape, other = TimeDistributed(layer), (2, *shape), (2, *other)
    elif wrap == "model":
        outer = Sequential([clone(layer, batch_input_shape=(None, *shape))])
    elif wrap == "model of time steps":
        outer, shape, other = TimeDistributed(Sequential([clone(layer, batch_input_shape=(None, *shape))])), (2, *shape), (2, *other)
    else:
        outer = layer
    outer(Input(shape))
    x = K.placeholder(shape=(None, *other)) if wrap == "tensor" else Input(other)
    with pytest.raises(ValueError, match=rf"(?s){outer.name}.*{', '.join(map(str, other))}"):
        outer(x)
    # it stays as it was
    assert outer(Input(shape))._keras_shape == outer.get_output_shape_for((None, *shape))


def test_a_bidirectional_layer_takes_no_other_features():
    both = Bidirectional(SimpleRNN(2))
    both(Input((3, 2)))
    with pytest.raises(ValueError, match=rf"{both.name}.*\(None, 3, 1\).*Bidirectional was built for inputs of shape \(None, 3, 2\)"):
        both(Input((3, 1)))


def test_the_number_of_channels_is_checked_where_it_is_known_only_at_run_time():
    for convolve, kernels, wrong in (
        (lambda x, w: K.conv2d(x, w, dim_ordering="tf"), [(2, 2, 2, 4)], (1, 3, 3, 4)),
        (lambda x, w: K.conv2d(x, w, dim_ordering="th"), [(4, 2, 2, 2)], (1, 4, 3, 3)),
        (lambda x, w: K.conv1d(x, w), [(2, 2, 4)], (1, 3, 4)),
        (lambda x, w, p: K.separable_conv2d(x, w, p, dim_ordering="tf"), [(2, 2, 2, 1), (1, 1, 2, 3)], (1, 3, 3, 4)),
        (lambda x, w, p: K.separable_conv2d(x, w, p, strides=(1, 2), dim_ordering="tf"), [(2, 2, 2, 1), (1, 1, 2, 3)], (1, 3, 3, 4)),
        (lambda x, w: K.deconv2d(x, w, (1, 4, 4, 2), border_mode="valid", dim_ordering="tf"), [(2, 2, 2, 2)], (1, 3, 3, 4)),
    ):
        weights = [K.variable(RNG.rand(*shape)) for shape in kernels]
        with pytest.raises(ValueError, match="channels"):
            convolve(K.variable(RNG.rand(*wrong)), *weights)
        x = K.placeholder(ndim=len(wrong))
        with pytest.raises(Exception):  # noqa: B017 (each backend has its own)
            K.function([x], [convolve(x, *weights)])([RNG.rand(*wrong)])


def test_a_transposed_convolution_gives_the_channels_of_its_kernel():
    x, kernel = K.variable(RNG.rand(1, 3, 3, 2)), K.variable(RNG.rand(2, 2, 2, 2))
    for shape in ((1, 4, 4, 4), (1, 4, 4, 1), (1, 6, 6, 2)):
        with pytest.raises(ValueError, match="deconv2d"):
            K.deconv2d(x, kernel, shape, border_mode="valid", dim_ordering="tf")


@pytest.mark.parametrize(
    ("mode", "axes", "first", "second", "words"),
    [
        ("cos", -1, (4, 3), (8, 3), "4 and 8 samples"),
        ("dot", -1, (4, 3), (8, 3), "4 and 8 samples"),
        ("cos", -1, (None, 3), (None, 2, 3), "all axes but that of the product must be equal"),
        ("cos", -1, (None, 3), (None, 4), "different lengths 3 and 4"),
        ("sum", -1, (None, 3), (None, 3, 3), "same shape"),
        ("mul", -1, (None, 3), (None, 1), "same shape"),
        ("max", -1, (4, 3), (1, 3), "same shape"),
        ("concat", -1, (None, 3), (None, 3, 3), "same number of axes"),
        ("concat", -1, (4, 3), (1, 3), "must agree on all axes"),
    ],
)
def test_merging_what_doesnt_go_together(mode, axes, first, second, words):
    layer = Merge(mode=mode, dot_axes=axes, name="joined")
    layer([Input(batch_shape=first), Input(batch_shape=first)])
    for x, y in ((first, second), (second, first)):
        with pytest.raises(ValueError, match=rf"Merge joined \(mode '{mode}'\)") as caught:
            layer([Input(batch_shape=x), Input(batch_shape=y)])
        assert str(second) in str(caught.value) and words.split()[0] in str(caught.value)
    # as a layer of layers, too
    with pytest.raises(ValueError, match="Merge joined"):
        merge([Sequential([Lambda(lambda t: t, batch_input_shape=s)]) for s in (first, second)], mode=mode, dot_axes=axes, name="joined")


def test_lengths_that_a_nested_model_gets_to_know_when_it_is_called():
    x, y = Input((None, 2)), Input((None, 2))
    model = Model([x, y], merge([x, y], mode="sum", name="joined"))
    assert model([Input((3, 2)), Input((3, 2))])._keras_shape == (None, 3, 2)
    with pytest.raises(ValueError, match=r"Merge joined.*\(None, 3, 2\), \(None, 1, 2\)"):
        model([Input((3, 2)), Input((1, 2))])


def test_a_deconvolution_takes_no_image_that_its_output_doesnt_come_from():
    layer = layers.Deconvolution2D(2, 2, 2, (None, 5, 5, 2), **TF)
    layer(Input((4, 4, 2)))
    with pytest.raises(ValueError, match=rf"{layer.name}.*\(None, 5, 5, 2\) needs an input of length 4 .*\(None, 6, 4, 2\)"):
        layer(Input((6, 4, 2)))


def test_an_embedding_has_the_shape_of_what_it_gets():
    table = Embedding(5, 2, input_length=3)
    values = RNG.randint(0, 5, (2, 4, 3))
    for shape, x in (((3,), values[0]), ((6,), values.reshape(4, 6)), ((4, 3), values), ((None, 3), values)):
        indices = Input(shape, dtype="int32")
        y = table(indices)
        assert y._keras_shape == (None, *shape, 2)
        np.testing.assert_array_equal(K.function([indices], [y])([x])[0], table.get_weights()[0][x])
    assert table(Input((None,), dtype="int32"))._keras_shape == (None, 3, 2)


def test_a_layer_that_is_called_by_hand_is_checked_too():
    conv = Convolution1D(4, 2, input_shape=(5, 2))
    Sequential([conv])
    source = Sequential([Reshape((5, 4), input_shape=(20,))]).layers[0]
    with pytest.raises(ValueError, match=conv.name):
        conv.add_inbound_node([source])
    assert len(conv.inbound_nodes) == 1


def test_shared_axes_count_from_the_end_too():
    layer = PReLU(shared_axes=[-1])
    layer(Input((2, 3)))
    assert layer.get_weights()[0].shape == (2, 1)


def test_a_shape_that_is_said_and_not_computed_gives_a_warning():
    layer = Lambda(lambda t: t * 2, output_shape=(3,), name="twice")
    layer(Input((3,)))
    with pytest.warns(UserWarning, match=r"'twice' says .*\(None, 3\), but it computes \(None, 4\).*declared-shapes"):
        layer(Input((4,)))
    with pytest.warns(UserWarning, match="'sum' says"):
        Lambda(lambda t: K.sum(t, axis=1), output_shape=(3, 1), name="sum")(Input((3, 2)))
