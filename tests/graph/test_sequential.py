"""Sequential models: growing and shrinking, configs, a leading Merge, models as layers."""

import json

import numpy as np
import pytest

from kbridge import backend as K
from kbridge.engine.topology import Input, InputLayer, Merge, merge
from kbridge.layers.core import Activation, Dense, Dropout, Flatten, Reshape
from kbridge.models import Model, Sequential


@pytest.fixture(autouse=True)
def names_from_1():
    K.clear_session()


def random(*shape):
    return np.random.RandomState(0).normal(size=shape)


def test_the_tutorial_builds():
    model = Sequential()
    model.add(Dense(output_dim=64, input_dim=100))
    model.add(Activation("relu"))
    model.add(Dense(output_dim=10))
    model.add(Activation("softmax"))
    assert model.input_shape == (None, 100) and model.output_shape == (None, 10)
    assert [layer.name for layer in model.layers] == ["dense_1", "activation_1", "dense_2", "activation_2"]
    assert [K.tensor_name(w) for w in model.weights] == ["dense_1_W", "dense_1_b", "dense_2_W", "dense_2_b"]
    np.testing.assert_allclose(model.predict(random(3, 100)).sum(axis=1), 1, rtol=1e-5)
    assert model.input_names == ["dense_input_1"] and model.output_names == ["activation_2"]


def test_the_config_is_a_list_that_makes_the_same_model():
    model = Sequential([Dense(3, input_dim=2, activation="relu"), Dropout(0.5), Dense(1)])
    config = model.get_config()
    assert [entry["class_name"] for entry in config] == ["Dense", "Dropout", "Dense"]
    assert config[1]["config"] == {"name": "dropout_1", "trainable": True, "p": 0.5}
    again = Sequential.from_config(json.loads(json.dumps(config)))
    assert again.get_config() == config
    again.set_weights(model.get_weights())
    np.testing.assert_allclose(again.predict(random(3, 2)), model.predict(random(3, 2)), rtol=1e-6)


def test_the_first_layer_needs_an_input_shape():
    with pytest.raises(ValueError, match="first layer of a Sequential model.*input_shape"):
        Sequential([Dense(3)])
    with pytest.raises(TypeError, match="has no layers yet"):
        Sequential().predict(np.ones((1, 1)))
    with pytest.raises(TypeError, match="takes a Layer"):
        Sequential().add("dense")


@pytest.mark.parametrize(
    "first",
    [
        lambda: Dense(3, input_shape=(4,)),
        lambda: Dense(3, batch_input_shape=(None, 4)),
        lambda: Dense(3, input_dim=4),
        lambda: InputLayer(input_shape=(4,)),
        lambda: Activation("tanh", input_shape=(4,)),
        lambda: Sequential([Dense(3, input_dim=4)]),
    ],
)
def test_ways_to_begin(first):
    model = Sequential([first(), Dense(2)])
    assert model.input_shape == (None, 4)
    assert model.predict(random(3, 4)).shape == (3, 2)
    again = Sequential.from_config(model.get_config())
    again.set_weights(model.get_weights())
    np.testing.assert_allclose(again.predict(random(3, 4)), model.predict(random(3, 4)), rtol=1e-5, atol=1e-6)


def test_a_batch_size_is_kept():
    model = Sequential([Dense(3, batch_input_shape=(5, 4))])
    assert model.input_shape == (5, 4) and model.output_shape == (5, 3)
    assert model.get_config()[0]["config"]["batch_input_shape"] == (5, 4)


def test_integer_inputs():
    model = Sequential([Reshape((4,), input_shape=(2, 2), input_dtype="int32")])
    assert K.dtype(model.inputs[0]) == "int32"
    assert model.get_config()[0]["config"]["input_dtype"] == "int32"


