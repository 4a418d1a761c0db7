"""Functions of Lambda and Merge layers stored as data: saved, loaded without custom_objects, and saved again."""

import json

import h5py
import numpy as np
import pytest
import text_forms

from kbridge import backend as K
from kbridge.layers import Dense, Input, Lambda, TimeDistributed, merge
from kbridge.models import Model, Sequential, load_model, model_from_json, model_from_yaml
from kbridge.saving.errors import ModelFileError
from kbridge.saving.functions import GRAPHS

WIDTH = 0.5
MEANS = np.arange(3.0)

X, Y = np.random.RandomState(0).rand(2, 4, 3).astype("float32")


def euclidean(vects):
    x, y = vects
    return K.sqrt(K.maximum(K.sum(K.square(x - y), axis=1, keepdims=True), K.epsilon()))


def euclidean_shape(shapes):
    first, second = shapes
    return (first[0], 1)


def scaled(x, by):
    return x * by + WIDTH


def preprocess(x):
    return scaled(x, 2) - MEANS


def count(x, by, offset=1.0, *, more=0.25):
    return x * by + offset - more


def everything():
    """A model with functions of all kinds, and what it computes."""
    a, b = Input((3,)), Input((3,))
    shift = 3.0
    outputs = [
        Lambda(euclidean, output_shape=euclidean_shape, name="distance")([a, b]),
        Lambda(preprocess, name="preprocess")(a),
        Lambda(lambda x: x + shift)(a),
        merge([a, b], mode=lambda t: K.abs(t[0] - t[1]), output_shape=lambda s: s[0], name="difference"),
        Lambda(count, arguments={"by": 4.0}, name="count")(a),
        Lambda(K.square, name="square")(a),
    ]
    distance = np.sqrt(((X - Y) ** 2).sum(1, keepdims=True))
    return Model([a, b], outputs), [distance, X * 2 + 0.5 - MEANS, X + 3, abs(X - Y), X * 4 + 0.75, X**2]


