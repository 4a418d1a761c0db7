"""Weights of classes, samples and time steps; masks in losses and metrics."""

import numpy as np
import pytest

from kbridge import backend as K
from kbridge.engine.training import standardize_weights, weighted_objective
from kbridge.layers import Dense, Input, Lambda, Masking, TimeDistributed
from kbridge.metrics import RootMeanSquaredError
from kbridge.models import Model, Sequential

RNG = np.random.RandomState(0)
X, Y = RNG.randn(6, 3).astype("float32"), RNG.randn(6, 2).astype("float32")


def compiled(**arguments):
    np.random.seed(1)
    model = Sequential([Dense(2, input_dim=3)])
    model.compile("sgd", "mse", **arguments)
    return model


def errors(model, x=X, y=Y):
    return np.square(model.predict(x) - y).mean(axis=-1)


def test_the_mean_of_weighted_losses_counts_samples_with_weight():
    model = compiled()
    weights = np.array([1.0, 0.0, 2.0, 0.5, 0.0, 3.0])
    expected = (errors(model) * weights).sum() / 4
    assert model.evaluate(X, Y, sample_weight=weights, verbose=0) == pytest.approx(expected, rel=1e-5)
    assert model.evaluate(X, Y, sample_weight=weights.tolist(), verbose=0) == pytest.approx(expected, rel=1e-5)
    assert model.test_on_batch(X, Y, sample_weight=weights) == pytest.approx(expected, rel=1e-5)


def test_a_batch_of_no_weight_neither_gives_nan_nor_changes_the_model():
    model = compiled()
    before = model.get_weights()
    assert model.train_on_batch(X, Y, sample_weight=np.zeros(6)) == 0
    for a, b in zip(before, model.get_weights()):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("labels", ["one-hot", "indices"])
def test_class_weights_are_weights_of_the_samples_of_a_class(labels):
    classes = np.array([0, 1, 1, 0, 1, 1])
    class_weight = {0: 3.0, 1: 0.5}
    if labels == "one-hot":
        y, loss = np.eye(2)[classes], "categorical_crossentropy"
    else:
        y, loss = classes, "sparse_categorical_crossentropy"
    results = []
    for arguments in ({"class_weight": class_weight}, {"sample_weight": np.where(classes == 0, 3.0, 0.5)}):
        np.random.seed(1)
        model = Sequential([Dense(2, input_dim=3, activation="softmax")])
        model.compile("sgd", loss)
        history = model.fit(X, y, batch_size=4, nb_epoch=3, verbose=0, shuffle=False, **arguments)
        results.append([*history.history["loss"], *model.get_weights()[0].ravel()])
    np.testing.assert_allclose(*results, rtol=1e-5)


def test_weights_of_time_steps():
    np.random.seed(1)
    model = Sequential([TimeDistributed(Dense(1), input_shape=(4, 3))])
    model.compile("sgd", "mse", sample_weight_mode="temporal")
    x, y, weights = RNG.randn(5, 4, 3), RNG.randn(5, 4, 1), RNG.rand(5, 4)
    weights[:, 0] = 0
    expected = (np.square(model.predict(x) - y)[..., 0] * weights).sum() / 15
    assert model.evaluate(x, y, sample_weight=weights, verbose=0) == pytest.approx(expected, rel=1e-5)
    assert np.isfinite(model.fit(x, y, sample_weight=weights, nb_epoch=1, verbose=0).history["loss"][0])


def masked_model():
    np.random.seed(1)
    model = Sequential([Masking(input_shape=(4, 3)), TimeDistributed(Dense(2))])
    each_step, each_number = lambda y_true, y_pred: K.mean(K.abs(y_true - y_pred), axis=-1), lambda y_true, y_pred: K.abs(y_true - y_pred)
    model.compile("sgd", "mse", metrics=[each_step, each_number, RootMeanSquaredError()])
    return model


def test_masked_time_steps_count_neither_in_losses_nor_in_metrics_with_values_for_each_or_of_all():
    model = masked_model()
    x, y = RNG.randn(5, 4, 3), RNG.randn(5, 4, 2)
    x[1, 2:] = x[3, 1:] = 0
    kept = (x != 0).any(axis=-1)
    error = model.predict(x) - y
    squares, distance = np.square(error[kept]).mean(), np.abs(error[kept]).mean()
    assert model.evaluate(x, y, verbose=0) == pytest.approx([squares, distance, distance, np.sqrt(squares)], rel=1e-5)


