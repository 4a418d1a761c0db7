"""What compile understands: losses, metrics, weights, for one output and for several."""

import functools

import numpy as np
import pytest

from kbridge import backend as K
from kbridge import metrics, objectives
from kbridge.engine.training import collect_metrics
from kbridge.layers import Activation, Dense, Input
from kbridge.models import Model, Sequential
from kbridge.training.compiling import labels_of

RNG = np.random.RandomState(0)
X = RNG.randn(6, 4).astype("float32")


def one_output(loss, outputs=3, activation="softmax", **arguments):
    np.random.seed(1)
    model = Sequential([Dense(outputs, input_dim=4), Activation(activation)])
    model.compile("sgd", loss, **arguments)
    return model


def two_outputs(**arguments):
    np.random.seed(1)
    x = Input((4,))
    h = Dense(5)(x)
    model = Model(x, [Dense(2, name="a")(h), Dense(1, name="b", activation="sigmoid")(h)])
    model.compile("sgd", **{"loss": "mse", **arguments})
    return model


A, B = RNG.randn(6, 2), RNG.randint(0, 2, (6, 1))


# ---------------------------------------------------------------------- metrics


def test_metrics_names_stand_in_the_order_of_keras_1():
    model = two_outputs(metrics=["accuracy", "mae"])
    assert model.metrics_names == ["loss", "a_loss", "b_loss", "a_acc", "a_mean_absolute_error", "b_acc", "b_mean_absolute_error"]
    assert two_outputs(metrics={"b": ["acc"]}).metrics_names == ["loss", "a_loss", "b_loss", "b_acc"]
    assert two_outputs(metrics={"b": "mse"}).metrics_names == ["loss", "a_loss", "b_loss", "b_mean_squared_error"]
    assert two_outputs().metrics_names == ["loss", "a_loss", "b_loss"]
    assert one_output("mse", metrics=["acc", "mse"]).metrics_names == ["loss", "acc", "mean_squared_error"]


@pytest.mark.parametrize(
    ("loss", "outputs", "activation", "labels", "expected"),
    [
        ("categorical_crossentropy", 3, "softmax", np.eye(3)[[0, 1, 2, 0, 1, 2]], lambda p, y: p.argmax(1) == y.argmax(1)),
        ("sparse_categorical_crossentropy", 3, "softmax", np.arange(6).reshape(6, 1) % 3, lambda p, y: p.argmax(1) == y[:, 0]),
        ("binary_crossentropy", 3, "sigmoid", RNG.randint(0, 2, (6, 3)), lambda p, y: p.round() == y),
        ("mse", 1, "sigmoid", RNG.randint(0, 2, (6, 1)), lambda p, y: p.round() == y),
        ("mse", 3, "softmax", np.eye(3)[[0, 1, 2, 0, 1, 2]], lambda p, y: p.argmax(1) == y.argmax(1)),
    ],
)
def test_accuracy_suits_the_loss_and_the_output(loss, outputs, activation, labels, expected):
    model = one_output(loss, outputs, activation, metrics=["accuracy"])
    found = model.evaluate(X, labels, verbose=0)[1]
    assert found == pytest.approx(expected(model.predict(X), labels).mean())


def first_and_second(y_true, y_pred):
    return {"first": K.mean(y_pred[:, 0]), "second": K.mean(y_pred[:, 1])}


class Largest:
    def __call__(self, y_true, y_pred):
        return K.max(y_pred)


def test_metrics_may_be_functions_objects_and_give_several_values():
    calls = []

    def counted(y_true, y_pred):
        calls.append(1)
        return K.mean(y_pred, axis=-1)

    beta = functools.partial(metrics.fbeta_score, beta=2)
    model = one_output("mse", metrics=[first_and_second, Largest(), counted, beta])
    assert model.metrics_names == ["loss", "first", "second", "Largest", "counted", "partial"]
    assert len(calls) == 1
    values = dict(zip(model.metrics_names, model.evaluate(X, np.eye(3)[[0, 1, 2, 0, 1, 2]], verbose=0)))
    p = model.predict(X)
    assert values["first"] == pytest.approx(p[:, 0].mean(), rel=1e-5)
    assert values["second"] == pytest.approx(p[:, 1].mean(), rel=1e-5)
    assert values["Largest"] == pytest.approx(p.max(), rel=1e-5)
    assert values["counted"] == pytest.approx(1 / 3, rel=1e-5)


