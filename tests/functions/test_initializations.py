"""Initial weights: the values of Keras 1 after a seed, fans, custom functions."""

import json
from pathlib import Path

import numpy as np
import pytest

from kbridge import backend as K
from kbridge import initializations
from kbridge.layers.core import Dense
from kbridge.models import Sequential

SAMPLES = json.loads((Path(__file__).parents[1] / "data" / "initial_values.json").read_text())


@pytest.mark.parametrize("name", SAMPLES)
def test_first_values_after_a_seed_are_those_of_keras_1_on_theano(name):
    for shape, dim_ordering, values in SAMPLES[name]:
        np.random.seed(5)
        got = K.get_value(getattr(initializations, name)(tuple(shape), dim_ordering=dim_ordering))
        assert got.shape == tuple(shape) and got.dtype == K.floatx()
        first = got.ravel()[: len(values)]
        if name == "orthogonal":
            # singular vectors have no sign
            first, values = np.abs(first), np.abs(values)
        np.testing.assert_allclose(first, values, rtol=1e-5)


@pytest.mark.parametrize(("shape", "scale"), [((6, 4), 1.1), ((4, 6), 1.1), ((5, 5), 2.0), ((4, 3, 2, 2), 1.1)])
def test_orthogonal_matrices(shape, scale):
    q = K.get_value(initializations.orthogonal(shape, scale=scale)).reshape(shape[0], -1)
    gram = q @ q.T if q.shape[0] <= q.shape[1] else q.T @ q
    np.testing.assert_allclose(gram, scale**2 * np.eye(len(gram)), atol=1e-5)
    with pytest.raises(ValueError, match="at least 2 axes"):
        initializations.orthogonal((4,))


def test_identity():
    np.testing.assert_array_equal(K.get_value(initializations.identity((3, 3), scale=2)), 2 * np.eye(3))
    for shape in ((2, 3), (3,), (2, 2, 2)):
        with pytest.raises(ValueError, match="square"):
            initializations.identity(shape)


@pytest.mark.parametrize(
    ("shape", "dim_ordering", "fans"),
    [
        ((3, 4), "th", (3, 4)),
        ((5, 3, 2, 2), "th", (12, 20)),
        ((2, 2, 3, 5), "tf", (12, 20)),
        ((5, 3, 2, 2, 2), "th", (24, 40)),
        ((2, 2, 2, 3, 5), "tf", (12, 20)),
        ((7,), "th", (7**0.5, 7**0.5)),
        ((3, 4, 5), "th", (60**0.5, 60**0.5)),
    ],
)
def test_fans(shape, dim_ordering, fans):
    assert initializations.get_fans(shape, dim_ordering=dim_ordering) == pytest.approx(fans)
    with pytest.raises(ValueError, match="dim_ordering"):
        initializations.get_fans((1, 2, 3, 4), dim_ordering="channels_last")


def test_the_same_seed_gives_the_same_model():
    weights = []
    for _ in range(2):
        np.random.seed(12)
        weights.append(Sequential([Dense(3, input_dim=4), Dense(2, init="orthogonal")]).get_weights())
    for first, second in zip(*weights):
        np.testing.assert_array_equal(first, second)
    np.random.seed(12)
    limit = np.sqrt(6 / 7)
    np.testing.assert_allclose(weights[0][0], np.random.uniform(-limit, limit, (4, 3)), rtol=1e-5)


def test_initializations_are_found_by_name_only():
    assert initializations.get("he_normal") is initializations.he_normal
    assert initializations.get(len) is len
    for name in ("np", "K", "get", "get_from_module", "nothing"):
        with pytest.raises(ValueError, match="Invalid initialization"):
            initializations.get(name)


def test_weights_have_the_names_that_are_given():
    for name in ("uniform", "normal", "glorot_uniform", "orthogonal", "identity", "zero", "one"):
        assert K.tensor_name(getattr(initializations, name)((3, 3), name="w")) == "w"
