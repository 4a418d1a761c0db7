"""Activation functions that Keras 2 and 3 added: values worked out by hand, and found by name."""

import math

import numpy as np
import pytest

from kbridge import activations
from kbridge import backend as K

E = math.e
#: name -> (x, expected)
BY_HAND = {
    "leaky_relu": (-1.0, -0.2),
    "relu6": (7.5, 6.0),
    "relu6_sigmoid": (1.0, 4 / 6),
    "selu": (1.0, 1.0507009873554805),
    "celu": (-1.0, 1 / E - 1),
    "gelu": (1.0, 0.8413447460685429),
    "silu": (1.0, 1 / (1 + 1 / E)),
    "swish": (1.0, 1 / (1 + 1 / E)),
    "hard_silu": (1.0, 4 / 6),
    "hard_swish": (-4.0, 0.0),
    "mish": (0.0, 0.0),
    "exponential": (1.0, E),
    "log_sigmoid": (0.0, -math.log(2)),
    "hard_tanh": (1.5, 1.0),
    "hard_shrink": (0.4, 0.0),
    "soft_shrink": (-0.7, -0.2),
    "tanh_shrink": (0.0, 0.0),
    "squareplus": (0.0, 1.0),
    "sparse_plus": (0.0, 0.25),
    "sparse_sigmoid": (0.5, 0.75),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_a_function_gives_what_its_definition_says(name):
    x, expected = BY_HAND[name]
    tensor = K.variable(np.array([[x]]))
    assert K.eval(activations.get(name)(tensor)) == pytest.approx(expected, abs=2e-6)


def test_functions_of_a_whole_axis():
    x = K.variable(np.array([[0.0, math.log(3.0), 0.0, 1.0]]))
    total = 1 + 3 + 1 + E
    np.testing.assert_allclose(K.eval(activations.log_softmax(x)), np.log([[1 / total, 3 / total, 1 / total, E / total]]), rtol=1e-5)
    np.testing.assert_allclose(K.eval(activations.glu(x)), [[0.0, math.log(3.0) / (1 + 1 / E)]], atol=1e-6)
    # the projection on the simplex: the threshold of (log 3, 1) is (log 3 + 1 - 1) / 2
    tau = math.log(3.0) / 2
    np.testing.assert_allclose(K.eval(activations.sparsemax(x)), [[0.0, math.log(3.0) - tau, 0.0, 1 - tau]], atol=1e-6)


def test_an_activation_of_keras_2_is_trained_with():
    from kbridge.layers import Dense
    from kbridge.models import Sequential

    model = Sequential([Dense(4, activation="gelu", input_dim=3), Dense(2, activation="swish"), Dense(1)])
    model.compile("sgd", "mse")
    x = np.random.RandomState(0).rand(8, 3)
    losses = [float(model.train_on_batch(x, x.sum(axis=1, keepdims=True))) for _ in range(5)]
    assert losses[-1] < losses[0]
    assert type(model).from_config(model.get_config()).layers[0].activation is activations.gelu
