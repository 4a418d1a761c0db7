"""Whole models: what is saved comes back, and training goes on exactly where it stopped."""

import h5py
import numpy as np
import pytest
from text_forms import each_form, rebuilt

from kbridge import backend as K
from kbridge import optimizers
from kbridge.layers import Dense, Dropout, Input, Lambda, Layer, merge
from kbridge.models import Model, Sequential, load_model, save_model
from kbridge.saving.errors import ModelFileError

X = np.random.RandomState(0).randn(12, 4).astype("float32")
Y = np.random.RandomState(1).randn(12, 2).astype("float32")


def small(optimizer="sgd", **compile_options):
    model = Sequential([Dense(3, input_dim=4, activation="tanh"), Dense(2)])
    model.compile(optimizer=optimizer, loss="mse", **compile_options)
    return model


def assert_equal_arrays(a, b):
    assert len(a) == len(b)
    for x, y in zip(a, b, strict=True):
        np.testing.assert_array_equal(x, y)


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "model.h5")


OPTIMIZERS = {
    "sgd": lambda: optimizers.SGD(0.1, momentum=0.9, nesterov=True, decay=0.1),
    "rmsprop": lambda: optimizers.RMSprop(0.01, decay=0.1),
    "adagrad": lambda: optimizers.Adagrad(0.1, decay=0.1),
    "adadelta": lambda: optimizers.Adadelta(1.0, decay=0.1),
    "adam": lambda: optimizers.Adam(0.01, decay=0.1, clipnorm=1.0),
    "adamax": lambda: optimizers.Adamax(0.01, decay=0.1),
    "nadam": lambda: optimizers.Nadam(0.01, clipvalue=0.5),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_goes_on_exactly_where_it_stopped(path, name):
    model = small(OPTIMIZERS[name]())
    model.fit(X, Y, nb_epoch=2, batch_size=5, shuffle=False, verbose=0)
    model.save(path)
    restored = load_model(path)
    assert_equal_arrays(restored.optimizer.get_weights() or [0], model.optimizer.get_weights() or [0])
    for m in (model, restored):
        m.fit(X, Y, nb_epoch=2, batch_size=5, shuffle=False, verbose=0)
    assert_equal_arrays(model.get_weights(), restored.get_weights())
    assert_equal_arrays(model.optimizer.get_weights(), restored.optimizer.get_weights())


def test_predictions_are_identical(path):
    model = small()
    save_model(model, path)
    np.testing.assert_array_equal(load_model(path).predict(X), model.predict(X))


def test_a_changed_learning_rate_is_kept(path):
    model = small()
    K.set_value(model.optimizer.lr, 0.125)
    model.save(path)
    assert K.get_value(load_model(path).optimizer.lr) == 0.125


def test_optimizer_without_weights_yet_has_no_group(path):
    small("adam").save(path)
    with h5py.File(path) as h5:
        assert "optimizer_weights" not in h5
    load_model(path)


def test_uncompiled_model_warns_and_loads(path):
    model = Sequential([Dense(3, input_dim=4)])
    model.save(path)
    with h5py.File(path) as h5:
        assert "training_config" not in h5.attrs
    with pytest.warns(UserWarning, match="not compiled"):
        restored = load_model(path)
    np.testing.assert_array_equal(restored.predict(X), model.predict(X))


def test_compile_false_leaves_the_training_part_alone(path):
    def of_its_author(y_true, y_pred):
        return K.mean(K.square(y_true - y_pred), axis=-1)

    model = Sequential([Dense(2, input_dim=4)])
    model.compile("sgd", of_its_author)
    model.save(path)
    restored = load_model(path, compile=False)
    np.testing.assert_array_equal(restored.predict(X), model.predict(X))


def test_custom_loss_and_metric_by_name(path):
    def my_loss(y_true, y_pred):
        return K.mean(K.abs(y_true - y_pred), axis=-1)

    def my_metric(y_true, y_pred):
        return K.mean(y_pred)

    model = Sequential([Dense(2, input_dim=4)])
    model.compile("sgd", my_loss, metrics=[my_metric, "mse"])
    model.save(path)
    with pytest.raises(ModelFileError, match="my_loss"):
        load_model(path)
    restored = load_model(path, custom_objects={"my_loss": my_loss, "my_metric": my_metric})
    assert restored.metrics_names == model.metrics_names
    np.testing.assert_allclose(restored.evaluate(X, Y, verbose=0), model.evaluate(X, Y, verbose=0))


def test_several_inputs_outputs_and_options_of_compile(path):
    a, b = Input((4,), name="a"), Input((4,), name="b")
    shared = Dense(3, name="shared")
    joined = merge([shared(a), shared(b)], mode="concat")
    model = Model([a, b], [Dense(2, name="one")(joined), Dense(2, activation="softmax", name="two")(joined)])
    model.compile(
        "adam",
        {"one": "mse", "two": "categorical_crossentropy"},
        metrics={"one": ["mae", "mse"], "two": "accuracy"},
        loss_weights={"one": 0.5, "two": 2.0},
    )
    labels = np.eye(2)[[0, 1] * 6]
    model.fit([X, X], [Y, labels], nb_epoch=1, verbose=0, shuffle=False)
    model.save(path)
    restored = load_model(path)
    assert restored.metrics_names == model.metrics_names
    np.testing.assert_array_equal(restored.evaluate([X, X], [Y, labels], verbose=0), model.evaluate([X, X], [Y, labels], verbose=0))
    for m in (model, restored):
        m.train_on_batch([X, X], [Y, labels])
    assert_equal_arrays(model.get_weights(), restored.get_weights())


def test_temporal_sample_weights_are_kept(path):
    model = Sequential([Dense(2, input_shape=(3, 4))])
    model.compile("sgd", "mse", sample_weight_mode="temporal")
    model.save(path)
    assert load_model(path).sample_weight_mode == "temporal"


def double(x):
    for _ in range(1):
        x = x * 2.0
    return x


def test_lambda_that_is_no_straight_line_is_stored_by_name_and_found_by_it(path):
    model = Sequential([Dense(2, input_dim=4), Lambda(double, name="twice")])
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match=r"'twice'.*by name only.*a loop.*'double'"):
        model.save(path)
    with h5py.File(path) as h5:
        text = h5.attrs["model_config"]
    assert '"function": "double", "function_type": "function"' in text
    with pytest.raises(ModelFileError, match=r"'twice'.*'double'"):
        load_model(path)
    for name in ("double", "twice"):
        np.testing.assert_array_equal(load_model(path, custom_objects={name: double}).predict(X), model.predict(X))


