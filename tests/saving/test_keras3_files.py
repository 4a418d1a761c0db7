"""Files of Keras 3 (tests/data/keras3, written by keras3_models.py) load, predict what they predicted there, and train on."""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from pathlib import Path

import keras3_models as cases
import numpy as np
import pytest

from kbridge import backend as K
from kbridge.models import load_model, model_from_json
from kbridge.saving.errors import ModelFileError
from kbridge.saving.keras3.models import keras1_config

DATA = Path(__file__).parents[1] / "data" / "keras3"
#: what Keras rounds besides the weights
ROUNDED = {"of_8_bits": 0.05, "heads_of_8_bits": 0.1, "of_16_bits": 0.01, "of_16_bits_tf_keras": 0.01}


@pytest.fixture(autouse=True)
def fresh_session():
    yield
    K.clear_session()


def recorded(name: str, what: str) -> list[np.ndarray]:
    with np.load(DATA / f"{name}.npz") as arrays:
        return [arrays[f"{what}/{i}"] for i in range(sum(key.startswith(f"{what}/") for key in arrays.files))]


def check(model, name: str, what: str = "predicted", atol: float = 2e-5) -> None:
    results = model.predict(recorded(name, "input"))
    results = results if isinstance(results, list) else [results]
    expected = recorded(name, what)
    assert len(results) == len(expected)
    for i, (result, wanted) in enumerate(zip(results, expected)):
        np.testing.assert_allclose(result, wanted, rtol=1e-4, atol=max(atol, ROUNDED.get(name, 0.0)), err_msg=f"output {i}")


def quietly_loaded(path, **options):
    with warnings.catch_warnings():
        warnings.filterwarnings("error")
        return load_model(path, compile=False, **options)


@pytest.mark.parametrize("name", cases.CASES)
def test_a_model_predicts_what_it_predicted_on_keras_3(name):
    check(quietly_loaded(DATA / f"{name}.keras"), name)


@pytest.mark.parametrize("name", cases.ALSO_H5)
def test_its_h5_file_does_too(name):
    check(quietly_loaded(DATA / f"{name}.h5"), name)


@pytest.mark.parametrize("name", ["nested_models", "stacks", "language"])
@pytest.mark.parametrize("source", ["NAME.keras", "NAME.weights.h5"])
def test_weights_go_into_a_model_of_its_architecture(name, source):
    model = model_from_json(config_of(DATA / f"{name}.keras"))
    model.load_weights(DATA / source.replace("NAME", name))
    check(model, name)


def test_weights_in_several_files_are_one():
    model = model_from_json(config_of(DATA / "stacks.keras"))
    model.load_weights(DATA / "shards.weights.json")
    check(model, "stacks")


