"""Initializers under the names of Keras 2 and 3."""

import math

import numpy as np
import pytest

from kbridge import backend as K
from kbridge import initializers
from kbridge.engine.base_layer import Layer
from kbridge.utils import CustomObjectScope


def values(initializer, shape=(60, 40)):
    np.random.seed(1)
    return K.get_value(initializers.get(initializer)(shape))


@pytest.mark.parametrize(
    "identifier, mean, deviation, largest",
    [
        ("zeros", 0, 0, 0),
        ("Ones", 1, 0, 1),
        ({"class_name": "Constant", "config": {"value": 3.0}}, 3, 0, 3),
        ({"class_name": "RandomNormal", "config": {"mean": 1.0, "stddev": 0.5, "seed": 3}}, 1, 0.5, 9),
        (initializers.TruncatedNormal(stddev=0.5), 0, 0.5 * 0.8796, 1),
        (initializers.RandomUniform(-1, 3), 1, 4 / math.sqrt(12), 3),
        ("glorot_uniform", 0, math.sqrt(2 / 100), math.sqrt(6 / 100)),
        (initializers.glorot_normal, 0, math.sqrt(2 / 100), 1),
        ("HeUniform", 0, math.sqrt(2 / 60), math.sqrt(6 / 60)),
        ("he_normal", 0, math.sqrt(2 / 60), 1),
        ("lecun_normal", 0, math.sqrt(1 / 60), 1),
        (
            {"class_name": "VarianceScaling", "config": {"scale": 2.0, "mode": "fan_out", "distribution": "uniform"}},
            0,
            math.sqrt(2 / 40),
            1,
        ),
    ],
)
def test_values_have_the_distribution_that_the_name_says(identifier, mean, deviation, largest):
    found = values(identifier)
    assert abs(found.mean() - mean) < 0.05 * max(deviation, 0.001)
    np.testing.assert_allclose(found.std(), deviation, rtol=0.05, atol=1e-6)
    assert abs(found).max() <= largest + 1e-6


def test_orthogonal_and_identity():
    for shape in ((6, 4), (4, 6), (2, 3, 4)):
        found = values("orthogonal", shape).reshape(-1, shape[-1])
        small = found.T @ found if found.shape[0] >= found.shape[1] else found @ found.T
        np.testing.assert_allclose(small, np.eye(len(small)), atol=1e-5)
    np.testing.assert_array_equal(values(initializers.Identity(2.0), (3, 3)), 2 * np.eye(3))


def test_kernels_count_their_receptive_field():
    np.testing.assert_allclose(values("he_uniform", (3, 3, 20, 30)).std(), math.sqrt(2 / 180), rtol=0.05)


def test_configs_make_the_same_again_and_unknown_names_are_told():
    for initializer in (initializers.RandomNormal(0.1, 0.2), initializers.HeNormal(), initializers.Constant(2)):
        again = initializers.get(initializers.serialize(initializer))
        assert type(again) is type(initializer) and vars(again) == vars(initializer)
    assert initializers.get("uniform").__name__ == "uniform"
    with pytest.raises(ValueError, match="nothing"):
        initializers.get("nothing")
    with pytest.raises(ValueError, match="Unknown"):
        initializers.get({"class_name": "Unknown", "config": {}})


def test_weights_take_configs_and_own_initializers():
    class Halves(initializers.Initializer):
        def values(self, shape):
            return np.full(shape, 0.5)

    layer = Layer(name="own")
    with CustomObjectScope({"Halves": Halves}):
        made = (
            layer.add_weight("a", (2,), initializer="Halves"),
            layer.add_weight("b", (2,), initializer={"class_name": "Halves", "config": {}}),
        )
    for weight in made:
        np.testing.assert_array_equal(K.get_value(weight), [0.5, 0.5])
