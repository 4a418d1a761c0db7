"""Penalties and constraints: formulas, configs, names, effect on training."""

import numpy as np
import pytest

from kbridge import activations, constraints, regularizers
from kbridge import backend as K
from kbridge.layers.core import Dense
from kbridge.models import Sequential

W = np.random.RandomState(0).normal(size=(4, 3)) * 2


def value(function):
    return K.eval(function(K.variable(W)))


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: regularizers.l1(0.1), 0.1 * np.abs(W).sum()),
        (lambda: regularizers.l2(0.1), 0.1 * np.square(W).sum()),
        (lambda: regularizers.l1l2(0.1, 0.2), 0.1 * np.abs(W).sum() + 0.2 * np.square(W).sum()),
        (lambda: regularizers.activity_l1(0.1), 0.1 * np.abs(W).sum()),
        (lambda: regularizers.get("l2"), 0.01 * np.square(W).sum()),
        (lambda: regularizers.get("activity_l1l2"), 0.01 * (np.abs(W).sum() + np.square(W).sum())),
        (lambda: regularizers.get({"name": "L1L2Regularizer", "l1": 0.5, "l2": 0.0}), 0.5 * np.abs(W).sum()),
        (lambda: regularizers.WeightRegularizer(l2=0.3), 0.3 * np.square(W).sum()),
    ],
)
def test_penalties(make, expected):
    assert value(make()) == pytest.approx(expected, rel=1e-5)


def test_the_eigenvalue_regularizer_tends_to_the_largest_eigenvalue():
    # in Keras 1 the penalty is the root of the largest eigenvalue of x^T x
    x = K.variable(np.diag([2.0, 1.0, 0.7]))
    assert K.eval(regularizers.EigenvalueRegularizer(0.5)(x)) == pytest.approx(0.5 * 2, rel=1e-3)
    with pytest.raises(ValueError, match="matrices"):
        regularizers.EigenvalueRegularizer(0.5)(K.ones((3,)))


def test_regularizers_come_back_from_their_configs():
    for regularizer in (regularizers.l1l2(0.1, 0.2), regularizers.EigenvalueRegularizer(0.3), regularizers.Regularizer()):
        config = regularizer.get_config()
        assert regularizers.get(config).get_config() == config
    assert regularizers.l2(0.01).get_config() == {"name": "L1L2Regularizer", "l1": 0.0, "l2": float(K.cast_to_floatx(0.01))}
    assert regularizers.get(None) is None


def norms(x, axis=0):
    return np.sqrt(np.square(x).sum(axis=axis, keepdims=True))


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: constraints.maxnorm(2), lambda x: x * np.clip(norms(x), 0, 2) / norms(x)),
        (lambda: constraints.maxnorm(m=1, axis=1), lambda x: x * np.clip(norms(x, 1), 0, 1) / norms(x, 1)),
        (lambda: constraints.nonneg(), lambda x: np.maximum(x, 0)),
        (lambda: constraints.unitnorm(), lambda x: x / norms(x)),
        (
            lambda: constraints.MinMaxNorm(low=1.0, high=2.0, rate=0.5),
            lambda x: x * (0.5 * np.clip(norms(x), 1, 2) + 0.5 * norms(x)) / norms(x),
        ),
        (lambda: constraints.get("unitnorm"), lambda x: x / norms(x)),
    ],
)
def test_constraints(make, expected):
    np.testing.assert_allclose(value(make()), expected(W), rtol=1e-4)


def test_constraints_come_back_from_their_configs():
    for constraint in (constraints.MaxNorm(3, axis=1), constraints.NonNeg(), constraints.UnitNorm(), constraints.MinMaxNorm(0.5, 1.5)):
        config = constraint.get_config()
        assert constraints.get(config).get_config() == config
    assert constraints.MaxNorm().get_config() == {"name": "MaxNorm", "m": 2, "axis": 0}


def test_constraints_hold_after_training():
    model = Sequential([Dense(3, input_dim=4, W_constraint=constraints.maxnorm(0.5), b_constraint="nonneg")])
    model.compile("sgd", "mse")
    for _ in range(3):
        model.train_on_batch(10 * np.random.RandomState(0).normal(size=(8, 4)), np.full((8, 3), -5.0))
    w, b = model.get_weights()
    assert np.all(norms(w) <= 0.5 + 1e-5) and np.all(b >= 0)


def test_penalties_draw_weights_to_zero():
    sizes = []
    for strength in (0.0, 1.0):
        np.random.seed(0)
        model = Sequential([Dense(3, input_dim=4, W_regularizer=regularizers.l2(strength))])
        model.compile("sgd", "mse")
        x = np.random.RandomState(1).normal(size=(16, 4))
        for _ in range(20):
            model.train_on_batch(x, np.ones((16, 3)))
        sizes.append(np.abs(model.get_weights()[0]).sum())
    assert sizes[1] < 0.7 * sizes[0]


def test_names_that_are_no_regularizers_constraints_or_activations():
    for module, what in ((regularizers, "regularizer"), (constraints, "constraint"), (activations, "activation function")):
        for name in ("K", "get", "get_from_module", "whatever"):
            with pytest.raises(ValueError, match=f"Invalid {what}"):
                module.get(name)


def test_activations_are_found_by_name():
    assert activations.get(None) is activations.linear
    assert activations.get("relu") is activations.relu
    assert activations.get(np.tanh) is np.tanh
    with pytest.raises(ValueError, match="at least 2 axes"):
        activations.softmax(K.ones((3,)))


@pytest.mark.parametrize(("mode", "expected"), [("rows", 0.14557531), ("columns", 0.11433062)])
def test_orthogonal_rows_or_columns_as_in_keras(mode, expected):
    x = np.random.RandomState(0).normal(size=(4, 3))
    penalty = regularizers.OrthogonalRegularizer(0.3, mode)
    np.testing.assert_allclose(K.eval(penalty(K.variable(x))), expected, rtol=1e-5)
    assert (
        regularizers.get(penalty.get_config()).get_config()
        == penalty.get_config()
        == {"name": "OrthogonalRegularizer", "factor": 0.3, "mode": mode}
    )
    with pytest.raises(ValueError, match="mode must be 'rows' or 'columns', got 'both'"):
        regularizers.OrthogonalRegularizer(mode="both")