def assert_computes(model, expected):
    for found, wanted in zip(model.predict([X, Y]), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def test_functions_are_stored_as_data_and_load_by_themselves(tmp_path, monkeypatch):
    model, expected = everything()
    assert_computes(model, expected)
    model.compile("sgd", "mse")
    model.save(tmp_path / "m.h5")
    text = model.to_json()
    yaml = model.to_yaml() if "yaml" in text_forms.HERE else None
    # what was saved is as it was then
    monkeypatch.setitem(globals(), "WIDTH", 100.0)
    loaded = load_model(tmp_path / "m.h5")
    assert_computes(loaded, expected)
    assert_computes(model_from_json(text), expected)
    if yaml is not None:
        assert_computes(model_from_yaml(yaml), expected)
    # and is saved again without the functions
    loaded.save(tmp_path / "again.h5")
    assert_computes(load_model(tmp_path / "again.h5"), expected)
    assert json.loads(loaded.to_json()) == json.loads(text)
    assert loaded.get_layer("distance").output_shape == (None, 1)


def test_configs_stay_those_of_keras_1(tmp_path):
    model, _ = everything()
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as h5:
        config, graphs = h5.attrs["model_config"], json.loads(h5.attrs[GRAPHS])
    assert GRAPHS not in config
    assert set(graphs) == {layer.name for layer in model.layers if isinstance(layer, Lambda)} | {"difference"}
    entries = {entry["name"]: entry for entry in json.loads(config)["config"]["layers"]}
    assert entries["distance"]["config"]["function"] == "euclidean"
    assert entries["distance"]["config"]["function_type"] == "function"
    # in a text the graphs stand where Keras 1 doesn't look
    inside = {entry["name"]: entry for entry in json.loads(model.to_json())["config"]["layers"]}
    assert {key: inside["distance"][key] for key in entries["distance"]} == entries["distance"]
    assert inside["distance"][GRAPHS] == graphs["distance"]


def test_custom_objects_go_first(tmp_path):
    model = Sequential([Lambda(preprocess, input_shape=(3,), name="first")])
    model.save(tmp_path / "m.h5")
    for name in ("first", "preprocess"):
        loaded = load_model(tmp_path / "m.h5", custom_objects={name: lambda x: x * 10}, compile=False)
        np.testing.assert_allclose(loaded.predict(X), X * 10, rtol=1e-6)


def test_functions_inside_wrappers_and_models_are_stored(tmp_path):
    inner = Sequential([Lambda(lambda x: x * 3, input_shape=(3,), name="same"), Dense(2)])
    model = Sequential([TimeDistributed(Lambda(lambda x: x - 1, name="same"), input_shape=(2, 3)), TimeDistributed(inner)])
    x = np.random.rand(4, 2, 3)
    model.save(tmp_path / "m.h5")
    np.testing.assert_allclose(load_model(tmp_path / "m.h5", compile=False).predict(x), model.predict(x), rtol=1e-5)
    again = model_from_json(model.to_json())
    again.set_weights(model.get_weights())
    np.testing.assert_allclose(again.predict(x), model.predict(x), rtol=1e-5)


def test_a_mask_comes_to_a_function_that_takes_one(tmp_path):
    def masked_sum(x, mask=None):
        return K.sum(x * K.expand_dims(K.cast(mask, "float32"), -1), axis=1)

    from kbridge.layers import Masking

    x = np.array([[[1.0], [2.0]], [[0.0], [3.0]]])
    model = Sequential([Masking(input_shape=(2, 1)), Lambda(masked_sum, output_shape=(1,), name="sum")])
    model.layers[-1].supports_masking = True
    again = model_from_json(model.to_json())
    np.testing.assert_allclose(again.predict(x), [[3.0], [3.0]])


def test_sampling_draws_anew(tmp_path):
    def sampling(args):
        mean, log_variance = args
        return mean + K.exp(log_variance / 2) * K.random_normal(shape=(K.shape(mean)[0], 3), mean=0.0, std=1.0)

    a, b = Input((3,)), Input((3,))
    model = Model([a, b], Lambda(sampling, output_shape=(3,))([a, b]))
    again = model_from_json(model.to_json())
    zeros = np.zeros((200, 3))
    drawn = again.predict([zeros, zeros])
    assert abs(drawn.std() - 1) < 0.1
    assert not np.array_equal(drawn, again.predict([zeros, zeros]))


class Holder:
    factor = 2.0

    def scale(self, x):
        return x * self.factor


VARIABLE = K.variable(np.ones(3))
HOLDER = Holder()


def with_variable(x):
    return x * VARIABLE


def with_object(x):
    return x * HOLDER.factor


def calls_itself(x):
    return calls_itself(x)


def deeper(x):
    return looped(x) + 1


def looped(x):
    while False:
        pass
    for _ in range(2):
        x = x + 1
    return x


@pytest.mark.parametrize(
    "function, stopped",
    [
        (with_variable, "'VARIABLE'"),
        (with_object, "'HOLDER'"),
        (calls_itself, "itself"),
        (deeper, "'looped'"),
        (HOLDER.scale, "method"),
        (lambda x: UNDEFINED(x), "UNDEFINED"),  # noqa: F821
        (lambda x: K.rnn(lambda a, b: (a, b), x, []), "defined inside of it"),
        (lambda x: np.load("secret.npy") + x, "np.load|numpy.load"),
    ],
)
def test_what_stops_the_reader_is_told_when_a_model_is_saved(function, stopped):
    layer = Lambda(lambda x: x, name="layer", input_shape=(3,))
    model = Sequential([layer])
    layer.function = function
    with pytest.warns(UserWarning, match=rf"'layer'.*by name only.*({stopped}).*\[differences: stored-code\]"):
        text = model.to_json()
    assert GRAPHS not in json.loads(text)["config"][0]


def test_nothing_is_called_when_a_function_is_read(tmp_path):
    called = []

    def seen(x):
        called.append(1)
        return x

    model = Sequential([Lambda(lambda x: x * 2, input_shape=(3,), name="layer")])
    model.layers[0].function = lambda x: seen(x) * 2
    with pytest.warns(UserWarning, match="append"):
        model.to_json()
    assert called == []


@pytest.mark.parametrize(
    "graph",
    [
        3,
        {},
        {"inputs": [], "calls": [], "result": 1},
        {"inputs": ["x"], "calls": [["os.system", {"x": {"ref": 0}}]], "result": {"ref": 1}},
        {"inputs": ["x"], "calls": [["add", {"x": {"ref": 5}, "y": 1}]], "result": {"ref": 1}},
        {"inputs": ["x", "y", "z"], "calls": [], "result": {"ref": 0}},
    ],
)
def test_bad_graphs_are_refused(graph, tmp_path):
    model = Sequential([Lambda(lambda x: x * 2, input_shape=(3,), name="layer")])
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5", "r+") as h5:
        h5.attrs[GRAPHS] = json.dumps({"layer": {"function": graph}})
    with pytest.raises(ModelFileError):
        load_model(tmp_path / "m.h5")


def test_functions_of_keras_that_are_stored_by_name_alone_are_found_in_the_table():
    """As Keras 3 writes them for Activation(ops.sin) and Lambda(ops.relu6), whatever module they are in."""

    def named(name, module="builtins"):
        return {"module": module, "class_name": "function", "config": name, "registered_name": "function"}

    def loaded(class_name, **config):
        layer = {"class_name": class_name, "config": {"name": "l", **config}, "module": "keras.layers", "registered_name": None}
        start = {
            "class_name": "InputLayer",
            "config": {"batch_shape": [None, 3], "dtype": "float32", "name": "i"},
            "module": "keras.layers",
        }
        config = {"name": "s", "layers": [start, layer]}
        return model_from_json(json.dumps({"class_name": "Sequential", "module": "keras", "config": config, "keras_version": "3.15.0"}))

    x = (X - 0.5) * 20
    np.testing.assert_allclose(loaded("Activation", activation=named("sin")).predict(x), np.sin(x), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(loaded("Lambda", function=named("relu6"), arguments={}).predict(x), np.clip(x, 0, 6), rtol=1e-5)
    model = loaded("Lambda", function=named("absolute", "keras.src.ops.numpy"), arguments={})
    np.testing.assert_allclose(model.predict(x), abs(x), rtol=1e-5)
    for module, name in (("os", "system"), ("builtins", "eval"), ("builtins", "own")):
        with pytest.raises(ModelFileError, match=f"'{name}'"):
            loaded("Lambda", function=named(name, module), arguments={})
