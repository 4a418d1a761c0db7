"""Weights to and from h5py groups that the caller opened."""

import h5py
import numpy as np
import pytest

from kbridge.layers.core import Dense
from kbridge.models import Sequential


def test_weights_go_through_a_group_of_the_callers(tmp_path):
    model = Sequential([Dense(3, input_dim=2, name="first"), Dense(1, name="second")])
    with h5py.File(tmp_path / "w.h5", "w") as h5:
        model.save_weights_to_hdf5_group(h5.create_group("inside"))
    other = Sequential([Dense(3, input_dim=2, name="a"), Dense(1, name="second")])
    with h5py.File(tmp_path / "w.h5", "r") as h5:
        other.load_weights_from_hdf5_group_by_name(h5["inside"])
        np.testing.assert_array_equal(other.layers[1].get_weights()[0], model.layers[1].get_weights()[0])
        assert not np.array_equal(other.layers[0].get_weights()[0], model.layers[0].get_weights()[0])
        other.load_weights_from_hdf5_group(h5["inside"])
        for got, want in zip(other.get_weights(), model.get_weights()):
            np.testing.assert_array_equal(got, want)
        with pytest.raises(ValueError, match="2 layers into a model with 1 layers"):
            Sequential([Dense(3, input_dim=2)]).load_weights_from_hdf5_group(h5["inside"])
