"""Helpers on the layers of a model."""

import h5py
import numpy as np
import pytest

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


@pytest.mark.parametrize("names", ["tensorflow", "theano"])
def test_kernels_of_a_file_are_not_flipped_twice(tmp_path, names):
    """Programs load weights, and then convert them if their backend isn't the one that the file is from."""
    model = Sequential([Convolution2D(2, 3, 3, input_shape=(5, 5, 1))])
    model.save_weights(tmp_path / "w.h5")
    saved = model.get_weights()[0]
    if names == "theano":
        with h5py.File(tmp_path / "w.h5", "r+") as file:
            del file.attrs["backend"]
            group = file[model.layers[0].name]
            group.attrs["weight_names"] = [name.removesuffix(b":0") for name in group.attrs["weight_names"]]
            for name in list(group):
                group.move(name, name.removesuffix(":0"))
    model.load_weights(tmp_path / "w.h5")
    loaded = model.get_weights()[0]
    np.testing.assert_array_equal(loaded, saved[::-1, ::-1] if names == "theano" else saved)
    outer = Sequential([model, Flatten()])
    with pytest.warns(UserWarning, match="were converted"):
        convert_all_kernels_in_model(model)
    with pytest.warns(UserWarning, match="were converted"):
        convert_all_kernels_in_model(outer)
    np.testing.assert_array_equal(model.get_weights()[0], loaded)