def config_of(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        return archive.read("config.json").decode()


def test_weights_of_a_model_that_kbridge_built():
    """Layers of Keras 1 find those of the same classes, counted, whatever they are called."""
    from kbridge.layers import BatchNormalization, Dense
    from kbridge.models import Sequential

    inner = Sequential([Dense(2, input_dim=3), BatchNormalization()])
    outer = Sequential([Dense(3, input_dim=4), inner])
    model = Sequential([outer, Dense(2), Dense(3)])
    model.load_weights(DATA / "stacks.weights.h5")
    check(model, "stacks")


def test_weights_by_name():
    from kbridge.layers import Dense, Input
    from kbridge.models import Model

    for source in ("nested_models.weights.h5", "nested_models.keras"):
        x = Input((3,))
        model = Model(x, Dense(4, name="new")(Dense(3, name="shared")(x)))
        before = model.get_layer("new").get_weights()
        model.load_weights(DATA / source, by_name=True)
        whole = load_model(DATA / "nested_models.keras", compile=False)
        for got, wanted in zip(model.get_layer("shared").get_weights(), whole.get_layer("shared").get_weights()):
            np.testing.assert_array_equal(got, wanted)
        for got, wanted in zip(model.get_layer("new").get_weights(), before):
            np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize(
    "source, message",
    [
        ("stacks.weights.h5", r"layer 'small' \(Dense\) needs the arrays kernel \(4, 5\), bias \(5,\), but the file has .*\(2, 2\)"),
        ("stacks.keras", r"has 3 layers with weights, but the model has 1"),
        ("nested_models.weights.h5", "has weights of other layers than the model"),
    ],
)
def test_what_does_not_fit_is_named(source, message):
    from kbridge.layers import Dense
    from kbridge.models import Sequential

    layers = [Dense(5, input_dim=4, name="small")]
    if source == "stacks.weights.h5":
        layers = [Sequential([Dense(3, input_dim=4), Sequential([Dense(2, input_dim=3)])]), *layers, Dense(3)]
        layers[1] = Dense(5, name="small")
        message = r"layer|layers"
    model = Sequential(layers)
    before = model.get_weights()
    with pytest.raises(ModelFileError, match=message):
        model.load_weights(DATA / source)
    for now, then in zip(model.get_weights(), before):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize("name", cases.OPTIMIZERS)
def test_training_goes_on_where_it_stopped(name):
    with warnings.catch_warnings():
        warnings.filterwarnings("error")
        model = load_model(DATA / f"trained_{name}.keras")
    assert model.metrics_names == ["loss", "mean_absolute_error"]
    assert float(K.get_value(model.optimizer.iterations)) == 3
    check(model, f"trained_{name}")
    cases.train(model)
    check(model, f"trained_{name}", "trained", atol=2e-4)


@pytest.mark.parametrize("name", cases.TRAINED)
def test_layers_of_two_models_are_trained_as_one(name):
    """Also from the moments of the optimizer, which has each weight once."""
    model = load_model(DATA / f"{name}.keras")
    assert len({id(w) for w in model.trainable_weights}) == 14
    cases.train_pairs(model)
    check(model, name, "trained", atol=2e-4)


def test_weights_of_layers_of_two_models_are_found_once():
    model = load_model(DATA / "layers_of_two_models.keras", compile=False)
    model.set_weights([np.zeros_like(value) for value in model.get_weights()])
    model.load_weights(DATA / "layers_of_two_models.weights.h5")
    check(model, "layers_of_two_models")


@pytest.mark.parametrize("mode, kind", [("int4/128", "Dense"), ("float8", "EinsumDense"), ("int8", "Conv1D")])
def test_weights_that_are_quantized_otherwise_are_refused(mode, kind, tmp_path):
    policy = {"module": "keras.dtype_policies", "class_name": "QuantizedDTypePolicy", "config": {"mode": mode, "source_name": "float32"}}
    layer = {
        "module": "keras.layers",
        "class_name": kind,
        "config": {"name": "short", "units": 2, "dtype": policy},
        "registered_name": None,
    }
    with pytest.raises(ModelFileError, match=rf"'short' \({kind}\) is quantized \({mode}\).*keras3-quantized"):
        load_model(archive(tmp_path, layer, {"dense/vars/0": np.ones((3, 2))}))


def test_numbers_longer_than_floatx_are_refused_with_what_to_do(tmp_path):
    policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float64"}, "registered_name": None}
    layer = {
        "module": "keras.layers",
        "class_name": "Dense",
        "config": {"name": "long", "units": 2, "dtype": policy},
        "registered_name": None,
    }
    path = archive(tmp_path, layer, {"dense/vars/0": np.ones((3, 2)), "dense/vars/1": np.ones(2)})
    with pytest.raises(ModelFileError, match=r"'long'.*dtype='float64'.*K.set_floatx\('float64'\) before loading"):
        load_model(path)
    K.set_floatx("float64")
    try:
        np.testing.assert_array_equal(load_model(path, compile=False).predict(np.ones((1, 3))), [[4, 4]])
    finally:
        K.set_floatx("float32")


@pytest.mark.parametrize("name", ["sequences", "masks", "nested_models", "states", "layers_of_two_models"])
def test_saved_again_as_keras_1_nothing_is_lost(name, tmp_path):
    model = load_model(DATA / f"{name}.keras", compile=False)
    model.save(tmp_path / "ours.h5")
    check(load_model(tmp_path / "ours.h5", compile=False), name)


def test_what_a_file_is_is_told_by_its_content(tmp_path):
    for name, wrong in (("stacks.keras", "a.h5"), ("masks.h5", "b.keras"), ("stacks.keras", "c")):
        (tmp_path / wrong).write_bytes((DATA / name).read_bytes())
        check(quietly_loaded(tmp_path / wrong), name.partition(".")[0])
    check(quietly_loaded(io.BytesIO((DATA / "stacks.keras").read_bytes())), "stacks")


# ---------------------------------------------------------------------- layers of the user's own


def own_layer():
    from kbridge.engine.topology import Layer
    from kbridge.layers import Dense

    class Scaled(Layer):
        """Two Dense layers added, and a scale."""

        def __init__(self, units=2, **kwargs):
            self.units = units
            self.first, self.others = Dense(units), [Dense(units), Dense(units)]
            super().__init__(**kwargs)

        def build(self, input_shape):
            for layer in (self.first, *self.others):
                layer.build(input_shape)
            self.scale = self.add_weight((self.units,), initializer="one", name=f"{self.name}_scale")
            self.trainable_weights = [self.scale, *(w for layer in (self.first, *self.others) for w in layer.weights)]
            self.built = True

        def call(self, x, mask=None):
            return self.scale * self.first.call(x) + self.others[0].call(x) - self.others[1].call(x)

        def get_output_shape_for(self, input_shape):
            return (input_shape[0], self.units)

    return Scaled


def archive(tmp_path, layer: dict, arrays: dict) -> Path:
    """An archive with a Sequential model of one layer."""
    import h5py

    stored = io.BytesIO()
    with h5py.File(stored, "w") as h5:
        for name, value in arrays.items():
            h5[f"layers/{name}"] = value
    start = {
        "module": "keras.layers",
        "class_name": "InputLayer",
        "config": {"batch_shape": [None, 3], "dtype": "float32", "name": "x"},
        "registered_name": None,
    }
    config = {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [start, layer]}, "registered_name": None}
    with zipfile.ZipFile(tmp_path / "own.keras", "w") as made:
        made.writestr("metadata.json", json.dumps({"keras_version": "3.9.0"}))
        made.writestr("config.json", json.dumps(config))
        made.writestr("model.weights.h5", stored.getvalue())
    return tmp_path / "own.keras"


