"""``model.save("x.keras")`` writes what Keras 3 loads, predicts and trains on with, and gives the very same model back here."""

from __future__ import annotations

import json
import os
import warnings
import zipfile

import h5py
import numpy as np
import pytest
from installed import installed, needed

from kbridge import backend as K
from kbridge.layers import (
    GRU,
    LSTM,
    BatchNormalization,
    Bidirectional,
    Convolution2D,
    Dense,
    Flatten,
    Highway,
    Input,
    Lambda,
    MaxoutDense,
    Reshape,
    SReLU,
)
from kbridge.models import Model, Sequential, load_model
from kbridge.optimizers import SGD
from kbridge.saving.errors import ModelFileError

CHANCE = np.random.RandomState(0)
X, Y = CHANCE.randn(8, 3).astype("float32"), CHANCE.randn(8, 1).astype("float32")
HAS_KERAS = installed("keras")


@pytest.fixture(autouse=True)
def fresh_session():
    yield
    K.clear_session()


def mixed_model():
    """Layers that are one layer in Keras 3, and some that become several."""
    x = Input((3,))
    y = BatchNormalization()(Dense(4, activation="hard_sigmoid")(x))
    y = LSTM(3, return_sequences=True, inner_activation="sigmoid")(Reshape((2, 2))(y))
    return Model(x, Dense(1)(Highway()(MaxoutDense(3)(Bidirectional(GRU(2))(y)))))


def trained(optimizer):
    model = mixed_model()
    model.compile(optimizer, "mse", metrics=["mae"])
    for _ in range(2):
        model.train_on_batch(X, Y)
    return model


@pytest.mark.parametrize("optimizer", ["adam", "nadam"])
def test_the_very_same_model_comes_back(optimizer, tmp_path):
    model = trained(optimizer)
    model.save(tmp_path / "m.keras")
    with warnings.catch_warnings():
        warnings.filterwarnings("error")
        again = load_model(tmp_path / "m.keras")
    assert again.to_json() == model.to_json()
    for ours, theirs in zip(again.get_weights(), model.get_weights()):
        np.testing.assert_array_equal(ours, theirs)
    for each in (model, again):
        each.train_on_batch(X, Y)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


@pytest.mark.parametrize("optimizer", ["momentum", "adagrad", "adam"])
def test_keras_3_trains_on_where_it_stopped(optimizer, tmp_path):
    keras = needed("keras")
    model = trained(SGD(0.05, momentum=0.9, decay=0.01, nesterov=True) if optimizer == "momentum" else optimizer)
    model.save(tmp_path / "m.keras")
    there = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(there.predict(X, verbose=0), model.predict(X), atol=1e-5)
    for _ in range(2):
        model.train_on_batch(X, Y)
        there.train_on_batch(X, Y)
    # Keras 3 adds Adagrad's epsilon to the sum of squares, Keras 1 to its root [convert: keras3-epsilon]
    close = 5e-4 if optimizer == "adagrad" else 1e-4
    np.testing.assert_allclose(there.predict(X, verbose=0), model.predict(X), atol=close)
    there.save(tmp_path / "there.keras")  # without what kbridge adds
    back = load_model(tmp_path / "there.keras", compile=False)
    np.testing.assert_allclose(back.predict(X), model.predict(X), atol=close)


def test_arrays_are_stored_once(tmp_path):
    model = Sequential([Dense(300, input_dim=200, name="large"), Dense(1)])
    model.compile("adam", "mse")
    model.train_on_batch(np.ones((2, 200)), np.ones((2, 1)))
    model.save(tmp_path / "m.keras")
    assert os.path.getsize(tmp_path / "m.keras") < 4 * (3 * model.count_params()) + 60_000


def test_it_is_an_archive_of_keras_3_with_one_more_member(tmp_path):
    model = trained("adam")
    model.save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        assert archive.namelist() == ["metadata.json", "config.json", "kbridge.json", "model.weights.h5"]
        config = json.loads(archive.read("config.json"))
    assert config["compile_config"]["optimizer"]["class_name"] == "Adam"
    assert config["compile_config"]["loss"] == "mean_squared_error" and config["compile_config"]["metrics"] == ["mean_absolute_error"]


def test_what_keras_3_lacks_is_named_and_nothing_written(tmp_path):
    model = Sequential([Lambda(lambda x: K.abs(x), input_shape=(3,), name="own"), SReLU(name="steps")])
    with pytest.raises(ValueError, match=r"layer 'steps' \(SReLU\)[^$]*model.save\('NAME.h5'\)"):
        model.save(tmp_path / "m.keras")
    assert os.listdir(tmp_path) == []


def test_weights_alone_serve_both(tmp_path):
    model = trained("adam")
    path = tmp_path / "m.weights.h5"
    model.save_weights(path)
    again = mixed_model()
    again.load_weights(path)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    model.save(tmp_path / "m.keras")
    if HAS_KERAS:
        import keras

        there = keras.models.load_model(tmp_path / "m.keras")
        there.set_weights([np.zeros_like(value) for value in there.get_weights()])
        there.load_weights(path)
        np.testing.assert_allclose(there.predict(X, verbose=0), model.predict(X), atol=1e-5)


def test_weights_that_keras_3_cannot_read_are_told(tmp_path):
    model = Sequential([SReLU(input_shape=(3,), name="steps")])
    with pytest.warns(UserWarning, match="'steps'"):
        model.save_weights(tmp_path / "m.weights.h5")
    with h5py.File(tmp_path / "m.weights.h5") as h5:
        assert "layer_names" in h5.attrs and "vars" not in h5


def test_channels_first_and_frozen_layers(tmp_path):
    model = Sequential([Convolution2D(2, 3, 3, input_shape=(2, 5, 5), dim_ordering="th"), Flatten(), Dense(3, trainable=False), Dense(1)])
    model.compile("adam", "mse")
    x, y = CHANCE.randn(4, 2, 5, 5), CHANCE.randn(4, 1)
    model.train_on_batch(x, y)
    model.save(tmp_path / "m.keras")
    again = load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again.predict(x), model.predict(x))
    if HAS_KERAS:
        import keras

        there = keras.models.load_model(tmp_path / "m.keras")
        for each in (model, there):
            each.train_on_batch(x, y)
        np.testing.assert_allclose(there.predict(x, verbose=0), model.predict(x), atol=1e-4)


def test_own_texts_that_are_none_are_refused(tmp_path):
    trained("adam").save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for bad in (b"[]", b'{"model_config": 3}', b'{"model_config": "{}"}', b"{"):
        members["kbridge.json"] = bad
        with zipfile.ZipFile(tmp_path / "bad.keras", "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        with pytest.raises(ModelFileError):
            load_model(tmp_path / "bad.keras")
