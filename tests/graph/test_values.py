"""Values of variables and of what is computed from them."""

import numpy as np
import pytest

from kbridge import backend as K


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