def test_a_class_of_ones_own_gets_its_weights_by_its_attributes(tmp_path):
    chance = np.random.RandomState(2)
    values = {
        "scaled/vars/0": chance.randn(2), "scaled/first/vars/0": chance.randn(3, 2), "scaled/first/vars/1": chance.randn(2),
        "scaled/others/dense/vars/0": chance.randn(3, 2), "scaled/others/dense/vars/1": chance.randn(2),
        "scaled/others/dense_1/vars/0": chance.randn(3, 2), "scaled/others/dense_1/vars/1": chance.randn(2),
        "scaled/seed_generator/vars/0": np.zeros(2, "uint32"),
    }  # fmt: skip
    layer = {"module": None, "class_name": "Scaled", "config": {"name": "mine", "units": 2}, "registered_name": "mine>Scaled"}
    path = archive(tmp_path, layer, values)
    x = chance.randn(4, 3)
    w = list(values.values())
    expected = w[0] * (x @ w[1] + w[2]) + x @ w[3] + w[4] - x @ w[5] - w[6]
    for name in ("mine>Scaled", "Scaled"):
        model = load_model(path, {name: own_layer()}, compile=False)
        np.testing.assert_allclose(model.predict(x), expected, rtol=1e-4, atol=1e-5)
    with pytest.raises(ModelFileError, match="custom_objects={'mine>Scaled': Scaled}"):
        load_model(path)


def test_a_class_of_ones_own_is_never_taken_for_keras_own(tmp_path):
    layer = {"module": None, "class_name": "Dense", "config": {"name": "mine", "units": 2}, "registered_name": "Dense"}
    with pytest.raises(ModelFileError, match="a custom class"):
        load_model(archive(tmp_path, layer, {"dense/vars/0": np.ones((3, 2)), "dense/vars/1": np.ones(2)}))
    layer["module"] = "os"
    with pytest.raises(ModelFileError, match="a custom class"):
        load_model(archive(tmp_path, layer, {"dense/vars/0": np.ones((3, 2)), "dense/vars/1": np.ones(2)}))


