"""Models with frozen models inside that real Keras wrote (tests/keras2_frozen.py): they are as frozen here, and train on from the same state."""

import os
import warnings
from pathlib import Path

import h5py
import numpy as np
import pytest

from kbridge import backend as K
from kbridge.models import load_model

DATA = Path(__file__).parents[1] / "data" / "frozen"
FILES = sorted(f"{path.parent.name}/{path.stem}" for path in DATA.glob("*/*.h5") if path.stem != "of_equal_shapes")
#: read on the other backends
SAMPLE = ["keras-2.2.4/in_another", "keras-2.2.4/one_of_two"]


@pytest.mark.parametrize("name", FILES if K.backend() == "numpy" or os.environ.get("KBRIDGE_FILES") == "all" else SAMPLE)
def test_what_was_frozen_is_frozen_and_training_goes_on(name):
    folder, case = name.split("/")
    with np.load(DATA / folder / "arrays.npz") as arrays:
        x, y, predicted, trained, count = (arrays[f"{case}/{what}"] for what in ("x", "y", "predicted", "trained", "count"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = load_model(DATA / f"{name}.h5")
    np.testing.assert_allclose(model.predict(x), predicted, rtol=1e-4, atol=1e-6)
    assert len(model.trainable_weights) == count
    assert float(K.get_value(model.optimizer.iterations)) == 1
    assert any(K.get_value(moment).any() for moment in model.optimizer.weights[1:])
    model.train_on_batch(x, y)
    if "keras-2." not in name or case == "in_another":
        # parts of a step of Keras 2 itself that read what others update do so in no fixed order: the count of Adam, moving averages
        np.testing.assert_allclose(model.predict(x), trained, rtol=2e-4, atol=2e-5)


@pytest.mark.once
def test_models_of_equal_shapes_are_left_as_they_are_with_a_warning():
    with pytest.warns(UserWarning) as caught:
        model = load_model(DATA / "keras-2.2.4" / "of_equal_shapes.h5")
    told = [str(w.message) for w in caught]
    assert any("doesn't tell which: 'left' or 'right'" in text and "[differences: frozen-models]" in text for text in told)
    assert len(model.trainable_weights) == 14


@pytest.mark.once
def test_a_damaged_state_is_named_and_one_that_fits_nothing_freezes_nothing(tmp_path):
    for change, message in (("delete", "optimizer_weights"), ("shape", "optimizer starts anew")):
        target = tmp_path / f"{change}.h5"
        target.write_bytes((DATA / "keras-2.2.4" / "in_functional.h5").read_bytes())
        with h5py.File(target, "r+") as h5:
            group = h5["optimizer_weights"]
            names = list(group.attrs["weight_names"])
            del group[names[1]]
            if change == "shape":
                group.create_dataset(names[1], data=np.zeros((7, 7)))
        if change == "delete":
            with pytest.raises(ValueError, match=message):
                load_model(target)
        else:
            with pytest.warns(UserWarning, match=message):
                assert len(load_model(target).trainable_weights) == 8


@pytest.mark.once
def test_warnings_name_the_version_that_wrote_the_file(tmp_path):
    for folder, version in (("keras-2.2.4", "Keras 2.2.4"), ("keras-3", "Keras 3.15.1")):
        target = tmp_path / f"{folder}.h5"
        target.write_bytes((DATA / folder / "in_another.h5").read_bytes())
        with h5py.File(target, "r+") as h5:
            del h5.attrs["training_config"]
        with pytest.warns(UserWarning, match=f"was written by {version}: it holds no training configuration"):
            load_model(target)