def test_a_batch_that_is_masked_altogether_gives_no_nan():
    model = masked_model()
    before = model.get_weights()
    assert model.train_on_batch(np.zeros((2, 4, 3)), np.ones((2, 4, 2)))[0] == 0
    for a, b in zip(before, model.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_a_mask_reaches_values_with_more_axes_than_it_has():
    loss = weighted_objective(lambda y_true, y_pred: K.square(y_true - y_pred))
    y_true, y_pred, weights, mask = RNG.rand(2, 3, 4), RNG.rand(2, 3, 4), np.array([1.0, 2.0]), np.array([[1, 1, 0], [1, 0, 0]])
    value = K.eval(loss(*map(K.variable, (y_true, y_pred, weights)), mask=K.variable(mask)))
    score = np.square(y_true - y_pred) * mask[..., None] / mask.mean()
    assert float(value) == pytest.approx((score.mean(axis=(1, 2)) * weights).mean(), rel=1e-5)


def test_a_loss_of_one_value_is_left_as_it_is_by_masks():
    x = Input((4, 3))
    h = TimeDistributed(Dense(1))(Masking()(x))
    model = Model(x, h)
    model.compile("sgd", lambda y_true, y_pred: K.max(y_true))
    assert model.test_on_batch(np.ones((2, 4, 3)), np.full((2, 4, 1), 3.0)) == pytest.approx(3)


def test_a_loss_that_has_lost_the_time_axis_cannot_be_masked():
    model = Sequential([Masking(input_shape=(4, 3)), TimeDistributed(Dense(1))])
    with pytest.raises(ValueError, match="mask with 2 dimensions can't be applied to a loss with 1"):
        model.compile("sgd", lambda y_true, y_pred: K.mean(K.square(y_true - y_pred), axis=[1, 2]))


def test_sample_weights_of_several_outputs():
    x = Input((3,))
    model = Model(x, [Lambda(lambda t: t * 1.0, name="a")(x), Lambda(lambda t: t * 2.0, name="b")(x)])
    model.compile("sgd", "mse", sample_weight_mode={"b": None})
    y = np.zeros((6, 3))
    w = np.arange(6.0)
    expected = [(np.square(X).mean(1) * w).sum() / 5, np.square(2 * X).mean()]
    for weights in ({"a": w}, [w, None]):
        values = model.evaluate(X, [y, y], sample_weight=weights, verbose=0)
        assert values == pytest.approx([sum(expected), *expected], rel=1e-5)
    with pytest.raises(ValueError, match="isn't an output. The outputs are a, b"):
        model.evaluate(X, [y, y], sample_weight={"c": w}, verbose=0)
    with pytest.raises(TypeError, match="must be a list or a dict"):
        model.evaluate(X, [y, y], sample_weight=w, verbose=0)


def test_weights_of_samples_come_before_weights_of_classes():
    with pytest.warns(UserWarning, match="class_weight is ignored because sample_weight is given"):
        weights = standardize_weights(np.eye(2), sample_weight=np.array([3.0, 4.0]), class_weight={0: 1, 1: 2})
    assert weights.tolist() == [3, 4]


def test_automatic_class_weights_of_keras_0_have_no_effect():
    with pytest.warns(UserWarning, match="'auto' has had no effect"):
        assert standardize_weights(np.eye(2), class_weight="auto").tolist() == [1, 1]


@pytest.mark.parametrize(
    ("words", "error", "arguments"),
    [
        (r"these are missing: \[1\]", ValueError, {"class_weight": {0: 1.0}}),
        (r"must be a dict", TypeError, {"class_weight": [1.0, 2.0]}),
        (r"3 or more dimensions", ValueError, {"y": np.ones((2, 2, 2)), "class_weight": {0: 1.0}}),
        (r"sample-wise weights have shape", ValueError, {"sample_weight": np.ones((2, 2))}),
        (r"weights need targets with at least 3", ValueError, {"sample_weight_mode": "temporal"}),
        (r"timestep-wise weights have shape", ValueError, {"y": np.ones((2, 2, 2)), "sample_weight": np.ones(2), "sample_weight_mode": "temporal"}),
        (r"\(3,\) for targets with shape \(2, 2\)", ValueError, {"sample_weight": np.ones(3)}),
        (r"None or 'temporal', got 'time'", ValueError, {"sample_weight_mode": "time"}),
    ],
)  # fmt: skip
def test_weights_that_do_not_fit_are_refused(words, error, arguments):
    with pytest.raises(error, match=words):
        standardize_weights(**{"y": np.eye(2), **arguments})