def test_pop_takes_the_last_layer_off():
    model = Sequential([Dense(3, input_dim=2), Dense(4), Dense(5)])
    before = model.get_weights()
    model.pop()
    assert model.output_shape == (None, 4) and len(model.layers) == 2
    x = random(3, 2)
    expected = (x @ before[0] + before[1]) @ before[2] + before[3]
    np.testing.assert_allclose(model.predict(x), expected, rtol=1e-4, atol=1e-6)
    model.add(Activation("relu"))
    np.testing.assert_allclose(model.predict(x), np.maximum(expected, 0), rtol=1e-4, atol=1e-6)
    for _ in range(3):
        model.pop()
    assert model.layers == [] and model.outputs == []
    with pytest.raises(TypeError, match="no layers"):
        model.pop()
    model.add(Dense(2, input_dim=7))
    assert model.input_shape == (None, 7)


def test_a_model_that_grows_leaves_its_earlier_calls_alone():
    model = Sequential([Dense(3, input_dim=2)], name="grows")
    x = Input((2,))
    small = Model(x, model(x))
    model.add(Dense(4))
    y = Input((2,))
    large = Model(y, model(y))
    assert small.output_shape == (None, 3) and large.output_shape == (None, 4)
    assert small.predict(random(2, 2)).shape == (2, 3)
    assert large.predict(random(2, 2)).shape == (2, 4)


def test_a_leading_merge_lists_the_layers_of_its_branches():
    left = Sequential([Dense(3, input_dim=4, activation="tanh", name="la")])
    right = Sequential([Dense(3, input_dim=2, name="lb")])
    model = Sequential([Merge([left, right], mode="concat"), Dense(2, name="top")])
    assert [layer.name for layer in model.flattened_layers] == ["la", "lb", "top"]
    assert [K.tensor_name(w) for w in model.trainable_weights] == ["la_W", "la_b", "lb_W", "lb_b", "top_W", "top_b"]
    assert model.input_shape == [(None, 4), (None, 2)] and model.output_shape == (None, 2)
    config = model.get_config()
    assert config[0]["class_name"] == "Merge" and list(config[0]["config"])[-1] == "layers"
    assert [branch["class_name"] for branch in config[0]["config"]["layers"]] == ["Sequential", "Sequential"]
    again = Sequential.from_config(json.loads(json.dumps(config)))
    assert again.get_config() == config
    again.set_weights(model.get_weights())
    x = [random(3, 4), random(3, 2)]
    np.testing.assert_allclose(again.predict(x), model.predict(x), rtol=1e-5, atol=1e-6)
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.train_on_batch(x, np.ones((3, 2)))
    assert all(not np.array_equal(b, a) for b, a in zip(before, model.get_weights()))


def test_branches_of_a_merge_may_share_layers():
    shared = Dense(3, name="shared", input_dim=4)
    left, right = Sequential([shared]), Sequential([Dense(4, input_dim=2), shared])
    model = Sequential([Merge([left, right], mode="sum"), Dense(1)])
    assert [layer.name for layer in model.flattened_layers].count("shared") == 1
    again = Sequential.from_config(model.get_config())
    assert len(again.get_weights()) == len(model.get_weights()) == 6
    again.set_weights(model.get_weights())
    x = [random(3, 4), random(3, 2)]
    np.testing.assert_allclose(again.predict(x), model.predict(x), rtol=1e-5, atol=1e-6)


def test_models_are_layers_of_sequential_models():
    x = Input((4,))
    inner = Model(x, Dense(3, activation="relu")(x), name="inner")
    model = Sequential([inner, Sequential([Dense(4, input_dim=3), Dense(3)], name="middle"), Dense(2)])
    assert [layer.name for layer in model.layers] == ["inner", "middle", "dense_4"]
    config = model.get_config()
    assert [entry["class_name"] for entry in config] == ["Model", "Sequential", "Dense"]
    assert set(config[0]["config"]) == {"name", "layers", "input_layers", "output_layers"}
    again = Sequential.from_config(json.loads(json.dumps(config)))
    again.set_weights(model.get_weights())
    np.testing.assert_allclose(again.predict(random(3, 4)), model.predict(random(3, 4)), rtol=1e-5, atol=1e-6)
    assert model.get_layer("middle").output_shape == (None, 3)


