"""Configs of Keras 2, in all its versions, and what of them can't be represented."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from pathlib import Path

import h5py
import keras2_models as cases
import numpy as np
import pytest

from kbridge.engine.topology import Layer
from kbridge.models import Sequential, load_model, model_from_config, model_from_json, model_from_yaml
from kbridge.saving.errors import ModelFileError

TESTS = Path(__file__).parents[1]
DATA = TESTS / "data" / "keras2"


def one_layer(class_name: str, shape=(None, 4), **config) -> str:
    """JSON of a Sequential model as Keras 2.0 wrote it: a list of layers, the first with the input's shape."""
    config = {"name": "it", "trainable": True, "batch_input_shape": list(shape), "dtype": "float32", **config}
    model = {"class_name": "Sequential", "config": [{"class_name": class_name, "config": config}]}
    return json.dumps({**model, "keras_version": "2.0.8", "backend": "tensorflow"})


# ---------------------------------------------------------------------- versions and ways to read


def test_keras_2_0_with_a_list_of_layers_and_old_initializers():
    uniform = {"class_name": "VarianceScaling", "config": {"scale": 1.0, "mode": "fan_avg", "distribution": "uniform", "seed": None}}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = model_from_json(
            one_layer(
                "Dense", units=3, activation="relu", use_bias=True, kernel_initializer=uniform,
                bias_initializer={"class_name": "Zeros", "config": {}}, activity_regularizer=None,
                kernel_regularizer={"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.5}},
                kernel_constraint={"class_name": "MaxNorm", "config": {"max_value": 3, "axis": 0}},
            )
        )  # fmt: skip
    config = model.layers[0].get_config()
    assert config["init"] == "glorot_uniform"
    assert config["W_regularizer"] == {"name": "L1L2Regularizer", "l1": 0.0, "l2": 0.5}
    assert config["W_constraint"] == {"name": "MaxNorm", "m": 3, "axis": 0}
    assert model.output_shape == (None, 3)


def test_yaml_and_configs_without_a_version():
    yaml = pytest.importorskip("yaml")
    config = json.loads(one_layer("Dropout", rate=0.25))
    assert model_from_yaml(yaml.safe_dump(config)).layers[0].p == 0.25
    del config["keras_version"]
    assert model_from_config(config).layers[0].p == 0.25


def test_a_layer_of_ones_own_with_such_names_is_left_alone():
    class Scale(Layer):
        def __init__(self, units, **kwargs):
            self.units = units
            super().__init__(**kwargs)

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    model = Sequential([Scale(3, input_shape=(2,))])
    assert model_from_config(json.loads(model.to_json()), {"Scale": Scale}).layers[0].units == 3
    config = {"class_name": "Sequential", "config": model.get_config()}
    assert model_from_config(config, {"Scale": Scale}).layers[0].units == 3


def test_a_custom_layer_in_a_file_of_keras_2():
    class Twice(Layer):
        def call(self, x, mask=None):
            return 2 * x

    model = model_from_json(one_layer("Custom>Twice"), {"Twice": Twice})
    np.testing.assert_array_equal(model.predict(np.ones((1, 4))), np.full((1, 4), 2.0))


def test_unknown_initializers_are_told_of_unless_weights_come_along():
    text = one_layer("Dense", units=3, kernel_initializer={"class_name": "TruncatedNormal", "config": {}})
    with pytest.warns(UserWarning, match="it.kernel_initializer = TruncatedNormal"):
        model_from_json(text)


def test_a_file_of_a_later_keras_is_refused(tmp_path):
    with h5py.File(tmp_path / "new.h5", "w") as h5:
        h5.attrs["keras_version"] = "4.0.1"
        h5.create_group("model_weights").attrs["layer_names"] = np.zeros(0)
        h5.attrs["model_config"] = "{}"
    with pytest.raises(ModelFileError, match="was written by Keras 4.0.1"):
        load_model(tmp_path / "new.h5")


@pytest.mark.parametrize("options", [{}, {"implementation": 2, "dropout": 0.5}])
def test_a_regularizer_for_each_kernel_of_a_recurrent_layer(options):
    text = one_layer("GRU", shape=(None, 3, 2), units=2, kernel_regularizer="l2", recurrent_regularizer="l1", **options)
    layer = model_from_json(text).layers[-1]
    assert layer.consume_less == "gpu"
    assert (layer.W_regularizer.get_config()["l2"], layer.U_regularizer.get_config()["l1"]) == pytest.approx((0.01, 0.01))


@pytest.mark.parametrize(
    ("class_name", "options", "found"),
    [
        ("GRU", {"shape": (None, 3, 2), "units": 2, "reset_after": True}, {"reset_after": True}),
        ("LSTM", {"shape": (None, 3, 2), "units": 2, "use_bias": False}, {"bias": False}),
        ("CuDNNGRU", {"shape": (None, 3, 2), "units": 2}, {"reset_after": True, "inner_activation": "sigmoid"}),
        ("Conv1D", {"shape": (None, 5, 2), "filters": 2, "kernel_size": [2], "padding": "causal"}, {"border_mode": "causal"}),
        ("Conv2D", {"shape": (None, 5, 5, 2), "filters": 2, "kernel_size": [2, 2], "groups": 2}, {"groups": 2}),
        ("DepthwiseConv2D", {"shape": (None, 5, 5, 2), "kernel_size": [3, 3]}, {"kernel_size": [3, 3]}),
        ("UpSampling2D", {"shape": (None, 5, 5, 2), "interpolation": "bilinear"}, {"interpolation": "bilinear"}),
        ("Dense", {"units": 3, "activation": "swish"}, {"activation": "silu"}),
        ("ReLU", {"max_value": 6.0}, {"max_value": 6.0}),
        ("Conv2DTranspose", {"shape": (None, 5, 5, 2), "filters": 2, "kernel_size": 2}, {"nb_filter": 2, "subsample": (1, 1)}),
        (
            "Conv2DTranspose",
            {"shape": (None, 5, 5, 2), "filters": 2, "kernel_size": 2, "strides": 2, "output_padding": [1, 1]},
            {"output_padding": [1, 1]},
        ),
        ("SeparableConv2D", {"shape": (None, 5, 5, 2), "filters": 2, "kernel_size": 2, "dilation_rate": [2, 2]}, {"dilation_rate": (2, 2)}),
        ("Flatten", {"shape": (None, 3, 2), "data_format": "channels_first"}, {"dim_ordering": "th"}),
    ],
)
def test_options_that_keras_1_lacked_are_taken_over(class_name, options, found):
    config = model_from_json(one_layer(class_name, **options)).layers[-1].get_config()
    assert {key: config[key] for key in found} == found


# ---------------------------------------------------------------------- what can't be represented


@pytest.mark.parametrize(
    ("class_name", "options", "message"),
    [
        ("LSTM", {"shape": (None, 3, 2), "units": 2, "kernel_regularizer": "l2", "dropout": 0.5}, "one regularizer holds for both"),
        (
            "ConvLSTM2D",
            {"shape": (None, 3, 5, 5, 2), "filters": 2, "kernel_size": 2, "time_major": True},
            "ConvLSTM2D of a later Keras.* has time_major=True",
        ),
        ("Conv1D", {"shape": (None, 5, 2), "filters": 2, "kernel_size": [2], "padding": "full"}, "padding='full'"),
        ("LocallyConnected1D", {"shape": (None, 5, 2), "filters": 2, "kernel_size": [2], "padding": "same"}, "padding='same'"),
        ("Wobbler", {"shape": (None, 5, 5, 2), "mode": "horizontal"}, "'it' is a Wobbler of a later Keras"),
        ("BatchNormalization", {"renorm": True}, "renorm=True"),
        ("Dense", {"units": 3, "activation": "wobble"}, "activation='wobble'.*custom_objects"),
        ("Dense", {"units": 3, "dtype": "float64"}, "dtype='float64'"),
        ("Dense", {"units": 3, "dtype": {"class_name": "Policy", "config": {}}}, "dtype="),
        ("Dense", {"units": 3, "something_new": 7}, "something_new=7"),
        ("Dense", {"kernel_initializer": "zeros"}, "has no 'units'"),
    ],
)
def test_what_cannot_be_represented_names_layer_and_option(class_name, options, message):
    with pytest.raises(ModelFileError, match=message) as error:
        model_from_json(one_layer(class_name, **options))
    assert "'it'" in str(error.value)


def test_calls_with_arguments_are_refused():
    layers = [
        {"name": "a", "class_name": "InputLayer", "config": {"name": "a", "batch_input_shape": [None, 2]}, "inbound_nodes": []},
        {"name": "d", "class_name": "Dropout", "config": {"name": "d", "rate": 0.5}, "inbound_nodes": [[["a", 0, 0, {"training": True}]]]},
    ]
    config = {"name": "m", "layers": layers, "input_layers": ["a", 0, 0], "output_layers": [["d", 0, 0]]}
    with pytest.raises(ModelFileError, match="'d' is called with the arguments"):
        model_from_config({"class_name": "Functional", "config": config, "keras_version": "2.9.0"})


def test_code_is_never_run_and_the_function_is_asked_for():
    stored = ["4wEAAAAAAAAAAAAAAAAAAAABAAAAUwAAAHMEAAAAfABTACkBTqkA\n", None, None]
    text = one_layer("Lambda", function=stored, function_type="lambda", output_shape=None, output_shape_type="raw", arguments={})
    with pytest.raises(ModelFileError, match="never run from a file(.|\n)*'it'"):
        model_from_json(text)
    model = model_from_json(text, {"it": lambda x: x + 1})
    np.testing.assert_array_equal(model.predict(np.zeros((1, 4))), np.ones((1, 4)))


@pytest.mark.parametrize("value", [None, 3, "x", [], [3], {"layers": 3}, {"layers": [3]}, {"layers": [{"class_name": 3, "config": 4}]}])
@pytest.mark.parametrize("class_name", ["Sequential", "Functional", "Model", "Dense", "Bidirectional", "Lambda"])
def test_malformed_configs_are_model_file_errors(class_name, value, tmp_path):
    with h5py.File(DATA / "dense_layers.h5") as old, h5py.File(tmp_path / "bad.h5", "w") as new:
        old.copy("model_weights", new)
        new.attrs.update(old.attrs)
        new.attrs["model_config"] = json.dumps({"class_name": class_name, "config": value})
    with pytest.raises(ModelFileError):
        load_model(tmp_path / "bad.h5")


# ---------------------------------------------------------------------- weights and training


def changed(tmp_path, name: str, change) -> Path:
    """A copy of a file of Keras 2, changed by a function."""
    path = tmp_path / "changed.h5"
    path.write_bytes((DATA / f"{name}.h5").read_bytes())
    with h5py.File(path, "r+") as h5:
        change(h5)
    return path


def test_weights_in_another_order_are_noticed_by_their_names(tmp_path):
    def swap(h5):
        group = h5["model_weights/alpha"]
        group.attrs["weight_names"] = group.attrs["weight_names"][[1, 0, 2, 3]]

    with pytest.raises(ModelFileError, match="layer 'alpha': 'gamma' was expected"):
        load_model(changed(tmp_path, "training_adam", swap))


def test_a_missing_layer_is_an_error(tmp_path):
    def forget(h5):
        names = h5["model_weights"].attrs["layer_names"]
        h5["model_weights"].attrs["layer_names"] = [n for n in names if b"dense" not in np.bytes_(n)]

    with pytest.raises(ModelFileError, match="name different layers|need more weights than the file holds"):
        load_model(changed(tmp_path, "merges", forget))


def retrained(tmp_path, change):
    """Change the training_config of a file."""

    def apply(h5):
        config = json.loads(h5.attrs["training_config"])
        change(config)
        h5.attrs["training_config"] = json.dumps(config)

    return changed(tmp_path, "training_adam_legacy", apply)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda c: c["optimizer_config"].update(class_name="MultiOptimizer"), "doesn't have the optimizer MultiOptimizer"),
        (lambda c: c["optimizer_config"]["config"].update(learning_rate={"class_name": "Decay"}), "learning rate"),
        (lambda c: c.update(loss="hubber"), "doesn't have the loss 'hubber'"),
        (lambda c: c.update(loss={"class_name": "Ring", "config": {}}), "Unknown loss: 'Ring'"),
        (lambda c: c.update(loss={"class_name": "BinaryCrossentropy", "config": {"from_logit": True}}), "from_logit"),
    ],
)
def test_training_that_cannot_be_taken_over_is_a_warning(tmp_path, change, reason):
    with pytest.warns(UserWarning, match=f"not restored, and the model is not compiled.*{reason}"):
        model = load_model(retrained(tmp_path, change))
    assert getattr(model, "optimizer", None) is None


