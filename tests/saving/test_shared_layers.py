"""A layer that several models hold is one layer again after saving and loading, also across levels of nesting."""

import copy
import json

import h5py
import numpy as np
import pytest
from text_forms import each_form, rebuilt

from kbridge import backend as K
from kbridge.engine.inside import inner_layers
from kbridge.layers import Dense, Input, Lambda, Merge, TimeDistributed, merge
from kbridge.models import Model, Sequential, load_model, model_from_json

RNG = np.random.RandomState(0)
X, Y = RNG.randn(8, 3).astype("float32"), RNG.randn(8, 3).astype("float32")


def a_model_on_two_levels():
    x = Input((3,))
    shared = Model(x, Dense(3, name="d")(x), name="shared")
    y = Input((3,))
    inner = Model(y, Dense(3, name="e")(shared(y)), name="inner")
    z = Input((3,))
    return Model(z, shared(inner(shared(z))))


def a_sequential_on_two_levels():
    shared = Sequential([Dense(3, input_dim=3, name="d")], name="shared")
    y = Input((3,))
    inner = Model(y, shared(Dense(3, name="e")(y)), name="inner")
    return Sequential([inner, shared])


def a_layer_on_two_levels():
    shared = Dense(3, name="d")
    y = Input((3,))
    inner = Model(y, shared(shared(y)), name="inner")
    z = Input((3,))
    return Model(z, inner(shared(z)))


def first_of_a_sequential():
    shared = Dense(3, name="d", input_dim=3)
    inner = Sequential([shared, Dense(3, name="e")], name="inner")
    z = Input((3,))
    return Model(z, shared(inner(z)))


def first_of_a_sequential_that_is_made_later():
    shared = Dense(3, name="d", input_dim=3)
    inner = Sequential([shared], name="inner")
    z = Input((3,))
    return Model(z, inner(shared(z)))


def models_of_one_graph():
    x = Input((3,))
    h = Dense(3, name="d")(x)
    encoder = Model(x, h, name="encoder")
    whole = Model(x, Dense(3, name="e")(h), name="whole")
    z = Input((3,))
    return Model(z, merge([encoder(z), whole(z)], mode="sum"))


def three_levels():
    x = Input((3,))
    shared = Model(x, Dense(3, name="d")(x), name="shared")
    model = shared
    for level in range(3):
        y = Input((3,))
        model = Model(y, shared(model(y)), name=f"level{level}")
    return model


def branches_of_a_merge():
    shared = Sequential([Dense(3, input_dim=3, name="d")], name="shared")
    x = Input((3,))
    other = Model(x, shared(Dense(3, name="e")(x)), name="other")
    z = Input((3,))
    inner = Sequential([Merge([shared, other], mode="sum")], name="inner")
    return Model(z, inner([z, z]))


BUILDS = [
    a_model_on_two_levels, a_sequential_on_two_levels, a_layer_on_two_levels, first_of_a_sequential,
    first_of_a_sequential_that_is_made_later, models_of_one_graph, three_levels, branches_of_a_merge,
]  # fmt: skip


def named(model, name):
    """The layers of this name inside, by identity."""
    return [layer for layer in inner_layers(model) if layer.name == name]