def test_layers_with_several_outputs_are_refused():
    x = Input((4,))
    pair = Model(x, [Dense(2)(x), Dense(3)(x)], name="pair")
    with pytest.raises(TypeError, match="'pair' has 2"):
        Sequential([pair])
    with pytest.raises(TypeError, match="'pair' has 2"):
        Sequential([Dense(4, input_dim=2), pair])


def test_the_model_inside_is_functional():
    model = Sequential([Dense(3, input_dim=2), Dense(1)], name="outer")
    model.build()
    assert model.model.name == "outer_model"
    assert model.get_layer("dense_2") is model.layers[1] is model.get_layer(index=1)
    assert model.input is model.inputs[0] and model.output is model.outputs[0]
    with pytest.raises(ValueError, match="no layer 'dense_9'"):
        model.get_layer("dense_9")


def test_trainable_of_the_whole_model():
    model = Sequential([Dense(3, input_dim=2), Dense(1)])
    model.trainable = False
    assert model.trainable_weights == [] and len(model.non_trainable_weights) == 4
    assert model.layers[0].trainable
    model.trainable = True
    assert len(model.trainable_weights) == 4


def test_set_weights_needs_all_of_them():
    model = Sequential([Dense(3, input_dim=2), Dense(1)])
    with pytest.raises(ValueError, match="4 weights, got 2"):
        model.set_weights(model.get_weights()[:2])


def test_summary_shows_what_is_there_now(capsys):
    model = Sequential([Flatten(input_shape=(2, 3)), Dense(4)])
    model.summary()
    first = capsys.readouterr().out
    assert "flatten_1 (Flatten)              (None, 6)             0           flatten_input_1[0][0]" in first
    model.add(Dense(1))
    model.summary()
    assert "dense_2 (Dense)                  (None, 1)             5           dense_1[0][0]" in capsys.readouterr().out


def test_the_config_of_a_sequential_model_is_no_dict():
    with pytest.raises(TypeError, match="list"):
        Sequential.from_config({"class_name": "Sequential"})


def test_programs_take_layers_off_by_hand():
    model = Sequential([Dense(3, input_dim=2), Dense(4), Dense(5)])
    model.compile("sgd", "mse")
    # the way of Keras 1 programs to replace the last layer
    model.layers.pop()
    model.outputs = [model.layers[-1].output]
    model.layers[-1].outbound_nodes = []
    model.compile("sgd", "mse")
    assert model.predict(random(3, 2)).shape == (3, 4)
    model.add(Dense(7))
    assert model.output_shape == (None, 7) and model.predict(random(3, 2)).shape == (3, 7)
    model.pop()
    assert model.predict(random(3, 2)).shape == (3, 4)


def test_sequential_models_are_subclassed():
    class Net(Sequential):
        def __init__(self, units):
            super().__init__()
            self.add(Dense(units, input_dim=2))

    assert Net(units=3).predict(random(4, 2)).shape == (4, 3)


def test_a_first_layer_with_several_inputs_keeps_their_order():
    a, b = Input((2,)), Input((2,))
    x, y = np.ones((1, 2)), np.full((1, 2), 2.0)
    # a walk from the output meets b first
    model = Model([a, b], merge([b, a], mode="concat"))
    other = Sequential([Dense(2, input_dim=2)])
    np.testing.assert_array_equal(Sequential([model]).predict([x, y]), [[2, 2, 1, 1]])
    joined = Sequential([Merge([other, model], mode="concat")])
    np.testing.assert_array_equal(joined.predict([x, x, y])[:, 2:], [[2, 2, 1, 1]])
    loaded = Sequential.from_config(joined.get_config())
    loaded.set_weights(joined.get_weights())
    np.testing.assert_array_equal(loaded.predict([x, x, y]), joined.predict([x, x, y]))
