"""Architectures of ``keras.applications`` predict as in the library that made them (tests/data/keras_applications)."""

from __future__ import annotations

import os
from pathlib import Path

import keras_applications as applications
import pytest

from kbridge import backend as K

DATA = Path(__file__).parents[1] / "data" / "keras_applications"
FILES = sorted(path.name.removesuffix(".json.gz") for path in DATA.glob("*.json.gz"))
#: always, on every backend, and those on NumPy too; all others with KBRIDGE_FILES=all, or by ``tests/keras_applications.py check``
EVERYWHERE = ("tf_keras-MobileNetV3Small",)
ON_NUMPY = ("tf_keras-MobileNet", "tf_keras-EfficientNetB0", "keras-MobileNetV3Small")


def chosen() -> list[str]:
    if os.environ.get("KBRIDGE_FILES") == "all":
        return FILES
    return [name for name in FILES if name in EVERYWHERE or K.backend() == "numpy" and name in ON_NUMPY]


@pytest.mark.parametrize("name", chosen())
def test_predictions_are_those_of_the_library(name, tmp_path):
    assert applications.error(DATA / f"{name}.json.gz", tmp_path) <= 1e-4
    K.clear_session()


def test_a_wrong_weight_would_be_seen(tmp_path, monkeypatch):
    made = applications.value
    monkeypatch.setattr(applications, "value", lambda layer, name, shape: made(layer, name, shape) * (1.01 if "kernel" in name else 1))
    assert applications.error(DATA / "tf_keras-MobileNet.json.gz", tmp_path) > 1e-4
