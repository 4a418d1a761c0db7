"""Models with frozen parts, or parts that were frozen after they were compiled, train on from their files as they would have."""

import copy
import json

import h5py
import numpy as np
import pytest
import text_forms

from kbridge import backend as K
from kbridge.layers import BatchNormalization, Bidirectional, Dense, Input, SimpleRNN, TimeDistributed
from kbridge.models import Model, Sequential, load_model, model_from_json
from kbridge.optimizers import SGD, Adam

RNG = np.random.RandomState(0)
X, Y = RNG.randn(8, 3).astype("float32"), RNG.randn(8, 3).astype("float32")


def functional():
    x = Input((3,))
    inner = Model(x, Dense(3, name="c")(Dense(3, name="a")(x)), name="inner")
    y = Input((3,))
    return Model(y, Dense(3, name="out")(inner(y)))


def stack():
    inner = Sequential([Dense(3, input_dim=3, name="a"), Dense(3, name="c")], name="inner")
    return Sequential([inner, Dense(3, name="out")])


MODELS = {"functional": functional, "stack": stack}


def part(model, name):
    """The layer of this name, or the model inside; Keras 1 has no place for the name of a Sequential in a Sequential."""
    for layer in model.layers:
        inside = hasattr(layer, "layers")
        if layer.name == name or inside and name == "inner":
            return layer
        if inside and (found := part(layer, name)) is not None:
            return found
    return None


def train_alike(one, other, steps=3):
    for _ in range(steps):
        np.testing.assert_allclose(one.train_on_batch(X, Y), other.train_on_batch(X, Y), rtol=1e-5)
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


#: what is done before compile and what after it
CHANGES = {
    "a frozen model": (lambda m: setattr(part(m, "inner"), "trainable", False), lambda m: None),
    "a frozen layer in a model": (lambda m: setattr(part(m, "a"), "trainable", False), lambda m: None),
    "a model frozen later": (lambda m: None, lambda m: setattr(part(m, "inner"), "trainable", False)),
    "a layer frozen later": (lambda m: None, lambda m: setattr(part(m, "c"), "trainable", False)),
    "all frozen later": (lambda m: None, lambda m: setattr(m, "trainable", False)),
    "a model thawed later": (
        lambda m: setattr(part(m, "inner"), "trainable", False),
        lambda m: setattr(part(m, "inner"), "trainable", True),
    ),
}