@pytest.mark.parametrize("build", BUILDS, ids=lambda build: build.__name__)
def test_it_stays_one_layer_and_trains_as_one(build, tmp_path):
    model = build()
    assert len(named(model, "d")) == 1
    model.compile("adam", "mse")
    model.train_on_batch(X, Y)
    model.save(tmp_path / "m.h5")
    others = [load_model(tmp_path / "m.h5"), copy.deepcopy(model)]
    expected = model.predict(X)
    step = model.train_on_batch(X, Y), model.train_on_batch(X, Y)
    for other in others:
        assert len(named(other, "d")) == 1
        assert len(other.trainable_weights) == len(model.trainable_weights)
        np.testing.assert_allclose(other.predict(X), expected, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose((other.train_on_batch(X, Y), other.train_on_batch(X, Y)), step, rtol=1e-4)
        np.testing.assert_allclose(other.predict(X), model.predict(X), rtol=1e-4, atol=1e-5)


@each_form
@pytest.mark.parametrize("build", BUILDS, ids=lambda build: build.__name__)
def test_configs(build, form):
    model = build()
    for other in (rebuilt(model, form), type(model).from_config(model.get_config())):
        assert len(named(other, "d")) == 1
        if build is not branches_of_a_merge:  # Sequential branches have no names in a config of Keras 1
            assert json.loads(other.to_json()) == json.loads(model.to_json())
        other.set_weights(model.get_weights())
        np.testing.assert_allclose(other.predict(X), model.predict(X), rtol=1e-5, atol=1e-6)


def test_wrappers_share_too(tmp_path):
    shared = Dense(3, name="d")
    x = Input((2, 3))
    steps = TimeDistributed(shared)(x)
    model = Model(x, shared(Lambda(lambda t: K.sum(t, axis=1), output_shape=(3,), name="total")(steps)))
    model.save(tmp_path / "m.h5")
    other = load_model(tmp_path / "m.h5", {"total": lambda t: K.sum(t, axis=1)})
    assert len(named(other, "d")) == 1 and len(other.trainable_weights) == len(model.trainable_weights)


def test_two_layers_of_one_name_stay_two(tmp_path):
    one, two = (Sequential([Dense(3, input_dim=3, name="d")], name=name) for name in ("one", "two"))
    model = Sequential([one, two])
    model.save(tmp_path / "m.h5")
    assert len(named(load_model(tmp_path / "m.h5"), "d")) == 2


def test_part_of_a_config_can_be_used_alone():
    config = a_model_on_two_levels().get_config()
    inner = next(entry for entry in config["layers"] if entry["name"] == "inner")
    assert len(named(Model.from_config(inner["config"]), "d")) == 1


@pytest.mark.parametrize("number", [None, "x", [], {}, 1.5, -3, 10**30, True])
def test_odd_numbers_in_a_config_do_no_harm(number):
    config = json.loads(a_model_on_two_levels().to_json())
    for entry in config["config"]["layers"]:
        entry["kbridge_number"] = number
    try:
        model_from_json(json.dumps(config))
    except ValueError as error:
        assert "shared layer" in str(error) or "layer" in str(error)


def test_numbers_that_mix_classes_up_are_an_error(tmp_path):
    a_model_on_two_levels().save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5", "r+") as h5:
        text = h5.attrs["model_config"]
        config = json.loads(text)
        for entry in config["config"]["layers"]:
            entry["kbridge_number"] = 7
        h5.attrs["model_config"] = json.dumps(config)
    with pytest.raises(ValueError, match="shared layer 7"):
        load_model(tmp_path / "m.h5")


def test_two_layers_of_one_name_in_sequential_models_keep_their_weights(tmp_path):
    model = Sequential([Sequential([Dense(3, input_dim=3, name="d")]), Sequential([Dense(3, input_dim=3, name="d")])])
    model.save(tmp_path / "m.h5")
    np.testing.assert_allclose(load_model(tmp_path / "m.h5").predict(X), model.predict(X), rtol=1e-5)


def test_a_layer_twice_in_one_sequential(tmp_path):
    layer = Dense(3, name="d")
    model = Sequential([Dense(3, input_dim=3), layer, layer])
    model.save(tmp_path / "m.h5")
    other = load_model(tmp_path / "m.h5")
    assert len(named(other, "d")) == 1
    np.testing.assert_allclose(other.predict(X), model.predict(X), rtol=1e-5)


def test_configs_of_models_that_share_nothing_are_as_before():
    x = Input((3,))
    inner = Sequential([Dense(3, input_dim=3), Dense(3)])
    assert "kbridge" not in Model(x, inner(Dense(3)(x))).to_json()
