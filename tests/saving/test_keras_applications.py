"""Architectures of ``keras.applications`` predict as in the library that made them (tests/data/keras_applications)."""

from __future__ import annotations

import os

import pytest
from keras_applications import recorded

from kbridge import backend as K

FILES = sorted(path.name.removesuffix(".json.gz") for path in recorded.DATA.glob("*.json.gz"))
#: always, on every backend, and those on NumPy too; all others with KBRIDGE_FILES=all, or by ``python -m keras_applications check``
EVERYWHERE = tuple(
    f"tf_keras-{name}" for name in (
        "TinyConvNeXt", "TinyDenseNet", "TinyEfficientNetV2", "TinyMobileNetV3", "TinyRegNetY", "TinyResNetRS", "TinyResNetV2", "NarrowVGG16",
    )
)  # fmt: skip
ON_NUMPY = (
    "tf_keras-MobileNet", "tf_keras-MobileNetV3Small", "tf_keras-TinyNASNet", "tf_keras-TinyEfficientNet", "keras3-MobileNetV3Small",
    "keras3-TinyConvNeXt", "keras3-TinyEfficientNetV2", "keras3-TinyResNet", "keras3-TinyMobileNetV3", "keras3-NarrowXception", "tf_keras-NarrowInceptionV3",
)  # fmt: skip


def chosen() -> list[str]:
    if os.environ.get("KBRIDGE_FILES") == "all":
        return FILES
    return [name for name in FILES if name in EVERYWHERE or K.backend() == "numpy" and name in ON_NUMPY]


@pytest.mark.parametrize("name", chosen())
def test_predictions_are_those_of_the_library(name, tmp_path):
    assert recorded.error(recorded.DATA / f"{name}.json.gz", tmp_path) <= 1e-4
    K.clear_session()


@pytest.mark.once
def test_a_wrong_weight_would_be_seen(tmp_path, monkeypatch):
    made = recorded.value
    monkeypatch.setattr(recorded, "value", lambda layer, name, shape: made(layer, name, shape) * (1.01 if "kernel" in name else 1))
    assert recorded.error(recorded.DATA / "tf_keras-TinyDenseNet.json.gz", tmp_path) > 1e-4
