"""What conversions once got wrong, in ONNX and in Keras 3: each with the value that NumPy or the other library gives."""

from __future__ import annotations

import os

import numpy as np
import pytest

from kbridge.convert import NotConvertible, save_keras3, save_onnx
from kbridge.layers import (
    GRU,
    LSTM,
    RNN,
    Add,
    AdditiveAttention,
    AtrousConvolution2D,
    Attention,
    AveragePooling1D,
    AveragePooling2D,
    Bidirectional,
    ConvLSTM2D,
    Convolution1D,
    Convolution2D,
    Deconvolution2D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GlobalAveragePooling1D,
    GRUCell,
    Highway,
    Input,
    LeakyReLU,
    LSTMCell,
    Masking,
    MaxPooling1D,
    MaxPooling2D,
    Merge,
    MultiHeadAttention,
    Reshape,
    SeparableConvolution2D,
    SimpleRNN,
    TimeDistributed,
    merge,
)
from kbridge.models import Model, Sequential


@pytest.fixture(scope="module")
def keras(tmp_path_factory):
    pytest.importorskip("tensorflow", reason="Keras 3 comes with TensorFlow")
    before = dict(os.environ)
    os.environ.update(KERAS_HOME=str(tmp_path_factory.mktemp("keras")), KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3")
    try:
        import keras
    finally:
        os.environ.clear()
        os.environ.update(before)
    yield keras
    keras.backend.clear_session()


def randomized(model, seed=1):
    random = np.random.RandomState(seed)
    model.set_weights([random.rand(*w.shape) + 0.1 if w.ndim == 1 else random.normal(size=w.shape) * 0.7 for w in model.get_weights()])
    return model


def in_onnx(model, path, *xs):
    onnxruntime = pytest.importorskip("onnxruntime")
    save_onnx(model, path)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {i.name: x.astype("float32") for i, x in zip(session.get_inputs(), xs, strict=True)})


def in_keras(keras, model, path, *xs):
    save_keras3(model, path)
    found = keras.models.load_model(path, compile=False)(list(xs) if len(xs) > 1 else xs[0], training=False)
    return [np.asarray(y) for y in (found if isinstance(found, (list, tuple)) else [found])]


