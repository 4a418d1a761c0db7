"""What Keras 1 offers for programs' own tests."""

import numpy as np
import pytest

from kbridge import backend as K
from kbridge.layers.core import Dense, Dropout, Lambda, Layer
from kbridge.utils.test_utils import get_test_data, keras_test, layer_test


def test_made_up_data_tell_their_class():
    (x, y), (x_test, y_test) = get_test_data(nb_train=200, nb_test=50, input_shape=(6,), nb_class=3)
    assert x.shape == (200, 6) and y.shape == (200,) and x_test.shape == (50, 6) and y_test.shape == (50,)
    assert set(y) == {0, 1, 2}
    assert x[y == 2].mean() > x[y == 0].mean() + 1
    (x, y), _ = get_test_data(nb_train=20, nb_test=5, input_shape=(2, 3), output_shape=(4,), classification=False)
    assert x.shape == (20, 2, 3) and y.shape == (20, 4)


def test_layers_that_keep_their_promises_pass():
    output = layer_test(Dense, kwargs={"output_dim": 3}, input_shape=(2, 4))
    assert output.shape == (2, 3)
    x = np.ones((2, 4), K.floatx())
    layer_test(Dropout, kwargs={"p": 0.5}, input_data=x, expected_output=x, expected_output_dtype=K.floatx())
    layer_test(Lambda, kwargs={"function": lambda x: x + 1, "output_shape": lambda shape: shape}, input_data=x, expected_output=x + 1)


def test_layers_that_promise_another_shape_fail():
    class Liar(Layer):
        def get_output_shape_for(self, input_shape):
            return (input_shape[0], 7)

    with pytest.raises(AssertionError, match="promised the shape"):
        layer_test(Liar, input_shape=(2, 4))


def test_what_keras_1_let_pass_is_warned_of():
    class Flat(Layer):
        def get_output_shape_for(self, input_shape):
            return (input_shape[0],)

    class Forgetful(Layer):
        def __init__(self, factor=1, **kwargs):
            self.factor = factor
            super().__init__(**kwargs)

        def call(self, x, mask=None):
            return self.factor * x

    with pytest.warns(UserWarning, match=r"promised the shape \(2,\), but returned \(2, 4\)\. It isn't trained"):
        assert layer_test(Flat, input_shape=(2, 4)).shape == (2, 4)
    with pytest.warns(
        UserWarning, match="computes something else after it was made again from its config.*Does get_config lack an argument"
    ):
        layer_test(Forgetful, kwargs={"factor": 3}, input_shape=(2, 4))


def test_the_session_is_cleared_after_a_test():
    @keras_test
    def test():
        Dense(1)
        return 3

    assert test() == 3
    assert Dense(1).name == "dense_1"
