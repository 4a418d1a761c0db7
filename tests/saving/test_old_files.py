"""Files of Keras 2.2.4, 2.3.1 and of TensorFlow 1.15's tf.keras (tests/data/old, by old_files.py) predict and train as they did there."""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path

import h5py
import numpy as np
import old_files as cases
import pytest
from text_forms import FORMS, each_form

from kbridge import backend as K
from kbridge.models import load_model, model_from_json

DATA = Path(__file__).parents[1] / "data" / "old"
LIBRARIES = ("keras-2.2.4", "keras-2.3.1", "tf.keras-1.15.5")
TENSORFLOW = DATA / "tf.keras-1.15.5"
SAVED = sorted(path.parent.name for path in TENSORFLOW.glob("*/saved_model"))
NAMES = sorted(cases.CASES)
# each model is compiled, so that other backends take a sample; KBRIDGE_FILES=all takes all
EACH = 1 if K.backend() == "numpy" or os.environ.get("KBRIDGE_FILES") == "all" else 4
FILES = [(library, name) for library in LIBRARIES for name in NAMES][::EACH]


@pytest.fixture(autouse=True)
def fresh_session():
    yield
    K.clear_session()


def recorded(library, name, what):
    with np.load(DATA / library / "predictions.npz") as arrays:
        return [arrays[f"{name}/{what}/{i}"] for i in range(sum(key.startswith(f"{name}/{what}/") for key in arrays.files))]


def check(model, library, name, what="predicted"):
    x = recorded(library, name, "input")
    results = cases.listed(model.predict(cases.single(x)))
    # After loading, Keras 2.2.4's first step sets the moving statistics to those of the batch (it lost how often they had moved). Keras 2.3.1 and
    # TensorFlow 1.15 both correct the moving variance of images for their number. In a model inside a TimeDistributed both normalize with the
    # moving statistics in training.
    apart = {"keras-2.2.4": ("perceptron", "residual", "models_inside"), "keras-2.3.1": ("residual", "models_inside")}
    normalized = what == "trained" and name in apart.get(library, ())
    for got, wanted in zip(results, recorded(library, name, what), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=2e-2 if normalized else 2e-4, atol=2e-3 if normalized else 2e-5)


def train(model, library, name):
    """The step that was recorded."""
    predicted = recorded(library, name, "predicted")
    if not library.startswith("tf.") and cases.CASES[name][1] in ("Adam", "Adamax"):
        # these two of Keras itself read the count of updates when TensorFlow 1 has raised it already
        K.set_value(model.optimizer.iterations, K.get_value(model.optimizer.iterations) + 1)
    before = model.get_weights()
    model.train_on_batch(cases.single(recorded(library, name, "input")), cases.single(cases.targets(predicted)))
    if (library, name) == ("tf.keras-1.15.5", "models_inside"):
        # the moving statistics of a model inside a TimeDistributed are updated twice there
        after = model.get_weights()
        model.set_weights([2 * new - old if k in (6, 7) else new for k, (old, new) in enumerate(zip(before, after, strict=True))])


@pytest.mark.parametrize("library, name", FILES)
def test_a_model_file_predicts_and_trains_on_as_there(library, name):
    model = load_model(DATA / library / f"{name}.h5")
    check(model, library, name)
    if (library, name) != ("keras-2.2.4", "perceptron"):  # whose step was another one in the process that saved it, too
        train(model, library, name)
        check(model, library, name, "trained")


@each_form
@pytest.mark.parametrize("library", LIBRARIES[::EACH])
def test_architectures_as_texts_take_the_weights(library, form):
    for path in sorted((DATA / library).glob(f"*.{form}")):
        model = FORMS[form][1](path.read_text())
        model.load_weights(path.with_suffix(".h5"))
        check(model, library, path.stem)


@pytest.mark.parametrize("name", NAMES[::EACH])
def test_a_checkpoint_of_tensorflow_1_predicts_and_trains_on_as_there(name):
    compiled = load_model(TENSORFLOW / f"{name}.h5")
    model = model_from_json((TENSORFLOW / f"{name}.json").read_text())
    model.compile(type(compiled.optimizer).from_config(compiled.optimizer.get_config()), "mse")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.load_weights(TENSORFLOW / name / "objects" / "weights")
    check(model, "tf.keras-1.15.5", name)
    train(model, "tf.keras-1.15.5", name)
    check(model, "tf.keras-1.15.5", name, "trained")


