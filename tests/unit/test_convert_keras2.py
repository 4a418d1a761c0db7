"""Files for Keras 2: tf.keras loads them and predicts the same."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
import saved_vocabularies
from installed import needed

from kbridge import backend as K
from kbridge.convert import NotConvertible, convert
from kbridge.layers import (
    GRU,
    LSTM,
    RNN,
    Attention,
    AveragePooling2D,
    BatchNormalization,
    Bidirectional,
    Convolution1D,
    Convolution2D,
    Deconvolution2D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GlobalAveragePooling2D,
    GRUCell,
    Highway,
    Input,
    LeakyReLU,
    Masking,
    MaxoutDense,
    MultiHeadAttention,
    PReLU,
    SimpleRNNCell,
    SReLU,
    TextVectorization,
    TimeDistributed,
    UpSampling2D,
    ZeroPadding2D,
    merge,
)
from kbridge.models import Model, Sequential, load_model

CHANCE = np.random.RandomState(4)


@pytest.fixture(autouse=True)
def fresh_session():
    yield
    K.clear_session()


def vectors():
    a, b = Input((4,), name="a"), Input((4,), name="b")
    inner = Sequential([Dense(4, input_dim=4, activation="hard_sigmoid", W_regularizer="l2", b_constraint="nonneg"), BatchNormalization()])
    x, y = inner(a), inner(b)
    shared = Dense(4, activation="elu")
    joined = [merge([x, y], mode=mode) for mode in ("sum", "mul", "ave", "max", "concat")]
    outputs = [shared(x), shared(y), merge([x, y], mode="dot", dot_axes=1), *joined]
    return Model([a, b], [*outputs, Highway()(x), MaxoutDense(3)(y), Dropout(0.3)(LeakyReLU(0.2)(x)), PReLU()(y)])


def words():
    x = Input((5,), name="words")
    y = Embedding(6, 3, mask_zero=True)(x)
    z = Embedding(6, 3, mask_zero=True)(x)
    outputs = [LSTM(2)(y), GRU(2, return_sequences=True)(y), LSTM(2)(merge([y, z], mode="mul")), TimeDistributed(Dense(2))(y)]
    return Model(x, [*outputs, Bidirectional(GRU(2, activation="hard_sigmoid"))(Embedding(6, 3)(x))])


def pictures():
    return Sequential(
        [
            Convolution2D(3, 3, 3, input_shape=(8, 8, 2), dim_ordering="tf", activation="relu"), BatchNormalization(),
            AveragePooling2D(dim_ordering="tf"), UpSampling2D(dim_ordering="tf"), ZeroPadding2D(dim_ordering="tf"),
            Deconvolution2D(2, 3, 3, output_shape=(None, 10, 10, 2), dim_ordering="tf"), GlobalAveragePooling2D(dim_ordering="tf"), Dense(2),
        ]
    )  # fmt: skip


def rows():
    return Sequential([Convolution1D(3, 2, input_shape=(6, 2), activation="tanh"), Flatten(), Dense(2)])


def cells_and_heads():
    x, first, second = Input((4, 3), name="x"), Input((2,), name="first"), Input((3,), name="second")
    stacked = RNN([GRUCell(2), SimpleRNNCell(3)], return_state=True)([x, first, second])
    heads = MultiHeadAttention(2, 2, return_attention_scores=True)([x, x, x])
    causal = Attention(use_causal_mask=True)([x, x])
    own = Bidirectional(GRU(2), backward_layer=LSTM(3, go_backwards=True), merge_mode="concat")(x)
    zeros = Bidirectional(LSTM(2, return_sequences=True), zero_output_for_mask=True)(Masking(0.5)(x))
    return Model([x, first, second], [*stacked, *heads, causal, own, zeros, LSTM(2, consume_less="gpu")(x)])


@pytest.mark.parametrize("build", [vectors, words, pictures, rows, cells_and_heads])
def test_tf_keras_predicts_the_same(build, tmp_path):
    tf_keras = pytest.importorskip("tf_keras", reason="tf_keras is not installed")
    model = build()
    model.set_weights([CHANCE.randn(*w.shape) ** 2 * 0.5 + 0.1 for w in model.get_weights()])
    model.save(tmp_path / "ours.h5")
    convert(tmp_path / "ours.h5", tmp_path / "old.h5", "keras2")
    there = tf_keras.models.load_model(tmp_path / "old.h5", compile=False)
    x = [CHANCE.randint(0, 6, (3, 5)) if build is words else CHANCE.randn(3, *K.int_shape(t)[1:]) for t in model.inputs]
    expected, results = model.predict(x), there.predict(x if len(x) > 1 else x[0], verbose=0)
    back = load_model(tmp_path / "old.h5", compile=False).predict(x)
    for ours, theirs, again in zip(*(r if isinstance(r, list) else [r] for r in (expected, results, back)), strict=True):
        np.testing.assert_allclose(theirs, ours, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(again, ours, rtol=1e-4, atol=1e-5)


def test_a_sequential_model_that_lists_its_input_is_converted(tmp_path):
    inner = Model(x := Input((3,), name="x"), Dense(2)(x), name="inner")
    layers = [{"class_name": "InputLayer", "config": {"batch_input_shape": (None, 3), "name": "given"}}]
    model = Sequential.from_config([*layers, {"class_name": "Model", "config": inner.get_config()}])
    assert [type(layer).__name__ for layer in model.layers] == ["InputLayer", "Model"]
    data = CHANCE.randn(2, 3)
    model.save(tmp_path / "ours.h5")
    for name, to in (("two.h5", "keras2"), ("three.h5", "keras3")):
        convert(tmp_path / "ours.h5", tmp_path / name, to)
        np.testing.assert_allclose(load_model(tmp_path / name, compile=False).predict(data), model.predict(data), rtol=1e-5)


def test_what_keras_2_lacks_is_named(tmp_path):
    Sequential([SReLU(input_shape=(3,), name="steps")]).save(tmp_path / "ours.h5")
    with pytest.raises(NotConvertible, match="Keras 2:\n.*'steps'"):
        convert(tmp_path / "ours.h5", tmp_path / "old.h5", "keras2")
    assert not (tmp_path / "old.h5").exists()


@pytest.mark.parametrize("target, package", [("m.onnx", "onnxruntime"), ("m.json", None), ("m.keras", "keras")])
def test_check_compares_predictions(target, package, tmp_path, capsys):
    from kbridge.cli import main

    if package is not None:
        needed(package)
    x = Input((5,), name="words")
    Model(x, Dense(2)(LSTM(3)(Embedding(6, 3)(x)))).save(tmp_path / "ours.h5")
    assert main(["convert", str(tmp_path / "ours.h5"), str(tmp_path / target), "--check"]) == 0
    assert "predicts the same" in capsys.readouterr().out


def test_check_tells_of_a_file_that_predicts_otherwise(tmp_path, monkeypatch, capsys):
    from kbridge.cli import main
    from kbridge.convert import check

    Sequential([Dense(2, input_dim=3)]).save(tmp_path / "ours.h5")
    monkeypatch.setitem(check._READERS, "keras1", lambda path, custom: ("another program", lambda x: np.ones((len(x[0]), 2))))
    assert main(["convert", str(tmp_path / "ours.h5"), str(tmp_path / "m.h5"), "--check"]) == 1
    assert "another program predicts otherwise" in capsys.readouterr().err


def test_no_reason_speaks_of_another_keras(tmp_path):
    from kbridge.convert.keras2 import save_keras2
    from kbridge.layers import Convolution2D, LocallyConnected2D, MaxPooling2D

    model = Sequential([Convolution2D(2, 2, 2, input_shape=(6, 6, 1)), LocallyConnected2D(2, 2, 2, name="own")])
    model.add(MaxPooling2D(border_mode="same", border_origin="theano", pool_size=(2, 2), strides=(1, 1)))
    with pytest.raises(NotConvertible) as error:
        save_keras2(model, tmp_path / "m.h5")
    assert "'own' (LocallyConnected2D): no such layer is written into files of Keras 2 here [convert: keras2-no-layer]" in str(error.value)
    assert "Keras 3" not in str(error.value)


def test_layers_that_came_with_keras_3_are_refused(tmp_path):
    from kbridge.convert.keras2 import save_keras2
    from kbridge.layers import GroupQueryAttention, Input, ReversibleEmbedding
    from kbridge.models import Model

    x = Input((4,), dtype="int32")
    y = ReversibleEmbedding(5, 6)(x)
    with pytest.raises(NotConvertible) as error:
        save_keras2(Model(x, GroupQueryAttention(2, 4, 2)([y, y])), tmp_path / "m.h5")
    assert all(
        f"Keras 2 doesn't have {name} [convert: keras2-no-layer]" in str(error.value)
        for name in ("ReversibleEmbedding", "GroupQueryAttention")
    )


def test_operations_on_tensors_are_refused_for_keras_2(tmp_path):
    from kbridge.convert.keras2 import save_keras2
    from kbridge.layers import Lambda

    model = Sequential([Lambda(lambda x: x / 127.5 - 1.0, input_shape=(3,), name="scale")])
    with pytest.raises(NotConvertible, match="'scale'.*keras2-no-layer"):
        save_keras2(model, tmp_path / "m.h5")


@pytest.mark.parametrize("source", ["inside", "strings"])
def test_texts_come_in_as_texts(source, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        convert(saved_vocabularies.DATA / source, tmp_path / "old.h5", to="keras2")
        here = load_model(tmp_path / "old.h5")
    with np.load(saved_vocabularies.DATA / "predictions.npz") as arrays:
        x, y = arrays[f"{source}/x"], arrays[f"{source}/y"]
    np.testing.assert_allclose(here.predict(x.astype(object)), y, rtol=1e-5, atol=1e-6)
    tf_keras = pytest.importorskip("tf_keras", reason="tf_keras is not installed")
    import tensorflow as tf

    there = tf_keras.models.load_model(tmp_path / "old.h5", compile=False)
    np.testing.assert_allclose(there.predict(tf.constant(x.tolist()), verbose=0), y, rtol=1e-5, atol=1e-6)


def test_a_sequential_model_of_texts_lists_its_input(tmp_path):
    import h5py

    tokens = TextVectorization(vocabulary=["a", "b"], output_sequence_length=3, batch_input_shape=(None, 1), input_dtype="string")
    model = Sequential([tokens, Embedding(5, 2), Flatten(), Dense(1)])
    model.save(tmp_path / "ours.h5")
    convert(tmp_path / "ours.h5", tmp_path / "old.h5", to="keras2")
    with h5py.File(tmp_path / "old.h5") as file:
        first, second, *_ = json.loads(file.attrs["model_config"])["config"]["layers"]
    assert (
        first["class_name"] == "InputLayer" and first["config"]["dtype"] == "string" and first["config"]["batch_input_shape"] == [None, 1]
    )
    x = np.array([["a b"], ["z"]], dtype=object)
    np.testing.assert_allclose(load_model(tmp_path / "old.h5").predict(x), model.predict(x), rtol=1e-6)
