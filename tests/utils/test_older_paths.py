"""Import paths of Keras 0.x that programs still have."""

import numpy as np
import pytest

from kbridge import backend as K
from kbridge.utils import data_utils, theano_utils


def test_containers_and_data_utils():
    from kbridge.datasets.data_utils import get_file
    from kbridge.layers.containers import Sequential
    from kbridge.models import Sequential as current

    assert Sequential is current and get_file is data_utils.get_file
    with pytest.raises(ImportError, match="functional Model"):
        from kbridge.layers.containers import Graph  # noqa: F401


def test_variables():
    assert theano_utils.floatX([1, 2]).dtype == K.floatx()
    assert K.get_value(theano_utils.sharedX([1, 2], name="x")).tolist() == [1, 2]
    assert K.dtype(theano_utils.sharedX([1, 2], dtype="int32")) == "int32"
    assert K.get_value(theano_utils.shared_zeros((2, 3))).tolist() == [[0] * 3] * 2
    assert K.get_value(theano_utils.shared_ones((2,))).tolist() == [1, 1]
    assert K.get_value(theano_utils.shared_scalar(0.5)) == 0.5
    assert K.eval(theano_utils.alloc_zeros_matrix(2, 3)).shape == (2, 3)
    x = theano_utils.ndim_tensor(3)
    assert K.ndim(x) == 3
    assert np.allclose(K.function([x], [2 * x])([np.ones((1, 2, 3))])[0], 2)
