"""Vectors of whole numbers and masks as indices: NumPy's results; what is out of range is an error, also where another axis could make up for it."""

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


ROWS, COLUMNS, BOTH = np.array([False, True]), np.array([True, False, True]), np.array([[1, 0, 1], [0, 0, 1]], bool)


@pytest.mark.parametrize(
    "key",
    [ROWS, (slice(None), COLUMNS), (ROWS, 2), BOTH, (BOTH, slice(1, None)), (Ellipsis, COLUMNS, slice(None)), (ROWS, None), ~BOTH & BOTH],
    ids=repr,
)
def test_a_boolean_array_selects_as_in_numpy(key):
    value = np.arange(24.0).reshape(2, 3, 4)
    x = K.variable(value)
    selected = x[key]
    gradient = np.zeros_like(value)
    gradient[key] = 2 * value[key]
    np.testing.assert_array_equal(K.eval(selected), value[key])
    np.testing.assert_array_equal(K.eval(K.gradients(K.sum(selected * selected), [x])[0]), gradient)


def test_a_boolean_constant_selects_as_its_array():
    value = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(K.eval(K.variable(value)[K.constant(ROWS)]), value[ROWS])
    np.testing.assert_array_equal(K.eval(K.variable(value)[:, K.constant(COLUMNS)]), value[:, COLUMNS])


@pytest.mark.parametrize("key", [COLUMNS, (slice(None), ROWS), (Ellipsis, ROWS), BOTH.T])
def test_a_boolean_array_of_the_wrong_length_is_an_error(key):
    with pytest.raises(IndexError):
        K.eval(K.variable(np.ones((2, 3)))[key])


def test_a_computed_mask_selects_or_the_error_has_a_way_out():
    value = np.arange(6.0).reshape(2, 3)
    x = K.variable(value)
    try:
        selected = K.eval(x[K.greater(x, 2.5)])
    except IndexError as error:
        assert K.backend() == "numpy"
        assert "K.cast(mask, K.dtype(x))" in str(error)
    else:
        np.testing.assert_array_equal(selected, value[value > 2.5])


def test_a_single_boolean_is_no_index():
    for key in (True, np.bool_(False)):
        with pytest.raises((IndexError, TypeError, ValueError)):
            K.eval(K.variable(np.ones((2, 3)))[key])
