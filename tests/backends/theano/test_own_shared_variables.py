"""Weights that programs make by ``theano.shared`` and put into ``trainable_weights`` themselves."""

import numpy as np
import pytest


@pytest.fixture
def theano(K):
    """Theano as the backend has loaded it."""
    return K.libraries["theano"]


def test_such_a_weight_has_the_shape_of_its_value(K, theano):
    w = theano.shared(np.zeros((2, 3), K.floatx()), name="w")
    assert K.int_shape(w) == K.get_variable_shape(w) == (2, 3) and K.count_params(w) == 6
    K.set_value(w, np.ones((2, 3)))
    assert K.get_value(w).sum() == 6
    with pytest.raises(ValueError, match=r"w has shape \(2, 3\), got a value of shape \(3, 2\)"):
        K.set_value(w, np.ones((3, 2)))
    # it may take a value of another shape in Theano's own way
    w.set_value(np.zeros((4, 1), K.floatx()))
    assert K.int_shape(w) == (4, 1)
