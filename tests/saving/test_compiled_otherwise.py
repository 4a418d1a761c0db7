"""Models of tf.keras that were compiled as models of Keras 1 can't be: with losses that the program added, without a loss, with a nameless one."""

import json

import h5py
import numpy as np
import pytest

from kbridge.layers import LSTM, Dense, TimeDistributed
from kbridge.models import Sequential, load_model, model_from_json


def layer(class_name, name, source=None, **config):
    calls = [] if source is None else [[[source, 0, 0, {}]]]
    return {"class_name": class_name, "name": name, "config": {"name": name, **config}, "inbound_nodes": calls}


def functional():
    """x -> d -> o, and a penalty of d as tf.keras stores it."""
    square = {
        "class_name": "TFOpLambda",
        "name": "square",
        "config": {"name": "square", "function": "math.square"},
        "inbound_nodes": [["d", 0, 0, {}]],
    }
    layers = [
        layer("InputLayer", "x", batch_input_shape=[None, 2], dtype="float32"),
        layer("Dense", "d", "x", units=3),
        square,
        layer("Dense", "o", "d", units=1),
        layer("AddLoss", "added", "square", unconditional=False),
        layer("AddMetric", "told", "square", aggregation="mean", metric_name="penalty"),
    ]
    config = {"name": "m", "layers": layers, "input_layers": [["x", 0, 0]], "output_layers": [["o", 0, 0]]}
    return {"class_name": "Functional", "config": config, "keras_version": "2.15.0", "backend": "tensorflow"}


def saved(path, loss):
    """A file of tf.keras, compiled with ``loss``."""
    model = Sequential([Dense(1, input_dim=2, name="o")])
    model.save(path)
    config = {"name": "s", "layers": [{"class_name": "Dense", "config": {"name": "o", "units": 1, "batch_input_shape": [None, 2]}}]}
    compiled = {"loss": loss, "metrics": None, "optimizer_config": {"class_name": "SGD", "config": {"name": "SGD", "learning_rate": 0.5}}}
    with h5py.File(path, "a") as file:
        file.attrs["keras_version"] = file["model_weights"].attrs["keras_version"] = "2.15.0"
        for key in [key for key in file.attrs if key.startswith("kbridge")]:
            del file.attrs[key]
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": config})
        file.attrs["training_config"] = json.dumps(compiled)
    return path


def test_added_losses_are_left_out_with_a_warning():
    with pytest.warns(UserWarning, match="'m' has losses and metrics that its program added.*added-losses"):
        model = model_from_json(json.dumps(functional()))
    assert [each.name for each in model.layers] == ["x", "d", "o"]
    assert model.predict(np.ones((2, 2))).shape == (2, 1)


def test_a_class_of_the_program_s_own_may_have_the_name():
    from kbridge.layers import Activation

    config = functional()
    config["config"]["layers"] = [entry for entry in config["config"]["layers"] if entry["name"] not in ("square", "told")]
    config["config"]["layers"][-1] = layer("AddLoss", "added", "o", activation="linear")
    config["config"]["output_layers"] = [["added", 0, 0]]
    assert model_from_json(json.dumps(config), {"AddLoss": Activation}).layers[-1].name == "added"


def test_without_a_loss_the_model_isn_t_compiled(tmp_path):
    with pytest.warns(UserWarning, match="compiled without a loss"):
        model = load_model(saved(tmp_path / "m.h5", None))
    assert getattr(model, "optimizer", None) is None and model.predict(np.ones((1, 2))).shape == (1, 1)


@pytest.mark.parametrize("loss", ["<lambda>", {"class_name": "__lambda__", "config": {"value": ["4wA=", None, None]}}])
def test_a_nameless_loss_can_be_given(tmp_path, loss):
    path = saved(tmp_path / "m.h5", loss)
    with pytest.warns(UserWarning, match="pass custom_objects={'<lambda>': FUNCTION}"):
        load_model(path)
    model = load_model(path, {"<lambda>": lambda y_true, y_pred: y_pred * 2 - y_true})
    x = np.ones((3, 2))
    assert model.evaluate(x, np.ones((3, 1)), verbose=0) == pytest.approx(np.mean(2 * model.predict(x) - 1), abs=1e-6)


def test_classes_of_sequences_need_no_axis_of_their_own():
    model = Sequential([LSTM(3, input_shape=(4, 2), return_sequences=True), TimeDistributed(Dense(5, activation="softmax"))])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = np.random.rand(3, 4, 2), np.random.randint(0, 5, (3, 4))
    np.testing.assert_allclose(model.evaluate(x, y, verbose=0), model.evaluate(x, y[..., None], verbose=0), rtol=1e-6)
    model.fit(x, y, nb_epoch=1, verbose=0)
    with pytest.raises(ValueError, match="4, 1"):
        model.evaluate(x, y[:, :3], verbose=0)


def test_normalization_passes_masks_on():
    from kbridge.layers import Embedding, Normalization

    model = Sequential([Embedding(4, 2, input_length=3, mask_zero=True), Normalization(axis=None, mean=0.0, variance=4.0), LSTM(2)])
    found = model.predict(np.array([[1, 2, 0], [1, 2, 3]]))
    shorter = Sequential([Embedding(4, 2, input_length=2), Normalization(axis=None, mean=0.0, variance=4.0), LSTM(2)])
    shorter.set_weights(model.get_weights())
    np.testing.assert_allclose(found[0], shorter.predict(np.array([[1, 2]]))[0], atol=1e-6)