def test_metrics_of_one_name_are_numbered_in_logs():
    assert labels_of(["loss", "acc", "acc", "mse", "acc"]) == ["loss", "acc_1", "acc_2", "mse", "acc_3"]
    history = one_output("mse", metrics=["mse", "mean_squared_error"]).fit(X, np.eye(3)[[0] * 6], nb_epoch=1, verbose=0)
    assert set(history.history) == {"loss", "mean_squared_error_1", "mean_squared_error_2"}


def test_collect_metrics_gives_a_list_for_each_output():
    assert collect_metrics(None, ["a", "b"]) == [[], []]
    assert collect_metrics(["acc"], ["a", "b"]) == [["acc"], ["acc"]]
    assert collect_metrics([["acc"], ("mse",)], ["a", "b"]) == [["acc"], ["mse"]]
    assert collect_metrics({"b": "acc"}, ["a", "b"]) == [[], ["acc"]]


# ---------------------------------------------------------------------- losses and their weights


def parts(model):
    p, q = model.predict(X)
    return np.square(p - A).mean(), np.abs(q - B).mean()


@pytest.mark.parametrize("loss", [["mse", "mae"], {"a": "mse", "b": objectives.mae}, [lambda t, p: K.mean(K.square(t - p)), "mae"]])
@pytest.mark.parametrize(("weights", "factors"), [(None, (1, 1)), ([2.0, 0.5], (2, 0.5)), ({"b": 3}, (1, 3))])
def test_losses_and_their_weights_for_several_outputs(loss, weights, factors):
    model = two_outputs(loss=loss, loss_weights=weights)
    a, b = parts(model)
    assert model.evaluate(X, [A, B], verbose=0) == pytest.approx([a * factors[0] + b * factors[1], a, b], rel=1e-5)


def test_a_loss_weight_may_be_a_variable_that_changes():
    weight = K.variable(0.0)
    model = two_outputs(loss=["mse", "mae"], loss_weights=[1.0, weight])
    a, b = parts(model)
    assert model.evaluate(X, [A, B], verbose=0)[0] == pytest.approx(a, rel=1e-5)
    K.set_value(weight, 4.0)
    assert model.evaluate(X, [A, B], verbose=0)[0] == pytest.approx(a + 4 * b, rel=1e-5)


def test_penalties_are_part_of_the_loss_and_of_no_outputs_loss():
    model = Sequential([Dense(2, input_dim=4, W_regularizer="l2")])
    model.compile("sgd", "mse")
    y = model.predict(X)
    expected = 0.01 * np.square(model.get_weights()[0]).sum()
    assert model.evaluate(X, y, verbose=0) == pytest.approx(expected, rel=1e-4)


def test_compiling_again_starts_with_new_settings():
    model = one_output("mse")
    model.train_on_batch(X, np.eye(3)[[0] * 6])
    model.layers[0].trainable = False
    model.compile("adam", "mae", metrics=["acc"])
    before = model.get_weights()
    model.train_on_batch(X, np.eye(3)[[0] * 6])
    for one, other in zip(before, model.get_weights()):
        np.testing.assert_array_equal(one, other)
    assert type(model.optimizer).__name__ == "Adam"
    model.layers[0].trainable = True
    model.compile("adam", "mae")
    model.train_on_batch(X, np.eye(3)[[0] * 6])
    assert (before[0] != model.get_weights()[0]).any()


class Twice(Model):
    """A program's model that changes what is trained, as programs for Keras 1 do."""

    def _make_train_function(self):
        if self.train_function is None:
            self.total_loss = self.total_loss * 2.0
        super()._make_train_function()


def test_a_subclass_can_change_the_training_function():
    x = Input((4,))
    model = Twice(x, Dense(2)(x))
    model.compile("sgd", "mse")
    loss = np.square(model.predict(X) - A).mean()
    assert model.train_on_batch(X, A) == pytest.approx(2 * loss, rel=1e-5)
    assert len(model.targets) == len(model.sample_weights) == len(model.loss_functions) == 1
    assert model.loss_functions[0] is objectives.mean_squared_error


