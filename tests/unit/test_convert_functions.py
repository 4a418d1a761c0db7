"""Lambda layers, and Merge layers with a function, converted to ONNX and Keras 3."""

import os

import numpy as np
import pytest

from kbridge import backend as K
from kbridge.convert.files import save_keras3, save_onnx
from kbridge.convert.problems import NotConvertible
from kbridge.layers import Dense, Input, Lambda, TimeDistributed, merge
from kbridge.models import Model, Sequential, load_model

X, Y = np.random.RandomState(0).rand(2, 4, 3).astype("float32")
SCALE = 127.5


def euclidean(vects):
    x, y = vects
    return K.sqrt(K.maximum(K.sum(K.square(x - y), axis=1, keepdims=True), K.epsilon()))


def model():
    a, b = Input((3,), name="a"), Input((3,), name="b")
    scaled = Lambda(lambda x: x / SCALE - 1.0, name="scaled")(a)
    outputs = [
        Dense(2, name="dense")(scaled),
        Lambda(euclidean, output_shape=lambda s: (s[0][0], 1), name="distance")([scaled, b]),
        merge([a, b], mode=lambda t: K.abs(t[0] - t[1]), output_shape=lambda s: s[0], name="difference"),
        Lambda(lambda x, by: K.l2_normalize(x, axis=1) * by, arguments={"by": 3.0}, name="normalized")(b),
        Lambda(lambda x: x[:, ::-1][:, :2], name="turned")(b),
    ]
    return Model([a, b], outputs)


def assert_equal(found, wanted):
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.needs("onnxruntime")
def test_functions_become_operators_of_onnx(tmp_path):
    import onnxruntime

    made = model()
    save_onnx(made, tmp_path / "m.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "m.onnx"), providers=["CPUExecutionProvider"])
    assert_equal(session.run(None, {i.name: x for i, x in zip(session.get_inputs(), [X, Y], strict=True)}), made.predict([X, Y]))


@pytest.mark.needs("keras")
def test_functions_become_operations_of_keras_3(tmp_path):
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import keras

    made = model()
    save_keras3(made, tmp_path / "m.keras")
    there = keras.saving.load_model(tmp_path / "m.keras")
    assert_equal([np.asarray(y) for y in there([X, Y])], made.predict([X, Y]))


@pytest.mark.needs("onnxruntime")
def test_functions_inside_of_wrappers_are_converted(tmp_path):
    import onnxruntime

    made = Sequential([TimeDistributed(Lambda(lambda x: x * 2 + 1), input_shape=(2, 3))])
    save_onnx(made, tmp_path / "m.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "m.onnx"), providers=["CPUExecutionProvider"])
    x = np.random.rand(4, 2, 3).astype("float32")
    np.testing.assert_allclose(session.run(None, {session.get_inputs()[0].name: x})[0], x * 2 + 1, rtol=1e-5)


@pytest.mark.parametrize("save", [save_onnx, save_keras3])
def test_a_function_that_cant_be_read_is_named_with_what_stopped_the_reader(save, tmp_path):
    made = Sequential([Lambda(lambda x: sum([x for _ in range(2)]), input_shape=(3,), name="own")])
    with pytest.raises(NotConvertible, match=r"'own'.*can't be read as data: .*\[convert: lambda-function\]"):
        save(made, tmp_path / "m")


def test_a_converted_function_comes_back(tmp_path):
    made = model()
    save_keras3(made, tmp_path / "m.keras")
    assert_equal(load_model(tmp_path / "m.keras", compile=False).predict([X, Y]), made.predict([X, Y]))
