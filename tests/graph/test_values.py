"""Values of variables and of what is computed from them."""

import contextlib

import numpy as np
import pytest

from kbridge import backend as K
from kbridge.layers import Dense
from kbridge.models import Sequential


def test_the_value_of_a_computed_tensor_is_what_eval_gives():
    x = K.variable(np.arange(3.0))
    np.testing.assert_allclose(K.get_value(2 * x), [0, 2, 4])
    values = K.batch_get_value([x, K.sum(x)])
    np.testing.assert_allclose(values[0], [0, 1, 2])
    assert float(values[1]) == 3.0


def test_what_has_no_value_is_an_error():
    for wrong in ("x", None):
        with pytest.raises(TypeError, match="Expected a tensor, an array or a number, got"):
            K.get_value(wrong)


def warns_elsewhere(option):
    """Theano knows its options, other backends say that they ignore them."""
    return (
        contextlib.nullcontext()
        if K.backend() == "theano"
        else pytest.warns(UserWarning, match=f"K.function: the .* backend ignores {option}")
    )


def test_options_of_theanos_functions_do_no_harm_on_any_backend():
    x, unused = K.placeholder(ndim=1), K.placeholder(ndim=1)
    with warns_elsewhere("on_unused_input"):
        function = K.function([x, unused], [2 * x], on_unused_input="ignore")
    np.testing.assert_allclose(function([[1, 2], [3]])[0], [2, 4])
    model = Sequential([Dense(1, input_dim=2)])
    model.compile("sgd", "mse", mode="FAST_COMPILE")
    with warns_elsewhere("mode"):
        assert np.isfinite(model.train_on_batch(np.ones((2, 2)), np.ones(2)))


def test_other_options_of_functions_are_errors():
    x = K.placeholder(ndim=1)
    with pytest.raises(ValueError, match="Unknown arguments of K.function: nonsense"):
        K.function([x], [2 * x], nonsense=1)
