"""Classes of a program's own, written for Keras 3, that hold layers: files of Keras 3 load with them (tests/data/keras3/own_layers.keras)."""

import json
import re
import warnings
from pathlib import Path

import numpy as np
import pytest

from kbridge import backend as K
from kbridge.custom_file import objects_in
from kbridge.models import load_model, model_from_json
from kbridge.saving.errors import ModelFileError

TESTS = Path(__file__).parents[1]
FILE = TESTS / "data" / "keras3" / "own_layers.keras"


@pytest.fixture
def own():
    # conftest makes keras mean again what it did
    return objects_in(str(TESTS / "own_layers.py"))


def test_a_file_with_classes_that_hold_layers_loads_trains_and_is_saved(own, tmp_path):
    with np.load(TESTS / "data" / "keras3" / "own_layers.npz") as arrays:
        x, predicted = arrays["input/0"], arrays["predicted/0"]
    model = load_model(FILE, custom_objects=own)
    np.testing.assert_allclose(model.predict(x), predicted, rtol=1e-4, atol=1e-5)
    # a scale, three Dense layers and a normalization in each block, and the last layer
    assert (len(model.trainable_weights), len(model.weights)) == (20, 26)
    before = model.get_weights()
    model.train_on_batch(x, predicted + 1)
    still = {i for i, (a, b) in enumerate(zip(before, model.get_weights(), strict=True)) if np.array_equal(a, b)}
    # all but the two counts change, the means and variances of both normalizations too; only rounding moves the biases before a normalization
    assert {9, 21} <= still <= {6, 9, 18, 21}
    model.save(tmp_path / "ours.h5")
    warnings.simplefilter("error")  # the optimizer goes on too
    other = load_model(tmp_path / "ours.h5", custom_objects=own)
    np.testing.assert_allclose(other.predict(x), model.predict(x), rtol=1e-5, atol=1e-6)
    model.layers[0].trainable = False
    assert len(model.trainable_weights) == 11


def stored(name):
    return {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}


def test_functions_of_ones_own_are_found_by_the_names_that_tf_keras_stores():
    def twice(x):
        return x * 2

    options = {"units": 2, "batch_input_shape": [None, 3], "kernel_regularizer": stored("mine>one"), "kernel_constraint": stored("same")}
    layers = [
        {"class_name": "Dense", "config": {"name": "d", "activation": stored("mine>twice"), **options}},
        {"class_name": "Activation", "config": {"name": "a", "activation": stored("twice")}},
    ]
    text = json.dumps(
        {"class_name": "Sequential", "config": {"name": "s", "layers": layers}, "keras_version": "2.21.0", "backend": "tensorflow"}
    )
    objects = {"twice": twice, "one": lambda w: 1.0 + 0 * K.sum(w), "same": lambda w: w}
    x = np.ones((1, 3), "float32")
    for known in (objects, {"mine>twice": twice, **objects}):
        model = model_from_json(text, custom_objects=known)
        kernel, bias = model.get_weights()
        np.testing.assert_allclose(model.predict(x), 4 * (x @ kernel + bias), rtol=1e-5)
    for name, wanted in {
        "twice": "custom_objects={'mine>twice': ...}",
        "one": "custom_objects={'mine>one': ...}",
        "same": "{'same': ...}",
    }.items():
        with pytest.raises(ModelFileError, match=re.escape(wanted)):
            model_from_json(text, custom_objects={key: value for key, value in objects.items() if key != name})
