"""Compiled models of tf_keras and Keras 3 train on as they do there, with their optimizer's state (tests/data/keras_training)."""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from pathlib import Path

import keras_training as cases
import numpy as np
import pytest

from kbridge import backend as K
from kbridge.models import load_model

DATA = Path(__file__).parents[1] / "data" / "keras_training"
SAMPLE = [("keras", f"{case}.h5") for case in ("adam", "layers", "loss_scale", "nadam", "objects", "ema_overwrite", "muon")]
WEIGHTS = np.linspace(0.5, 1.5, 64).astype("float32")


def files(library: str, ending: str) -> list[str]:
    with zipfile.ZipFile(DATA / f"{library}.zip") as archive:
        return sorted(name for name in archive.namelist() if name.endswith(ending))


@pytest.fixture(autouse=True)
def fresh_session():
    yield
    K.clear_session()


def opened(library: str, name: str, folder: Path):
    path = folder / name
    path.write_bytes(cases.opened(DATA / f"{library}.zip", name).getvalue())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return load_model(path)


def recorded(library: str, case: str) -> list[np.ndarray]:
    with np.load(DATA / f"{library}.npz") as arrays:
        return [
            arrays[f"{case}/{i}"] for i in range(sum(key.startswith(f"{case}/") and not key.endswith("evaluated") for key in arrays.files))
        ]


def evaluated(library: str, case: str) -> np.ndarray:
    with np.load(DATA / f"{library}.npz") as arrays:
        return arrays[f"{case}/evaluated"]


def weights_of_keras(model) -> list[np.ndarray]:
    """The weights in the layout and order of Keras: the tests' models have them layer by layer, convolutions without an axis of 1."""
    found = []
    for layer in model.layers:
        values = layer.get_weights()
        if type(layer).__name__ == "Sequential":
            lstm, dense = layer.layers
            gates = {
                name: [np.asarray(K.get_value(getattr(lstm, f"{name}_{g}"))) for g in "ifco"] if hasattr(lstm, f"{name}_i") else None
                for name in "WUb"
            }
            values = [
                np.concatenate(parts, -1) if parts else K.get_value(getattr(lstm, name)) for name, parts in gates.items()
            ] + dense.get_weights()
        found += [value[:, 0] if value.ndim == 4 else value for value in values]
    return found


def check(library: str, name: str, folder: Path) -> None:
    model = opened(library, name, folder)
    case = name.rpartition(".")[0]
    data = cases.batches(model.input_shape[1:])
    half = folder / "half.h5"
    # what is loaded is compiled once more: on backends that compile, the sample of the last test shows that a state gets into a file and back
    saved = K.backend() == "numpy" or (library, name) in SAMPLE
    for number, (x, y) in enumerate(data[3:]):
        if number == 2 and saved:
            # saved and loaded on the way, nothing is lost
            model.save(half)
            model = load_model(half)
        model.train_on_batch(x, y)
    for i, (got, expected) in enumerate(zip(weights_of_keras(model), recorded(library, case), strict=True)):
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5, err_msg=f"{name}: weight {i}")
    x, y = (np.concatenate(parts) for parts in zip(*data, strict=True))
    if case in ("objects", "summed"):
        values = model.evaluate(x, y, batch_size=8, sample_weight=WEIGHTS, verbose=0)
        expected = evaluated(library, case)
        # tf.keras' loss over several batches is the mean of theirs by their size
        np.testing.assert_allclose(np.atleast_1d(values), np.atleast_1d(expected), rtol=1e-4, err_msg=name)


@pytest.mark.parametrize("name", files("tf_keras", ".h5"))
def test_training_of_tf_keras_goes_on(name, tmp_path):
    check("tf_keras", name, tmp_path)


@pytest.mark.parametrize("name", files("tf_keras", ".keras"))
def test_training_from_an_archive_of_tf_keras_goes_on(name, tmp_path):
    check("tf_keras", name, tmp_path)