def test_a_function_by_name_alone_is_said_to_be_guessed(tmp_path):
    """Keras 3 stores keras.ops.square and a function of one's own called 'square' in the same way."""
    function = {"module": "builtins", "class_name": "function", "config": "square", "registered_name": "function"}
    layer = {"module": "keras.layers", "class_name": "Lambda", "config": {"name": "f", "function": function}, "registered_name": None}
    path, x = archive(tmp_path, layer, {}), np.array([[1.0, 2.0, 3.0]])
    with pytest.warns(UserWarning, match=r"'square', which kbridge takes for keras.ops.square.*custom_objects"):
        np.testing.assert_allclose(load_model(path, compile=False).predict(x), x**2)
    for name in ("square", "f"):
        own = quietly_loaded(path, custom_objects={name: lambda x: x + 1})
        np.testing.assert_allclose(own.predict(x), x + 1)


def test_bfloat16_weights_are_read(tmp_path):
    import h5py

    value = np.array([1.5, -2.0, 0.15625], "float32")
    with h5py.File(tmp_path / "b.weights.h5", "w") as h5:
        stored = (value.view("uint32") >> 16).astype("uint16").view("V2")
        h5.create_dataset("layers/dense/vars/0", data=stored.reshape(1, 3)).attrs["dtype"] = "bfloat16"
        h5.create_dataset("layers/dense/vars/1", data=stored).attrs["dtype"] = "bfloat16"
    from kbridge.layers import Dense
    from kbridge.models import Sequential

    model = Sequential([Dense(3, input_dim=1)])
    model.load_weights(tmp_path / "b.weights.h5")
    np.testing.assert_array_equal(model.get_weights()[0][0], value)


# ---------------------------------------------------------------------- masks


def masked_model(joined: str, second: bool) -> str:
    """The JSON of a model in which a layer joins a masked sequence with another one, as Keras 3.15 writes it."""

    def tensor(name, *shape):
        return {"class_name": "__keras_tensor__", "config": {"shape": [None, *shape], "dtype": "float32", "keras_history": [name, 0, 0]}}

    def entry(cls, name, calls, module="keras.layers", **config):
        return {
            "module": module,
            "class_name": cls,
            "config": {"name": name, **config},
            "registered_name": None,
            "name": name,
            "inbound_nodes": calls,
        }

    def call(*args, **kwargs):
        return [{"args": list(args), "kwargs": kwargs}]

    words, rows = ("w1", "w2"), {"trainable": True}
    layers = [entry("InputLayer", name, [], batch_shape=[None, 5], dtype="float32") for name in words]
    for number, name in enumerate(words):
        layers.append(
            entry("Embedding", f"e{number}", call(tensor(name, 5)), input_dim=6, output_dim=3, mask_zero=number == 0 or second, **rows)
        )
    if second:
        operations = [entry("NotEqual", f"m{number}", call(tensor(name, 5), 0), "keras.src.ops.numpy") for number, name in enumerate(words)]
        joining = entry("LogicalOr", "any", call(tensor("m0", 5), tensor("m1", 5)), "keras.src.ops.numpy")
        layers += [*operations, joining]
    layers.append(entry(joined, "joined", call([tensor("e0", 5, 3), tensor("e1", 5, 3)]), **rows))
    mask = tensor("any", 5) if second else None
    layers.append(entry("LSTM", "lstm", call(tensor("joined", 5, 3), mask=mask), units=2, **rows))
    config = {"name": "m", "layers": layers, "input_layers": [["w1", 0, 0], ["w2", 0, 0]], "output_layers": ["lstm", 0, 0]}
    return json.dumps(
        {"module": "keras.src.models.functional", "class_name": "Functional", "config": config, "registered_name": "Functional"}
    )


@pytest.mark.parametrize("second", [True, False])
@pytest.mark.parametrize("joined", ["Add", "Multiply"])
def test_masks_that_are_joined_otherwise_here_are_refused(joined, second):
    with pytest.raises(ModelFileError, match=r"mask.*\[convert: keras3-masks\]"):
        model_from_json(masked_model(joined, second))


# ---------------------------------------------------------------------- looked at


