"""Helpers on arrays."""

import numpy as np
import pytest

from kbridge import backend as K
from kbridge.utils import np_utils
from kbridge.utils.np_utils import conv_input_length, conv_output_length, convert_kernel, to_categorical


def test_classes_become_one_hot_rows():
    np.testing.assert_array_equal(to_categorical([0, 2, 1]), np.eye(3)[[0, 2, 1]])
    assert to_categorical([[1], [0]], nb_classes=4).shape == (2, 4)
    assert to_categorical(np.array([1.0, 0.0])).tolist() == [[0, 1], [1, 0]]
    for wrong, classes in (([0, 3], 3), ([-1, 0], None), ([0.5], None)):
        with pytest.raises(ValueError, match="to_categorical"):
            to_categorical(wrong, classes)


def test_rows_are_normalized():
    np.testing.assert_allclose(np_utils.normalize([[3.0, 4.0], [0.0, 0.0]]), [[0.6, 0.8], [0, 0]])
    np.testing.assert_allclose(np_utils.normalize([[3.0, 4.0]], order=1), [[3 / 7, 4 / 7]])


def test_losses_and_accuracy_of_arrays():
    assert np_utils.binary_logloss([0.8, 0.4], [1, 0]) == pytest.approx(-(np.log(0.8) + np.log(0.6)) / 2)
    assert np.isfinite(np_utils.binary_logloss([1.0, 0.0], [0, 1]))
    assert np_utils.multiclass_logloss([[0.2, 0.8], [0.5, 0.5]], [2, 1]) == pytest.approx(-(np.log(0.8) + np.log(0.5)) / 2)
    assert np_utils.accuracy([1, 2, 3, 4], [1, 2, 0, 4]) == 0.75


def test_probabilities_become_classes():
    assert np_utils.probas_to_classes(np.array([[0.1, 0.9], [0.7, 0.3]])).tolist() == [1, 0]
    assert np_utils.probas_to_classes(np.array([[0.4], [0.6]])).tolist() == [0, 1]
    assert np_utils.categorical_probas_to_classes([[0.1, 0.9]]).tolist() == [1]


@pytest.mark.parametrize(("border_mode", "lengths"), [("valid", (8, 4, 6)), ("same", (10, 5, 10)), ("full", (12, 6, 14))])
def test_lengths_of_convolutions(border_mode, lengths):
    assert conv_output_length(10, 3, border_mode, 1) == lengths[0]
    assert conv_output_length(10, 3, border_mode, 2) == lengths[1]
    assert conv_output_length(10, 3, border_mode, 1, dilation=2) == lengths[2]
    assert conv_output_length(None, 3, border_mode, 1) is None
    assert conv_input_length(lengths[0], 3, border_mode, 1) == 10
    assert conv_input_length(None, 3, border_mode, 1) is None
    with pytest.raises(ValueError, match="border_mode"):
        conv_output_length(10, 3, "sme", 1)


def test_kernels_are_flipped_in_their_spatial_axes():
    kernel = np.arange(24.0).reshape(1, 2, 3, 4)
    np.testing.assert_array_equal(convert_kernel(kernel, "th"), kernel[:, :, ::-1, ::-1])
    np.testing.assert_array_equal(convert_kernel(kernel, "tf"), kernel[::-1, ::-1])
    K.set_image_dim_ordering("th")
    try:
        np.testing.assert_array_equal(convert_kernel(kernel), kernel[:, :, ::-1, ::-1])
    finally:
        K.set_image_dim_ordering("tf")
    volume = np.arange(32.0).reshape(2, 2, 2, 2, 2)
    np.testing.assert_array_equal(convert_kernel(convert_kernel(volume, "tf"), "tf"), volume)
    with pytest.raises(ValueError, match="4 or 5 axes"):
        convert_kernel(np.ones((2, 2)))
    with pytest.raises(ValueError, match="dim_ordering"):
        convert_kernel(kernel, "channels_first")