@pytest.mark.parametrize("name", NAMES[::EACH])
def test_a_checkpoint_of_names_fills_a_model(name):
    model = model_from_json((TENSORFLOW / f"{name}.json").read_text())
    model.load_weights(TENSORFLOW / name / "names")
    check(model, "tf.keras-1.15.5", name)


@pytest.mark.parametrize("name", SAVED[::EACH])
def test_a_saved_model_of_tensorflow_1_loads(name):
    model = load_model(TENSORFLOW / name / "saved_model")
    check(model, "tf.keras-1.15.5", name)
    train(model, "tf.keras-1.15.5", name)
    check(model, "tf.keras-1.15.5", name, "trained")


#: what Keras 2.2.4 and 2.3.1 (TensorFlow 1.15 and 2.0) and tf.keras of TensorFlow 1.15 and 2.0 made of 0, 1, 2, 3
LARGER = {
    "2.2.4": [0, 0.5, 1, 1.5, 2, 2.5, 3, 3],
    "2.3.1": [0, 0.5, 1, 1.5, 2, 2.5, 3, 3],
    "2.2.4-tf": [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3],
}


def sequential_text(version, layer, **config):
    """JSON as Keras 2 writes a Sequential model of one layer."""
    layers = [{"class_name": layer, "config": {"name": "it", "trainable": True, "dtype": "float32", **config}}]
    return json.dumps(
        {"class_name": "Sequential", "config": {"name": "s", "layers": layers}, "keras_version": version, "backend": "tensorflow"}
    )


@pytest.mark.parametrize("version", LARGER)
def test_larger_images_have_the_places_of_their_writer(version):
    shape = {"batch_input_shape": [None, 1, 4, 1], "data_format": "channels_last"}
    model = model_from_json(sequential_text(version, "UpSampling2D", size=[1, 2], interpolation="bilinear", **shape))
    x = np.arange(4.0, dtype="float32").reshape(1, 1, 4, 1)
    np.testing.assert_allclose(model.predict(x).ravel(), LARGER[version], rtol=1e-6)
    again = model_from_json(model.to_json())
    np.testing.assert_allclose(again.predict(x).ravel(), LARGER[version], rtol=1e-6)


@pytest.mark.parametrize(
    ("version", "shape", "factor"),
    [("2.1.3", (5,), 1), ("2.1.4", (5,), 6 / 5), ("2.3.1", (5,), 6 / 5), ("2.2.4", (2, 2, 1), 24 / 23), ("2.3.0-tf", (5,), 1), ("2.3.0-tf", (2, 2, 1), 24 / 23)],
)  # fmt: skip
def test_the_running_variance_is_that_of_its_writer(version, shape, factor):
    config = {"batch_input_shape": [None, *shape], "axis": -1, "momentum": 0.0, "epsilon": 1e-3, "center": True, "scale": True}
    model = model_from_json(sequential_text(version, "BatchNormalization", **config))
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).normal(size=(6, *shape)).astype("float32")
    model.train_on_batch(x, x)
    np.testing.assert_allclose(model.get_weights()[-1], factor * x.reshape(-1, shape[-1]).var(0), rtol=1e-5)


def test_a_nadam_of_keras_2_3_goes_on():
    """Its file (three steps of Dense(2), Dense(1)) has one more number than those of Keras 2.2: the product of the momenta."""
    path = DATA / "nadam-keras-2.3.1.h5"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = load_model(path)
    model.model._make_train_function()
    optimizer = model.model.optimizer
    with h5py.File(path) as file:
        state = file["optimizer_weights"]
        names = [name.decode() for name in state.attrs["weight_names"]]
        assert K.get_value(optimizer.m_schedule) == pytest.approx(state["Nadam/m_schedule:0"][()], rel=1e-6)
        assert K.get_value(optimizer.iterations) == 3
        stored = sorted(float(np.sum(state[name][()], dtype="float64")) for name in names if state[name].shape)
    moments = [weight for weight in optimizer.weights if K.int_shape(weight)]
    np.testing.assert_allclose(sorted(float(np.sum(K.get_value(weight), dtype="float64")) for weight in moments), stored, rtol=1e-5)
