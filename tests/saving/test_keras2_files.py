"""Files of Keras 2 (tests/data/keras2, written by keras2_models.py) load and predict what they predicted there."""

from __future__ import annotations

import warnings
from pathlib import Path

import keras2_models as cases
import numpy as np
import pytest

from kbridge import backend as K
from kbridge.models import load_model, model_from_json

DATA = Path(__file__).parents[1] / "data" / "keras2"
EXPECTED = np.load(DATA / "predictions.npz")


@pytest.fixture(autouse=True)
def fresh_session():
    yield
    K.clear_session()


def check(model, name: str, rtol: float = 1e-4, atol: float = 2e-5) -> None:
    expected = [EXPECTED[f"{name}/{i}"] for i in range(sum(key.startswith(f"{name}/") for key in EXPECTED.files))]
    results = cases.predictions(model, name.removeprefix("training_").removeprefix("untrained_"))
    assert len(results) == len(expected)
    for result, wanted in zip(results, expected):
        np.testing.assert_allclose(result, wanted, rtol=rtol, atol=atol)


@pytest.mark.parametrize("name", list(cases.CASES))
def test_a_model_predicts_what_it_predicted_on_keras_2(name):
    with warnings.catch_warnings():
        warnings.filterwarnings("error")
        check(load_model(DATA / f"{name}.h5", compile=False), name)


@pytest.mark.parametrize("name", ["conv2d", "recurrent", "nested_models", "batch_normalization_parts"])
def test_saved_again_nothing_is_lost(name, tmp_path):
    model = load_model(DATA / f"{name}.h5", compile=False)
    model.save(tmp_path / "ours.h5")
    check(load_model(tmp_path / "ours.h5", compile=False), name)


@pytest.mark.parametrize("name", ["conv2d", "frozen_parts"])
def test_architecture_and_weights_can_be_read_apart(name, tmp_path):
    model = load_model(DATA / f"{name}.h5", compile=False)
    rebuilt = model_from_json(model.to_json())
    rebuilt.load_weights(DATA / f"{name}.h5")
    check(rebuilt, name)


@pytest.mark.parametrize("name", list(cases.OPTIMIZERS))
def test_training_goes_on_where_it_stopped(name):
    with warnings.catch_warnings():
        warnings.filterwarnings("error")
        model = load_model(DATA / f"training_{name}.h5")
    assert model.metrics_names == ["loss", "mean_absolute_error"]
    assert float(K.get_value(model.optimizer.iterations)) == 3
    cases.train(model)
    check(model, f"training_{name}", rtol=1e-3, atol=2e-4)


@pytest.mark.parametrize("name", list(cases.UNTRAINED))
def test_training_starts_as_it_would_have_there(name, tmp_path):
    model = load_model(DATA / f"untrained_{name}.h5")
    model.save(tmp_path / "ours.h5")
    for each in (model, load_model(tmp_path / "ours.h5")):
        cases.train(each)
        check(each, f"untrained_{name}", rtol=1e-3, atol=2e-4)


def test_what_trains_otherwise_is_a_warning(tmp_path):
    """A penalty of outputs that is one's own: tf.keras divides it by the number of samples, as kbridge does with its own."""
    import json

    import h5py

    from kbridge.regularizers import L1L2Regularizer

    class Own(L1L2Regularizer):
        pass

    path, own = tmp_path / "m.h5", {"Own": Own}
    for penalty in ("L2", "Own"):
        path.write_bytes((DATA / "training_sgd.h5").read_bytes())
        with h5py.File(path, "r+") as h5:
            config = json.loads(h5.attrs["model_config"])
            for layer in config["config"]["layers"]:
                if layer["class_name"] == "Dense":
                    layer["config"]["activity_regularizer"] = {"class_name": penalty, "config": {"l2": 0.1}}
            h5.attrs["model_config"] = json.dumps(config)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model = load_model(path, own, compile=penalty == "L2")
        assert model.get_layer("beta").activity_regularizer.per_sample == (penalty == "L2")
    with pytest.warns(UserWarning, match=r"'my', 'beta'.*\[convert: keras2-activity-regularizer\]"):
        load_model(path, own)


@pytest.mark.parametrize(
    "name", ["masks_that_are_dropped", "masks_and_both_directions_backwards", "broadcasting_merges", "normalized_dots"]
)
def test_what_keras1_does_not_have_is_saved_again(name, tmp_path):
    load_model(DATA / f"{name}.h5", compile=False).save(tmp_path / "ours.h5")
    check(load_model(tmp_path / "ours.h5", compile=False), name)
