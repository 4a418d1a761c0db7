"""``loss = K.variable(0.); loss += term``: how programs of Keras 1 add up losses."""

import operator

import numpy as np
import pytest

from kbridge import backend as K


@pytest.mark.parametrize("name", ["iadd", "isub", "imul", "itruediv", "ipow"])
def test_they_make_a_new_tensor_and_leave_the_variable_alone(name):
    variable, term = K.variable(3.0), K.variable(2.0)
    result = getattr(operator, name)(variable, term)
    assert result is not variable
    expected = getattr(operator, name)(np.float32(3), np.float32(2))
    assert [float(K.eval(x)) for x in (result, variable, term)] == pytest.approx([expected, 3, 2])


def test_gradients_go_through_all_terms():
    x = K.placeholder((2, 3))
    loss = K.variable(0.0)
    for factor in (1.0, 2.0):
        loss += factor * K.sum(K.square(x))
    value = np.arange(6, dtype="float32").reshape(2, 3)
    (slope,) = K.function([x], K.gradients(loss, [x]))([value])
    np.testing.assert_allclose(slope, 6 * value, rtol=1e-6)
