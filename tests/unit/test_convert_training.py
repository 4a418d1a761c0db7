"""What is converted to Keras 3 trains there as it trains here, or a note says what doesn't."""

from __future__ import annotations

import os
import re

import numpy as np
import pytest

from kbridge import optimizers
from kbridge.constraints import MinMaxNorm, maxnorm, nonneg, unitnorm
from kbridge.convert import save_keras3
from kbridge.layers import (
    GRU,
    LSTM,
    Activation,
    ActivityRegularization,
    AtrousConvolution1D,
    BatchNormalization,
    Convolution1D,
    Convolution2D,
    Convolution3D,
    Deconvolution2D,
    Dense,
    Embedding,
    Flatten,
    Highway,
    Input,
    LeakyReLU,
    Masking,
    MaxoutDense,
    SeparableConvolution2D,
    SimpleRNN,
    TimeDistributed,
    merge,
)
from kbridge.models import Model, Sequential
from kbridge.regularizers import EigenvalueRegularizer, L1L2Regularizer, l1l2, l2


@pytest.fixture(scope="module")
def keras(tmp_path_factory):
    pytest.importorskip("tensorflow", reason="Keras 3 comes with TensorFlow")
    before = dict(os.environ)
    os.environ.update(KERAS_HOME=str(tmp_path_factory.mktemp("keras")), KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3")
    try:
        import keras
    finally:
        os.environ.clear()
        os.environ.update(before)
    yield keras
    keras.backend.clear_session()


def ids(notes):
    return [re.search(r"\[convert: ([a-z0-9-]+)\]$", note)[1] for note in notes]


def check_steps(keras, model, x, path, steps=2, notes=(), rate=0.2):
    """Some steps of gradient descent give the same losses and predictions here and there."""
    random = np.random.RandomState(3)
    model.set_weights([random.rand(*w.shape) + 0.3 if w.ndim == 1 else random.normal(size=w.shape) for w in model.get_weights()])
    assert sorted(ids(save_keras3(model, path))) == sorted(notes)
    theirs = keras.models.load_model(path, compile=False)
    y = random.normal(size=model.predict(x).shape).astype("float32")
    model.compile(optimizers.SGD(lr=rate), "mse")
    theirs.compile(keras.optimizers.SGD(rate), "mse")
    for _ in range(steps):
        ours_loss, their_loss = float(model.train_on_batch(x, y)), float(theirs.train_on_batch(x, y))
        assert their_loss == pytest.approx(ours_loss, rel=2e-4)
    np.testing.assert_allclose(np.asarray(theirs(x, training=False)), model.predict(x), rtol=1e-3, atol=2e-4)
    return theirs


def normal(*shape):
    return np.random.RandomState(5).normal(size=shape).astype("float32")


CONSTRAINTS = {
    "all but the filters": {"th": maxnorm(0.8, axis=(1, 2, 3)), "tf": maxnorm(0.8, axis=(0, 1, 2))},
    "the filters": {"th": unitnorm(axis=0), "tf": unitnorm(axis=-1)},
    "rows": {"th": MinMaxNorm(0.2, 0.5, 0.7, axis=2), "tf": MinMaxNorm(0.2, 0.5, 0.7, axis=0)},
    "signs": {"th": nonneg(), "tf": nonneg()},
}


@pytest.mark.parametrize("ordering", ["th", "tf"])
@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_axes_of_constraints_move_with_those_of_kernels(ordering, constraint, keras, tmp_path):
    given = CONSTRAINTS[constraint][ordering]
    shape = (2, 5, 4) if ordering == "th" else (5, 4, 2)
    out = (None, 2, 6, 5) if ordering == "th" else (None, 6, 5, 2)
    options = {"dim_ordering": ordering, "border_mode": "valid"}
    model = Sequential(
        [
            Deconvolution2D(2, 2, 2, out, W_constraint=given, input_shape=shape, **options),
            SeparableConvolution2D(3, 2, 2, depth_multiplier=2, depthwise_constraint=given, pointwise_constraint=given, **options),
            Convolution2D(3, 2, 2, W_constraint=given, activation="hard_sigmoid", **options),
            Flatten(),
            Dense(2),
        ]
    )
    check_steps(keras, model, normal(4, *shape), tmp_path / "m.keras")


@pytest.mark.parametrize("axis", [0, 1, 2, 3, -1, (0, 1), (0, 2), (0, 1, 2)])
def test_axes_of_constraints_of_sequences(axis, keras, tmp_path):
    model = Sequential(
        [
            Convolution1D(3, 2, W_constraint=maxnorm(0.8, axis=axis), input_shape=(6, 2)),
            AtrousConvolution1D(2, 2, atrous_rate=2, W_constraint=unitnorm(axis=axis)),
            Flatten(),
            Dense(1),
        ]
    )
    check_steps(keras, model, normal(4, 6, 2), tmp_path / "m.h5", rate=0.05)


def test_axes_of_constraints_in_volumes(keras, tmp_path):
    constraint = maxnorm(0.8, axis=(1, 2, 3, 4))
    layer = Convolution3D(2, 2, 2, 2, W_constraint=constraint, dim_ordering="th", input_shape=(2, 3, 3, 4))
    check_steps(keras, Sequential([layer, Flatten(), Dense(1)]), normal(3, 2, 3, 3, 4), tmp_path / "m.keras", rate=0.02)


PENALTY = {"W_regularizer": l1l2(0.02, 0.05), "b_regularizer": l2(0.1)}


@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_hard_sigmoid_trains_the_weights_as_they_are(suffix, keras, tmp_path):
    hard = {"activation": "hard_sigmoid", **PENALTY}
    model = Sequential(
        [
            Convolution1D(3, 2, input_shape=(5, 2), **hard),
            TimeDistributed(Dense(3, **hard)),
            Flatten(),
            Highway(**hard),
            Dense(3, **hard),
            Activation("hard_sigmoid"),
        ]
    )
    check_steps(keras, model, normal(4, 5, 2), tmp_path / f"m.{suffix}")


@pytest.mark.parametrize("kind", ["simple", "gru", "lstm"])
def test_hard_sigmoid_inside_of_recurrent_layers(kind, keras, tmp_path):
    both = {**PENALTY, "U_regularizer": PENALTY["W_regularizer"], "return_sequences": True, "input_shape": (None, 2)}
    layer = {
        "simple": lambda: SimpleRNN(3, activation="hard_sigmoid", **both),
        "gru": lambda: GRU(3, activation="hard_sigmoid", **both),
        "lstm": lambda: LSTM(3, **both),
    }[kind]()
    model = Sequential([layer])
    theirs = check_steps(keras, model, normal(4, 5, 2), tmp_path / "m.keras")
    for samples, length in ((1, 3), (6, 7)):
        x = normal(samples, length, 2)
        np.testing.assert_allclose(np.asarray(theirs(x)), model.predict(x), rtol=1e-3, atol=2e-4)


@pytest.mark.parametrize("parts", [{}, {"center": False}, {"scale": False}, {"center": False, "scale": False}])
def test_normalization_without_center_or_scale(parts, keras, tmp_path):
    model = Sequential([Dense(3, input_dim=2), BatchNormalization(momentum=0.5, **parts), Dense(2)])
    theirs = check_steps(keras, model, normal(6, 2), tmp_path / "m.keras")
    assert len(theirs.trainable_weights) == len(model.trainable_weights)


@pytest.mark.parametrize("axis", [-1, 1, 2])
def test_normalization_over_time_takes_all_steps(axis, keras, tmp_path):
    inner = BatchNormalization(momentum=0.5, axis=axis)
    model = Sequential([TimeDistributed(inner, input_shape=(3, 4, 2)), Flatten(), Dense(1)])
    check_steps(keras, model, normal(5, 3, 4, 2), tmp_path / "m.keras")


def test_a_slope_below_zero_is_not_trained(keras, tmp_path):
    check_steps(keras, Sequential([Dense(3, input_dim=2), LeakyReLU(-0.3), Dense(1)]), normal(4, 2), tmp_path / "m.keras")


# ---------------------------------------------------------------------- what is noted


def noted(model, path):
    return ids(save_keras3(model, path))


def test_a_variance_of_a_sample_is_noted_where_it_moves(tmp_path):
    images = dict(input_shape=(2, 3, 4), axis=-1)
    for layer, ids_of_notes in (
        (BatchNormalization(sample_variance=True, **images), ["keras3-sample-variance"]),
        (BatchNormalization(**images), []),
        (BatchNormalization(sample_variance=True, input_shape=(4,)), []),
        (BatchNormalization(sample_variance=True, trainable=False, moving_if_frozen=True, **images), []),
        (TimeDistributed(BatchNormalization(sample_variance=True, axis=-1), input_shape=(2, 3, 3, 4)), ["keras3-sample-variance"]),
    ):
        assert noted(Sequential([layer]), tmp_path / "m.keras") == ids_of_notes


def test_penalties_per_sample_are_those_of_keras_3(tmp_path):
    model = Sequential(
        [
            Dense(2, activity_regularizer=L1L2Regularizer(l2=0.1, per_sample=True), input_dim=3),
            ActivityRegularization(l1=0.1, per_sample=True),
        ]
    )
    assert noted(model, tmp_path / "m.keras") == []


@pytest.mark.parametrize(
    "layer",
    [
        lambda: Dense(2, activity_regularizer="activity_l2", input_dim=3),
        lambda: MaxoutDense(2, activity_regularizer="activity_l2", input_dim=3),
        lambda: Highway(activity_regularizer="activity_l2", activation="hard_sigmoid", input_dim=3),
        lambda: ActivityRegularization(l2=0.01, input_shape=(3,)),
        lambda: Convolution2D(2, 1, 1, dim_ordering="th", activation="softmax", activity_regularizer="activity_l2", input_shape=(1, 3, 1)),
    ],
)
def test_penalties_of_outputs_are_divided_by_the_number_of_samples(layer, keras, tmp_path):
    model = Sequential([layer()])
    assert noted(model, tmp_path / "m.keras") == ["keras3-activity-regularizer"]
    theirs = keras.models.load_model(tmp_path / "m.keras", compile=False)
    x = normal(7, *model.input_shape[1:])
    theirs(x)
    (loss,) = theirs.losses
    assert float(loss) * 7 == pytest.approx(0.01 * float(np.sum(np.square(model.predict(x)))), rel=1e-4)


def test_normalization_that_is_frozen_shared_masked_or_over_time(tmp_path):
    def normalized(**options):
        return BatchNormalization(name="it", **options)

    assert noted(Sequential([normalized(input_shape=(3,), trainable=False)]), tmp_path / "m.keras") == ["keras3-batch-normalization-frozen"]
    inside = Sequential([normalized(input_shape=(3,))])
    inside.trainable = False
    assert noted(Sequential([inside, Dense(2)]), tmp_path / "m.keras") == ["keras3-batch-normalization-frozen"]
    once = normalized(trainable=False, moving_if_frozen=True, input_shape=(3,))
    assert noted(Sequential([once]), tmp_path / "m.keras") == []
    a, b = Input((3,)), Input((3,))
    inner = Sequential([normalized(input_shape=(3,))])
    assert noted(Model([a, b], merge([inner(a), inner(b)], mode="sum")), tmp_path / "m.keras") == ["keras3-batch-normalization-calls"]
    assert noted(Sequential([Masking(input_shape=(4, 3)), normalized()]), tmp_path / "m.keras") == ["keras3-batch-normalization-mask"]
    inner = Sequential([Dense(3, input_dim=3), normalized()])
    assert noted(Sequential([TimeDistributed(inner, input_shape=(4, 3))]), tmp_path / "m.keras") == ["keras3-batch-normalization-steps"]


def test_penalties_of_what_is_frozen_and_what_is_left_out(tmp_path):
    model = Sequential([Dense(3, input_dim=2, W_regularizer="l2", trainable=False), TimeDistributed(Dense(2), input_shape=(2, 2))][:1])
    assert noted(model, tmp_path / "m.keras") == ["keras3-frozen-penalties"]
    model = Sequential([Embedding(5, 3, input_length=4, dropout=0.2), Flatten(), MaxoutDense(2, W_constraint="nonneg")])
    assert noted(model, tmp_path / "m.keras") == ["keras3-embedding-dropout", "keras3-maxout-constraints"]
    model = Sequential([Dense(2, input_dim=2, W_regularizer=EigenvalueRegularizer(0.1))])
    assert noted(model, tmp_path / "m.keras") == ["keras3-own-penalty"]