def test_nameless_lambda_goes_by_its_layers_name(path):
    model = Sequential([Dense(2, input_dim=4), Lambda(lambda x: [x * 2.0 for _ in "1"][0], output_shape=lambda s: s or None, name="twice")])
    with pytest.warns(UserWarning, match="'twice_output_shape'"):
        model.save(path)
    with pytest.raises(ModelFileError, match="'twice_output_shape'"):
        load_model(path, custom_objects={"twice": double}, compile=False)
    functions = {"twice": double, "twice_output_shape": lambda s: s}
    np.testing.assert_array_equal(load_model(path, custom_objects=functions, compile=False).predict(X), model.predict(X))


class Scale(Layer):
    def __init__(self, factor, **kwargs):
        self.factor = factor
        super().__init__(**kwargs)

    def call(self, x, mask=None):
        return x * self.factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


def test_custom_layer_by_name(path):
    model = Sequential([Dense(2, input_dim=4), Scale(3.0)])
    model.save(path)
    with pytest.raises(ModelFileError, match=r"Unknown layer: 'Scale'.*custom_objects"):
        load_model(path, compile=False)
    restored = load_model(path, custom_objects={"Scale": Scale}, compile=False)
    np.testing.assert_array_equal(restored.predict(X), model.predict(X))


def test_misspelt_layer_is_given_its_nearest_name():
    from kbridge.models import model_from_config

    with pytest.raises(ModelFileError, match="did you mean 'Dense'"):
        model_from_config({"class_name": "Sequential", "config": [{"class_name": "Dens", "config": {}}]})


def test_weights_file_is_no_model(path):
    small().save_weights(path)
    with pytest.raises(ModelFileError, match="No model found in config file"):
        load_model(path)


def test_save_over_an_existing_file_replaces_it(path):
    small().save(path)
    model = small("adam")
    model.save(path)
    np.testing.assert_array_equal(load_model(path).predict(X), model.predict(X))


def test_overwrite_false_asks(path, monkeypatch):
    model = small()
    model.save(path)
    monkeypatch.setattr("builtins.input", lambda question: "n")
    small().save(path, overwrite=False)
    np.testing.assert_array_equal(load_model(path).predict(X), model.predict(X))


def test_a_failed_save_leaves_the_old_model(path, tmp_path, monkeypatch):
    model = small()
    model.save(path)
    other = small()
    monkeypatch.setattr("kbridge.saving.weights.write_array", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        other.save(path)
    monkeypatch.undo()
    np.testing.assert_array_equal(load_model(path).predict(X), model.predict(X))
    assert [p.name for p in tmp_path.iterdir()] == ["model.h5"]


@each_form
def test_architecture_as_text(form):
    inner = Sequential([Dense(3, input_dim=4), Dropout(0.5)])
    a = Input((4,))
    model = Model(a, merge([inner(a), Dense(3)(a)], mode="sum"))
    restored = rebuilt(model, form)
    restored.set_weights(model.get_weights())
    np.testing.assert_array_equal(restored.predict(X), model.predict(X))
    assert "1.2.2" in getattr(model, f"to_{form}")()


def test_double_encoded_json_builds_the_model():
    import json

    from kbridge.models import model_from_json

    model = small()
    assert model_from_json(json.dumps(model.to_json())).get_config()[0]["config"]["output_dim"] == 3


def test_pathlib_paths_work(tmp_path):
    model = small()
    model.save(tmp_path / "m.h5")
    model.save_weights(tmp_path / "w.h5")
    model.load_weights(tmp_path / "w.h5")
    np.testing.assert_array_equal(load_model(tmp_path / "m.h5").predict(X), model.predict(X))
