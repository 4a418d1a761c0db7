"""Functional models: order of layers, node indices, nesting, shared layers, masks, shapes, errors."""

import json

import numpy as np
import pytest

from kbridge import backend as K
from kbridge.engine.topology import Container, Input, Merge, get_source_inputs, merge
from kbridge.layers.core import Activation, ActivityRegularization, Dense, Dropout, Lambda, Masking
from kbridge.models import Model, Sequential


@pytest.fixture(autouse=True)
def names_from_1():
    K.clear_session()


def two_towers():
    """Two inputs, a shared layer, a merge and an output."""
    a, b = Input((4,), name="in_a"), Input((4,), name="in_b")
    shared = Dense(3, name="sh", activation="tanh")
    joined = merge([shared(a), shared(b)], mode="concat", name="mg")
    return Model([a, b], Dense(2, name="out")(joined))


def test_the_config_of_a_functional_model_is_that_of_keras_1():
    model = two_towers()
    config = model.get_config()
    assert config["name"] == "model_1"
    assert [(entry["name"], entry["class_name"], entry["inbound_nodes"]) for entry in config["layers"]] == [
        ("in_a", "InputLayer", []),
        ("in_b", "InputLayer", []),
        ("sh", "Dense", [[["in_a", 0, 0]], [["in_b", 0, 0]]]),
        ("mg", "Merge", [[["sh", 0, 0], ["sh", 1, 0]]]),
        ("out", "Dense", [[["mg", 0, 0]]]),
    ]
    assert config["layers"][0]["config"] == {
        "batch_input_shape": (None, 4), "input_dtype": K.floatx(), "sparse": False, "name": "in_a",
    }  # fmt: skip
    assert config["layers"][3]["config"] == {
        "name": "mg", "mode": "concat", "mode_type": "raw", "concat_axis": -1, "dot_axes": -1, "output_shape": None,
        "output_shape_type": "raw", "output_mask": None, "output_mask_type": "raw", "arguments": {},
    }  # fmt: skip
    assert config["input_layers"] == [["in_a", 0, 0], ["in_b", 0, 0]]
    assert config["output_layers"] == [["out", 0, 0]]


