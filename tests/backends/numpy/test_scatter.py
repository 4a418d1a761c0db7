"""Rows added up at places: against np.add.at."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbridge.backends.numpy.scatter import MAX_ROUNDS, fill_rows


@given(st.integers(1, 5), st.lists(st.integers(-5, 4), max_size=4 * MAX_ROUNDS), st.sampled_from([(), (3,), (2, 2), (0,)]))
def test_rows_are_added_up_as_by_add_at(n, indices, rest):
    indices = np.array([i % (2 * n) - n for i in indices], "int32")
    rows = np.random.default_rng(0).standard_normal((len(indices), *rest)).astype("float32")
    expected, found = np.zeros((n, *rest), "float32"), np.full((n, *rest), 7, "float32")
    np.add.at(expected, indices, rows)
    fill_rows(found, indices, rows)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_indices_of_several_axes():
    indices = np.array([[0, 2], [2, 2]], "int32")
    found = np.empty((3, 2), "float32")
    fill_rows(found, indices, np.ones((2, 2, 2), "float32"))
    assert found.tolist() == [[1, 1], [0, 0], [3, 3]]


@pytest.mark.parametrize("place", [3, -4])
def test_a_place_outside_is_an_error(place):
    with pytest.raises(IndexError, match=f"got {place}, there are 3 rows"):
        fill_rows(np.empty((3, 2), "float32"), np.array([1, place]), np.ones((2, 2), "float32"))


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint64"])
def test_places_of_any_integers_in_a_table_that_has_more_rows(dtype):
    found = np.empty((300, 1), "float32")
    fill_rows(found, np.array([5, 100, 5], dtype), np.ones((3, 1), "float32"))
    assert found.sum() == 3 and found[5] == 2
