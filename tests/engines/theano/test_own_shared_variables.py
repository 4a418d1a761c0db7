"""Weights that programs make by ``theano.shared`` and put into ``trainable_weights`` themselves."""

import numpy as np
import pytest
import theano


def test_such_a_weight_has_the_shape_of_its_value(K):
    w = theano.shared(np.zeros((2, 3), K.floatx()), name="w")
    assert K.int_shape(w) == K.get_variable_shape(w) == (2, 3) and K.count_params(w) == 6
    K.set_value(w, np.ones((2, 3)))
    assert K.get_value(w).sum() == 6
    with pytest.raises(ValueError, match=r"w has shape \(2, 3\), the value \(3, 2\)"):
        K.set_value(w, np.ones((3, 2)))
    # it may take a value of another shape in Theano's own way
    w.set_value(np.zeros((4, 1), K.floatx()))
    assert K.int_shape(w) == (4, 1)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop"])
def test_a_layer_with_such_weights_trains_and_is_saved(K, optimizer, tmp_path):
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