def same(first, second, arrays):
    second.set_weights(first.get_weights())
    for got, want in zip(_list(second.predict(arrays)), _list(first.predict(arrays)), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


def _list(x):
    return x if isinstance(x, list) else [x]


def random(*shape):
    return np.random.RandomState(0).normal(size=shape)


def test_a_model_from_its_config_is_the_same():
    model = two_towers()
    config = model.get_config()
    again = Model.from_config(json.loads(json.dumps(config)))
    assert again.get_config() == config
    same(model, again, [random(3, 4), random(3, 4)])


def test_a_model_used_as_a_layer_counts_its_own_graph_as_call_0():
    K.clear_session()
    x = Input((3,), name="i")
    inner = Model(x, Dense(2, name="d")(x), name="sm")
    sequential = Sequential([Dense(3, input_dim=3, name="e")], name="sq")
    a = Input((3,), name="a")
    model = Model(a, inner(sequential(a)))
    config = model.get_config()
    assert [entry["inbound_nodes"] for entry in config["layers"]] == [[], [[["a", 0, 0]]], [[["sq", 1, 0]]]]
    assert config["output_layers"] == [["sm", 1, 0]]
    again = Model.from_config(config)
    assert again.get_config() == config
    assert [layer.name for layer in again.layers] == ["a", "sq", "sm"]
    same(model, again, random(4, 3))


def test_shared_models_are_called_more_than_once():
    inner = Sequential([Dense(4, input_dim=4, activation="tanh"), Dense(3)], name="s")
    a, b = Input((4,)), Input((4,))
    model = Model([a, b], merge([inner(a), inner(b)], mode="sum"))
    assert len(model.trainable_weights) == len(inner.trainable_weights) == 4
    assert model.get_config()["layers"][3]["inbound_nodes"] == [[["s", 1, 0], ["s", 2, 0]]]
    x, y = random(3, 4), 2 * random(3, 4)
    np.testing.assert_allclose(model.predict([x, y]), inner.predict(x) + inner.predict(y), rtol=1e-5, atol=1e-6)
    # the calls of another model don't count
    only = Model(b, inner(b))
    assert only.get_config()["output_layers"] == [["s", 1, 0]]
    assert Model.from_config(only.get_config()).get_config() == only.get_config()


def test_models_of_several_outputs_nest():
    x = Input((4,))
    inner = Model(x, [Dense(2, name="p")(x), Dense(3, name="q")(x)], name="pair")
    a = Input((4,), name="a")
    p, q = inner(a)
    model = Model(a, [Dense(1, name="r")(q), p])
    assert p._keras_shape == (None, 2) and q._keras_shape == (None, 3)
    assert inner.output_shape == [(None, 2), (None, 3)]
    config = model.get_config()
    assert config["output_layers"] == [["r", 0, 0], ["pair", 1, 0]]
    assert config["layers"][2]["inbound_nodes"] == [[["pair", 1, 1]]]
    again = Model.from_config(config)
    assert again.get_config() == config
    same(model, again, random(3, 4))
    assert model.get_output_shape_for((7, 4)) == [(7, 1), (7, 2)]


def test_layers_stand_by_depth_then_by_the_walk_from_the_outputs():
    x = Input((4,), name="x")
    late = Dense(3, name="late")
    early = Dense(3, name="early")(x)
    deep = Dense(3, name="deep")(early)
    model = Model(x, merge([late(x), deep], mode="sum", name="m"))
    assert [layer.name for layer in model.layers] == ["x", "early", "late", "deep", "m"]
    shared = Dense(4, name="shared")
    first = shared(x)
    model = Model(x, shared(Dense(4, name="between")(first)))
    assert [layer.name for layer in model.layers] == ["x", "shared", "between"]
    assert Model.from_config(model.get_config()).get_config() == model.get_config()


def test_an_input_that_nothing_needs_stays_an_input():
    a, b = Input((2,), name="a"), Input((3,), name="b")
    model = Model([a, b], Dense(1)(a))
    assert model.input_names == ["a", "b"]
    again = Model.from_config(model.get_config())
    assert again.get_config() == model.get_config()
    assert model.get_output_shape_for([(5, 2), (5, 3)]) == (5, 1)


def test_an_input_may_be_an_output():
    x = Input((2,), name="x")
    model = Model(x, [x, Dense(1)(x)])
    outputs = model.predict(np.ones((3, 2)))
    np.testing.assert_array_equal(outputs[0], np.ones((3, 2)))
    assert Model.from_config(model.get_config()).get_config() == model.get_config()


def test_layers_are_found_by_name_and_index():
    model = two_towers()
    assert model.get_layer("sh") is model.layers[2] is model.get_layer(index=2)
    with pytest.raises(ValueError, match="no layer 'shh'. Did you mean 'sh'"):
        model.get_layer("shh")
    with pytest.raises(ValueError, match="5 layers.*index 7"):
        model.get_layer(index=7)
    with pytest.raises(ValueError, match="name or an index"):
        model.get_layer()


def test_names_must_differ():
    x = Input((2,))
    y = Dense(2, name="twin")(Dense(2, name="twin")(x))
    with pytest.raises(ValueError, match="2 layers of .* have the name 'twin'"):
        Model(x, y)


def test_a_disconnected_graph_names_the_missing_input():
    a, b = Input((2,), name="given"), Input((2,), name="missing")
    with pytest.raises(ValueError, match="Graph disconnected.*'missing'"):
        Model(a, merge([a, b], mode="sum"))


def test_ends_of_models_must_be_tensors_of_layers():
    x = Input((2,))
    with pytest.raises(TypeError, match="output.*Lambda"):
        Model(x, Dense(2)(x) * 2)
    with pytest.raises(TypeError, match="input"):
        Model(K.placeholder((None, 2)), Dense(2)(x))
    with pytest.raises(ValueError, match="not all different"):
        Model([x, x], Dense(2)(x))
    hidden = Dense(2)(x)
    with pytest.raises(ValueError, match="must come from Input"):
        Model(hidden, Dense(2)(hidden))
    with pytest.raises(TypeError, match="Keras 1 it is input"):
        Model(inputs=x, outputs=hidden)


def test_configs_that_make_no_sense_are_refused():
    config = two_towers().get_config()
    broken = json.loads(json.dumps(config))
    broken["layers"][4]["inbound_nodes"] = [[["mg", 3, 0]]]
    with pytest.raises(ValueError, match="no layer makes them"):
        Model.from_config(broken)
    broken["layers"][4]["inbound_nodes"] = [[["nobody", 0, 0]]]
    with pytest.raises(ValueError, match="'nobody'"):
        Model.from_config(broken)


def test_weights_go_layer_by_layer():
    model = two_towers()
    assert [K.tensor_name(w) for w in model.weights] == ["sh_W", "sh_b", "out_W", "out_b"]
    assert [w.shape for w in model.get_weights()] == [(4, 3), (3,), (6, 2), (2,)]
    with pytest.raises(ValueError, match="4 weights, got 3"):
        model.set_weights(model.get_weights()[:3])
    assert model.count_params() == 15 + 14


def test_frozen_layers_and_models():
    inner = Sequential([Dense(2, input_dim=3), Dense(2)])
    x = Input((3,))
    model = Model(x, Dense(1)(inner(x)))
    assert len(model.trainable_weights) == 6
    inner.layers[0].trainable = False
    assert len(model.trainable_weights) == 4 and len(model.non_trainable_weights) == 2
    assert [K.tensor_name(w) for w in model.weights[-2:]] == [K.tensor_name(w) for w in inner.layers[0].weights]
    inner.trainable = False
    assert len(model.trainable_weights) == 2 and len(model.non_trainable_weights) == 4
    model.trainable = False
    assert model.trainable_weights == [] and len(model.non_trainable_weights) == 6
    inner.layers[0].trainable = inner.trainable = model.trainable = True
    assert len(model.trainable_weights) == 6


def test_masks_go_through_layers_and_models():
    x = Input((4, 3))
    inner_x = Input((4, 3))
    inner = Model(inner_x, Activation("relu")(Dropout(0.2)(inner_x)))
    y = inner(Masking()(x))
    assert inner.inbound_nodes[1].input_masks[0] is not None
    # the model itself doesn't support masks on its own input, but the mask goes through its layers
    mask = inner.inbound_nodes[1].output_masks[0]
    data = np.ones((2, 4, 3))
    data[0, 2:] = 0
    found = K.function([x, K.learning_phase()], [mask])([data, 0.0])[0]
    np.testing.assert_array_equal(found.astype(int), [[1, 1, 0, 0], [1, 1, 1, 1]])
    model = Model(x, y)
    assert model.inbound_nodes[0].output_masks[0] is mask
    z = Lambda(lambda t: t)(y) if Lambda.supports_masking else Activation("linear")(y)
    assert z._keras_history[0].inbound_nodes[0].output_masks[0] is not None


def test_penalties_of_inner_models_are_counted_once_for_each_call():
    inner = Sequential([Dense(2, input_dim=3, W_regularizer="l2"), ActivityRegularization(l1=0.1)])
    a, b = Input((3,)), Input((3,))
    model = Model([a, b], merge([inner(a), inner(b)], mode="sum"))
    weight_penalty = 0.01 * np.square(inner.get_weights()[0]).sum()
    x, y = random(2, 3), 3 * random(2, 3)
    expected = weight_penalty + 0.1 * (np.abs(inner.predict(x)).sum() + np.abs(inner.predict(y)).sum())
    losses = K.function([a, b], model.losses)([x, y])
    assert np.sum(losses) == pytest.approx(expected, rel=1e-5)


def test_models_compute_on_other_tensors():
    model = two_towers()
    a, b = K.placeholder((None, 4)), K.placeholder((None, 4))
    outputs, masks, shapes = model.run_internal_graph([a, b])
    x, y = random(3, 4), random(3, 4) + 1
    np.testing.assert_allclose(K.function([a, b], outputs)([x, y])[0], model.predict([x, y]), rtol=1e-5, atol=1e-6)
    assert masks == [None] and shapes == [(None, 2)]
    again = model.call([a, b])
    np.testing.assert_allclose(K.function([a, b], [again])([x, y])[0], model.predict([x, y]), rtol=1e-5, atol=1e-6)


def test_a_model_keeps_its_own_input_and_output_when_it_is_called():
    model = two_towers()
    inputs, output = model.input, model.output
    model([Input((4,)), Input((4,))])
    assert model.input == inputs and model.output is output
    assert model.input_shape == [(None, 4), (None, 4)] and model.output_shape == (None, 2)
    assert len(model.inbound_nodes) == 2


def test_intermediate_outputs_can_be_computed():
    model = two_towers()
    part = Model(model.inputs, model.get_layer("mg").output)
    x, y = random(2, 4), random(2, 4)
    values = part.predict([x, y])
    assert values.shape == (2, 6)
    weights = model.get_layer("out").get_weights()
    np.testing.assert_allclose(values @ weights[0] + weights[1], model.predict([x, y]), rtol=1e-5, atol=1e-6)


def test_source_inputs():
    a, b = Input((2,)), Input((2,))
    y = Dense(3)(merge([Dense(2)(a), b], mode="sum"))
    assert {id(t) for t in get_source_inputs(y)} == {id(a), id(b)}
    assert get_source_inputs(a) == [a]


def test_depth_is_no_limit():
    x = y = Input((2,))
    for _ in range(1200):
        y = Activation("relu")(y)
    model = Model(x, y)
    assert len(model.layers) == 1201
    config = model.get_config()
    again = Container.from_config(config)
    assert again.get_config() == config
    assert get_source_inputs(y) == [x]
    assert model.get_output_shape_for((3, 2)) == (3, 2)
    z = again(Input((2,)))
    assert z._keras_shape == (None, 2)


def test_merge_of_models_stands_for_their_layers():
    left, right = Sequential([Dense(2, input_dim=3, name="l")]), Sequential([Dense(2, input_dim=3, name="r")])
    model = Model([left.input, right.input], Merge([left, right], mode="sum", name="m").output)
    assert {layer.name for layer in model.layers} >= {"l", "r", "m"}
    assert Model.from_config(model.get_config()).get_config() == model.get_config()


def test_summary_prints_layers_shapes_parameters_and_connections(capsys):
    two_towers().summary()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "_" * 100
    assert lines[1].split() == ["Layer", "(type)", "Output", "Shape", "Param", "#", "Connected", "to"]
    text = "\n".join(lines)
    assert "sh (Dense)                       (None, 3)             15          in_a[0][0]" in text
    assert "in_b[0][0]" in text and "sh[1][0]" in text
    assert lines[-4:-1] == ["Total params: 29", "Trainable params: 29", "Non-trainable params: 0"]
    two_towers().summary(line_length=60, positions=[0.4, 0.6, 0.8, 1.0])
    assert capsys.readouterr().out.splitlines()[0] == "_" * 60