@pytest.mark.parametrize("build", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("optimizer", [lambda: Adam(0.01), lambda: SGD(0.05, momentum=0.9)], ids=["adam", "sgd"])
def test_training_goes_on_from_a_file_and_from_a_copy(build, change, optimizer, tmp_path, recwarn):
    before, after = change
    model = build()
    before(model)
    model.compile(optimizer(), "mse")
    model.train_on_batch(X, Y)
    after(model)
    model.train_on_batch(X, Y)
    trained = len((getattr(model, "model", None) or model)._collected_trainable_weights)
    model.save(tmp_path / "m.h5")
    loaded, copied = load_model(tmp_path / "m.h5"), copy.deepcopy(model)
    assert not [w for w in recwarn if "optimizer" in str(w.message)]
    for other in (loaded, copied):
        assert len(other.trainable_weights) == len(model.trainable_weights)
        assert len((getattr(other, "model", None) or other)._collected_trainable_weights) == trained
        assert [part(other, n).trainable for n in ("inner", "a", "c")] == [part(model, n).trainable for n in ("inner", "a", "c")]
    reference = copy.deepcopy(model)
    train_alike(loaded, model)
    train_alike(copied, reference)
    # what is frozen now holds from the next compile on
    for one in (loaded, model):
        one.compile("sgd", "mse")
    assert len(loaded.trainable_weights) == len(model.trainable_weights)
    if model.trainable_weights:
        train_alike(loaded, model)


def test_a_discriminator_that_is_frozen_in_a_gan_trains_on(tmp_path):
    discriminator = Sequential([Dense(4, input_dim=3, activation="tanh"), Dense(1)])
    discriminator.compile("adam", "mse")
    discriminator.train_on_batch(X, Y[:, :1])
    discriminator.trainable = False
    gan = Sequential([Dense(3, input_dim=3), discriminator])
    gan.compile("adam", "mse")
    gan.train_on_batch(X, Y[:, :1])
    for model in (discriminator, gan):
        model.save(tmp_path / "m.h5")
        other = load_model(tmp_path / "m.h5")
        for _ in range(3):
            assert other.train_on_batch(X, Y[:, :1]) == pytest.approx(model.train_on_batch(X, Y[:, :1]), rel=1e-4)


@pytest.mark.parametrize("build", MODELS.values(), ids=MODELS)
def test_configs_keep_what_is_frozen(build):
    model = build()
    part(model, "inner").trainable = False
    for form in text_forms.HERE:
        assert len(text_forms.rebuilt(model, form).trainable_weights) == 2
        assert "kbridge" not in json.dumps(model.get_config())  # which stays as in Keras 1
    model.trainable = False
    assert model_from_json(model.to_json()).trainable_weights == []
    model.trainable = part(model, "inner").trainable = True
    assert set(json.loads(build().to_json())) == {"class_name", "config", "keras_version"}


def test_wrapped_models_and_single_directions():
    inner = Sequential([Dense(3, input_dim=3)])
    inner.trainable = False
    model = Sequential([TimeDistributed(inner, input_shape=(2, 3)), Bidirectional(SimpleRNN(2))])
    model.layers[1].backward_layer.trainable = False
    other = model_from_json(model.to_json())
    assert [K.int_shape(w) for w in other.trainable_weights] == [(3, 2), (2, 2), (2,)]
    assert other.layers[1].backward_layer.trainable is False
    assert other.layers[1].forward_layer.trainable is other.layers[1].layer.trainable is True


def test_state_that_does_not_fit_is_told_of_and_all_else_loaded(tmp_path):
    """As of a Keras that doesn't say which weights it trained."""
    model = stack()
    model.compile("adam", "mse", metrics=["mae"])
    model.train_on_batch(X, Y)
    part(model, "c").trainable = False
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5", "r+") as h5:
        del h5.attrs["kbridge_compiled_weights"]
    with pytest.warns(UserWarning, match=r"optimizer starts anew.*Adam needs.*but the file has.*unfitting-state"):
        other = load_model(tmp_path / "m.h5")
    np.testing.assert_allclose(other.test_on_batch(X, Y), model.test_on_batch(X, Y), rtol=1e-6)
    assert other.metrics_names == ["loss", "mean_absolute_error"]
    assert float(K.get_value(other.optimizer.iterations)) == 0
    other.train_on_batch(X, Y)


@pytest.mark.parametrize("positions", ["[0, 0]", "[99]", "[-1]", '"x"', "[0.5]", "{"])
def test_damaged_lists_of_what_was_trained_are_an_error(positions, tmp_path):
    model = stack()
    model.compile("adam", "mse")
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5", "r+") as h5:
        h5.attrs["kbridge_compiled_weights"] = positions
    with pytest.raises(ValueError, match=r"m\.h5"):
        load_model(tmp_path / "m.h5")


def test_batch_normalization_frozen_later(tmp_path):
    model = Sequential([Dense(3, input_dim=3), BatchNormalization(), Dense(3)])
    model.compile("adam", "mse")
    model.train_on_batch(X, Y)
    model.layers[1].trainable = False
    model.save(tmp_path / "m.h5")
    train_alike(load_model(tmp_path / "m.h5"), model)


def test_a_state_of_other_weights_is_told_of_too_where_the_file_says_what_was_trained(tmp_path):
    model = stack()
    model.compile("adam", "mse")
    model.train_on_batch(X, Y)
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5", "r+") as h5:
        h5.attrs["kbridge_compiled_weights"] = "[0, 1, 2, 3]"
    with pytest.warns(UserWarning, match=r"optimizer starts anew"):
        load_model(tmp_path / "m.h5")


def test_a_frozen_model_whose_graph_goes_on_stays_frozen_in_files(tmp_path):
    x = Input((3,))
    generator = Model(x, Dense(3, name="g")(x))
    generator.trainable = False
    for model in (Model(x, Dense(3, name="d")(generator.output)), Sequential([generator, Dense(3, name="d")])):
        assert [K.tensor_name(w) for w in model.trainable_weights] == ["d_W", "d_b"]
        model.compile("adam", "mse")
        model.train_on_batch(X, Y)
        model.save(tmp_path / "m.h5")
        for other in (load_model(tmp_path / "m.h5"), model_from_json(model.to_json())):
            assert [K.tensor_name(w) for w in other.trainable_weights] == ["d_W", "d_b"]
        train_alike(load_model(tmp_path / "m.h5"), model)


@pytest.mark.parametrize("found", [3, [], [[True, []]], [[True, []], [1, []]], [[True, []], [True, ["x"]]], {"a": 1}, [[True], [True]]])
def test_damaged_lists_of_what_is_frozen_are_an_error(found):
    config = {**json.loads(stack().to_json()), "kbridge_frozen": found}
    with pytest.raises(ValueError, match="kbridge_frozen"):
        model_from_json(json.dumps(config))
