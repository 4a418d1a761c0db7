"""A layer of a program's own whose weights are made by ``theano.shared``: on the Theano backend alone there are such."""

import numpy as np
import pytest

from kbridge import backend as K

if K.backend() != "theano":
    pytest.skip("theano.shared makes variables of Theano", allow_module_level=True)

import theano  # noqa: E402  # after the backend, which repairs it


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop"])
def test_a_layer_with_such_weights_trains_and_is_saved(optimizer, tmp_path):
    from kbridge.layers import Layer
    from kbridge.models import Sequential

    class Scaled(Layer):
        def build(self, input_shape):
            self.w = theano.shared(np.ones(input_shape[1], K.floatx()), name="w")
            self.trainable_weights = [self.w]

        def call(self, x, mask=None):
            return x * self.w

    model = Sequential([Scaled(input_shape=(3,))])
    model.compile(optimizer, "mse")
    model.train_on_batch(np.ones((4, 3)), np.zeros((4, 3)))
    assert (model.get_weights()[0] < 1).all() and model.count_params() == 3
    model.save_weights(tmp_path / "w.h5")
    trained = model.get_weights()[0]
    model.set_weights([np.ones(3)])
    model.load_weights(tmp_path / "w.h5")
    np.testing.assert_array_equal(model.get_weights()[0], trained)