def check_both(keras, model, folder, expected, *xs):
    """All three give ``expected``."""
    np.testing.assert_allclose(model.predict(list(xs) if len(xs) > 1 else xs[0]), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(in_onnx(model, folder / "m.onnx", *xs)[0], expected, rtol=1e-4, atol=1e-5)
    for suffix in ("keras", "h5"):
        np.testing.assert_allclose(in_keras(keras, model, folder / f"m.{suffix}", *xs)[0], expected, rtol=1e-4, atol=1e-5)


def normal(*shape, seed=0):
    return np.random.RandomState(seed).normal(size=shape).astype("float32")


def masked_steps(samples=3):
    x = normal(samples, 5, 2)
    x[0, 3:], x[1, 1] = 0, 0
    return x, x.any(axis=-1)


# ---------------------------------------------------------------------- merges


@pytest.mark.parametrize(
    ("mode", "join"),
    [
        ("sum", np.add),
        ("sub", np.subtract),
        ("mul", np.multiply),
        ("min", np.minimum),
        ("max", np.maximum),
        ("ave", lambda x, y: (x + y) / 2),
    ],
)
def test_all_elementwise_modes(mode, join, keras, tmp_path):
    a, b = Input((4,)), Input((4,))
    x, y = normal(3, 4), normal(3, 4, seed=1)
    check_both(keras, Model([a, b], merge([a, b], mode=mode)), tmp_path, join(x, y), x, y)


@pytest.mark.parametrize(("shapes", "axes"), [(((4, 3), (5, 3)), [2, 2]), (((4, 3), (3,)), [2, 1]), (((3,), (3,)), 1)])
def test_dots_of_normalized_vectors(shapes, axes, keras, tmp_path):
    inputs = [Input(shape) for shape in shapes]
    x, y = (normal(2, *shape, seed=i) for i, shape in enumerate(shapes))
    unit = [t / np.linalg.norm(t, axis=-1, keepdims=True) for t in (x, y)]
    expected = np.einsum("nik,njk->nij", *(t.reshape(2, -1, 3) for t in unit)).reshape(2, *[s[0] for s in shapes if len(s) > 1] or [1])
    check_both(keras, Model(inputs, merge(inputs, mode="normalized_dot", dot_axes=axes)), tmp_path, expected, x, y)


def test_a_mode_that_is_unknown_is_refused(tmp_path):
    a, b = Input((4,)), Input((4,))
    model = Model([a, b], merge([a, b], mode="sum", name="it"))
    model.layers[-1].mode = "power"
    for save, name in ((save_onnx, "m.onnx"), (save_keras3, "m.keras")):
        with pytest.raises(NotConvertible, match=r"'it'.*'power'.*\[convert: merge-mode\]"):
            save(model, tmp_path / name)


# ---------------------------------------------------------------------- padding


def windows(x, size, step, before, fill):
    """(samples, places, size, channels) of a sequence with ``size - 1`` places of border, ``before`` of them before."""
    padded = np.pad(x, [(0, 0), (before, size - 1 - before), (0, 0)], constant_values=fill)
    return np.stack([padded[:, i : i + size] for i in range(0, x.shape[1], step)], axis=1)


@pytest.mark.parametrize("size", [2, 3, 4])
@pytest.mark.parametrize("step", [1, 2, 3])
def test_padding_of_theano_in_sequences(size, step, keras, tmp_path):
    x = normal(2, 7, 2)
    model = randomized(
        Sequential([Convolution1D(3, size, subsample_length=step, border_mode="same", border_origin="theano", input_shape=(7, 2))])
    )
    W, b = model.get_weights()
    check_both(keras, model, tmp_path, np.einsum("npkc,kcf->npf", windows(x, size, step, size // 2, 0), W[:, 0]) + b, x)
    # a pooling leaves out its padding
    before = size - 2 if size > 2 and size % 2 else size - 1
    seen = windows(x, size, step, before, np.nan)
    for layer, reduce in ((MaxPooling1D, np.nanmax), (AveragePooling1D, np.nanmean)):
        model = Sequential([layer(size, step, border_mode="same", border_origin="theano", input_shape=(7, 2))])
        np.testing.assert_allclose(in_onnx(model, tmp_path / "m.onnx", x)[0], reduce(seen, axis=2), atol=1e-6)
        if model.layers[0].depends_on_origin:
            with pytest.raises(NotConvertible, match="keras3-pooling-padding"):
                save_keras3(model, tmp_path / "m.keras")
        else:
            np.testing.assert_allclose(in_keras(keras, model, tmp_path / "m.keras", x)[0], reduce(seen, axis=2), atol=1e-6)


@pytest.mark.parametrize("ordering", ["th", "tf"])
@pytest.mark.parametrize("size,step", [(2, 1), (2, 2), (3, 2)])
def test_padding_of_theano_in_images(ordering, size, step, keras, tmp_path):
    shape = (2, 7, 6) if ordering == "th" else (7, 6, 2)
    options = {"border_mode": "same", "dim_ordering": ordering, "border_origin": "theano", "activation": "softmax"}
    layers = [
        Convolution2D(3, size, size, subsample=(step, step), input_shape=shape, **options),
        AtrousConvolution2D(3, size, size, atrous_rate=(2, 2), input_shape=shape, **options),
        SeparableConvolution2D(3, size, size, subsample=(step, step), input_shape=shape, **options),
    ]
    if size == 3:
        out = (None, 3, 13, 11) if ordering == "th" else (None, 13, 11, 3)
        layers.append(Deconvolution2D(3, size, size, out, subsample=(step, step), input_shape=shape, **options))
    x = normal(2, *shape)
    for layer in layers:
        model = randomized(Sequential([layer]))
        check_both(keras, model, tmp_path, model.predict(x), x)


@pytest.mark.parametrize("mode", ["max", "avg"])
@pytest.mark.parametrize("size,step", [(2, 3), (1, 3), (2, 4), (3, 2), (3, 5)])
def test_same_padding_of_poolings_over_open_lengths(mode, size, step, tmp_path):
    layer = MaxPooling1D if mode == "max" else AveragePooling1D
    model = Sequential([layer(size, step, border_mode="same", input_shape=(None, 2))])
    for n in range(1, 9):
        x = normal(2, n, 2, seed=n)
        places = -(-n // step)
        total = max((places - 1) * step + size - n, 0)
        padded = np.pad(x, [(0, 0), (total // 2, total - total // 2 + size), (0, 0)], constant_values=np.nan)
        reduce = np.nanmax if mode == "max" else np.nanmean
        expected = np.stack([reduce(padded[:, i * step : i * step + size], axis=1) for i in range(places)], axis=1)
        np.testing.assert_allclose(in_onnx(model, tmp_path / "m.onnx", x)[0], expected, atol=1e-6)


def test_same_padding_of_windows_with_holes_over_open_lengths(tmp_path):
    options = {"atrous_rate": (2, 3), "border_mode": "same"}
    model = randomized(Sequential([AtrousConvolution2D(3, 2, 3, input_shape=(None, None, 2), **options)]))
    for rows, columns in ((5, 7), (2, 2), (8, 3)):
        x = normal(2, rows, columns, 2)
        known = Sequential([AtrousConvolution2D(3, 2, 3, input_shape=(rows, columns, 2), **options)])
        known.set_weights(model.get_weights())
        np.testing.assert_allclose(in_onnx(model, tmp_path / "m.onnx", x)[0], known.predict(x), rtol=1e-4, atol=1e-5)


def test_same_padding_of_poolings_in_images_of_open_lengths(tmp_path):
    for layer in (MaxPooling2D, AveragePooling2D):
        model = Sequential([layer((2, 1), (3, 2), border_mode="same", input_shape=(None, None, 2))])
        x = normal(2, 7, 5, 2)
        np.testing.assert_allclose(in_onnx(model, tmp_path / "m.onnx", x)[0], model.predict(x), atol=1e-6)


# ---------------------------------------------------------------------- masks


def test_a_mask_from_outside_reaches_the_layers_of_a_model_inside(tmp_path):
    inner_x = Input((5, 2))
    inner = Model(inner_x, LSTM(3, name="within")(Dense(2)(inner_x)))
    x = Input((5, 2))
    model = Model(x, inner(Masking()(x)))
    values = with_blank_steps(normal(3, 5, 2))
    np.testing.assert_allclose(in_onnx(model, tmp_path / "m.onnx", values)[0], model.predict(values), atol=1e-5)
    # the same model without a mask
    y = Input((5, 2))
    unmasked = Model(y, inner(y))
    np.testing.assert_allclose(in_onnx(unmasked, tmp_path / "m.onnx", values)[0], unmasked.predict(values), atol=1e-5)


def with_blank_steps(x):
    """Steps of zeros at the beginning, within and at the end, and a sample of nothing else."""
    x[0, 1] = x[1, 0] = x[1, -1] = 0
    x[2] = 0
    return x


def test_masks_reach_layers_in_onnx_in_all_ways(tmp_path):
    x, other, words = Input((None, 3)), Input((None, 3)), Input((None,))
    a, b, e = Masking()(x), Masking()(other), Embedding(5, 3, mask_zero=True)(words)
    every = {"return_sequences": True}
    recurrent = [
        SimpleRNN(2)(a), GRU(2, go_backwards=True, **every)(a), LSTM(2, zeros_before_mask=True, return_state=True)(a), GRU(2, reset_after=True, **every)(e),
        LSTM(2, zero_output_for_mask=True, **every)(b), LSTM(2, zero_output_for_mask=True)(b), LSTM(2)(GRU(2, go_backwards=True, **every)(a)),
        Bidirectional(LSTM(2, **every), zero_output_for_mask=True)(a), Bidirectional(GRU(2), merge_mode="sum")(e), GRU(2)(merge([a, b], mode="sum")),
        GRU(2)(merge([a, other], mode="mul")), LSTM(2)(merge([a, b], mode="concat")), LSTM(2)(merge([a, e], mode="concat", concat_axis=1)),
        RNN([LSTMCell(2), GRUCell(3)], return_state=True, **every)(a), LSTM(2)(TimeDistributed(Dense(2))(a)), GRU(2)(Dropout(0.5)(Add()([a, b]))),
        MultiHeadAttention(2, 2)([a, b]), MultiHeadAttention(1, 3)([e, e]), Attention()([a, b]), AdditiveAttention()([b, e]),
        GlobalAveragePooling1D(use_mask=True)(e),
    ]  # fmt: skip
    outputs = [y for item in recurrent for y in (item if isinstance(item, list) else [item])]
    model = randomized(Model([x, other, words], outputs))
    values = [
        with_blank_steps(normal(3, 4, 3)),
        with_blank_steps(normal(3, 4, 3))[:, ::-1],
        np.array([[1, 0, 2, 3], [0, 4, 4, 0], [0, 0, 1, 0]]),
    ]
    for n, (got, wanted) in enumerate(zip(in_onnx(model, tmp_path / "m.onnx", *values), model.predict(values), strict=True)):
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5, err_msg=f"output {n}: {model.output_names[n]}")


def test_masks_of_convolutional_lstms_in_onnx(tmp_path):
    x = normal(3, 4, 3, 3, 2)
    x[:2, 1] = x[1, 0] = x[2] = 0
    for options in (
        {"zeros_before_mask": True},
        {"return_sequences": True, "go_backwards": True},
        {"return_sequences": True, "zero_output_for_mask": True},
    ):
        y = Input((4, 3, 3, 2))
        mask = TimeDistributed(Flatten())(y)
        layer = ConvLSTM2D(2, 2, 2, dim_ordering="tf", border_mode="same", **options)
        model = randomized(Model(y, layer(TimeDistributed(Reshape((3, 3, 2)))(Masking()(mask)))))
        np.testing.assert_allclose(in_onnx(model, tmp_path / "m.onnx", x)[0], model.predict(x), rtol=1e-4, atol=1e-5)


def test_a_merge_inside_of_a_model_sees_masks_from_outside(keras, tmp_path):
    a, b = Input((5, 2)), Input((5, 2))
    inner = Model([a, b], LSTM(3)(merge([a, b], mode="sum", name="joined")))
    x, y = Input((5, 2)), Input((5, 2))
    with pytest.raises(NotConvertible, match=r"'joined'.*different masks.*\[convert: keras3-merge-masks\]"):
        save_keras3(Model([x, y], inner([Masking()(x), Masking()(y)])), tmp_path / "m.keras")
    kept = Masking()(x)
    model = randomized(Model(x, inner([kept, kept])))
    values, _ = masked_steps()
    np.testing.assert_allclose(in_keras(keras, model, tmp_path / "m.keras", values)[0], model.predict(values), atol=1e-5)


@pytest.mark.parametrize(("mode", "join"), [("mul", np.multiply), ("max", np.maximum), ("min", np.minimum)])
def test_masked_sequences_are_joined_at_all_steps(mode, join, keras, tmp_path):
    x = Input((5, 2))
    kept = Masking()(x)
    p, q = Dense(3, bias=True)(kept), Dense(3)(kept)
    product = merge([p, q], mode=mode)
    model = randomized(Model(x, [merge([product, q], mode="dot", dot_axes=1), LSTM(2)(product), product]))
    values, _ = masked_steps()
    W, b, V, c = model.get_weights()[:4]
    u, v = values @ W + b, values @ V + c
    expected = np.einsum("nti,ntj->nij", join(u, v), v)
    ours, found = model.predict(values), in_keras(keras, model, tmp_path / "m.keras", values)
    np.testing.assert_allclose(found[0], expected, rtol=1e-4, atol=1e-5)
    for a, b in zip(found, ours, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("inner", ["highway", "lstm", "model"])
def test_layers_over_time_see_no_mask(inner, keras, tmp_path):
    if inner == "lstm":
        x, shape = Input((5, 4, 2)), (3, 5, 4, 2)
        layer = LSTM(2)
    else:
        x, shape = Input((5, 2)), (3, 5, 2)
        layer = Highway(activation="hard_sigmoid") if inner == "highway" else Sequential([Highway(input_dim=2), Dense(2)])
    kept = TimeDistributed(Dense(2))(Masking()(x)) if inner != "lstm" else TimeDistributed(Dense(2))(TimeDistributed(Masking())(x))
    model = randomized(Model(x, TimeDistributed(layer)(kept)))
    values = normal(*shape)
    values[0, 3:] = 0
    np.testing.assert_allclose(in_keras(keras, model, tmp_path / "m.keras", values)[0], model.predict(values), rtol=1e-4, atol=1e-5)


def test_what_bidirectional_puts_out_at_masked_steps_is_noted_or_refused(keras, tmp_path):
    x = Input((5, 2))
    both = Bidirectional(SimpleRNN(3, return_sequences=True), name="both")(Masking()(x))
    values, kept = masked_steps()
    model = randomized(Model(x, both))
    notes = save_keras3(model, tmp_path / "m.keras")
    assert [("'both'" in n, n.endswith("[convert: keras3-bidirectional-mask]")) for n in notes] == [(True, True)]
    np.testing.assert_allclose(in_keras(keras, model, tmp_path / "m.keras", values)[0][kept], model.predict(values)[kept], atol=1e-5)
    with pytest.raises(NotConvertible, match=r"'counted'.*\[convert: keras3-masked-steps\]"):
        save_keras3(Model(x, merge([both, both], mode="dot", dot_axes=1, name="counted")), tmp_path / "d.keras")
    with pytest.raises(NotConvertible, match=r"'found'.*\[convert: keras3-masked-steps\]"):
        save_keras3(Model(x, GRU(2)(Masking(name="found")(both))), tmp_path / "d.keras")
    # a recurrent layer behind it doesn't see them
    model = randomized(Model(x, GRU(2)(Dense(3)(both))))
    np.testing.assert_allclose(in_keras(keras, model, tmp_path / "m.keras", values)[0], model.predict(values), atol=1e-5)
    # as tf.keras has it, nothing differs
    zeros = Bidirectional(SimpleRNN(3, return_sequences=True), zero_output_for_mask=True)(Masking()(x))
    model = randomized(Model(x, merge([zeros, zeros], mode="dot", dot_axes=1)))
    assert save_keras3(model, tmp_path / "m.keras") == []
    np.testing.assert_allclose(in_keras(keras, model, tmp_path / "m.keras", values)[0], model.predict(values), rtol=1e-4, atol=1e-5)


# ---------------------------------------------------------------------- Keras 3: what was computed otherwise, or didn't load


@pytest.mark.parametrize("kind", ["plain", "atrous", "separable", "transposed"])
def test_softmax_of_convolutions_with_channels_first_runs_over_the_last_axis(kind, keras, tmp_path):
    options = {"dim_ordering": "th", "activation": "softmax", "input_shape": (2, 6, 5)}
    layer = {
        "plain": lambda: Convolution2D(3, 2, 2, **options),
        "atrous": lambda: AtrousConvolution2D(3, 2, 2, atrous_rate=(2, 2), **options),
        "separable": lambda: SeparableConvolution2D(3, 2, 2, **options),
        "transposed": lambda: Deconvolution2D(3, 2, 2, (None, 3, 7, 6), **options),
    }[kind]()
    model = randomized(Sequential([layer]))
    x = normal(2, 2, 6, 5)
    ours = model.predict(x)
    np.testing.assert_allclose(ours.sum(axis=-1), 1, rtol=1e-5)
    check_both(keras, model, tmp_path, ours, x)


def test_what_conv_lstm_of_keras3_lacks_is_refused(keras, tmp_path):
    def refused(slug, *layers):
        with pytest.raises(NotConvertible, match=f"convert: {slug}]"):
            save_keras3(Sequential(list(layers)), tmp_path / "m.keras")

    refused("keras3-conv-lstm-open", ConvLSTM2D(2, 2, 2, border_mode="same", dim_ordering="tf", input_shape=(3, None, 4, 2)))
    refused("keras3-conv-lstm-open", ConvLSTM2D(2, 2, 2, border_mode="same", dim_ordering="th", input_shape=(3, 2, 4, None)))
    refused("keras3-conv-lstm-softmax", ConvLSTM2D(2, 2, 2, activation="softmax", dim_ordering="th", input_shape=(3, 2, 4, 4)))
    theano = {"border_mode": "same", "border_origin": "theano", "dim_ordering": "tf"}
    refused("keras3-conv-lstm-padding", ConvLSTM2D(2, 2, 3, input_shape=(3, 4, 4, 2), **theano))
    model = randomized(Sequential([ConvLSTM2D(2, 3, 3, subsample=(2, 2), input_shape=(3, 5, 4, 2), **theano)]))
    x = normal(2, 3, 5, 4, 2)
    np.testing.assert_allclose(in_keras(keras, model, tmp_path / "m.keras", x)[0], model.predict(x), atol=1e-5)


def test_a_negative_slope_below_zero(keras, tmp_path):
    x = normal(3, 4, 2)
    model = Sequential([LeakyReLU(-0.4, input_shape=(4, 2)), Flatten(), Dense(3)])
    W, b = model.get_weights()
    expected = np.where(x > 0, x, -0.4 * x).reshape(3, -1) @ W + b
    check_both(keras, model, tmp_path, expected, x)
    save_keras3(model, tmp_path / "m.keras")
    assert len(keras.models.load_model(tmp_path / "m.keras", compile=False).trainable_weights) == 2


@pytest.mark.parametrize("functional", [False, True])
def test_names_that_would_meet_in_keras3(functional, keras, tmp_path):
    layers = [
        Dense(2, activation="hard_sigmoid", name="a/b"), Dense(2, name="a_b"), Dense(2, name="a_b_linear"), Dense(2, name="a_b_1"), Dense(2, name="a_b_scale"),
    ]  # fmt: skip
    source = Input((3,), name="a_b_2")
    x = source
    for layer in layers:
        x = layer(x)
    model = randomized(Model(source, x) if functional else Sequential([Dense(2, input_dim=3, name="first"), *layers[1:]]))
    values = normal(4, 3)
    check_both(keras, model, tmp_path, model.predict(values), values)


def test_a_masked_bidirectional_round_a_layer_that_goes_backwards_is_refused(tmp_path):
    inner = SimpleRNN(2, return_sequences=True, go_backwards=True)
    model = Sequential([Masking(input_shape=(4, 2)), Bidirectional(inner, name="both")])
    with pytest.raises(NotConvertible, match=r"'both'.*\[convert: keras3-masked-steps\]"):
        save_keras3(model, tmp_path / "m.keras")


def test_a_masked_unrolled_bidirectional_gives_the_same_at_counted_steps(keras, tmp_path):
    model = randomized(Sequential([Masking(input_shape=(4, 2)), Bidirectional(LSTM(2, return_sequences=True, unroll=True)), LSTM(3)]))
    x = normal(3, 4, 2)
    x[1, 2:] = 0
    x[2, 1:] = 0
    save_keras3(model, tmp_path / "m.keras")
    got = keras.models.load_model(tmp_path / "m.keras", compile=False).predict(x, verbose=0)
    np.testing.assert_allclose(got, model.predict(x), atol=1e-5)


def test_a_mask_of_reversed_outputs_is_refused_where_a_layer_takes_it(tmp_path):
    backwards = SimpleRNN(2, return_sequences=True, go_backwards=True, name="backwards")
    model = Sequential([Masking(input_shape=(4, 2)), backwards, LSTM(2)])
    with pytest.raises(NotConvertible, match=r"'backwards'.*\[convert: keras3-mask-of-reversed\]"):
        save_keras3(model, tmp_path / "m.keras")


def test_a_dot_over_an_axis_of_unknown_length_is_refused(tmp_path):
    a, b = Input((None, 3)), Input((None, 3))
    model = Model([a, b], Merge(mode="dot", dot_axes=1, name="product")([a, b]))
    with pytest.raises(NotConvertible, match=r"'product'.*\[convert: keras3-dot-open\]"):
        save_keras3(model, tmp_path / "m.keras")
