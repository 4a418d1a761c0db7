"""Files of Keras 2.2.4, 2.3.1 and of TensorFlow 1.15's tf.keras (tests/data/old, by old_files.py) predict and train as they did there."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

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
    # after training, Keras 2.1 to 2.3 itself corrects the moving variance of a batch for its size: a third for four samples
    normalized = what == "trained" and not library.startswith("tf.") and name in ("perceptron", "residual", "models_inside")
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
