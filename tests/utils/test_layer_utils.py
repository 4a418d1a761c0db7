"""Helpers on the layers of a model."""

import numpy as np

from kbridge.layers import Convolution1D, Convolution2D, Flatten
from kbridge.models import Sequential
from kbridge.utils.layer_utils import convert_all_kernels_in_model


def test_all_kernels_are_flipped_and_flipped_back():
    inner = Sequential([Convolution2D(2, 2, 3, dim_ordering="th", input_shape=(1, 5, 5))])
    model = Sequential([inner, Flatten()])
    before = [w.copy() for w in model.get_weights()]
    convert_all_kernels_in_model(model)
    np.testing.assert_array_equal(model.get_weights()[0], before[0][:, :, ::-1, ::-1])
    np.testing.assert_array_equal(model.get_weights()[1], before[1])
    convert_all_kernels_in_model(model)
    np.testing.assert_array_equal(model.get_weights()[0], before[0])

    temporal = Sequential([Convolution1D(2, 3, input_shape=(5, 2))])
    kernel = temporal.get_weights()[0]
    convert_all_kernels_in_model(temporal)
    np.testing.assert_array_equal(temporal.get_weights()[0], kernel[::-1])
