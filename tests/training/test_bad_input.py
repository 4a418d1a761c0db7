"""Wrong use is answered by an error that names what came, what was expected and where."""

import numpy as np
import pytest

from kbridge.layers import Dense, Input
from kbridge.models import Model, Sequential
from kbridge.optimizers import SGD

X, Y = np.zeros((6, 4), "float32"), np.zeros((6, 2), "float32")


def compiled(loss="mse"):
    model = Sequential([Dense(2, input_dim=4, name="out")])
    model.compile("sgd", loss)
    return model


@pytest.mark.parametrize(
    ("words", "run"),
    [
        (r"model input.*input.*\(any, 4\).*\(6, 5\)", lambda: compiled().fit(np.zeros((6, 5)), Y)),
        (r"model input.*2 dimensions.*\(6, 4, 1\)", lambda: compiled().predict(np.zeros((6, 4, 1)))),
        (r"model target.*out.*\(any, 2\).*\(6, 3\)", lambda: compiled().fit(X, np.zeros((6, 3)))),
        (r"6 input samples and 5 target", lambda: compiled().fit(X, np.zeros((5, 2)))),
        (r"must hold numbers", lambda: compiled().predict(np.array([["a"] * 4]))),
        (r"must hold numbers, got dtype datetime64", lambda: compiled().predict(np.zeros((6, 4), "datetime64[s]"))),
        (r"lists have different lengths", lambda: compiled().predict([[1, 2, 3, 4], [1, 2]])),
        (r"no samples", lambda: compiled().fit(np.zeros((0, 4)), np.zeros((0, 2)))),
        (r"no samples", lambda: compiled().predict(np.zeros((0, 4)))),
        (r"'mean_squared_eror'.*Did you mean 'mean_squared_error'", lambda: compiled("mean_squared_eror")),
        (r"'sdg'.*Did you mean 'sgd'", lambda: Sequential([Dense(2, input_dim=4)]).compile("sdg", "mse")),
        (r"one-hot.*sparse_categorical_crossentropy", lambda: compiled("categorical_crossentropy").fit(X, np.zeros((6, 1)))),
        (r"batch_size.*0", lambda: compiled().fit(X, Y, batch_size=0)),
        (r"validation_split.*1.5", lambda: compiled().fit(X, Y, validation_split=1.5)),
        (r"expects 1 arrays.*list of 2", lambda: compiled().predict([X, X])),
        (r"sample-wise weights have shape", lambda: compiled().fit(X, Y, sample_weight=np.zeros((6, 2)))),
        (r"relo.*Did you mean 'relu'", lambda: Dense(2, activation="relo")),
        (r"glorot_unifrom.*Did you mean 'glorot_uniform'", lambda: Dense(2, init="glorot_unifrom")),
        (r"output_dim.*32.5", lambda: Dense(32.5)),
        (r"needs the shape of its input", lambda: Sequential([Dense(2)])),
        (r"without the batch axis", lambda: Input()),
    ],
)
def test_value_errors(words, run):
    with pytest.raises(ValueError, match=f"(?s){words}"):
        run()


@pytest.mark.parametrize(
    ("words", "run"),
    [
        (r"'units'.*Keras 2.*output_dim", lambda: Dense(3, units=3)),
        (r"'kernel_initializer'.*Keras 2.*init", lambda: Dense(3, kernel_initializer="zero")),
        (r"'epochs'.*Keras 2.*nb_epoch", lambda: compiled().fit(X, Y, epochs=3)),
        (r"'actvation'.*Did you mean 'activation'", lambda: Dense(3, actvation="relu")),
        (r"'learning_rate'.*lr", lambda: SGD(learning_rate=0.1)),
        (r"takes a Layer", lambda: Sequential().add("dense")),
    ],
)
def test_type_errors(words, run):
    with pytest.raises(TypeError, match=f"(?s){words}"):
        run()


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_a_model_must_be_compiled_first(method):
    for model in (Sequential([Dense(2, input_dim=4)]), _functional()):
        with pytest.raises(RuntimeError, match="needs to be compiled"):
            getattr(model, method)(X, Y)


def _functional():
    x = Input((4,))
    return Model(x, Dense(2)(x))


def test_prediction_needs_no_compilation():
    assert _functional().predict(X).shape == (6, 2)


def test_a_weight_that_the_loss_ignores_is_named():
    from kbridge import backend as K
    from kbridge.layers import Lambda

    x = Input((4,))
    h = Dense(3, name="lonely")(x)
    y = Lambda(lambda h: K.stop_gradient(h))(h)
    model = Model(x, y)
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="lonely_W"):
        model.fit(X, np.zeros((6, 3)), verbose=0)


@pytest.mark.parametrize(("ordering", "other"), [("th", "tf"), ("tf", "th")])
def test_data_in_the_other_dim_ordering_name_the_setting(ordering, other):
    from kbridge.layers import Flatten

    shapes = {"th": (3, 5, 6), "tf": (5, 6, 3)}
    model = Sequential([Flatten(input_shape=shapes[ordering]), Dense(2)])
    with pytest.raises(ValueError, match=f"dim_ordering '{other}'.*the model's those of '{ordering}'.*image_dim_ordering"):
        model.predict(np.zeros((2, *shapes[other])))
    with pytest.raises(ValueError) as caught:
        model.predict(np.zeros((2, 7, 7, 7)))
    assert "dim_ordering" not in str(caught.value)


def test_integral_floats_are_accepted():
    assert Dense(32.0, input_dim=4.0).output_dim == 32
