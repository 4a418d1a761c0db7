"""A model that is a class of somebody's own (tests/own_class.py): its weights fit into the same layers, called like the attributes."""

import numpy as np
import own_class
import pytest

from kbridge.layers import Dense
from kbridge.models import Model, Sequential, load_model
from kbridge.saving.errors import ModelFileError

ARCHIVE, WEIGHTS = own_class.DATA / "net.keras", own_class.DATA / "net.weights.h5"
ATTRIBUTES = ("first", "blocks/dense", "blocks/dense_1", "head/dense")


@pytest.fixture
def recorded():
    """Checks that a model predicts as the class did."""

    def check(model):
        with np.load(own_class.DATA / "net.npz") as arrays:
            np.testing.assert_allclose(model.predict(arrays["x"]), arrays["y"], rtol=1e-5, atol=1e-6)

    return check


def same_layers(names):
    first, second, third, last = names
    return Sequential([
        Dense(5, input_dim=4, activation="relu", name=first), Dense(5, activation="tanh", name=second), Dense(3, name=third), Dense(2, name=last),
    ])  # fmt: skip


@pytest.mark.parametrize("path", [ARCHIVE, WEIGHTS], ids=["archive", "weights"])
def test_weights_are_found_by_the_names_of_attributes(path, recorded):
    model = same_layers(ATTRIBUTES)
    model.load_weights(str(path), by_name=True)
    recorded(model)


def test_without_names_the_error_names_the_attributes():
    with pytest.raises(ModelFileError, match="attributes blocks, first, head.*by_name=True"):
        same_layers("abcd").load_weights(str(WEIGHTS))
    with pytest.warns(UserWarning, match="found no layer.*blocks/dense"):
        same_layers("abcd").load_weights(str(WEIGHTS), by_name=True)


@pytest.mark.parametrize("custom_objects", [{}, {"mine>Net": Model}], ids=["unknown", "known"])
def test_the_model_itself_is_refused_with_the_way_out(custom_objects):
    with pytest.raises(ModelFileError, match=r"mine>Net.*load_weights\(path, by_name=True\)"):
        load_model(str(ARCHIVE), custom_objects=custom_objects)


def test_a_class_that_builds_itself_from_its_config_loads(recorded):
    class Net(Sequential):
        names = ATTRIBUTES

        @classmethod
        def from_config(cls, config, custom_objects=None):
            assert config["units"] == 5
            return same_layers(cls.names)

    with pytest.warns(UserWarning, match="not compiled.*keras2-training"):
        recorded(load_model(str(ARCHIVE), custom_objects={"mine>Net": Net}))
    Net.names = ("first", "second", "third", "fourth")
    with pytest.raises(ModelFileError, match="no weights for the layers second, third, fourth.*head/dense"):
        load_model(str(ARCHIVE), custom_objects={"mine>Net": Net})