def test_inspect_shows_what_an_archive_holds():
    from kbridge.inspection import as_text, inspect_file

    facts = inspect_file(DATA / "trained_adam.keras", weights=True)
    assert facts["loads"] is True and facts["safe"] and facts["kind"] == "model" and facts["keras_version"].startswith("3.")
    assert facts["training"]["optimizer"] == "Adam" and facts["training"]["optimizer_arrays"] > 2
    assert {row["name"]: row["parameters"] for row in facts["layers"]}["one"] == 5
    assert "Functional" in as_text(facts)
    nested = inspect_file(DATA / "nested_models.weights.h5")
    assert nested["kind"] == "weights" and {"inner", "shared", "stack", "two"} < {row["name"] for row in nested["layers"]}
    assert inspect_file(DATA / "masks.h5")["loads"] is True
    assert inspect_file(DATA / "tf_keras_archive.keras")["loads"] is True


def test_inspect_of_an_archive_that_needs_a_class(tmp_path):
    from kbridge.inspection import inspect_file

    layer = {"module": None, "class_name": "Mine", "config": {"name": "mine", "units": 2}, "registered_name": "p>Mine"}
    facts = inspect_file(archive(tmp_path, layer, {"mine/vars/0": np.ones(2)}))
    assert facts["loads"] is False and "custom_objects={'p>Mine': Mine}" in facts["problems"][0]


def test_compare_of_two_files(tmp_path):
    from kbridge.comparison.files import compare_files

    same = compare_files(DATA / "stacks.keras", DATA / "stacks.keras")
    assert same.ok and len(same.weights) > 4
    model = load_model(DATA / "merges.keras", compile=False)
    model.save(tmp_path / "ours.h5")
    other = compare_files(DATA / "merges.keras", tmp_path / "ours.h5")
    assert "settings are compared as Keras 1 writes them" in " ".join(other.notes)
    assert not compare_files(DATA / "stacks.keras", DATA / "trained_sgd.keras").ok


@pytest.mark.parametrize("version", ["4.0.0", "5.1"])
def test_a_config_of_a_later_keras_is_refused_with_its_version(version):
    with pytest.raises(ModelFileError, match=f"written by Keras {version}; .*Keras 1 to 3"):
        keras1_config({"class_name": "Sequential", "config": {"name": "later", "layers": []}}, version)


def test_a_key_by_its_name_behind_a_value_by_its_place():
    from kbridge.saving.keras2.calls import Call

    call = [["q", 0, 0, {}], ["v", 0, 0, {"key": ["k", 0, 0]}]]
    assert [name for name, _, _ in Call("heads", "MultiHeadAttention", call).sources] == ["q", "v", "k"]
    call = [["q", 0, 0, {"value": ["v", 0, 0], "attention_mask": ["m", 0, 0]}]]
    assert [name for name, _, _ in Call("heads", "MultiHeadAttention", call).sources] == ["q", "v", "v", "m"]


@pytest.mark.once
def test_penalties_that_keras_3_adds_otherwise_are_a_warning(tmp_path):
    """Of queries, keys and values in attention, and of layers in TimeDistributed."""
    penalty = {"class_name": "L2", "config": {"l2": 0.1}}
    compiled = {"optimizer": "sgd", "loss": "mse", "metrics": None, "loss_weights": None, "weighted_metrics": None}
    found = {}
    for name, wanted in (("attention", "MultiHeadAttention"), ("sequences", "TimeDistributed")):
        path = tmp_path / f"{name}.keras"
        with zipfile.ZipFile(DATA / f"{name}.keras") as archive, zipfile.ZipFile(path, "w") as changed:
            config = json.loads(archive.read("config.json"))
            layer = next(entry for entry in config["config"]["layers"] if entry["class_name"] == wanted)
            layer["config"].get("layer", layer)["config"]["activity_regularizer"] = penalty
            config["compile_config"] = compiled
            for item in archive.namelist():
                changed.writestr(item, json.dumps(config) if item == "config.json" else archive.read(item))
        with pytest.warns(UserWarning, match=rf"'{layer['name']}'.*\[convert: keras2-activity-regularizer\]") as told:
            found[wanted] = load_model(path)
        assert any("of TimeDistributed none; here they are those of what comes out" in str(each.message) for each in told)
    assert all(model.losses for model in found.values())