def test_metrics_that_are_unknown_are_left_out_with_a_warning(tmp_path):
    with pytest.warns(UserWarning, match="leaves them out: mean_tensor"):
        model = load_model(retrained(tmp_path, lambda c: c.update(metrics=[{"class_name": "MeanTensor", "config": {}}, "mae"])))
    assert model.metrics_names == ["loss", "mean_absolute_error"]


def test_a_custom_loss_comes_from_custom_objects(tmp_path):
    def mine(y_true, y_pred):
        return 2 * (y_pred - y_true) ** 2

    model = load_model(retrained(tmp_path, lambda c: c.update(loss="mine")), {"mine": mine})
    assert model.loss is mine


def test_a_state_of_another_layout_makes_the_optimizer_start_anew(tmp_path):
    def cut(h5):
        group = h5["optimizer_weights"]
        group.attrs["weight_names"] = group.attrs["weight_names"][:-2]

    with pytest.warns(UserWarning, match="the optimizer starts anew"):
        model = load_model(changed(tmp_path, "training_adam_legacy", cut))
    cases.train(model)


@pytest.mark.parametrize("name", ["training_adam", "training_adam_legacy"])
def test_a_model_saved_before_its_training_is_compiled_without_a_warning(name, tmp_path):
    def cut(h5):
        group = h5["optimizer_weights"]
        count = group.attrs["weight_names"][0]
        group.attrs["weight_names"] = [count]
        group[count][...] = 0

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = load_model(changed(tmp_path, name, cut))
    cases.train(model)


# ---------------------------------------------------------------------- written now


def test_files_written_by_the_tf_keras_of_today(tmp_path):
    pytest.importorskip("tf_keras", reason="pip install tf-keras (extra 'test')")
    subprocess.run([sys.executable, TESTS / "keras2_models.py", tmp_path], check=True, capture_output=True, timeout=600)
    expected = np.load(tmp_path / "predictions.npz")
    for name in cases.CASES:
        model = load_model(tmp_path / f"{name}.h5", compile=False)
        for i, result in enumerate(cases.predictions(model, name)):
            np.testing.assert_allclose(result, expected[f"{name}/{i}"], rtol=1e-4, atol=2e-5, err_msg=name)
