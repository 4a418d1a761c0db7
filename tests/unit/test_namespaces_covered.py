"""Each name in the namespaces of Keras 2 and Keras 3 is known here, or has a reason why it isn't (kbridge/formats/lacking.py)."""

import json
from pathlib import Path

import pytest

from kbridge import activations, constraints, initializers, layers, losses, metrics, optimizers, regularizers
from kbridge.errors import ModelFileError
from kbridge.formats import keras2_classes
from kbridge.formats.lacking import LAYERS, TRAINING
from kbridge.models import model_from_json
from kbridge.optimizers import schedules
from kbridge.saving.keras2.layers import TRANSLATIONS
from kbridge.saving.keras2.optimizers import Unrepresentable, optimizer_config

DATA = Path(__file__).parents[1] / "data" / "layer_options"
NAMES = json.loads((DATA / "names.json").read_text())
LIBRARIES = ("tf_keras", "keras3")
#: functions of the modules, and bases of classes of one's own
BESIDE = {
    "deserialize",
    "get",
    "serialize",
    "Loss",
    "Reduction",
    "Metric",
    "Optimizer",
    "Regularizer",
    "Constraint",
    "Initializer",
    "LearningRateSchedule",
}


def known(part: str, name: str) -> bool:
    if part == "losses":
        return losses.named(name) is not None
    if part == "metrics":
        return name in metrics.CLASSES or name in metrics.means.ELEMENTWISE or losses.named(name) is not None
    place = {
        "optimizers": optimizers, "schedules": schedules, "regularizers": regularizers, "constraints": constraints, "initializers": initializers,
        "activations": activations,
    }[part]  # fmt: skip
    return hasattr(place, name)


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_layer_is_known_or_has_a_reason(library):
    names = json.loads((DATA / "arguments.json").read_text())[library]
    known = {*keras2_classes(), *TRANSLATIONS, *vars(layers)}
    assert [name for name in names if name not in known and name not in LAYERS] == []
    assert [name for name in LAYERS if name in known] == []


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_part_of_training_is_known_or_has_a_reason(library):
    lacking = [
        f"{part}.{name}" for part, names in NAMES[library].items() for name in names
        if name not in BESIDE and name not in TRAINING and not known(part, name)
    ]  # fmt: skip
    assert lacking == []


def test_an_error_of_a_file_says_the_reason():
    config = {"class_name": "Sequential", "config": {"name": "s", "layers": [{"class_name": "JaxLayer", "config": {"name": "j"}}]}}
    with pytest.raises(ModelFileError, match="'j' is a JaxLayer.*a program of another framework"):
        model_from_json(json.dumps({**config, "keras_version": "2.9.0"}))
    with pytest.raises(Unrepresentable, match="MultiOptimizer.*one optimizer trains all weights"):
        optimizer_config("MultiOptimizer", {})