@pytest.mark.parametrize("case", cases.OTHER_FORMATS)
def test_training_from_a_checkpoint_of_tf_keras_goes_on(case, tmp_path):
    with zipfile.ZipFile(DATA / "tf_keras.zip") as archive:
        archive.extractall(tmp_path, [name for name in archive.namelist() if name.startswith((f"{case}.index", f"{case}.data"))])
    model = opened("tf_keras", f"{case}.h5", tmp_path)
    # a new start, which the checkpoint ends
    model.set_weights([0 * w for w in model.get_weights()])
    model.compile(type(model.optimizer).from_config(model.optimizer.get_config()), "mse")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.load_weights(tmp_path / case)
    for x, y in cases.batches(model.input_shape[1:])[3:]:
        model.train_on_batch(x, y)
    for got, expected in zip(weights_of_keras(model), recorded("tf_keras", case), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


def test_an_archive_of_a_legacy_optimizer_says_that_it_has_no_state(tmp_path):
    def legacy(config):
        options = {"name": "SGD", "learning_rate": 0.1, "decay": 0.0, "momentum": 0.0, "nesterov": False}
        config["compile_config"]["optimizer"] = {
            "module": "keras.optimizers.legacy",
            "class_name": "SGD",
            "config": options,
            "registered_name": None,
        }

    path = rewritten(tmp_path / "m.keras", legacy, source=DATA.parent / "keras3" / "tf_keras_archive.keras")
    with pytest.warns(UserWarning, match=r"was written by tf\.keras 2.*no state of its legacy optimizers"):
        load_model(path)


@pytest.mark.parametrize("name", files("keras", ".keras"))
def test_training_of_keras_3_goes_on(name, tmp_path):
    check("keras", name, tmp_path)


@pytest.mark.parametrize("name", [name for _, name in SAMPLE])
def test_training_from_an_h5_file_of_keras_3_goes_on(name, tmp_path):
    check("keras", name, tmp_path)


TRAINED = DATA.parent / "keras3" / "trained_adam.keras"


def rewritten(target: Path, change_config=lambda config: None, change_weights=lambda root: None, source: Path = TRAINED) -> Path:
    """A model that Keras 3 trained, with its config and its weights changed."""
    import h5py

    with zipfile.ZipFile(source) as read:
        parts = {name: read.read(name) for name in read.namelist()}
    config, weights = json.loads(parts["config.json"]), io.BytesIO(parts["model.weights.h5"])
    change_config(config)
    with h5py.File(weights, "r+") as root:
        change_weights(root)
    with zipfile.ZipFile(target, "w") as made:
        for name, part in {**parts, "config.json": json.dumps(config), "model.weights.h5": weights.getvalue()}.items():
            made.writestr(name, part)
    return target


def test_without_an_optimizer_the_file_compiles_with_keras_own_and_says_so(tmp_path):
    # Keras 3.15 doesn't store one that compile got by its place: compile("adam", loss="mse")
    path = rewritten(tmp_path / "m.keras", lambda config: config["compile_config"].pop("optimizer"))
    with pytest.warns(UserWarning, match="names no optimizer, so the model is compiled with 'rmsprop'"):
        model = load_model(path)
    from kbridge.inspection import inspect_file

    assert inspect_file(path)["training"]["optimizer_named"] is False
    assert type(model.optimizer).__name__ == "RMSprop" and float(K.get_value(model.optimizer.iterations)) == 0
    assert model.metrics_names == ["loss", "mean_absolute_error"]


def test_a_count_of_no_updates_is_no_state_that_is_lost(tmp_path):
    def never_trained(root):
        variables = root["optimizer/vars"]
        for name in list(variables)[1:]:
            del variables[name]
        variables["0"][()] = 0

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = load_model(rewritten(tmp_path / "m.keras", change_weights=never_trained))
    assert float(K.get_value(model.optimizer.iterations)) == 0


def test_momenta_that_tf_keras_keeps_without_using_them_are_passed_over(tmp_path):
    def without_momentum(config):
        optimizer = config["compile_config"]["optimizer"]
        optimizer["config"] = {**optimizer["config"], "momentum": 0.0, "nesterov": False}

    path = rewritten(tmp_path / "m.keras", without_momentum, source=DATA.parent / "keras3" / "trained_sgd_nesterov.keras")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = load_model(path)
    assert float(K.get_value(model.optimizer.iterations)) == 3