@pytest.mark.parametrize(
    ("words", "error", "run"),
    [
        ("'mean_squared_eror'.*Did you mean 'mean_squared_error'", ValueError, lambda: one_output("mean_squared_eror")),
        ("'acuracy'.*Did you mean 'accuracy'", ValueError, lambda: one_output("mse", metrics=["acuracy"])),
        ("'precison'.*Did you mean 'precision'", ValueError, lambda: one_output("mse", metrics=["precison"])),
        ("metrics must be a list", TypeError, lambda: one_output("mse", metrics="accuracy")),
        ("needs a loss for the output", ValueError, lambda: one_output(None)),
        ("Missing output 'b'", ValueError, lambda: two_outputs(loss={"a": "mse"})),
        ("'aa'.*keys: a, b.*Did you mean 'a'", ValueError, lambda: two_outputs(loss={"aa": "mse", "b": "mse"})),
        ("one entry per model output.*2 outputs", ValueError, lambda: two_outputs(loss=["mse"])),
        ("loss_weights must be a list or a dict", TypeError, lambda: two_outputs(loss_weights=2.0)),
        ("Unknown entry in metrics dictionary: 'c'", ValueError, lambda: two_outputs(metrics={"c": "acc"})),
        ("'temporal' needs an output", ValueError, lambda: one_output("mse", sample_weight_mode="temporal")),
        ("None or 'temporal', got 'temp'", ValueError, lambda: one_output("mse", sample_weight_mode="temp")),
        ("no argument 'target_tensors'. It is an argument of Keras 2", TypeError, lambda: one_output("mse", target_tensors=[])),
    ],
)
def test_errors_name_the_argument_and_the_valid_ones(words, error, run):
    with pytest.raises(error, match=f"(?s){words}"):
        run()


def test_the_class_mode_of_keras_0_is_ignored_with_a_warning():
    with pytest.warns(UserWarning, match="'class_mode' is outdated and ignored.*accuracy"):
        model = one_output("mse", class_mode="categorical")
    assert np.isfinite(model.train_on_batch(X, np.eye(3)[[0] * 6]))


@pytest.mark.parametrize("mistake", [{"loss": "mze"}, {"optimizer": "sdg"}, {"metrics": ["acuracy"]}])
@pytest.mark.parametrize("kind", ["sequential", "functional"])
def test_a_mistake_in_compile_leaves_the_model_as_it_was_compiled(kind, mistake):
    x = Input((4,))
    model = Sequential([Dense(2, input_dim=4)]) if kind == "sequential" else Model(x, Dense(2)(x))
    model.compile("adam", "mse", metrics=["mae"])
    model.train_on_batch(X, A)
    optimizer = model.optimizer
    with pytest.raises(ValueError):
        model.compile(**{"optimizer": "sgd", "loss": "mse", **mistake})
    assert model.optimizer is optimizer and model.metrics_names == ["loss", "mean_absolute_error"]
    assert len(model.train_on_batch(X, A)) == 2
    assert float(K.get_value(model.optimizer.iterations)) == 2


def test_metrics_of_class_indices_see_their_one_column():
    model = Sequential([Dense(3, input_dim=2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["mse", "acc", lambda y, p: K.mean(K.abs(p - y))])
    x, y = np.random.RandomState(0).rand(4, 2), np.array([0, 2, 1, 2])
    p = model.predict(x)
    _, *found = model.evaluate(x, y, verbose=0)
    error = p - y[:, None]
    assert found == pytest.approx([np.square(error).mean(), (p.argmax(1) == y).mean(), np.abs(error).mean()], rel=1e-5)


# ---------------------------------------------------------------------- targets


def test_targets_have_the_shape_that_their_loss_takes():
    """The backends make faster functions of what they know."""

    def own(y_true, y_pred):
        return K.mean(y_pred - K.mean(y_true), axis=-1)

    shapes = {"mse": (None, 3), "sparse_categorical_crossentropy": (None, 1), own: (None, None)}
    for loss, shape in shapes.items():
        model = one_output(loss)
        assert K.int_shape(model.model.targets[0]) == shape
    assert np.isfinite(model.train_on_batch(X, np.ones((6, 7))))
