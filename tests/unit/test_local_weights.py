"""Files whose locally connected layers leave out the weights of places outside of the input."""

import json

import h5py
import numpy as np
import pytest

from kbridge.models import load_model
from kbridge.saving.errors import ModelFileError


def saved(path, values):
    """A file of tf.keras with a LocallyConnected2D of 3 x 3 windows, in implementation 3, on pictures of 3 x 3 pixels."""
    settings = {
        "name": "l",
        "batch_input_shape": [None, 3, 3, 1],
        "filters": 1,
        "kernel_size": [3, 3],
        "padding": "same",
        "use_bias": False,
    }
    layer = {"class_name": "LocallyConnected2D", "config": settings | {"implementation": 3}}
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = "2.15.0"
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": {"name": "s", "layers": [layer]}})
        group = file.create_group("model_weights")
        group.attrs["keras_version"], group.attrs["layer_names"] = "2.15.0", [b"l"]
        inner = group.create_group("l")
        inner.attrs["weight_names"] = [b"l/kernel:0"]
        inner["l/kernel:0"] = np.ones(values, "float32")
    return path


def test_implementation_3_stores_only_what_counts(tmp_path):
    """Of the 9 windows of 9 pixels, 4 * 4 + 4 * 6 + 9 = 49 pixels lie inside of the picture."""
    with pytest.warns(UserWarning, match="not compiled"):
        model = load_model(saved(tmp_path / "m.h5", (49,)))
    np.testing.assert_allclose(model.predict(np.ones((1, 3, 3, 1)))[0, :, :, 0], [[4, 6, 4], [6, 9, 6], [4, 6, 4]])


def test_too_few_numbers_are_still_refused(tmp_path):
    with pytest.raises(ModelFileError, match="more weights"):
        load_model(saved(tmp_path / "m.h5", (40,)))
