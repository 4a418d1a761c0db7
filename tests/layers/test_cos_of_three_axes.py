"""Merge 'cos' of inputs with three axes: shape and values from Keras 1's formula, written out."""

import numpy as np
import pytest

from kbridge.layers import Input, merge
from kbridge.models import Model


@pytest.mark.parametrize(("axis", "product"), ((1, "bji,bjk->bik"), (2, "bij,bkj->bik")))
def test_cos_of_three_axes(axis, product):
    a, b = Input((3, 4)), Input((3, 4))
    merged = merge([a, b], mode="cos", dot_axes=axis)
    x, y = np.random.RandomState(0).rand(2, 2, 3, 4)
    got = Model([a, b], merged).predict([x, y])
    expected = np.einsum(product, x, y) / np.sqrt(np.einsum(product, x, x) * np.einsum(product, y, y))
    assert got.shape == (2, *merged._keras_shape[1:]) == expected.shape
    np.testing.assert_allclose(got, expected, rtol=1e-5)
