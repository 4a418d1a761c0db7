"""Indices out of range are an error, also those that another axis could make up for."""

import numpy as np
import pytest

from kbridge import backend as K


@pytest.mark.parametrize("key", [([0], [5]), ([1], [-4]), ([2], [0]), ([1, 7],), (slice(None), [3])])
def test_an_index_out_of_range_is_an_error(key):
    x = K.variable(np.arange(6.0).reshape(2, 3))
    key = tuple(np.array(k) if isinstance(k, list) else k for k in key)
    with pytest.raises(Exception, match="(?i)out of (range|bounds)|not in \\["):
        K.eval(x[key])


def test_indices_at_the_ends_are_fine():
    value = np.arange(6.0).reshape(2, 3)
    rows, columns = np.array([-2, 1]), np.array([2, -3])
    np.testing.assert_array_equal(K.eval(K.variable(value)[rows, columns]), value[rows, columns])
