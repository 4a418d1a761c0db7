"""Checkpoints and SavedModel folders of tf.keras (tests/data/checkpoints, by keras2_checkpoints.py) hold what their HDF5 files hold."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import keras2_checkpoints as cases
import numpy as np
import pytest

from kbridge import backend as K
from kbridge.models import load_model, model_from_json
from kbridge.saving.checkpoint.objects import Objects, _Node

DATA = Path(__file__).parents[1] / "data"
CHECKPOINTS = DATA / "checkpoints"
SOURCES = {name: path for path in cases.sources() if (CHECKPOINTS / (name := f"{path.parent.name}/{path.stem}")).exists()}
SAVED = sorted(name for name in SOURCES if (CHECKPOINTS / name / "saved_model").exists())
# the values are the same on every backend, so that a sample shows that they arrive there; KBRIDGE_FILES=all takes all
EACH = 1 if K.backend() == "numpy" or os.environ.get("KBRIDGE_FILES") == "all" else 9
TENSORFLOW_1 = DATA / "old" / "tf.keras-1.15.5"


@pytest.fixture(autouse=True)
def fresh_session():
    yield
    K.clear_session()


def same_weights(one, other):
    for got, wanted in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize("name", list(SOURCES)[::EACH])
def test_a_checkpoint_gives_the_weights_and_the_state_of_its_model(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model, wanted = model_from_json((CHECKPOINTS / name / "model.json").read_text()), load_model(SOURCES[name])
    if hasattr(wanted, "optimizer"):
        model.compile(type(wanted.optimizer).from_config({**wanted.optimizer.get_config(), "lr": 0.5}), wanted.loss)
        for each in (model, wanted):
            (getattr(each, "model", None) or each)._make_train_function()
    model.load_weights(CHECKPOINTS / name / "weights")
    same_weights(model, wanted)
    if hasattr(wanted, "optimizer") and name != "keras2/untrained_adagrad_legacy":  # that had made nothing yet
        assert float(K.get_value(model.optimizer.lr)) == pytest.approx(wanted.optimizer.get_config()["lr"])
        for got, value in zip(model.optimizer.get_weights(), wanted.optimizer.get_weights(), strict=True):
            np.testing.assert_array_equal(got, value)


@pytest.mark.parametrize("name", SAVED[::EACH])
def test_a_saved_model_is_the_model_of_its_file(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model, wanted = load_model(CHECKPOINTS / name / "saved_model"), load_model(SOURCES[name])
    same_weights(model, wanted)
    assert [layer.name for layer in model.layers] == [layer.name for layer in wanted.layers]
    assert hasattr(model, "optimizer") == hasattr(wanted, "optimizer")
    if hasattr(wanted, "optimizer"):
        assert model.optimizer.get_config() == wanted.optimizer.get_config()
        assert K.get_value(model.optimizer.iterations) == K.get_value(wanted.optimizer.iterations)
        assert type(model.loss) is type(wanted.loss) and model.metrics == wanted.metrics
        for got, value in zip(model.optimizer.get_weights(), wanted.optimizer.get_weights(), strict=True):
            np.testing.assert_array_equal(got, value)


CALLBACKS = DATA / "checkpoints" / "callbacks"


@pytest.mark.parametrize(
    "place, epoch",
    [
        ("weights-01", 1), ("weights-02", 2), ("weights-02.index", 2), ("", 2), ("best", 2), ("backup/chief", 2), ("whole-01", 1), ("whole-02/variables/variables", 2),
    ],
)  # fmt: skip
def test_weights_that_callbacks_wrote(place, epoch):
    model = model_from_json((CALLBACKS / "model.json").read_text())
    model.load_weights(CALLBACKS / place)
    with np.load(CALLBACKS / "predictions.npz") as recorded:
        np.testing.assert_allclose(model.predict(recorded["x"]), recorded[f"epoch_{epoch}"], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("epoch", [1, 2])
def test_whole_models_that_a_callback_wrote(epoch):
    model = load_model(CALLBACKS / f"whole-0{epoch}")
    with np.load(CALLBACKS / "predictions.npz") as recorded:
        np.testing.assert_allclose(model.predict(recorded["x"]), recorded[f"epoch_{epoch}"], rtol=1e-4, atol=1e-5)
    assert float(K.get_value(model.optimizer.iterations)) == 3 * epoch


def test_a_node_is_found_by_the_names_on_its_way():
    objects = Objects.__new__(Objects)
    objects._left = 100
    objects._nodes = [_Node({"layer-0": 1}), _Node({"cell": 2, "gone": 9}), _Node({})]
    assert [objects.at(path) for path in ("", "layer-0", "layer-0.cell", "layer-0.gone", "cell")] == [0, 1, 2, None, None]
    assert objects.at("cell", 1) == 2
