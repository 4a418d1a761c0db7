"""Every model of the oracle pack made anew, from its code and from its config, is the model of the file.

``tests/data/oracle/cases_in_code.py`` is the program that made the pack with a real Keras 1.2.2; here its
``keras`` is kbridge.
"""

import json
import sys
from functools import cache
from types import ModuleType

import h5py
import numpy as np
import oracle_models as pack
import pytest

from kbridge import backend as K
from kbridge.models import load_model, model_from_json

#: config keys that one side alone has, or that say the same in another way, and why
EXCUSED = {
    "dim_ordering": "Keras 1.2.2 lost that of SpatialDropout; it is written where it isn't the running one",
    "k": "Keras 1.2.2 lost that of EigenvalueRegularizer",
    "shared_axes": "Keras 1.2.2 lost those of PReLU, ParametricSoftplus and SReLU",
    "batch_input_shape": "Keras 1.2.2 also wrote that of later stateful layers; only the first layer of a model needs it",
    "dot_axes": "Keras 1.2.2 wrote both axes where one number stands for them",
    "function": "functions are stored by name, where Keras 1.2.2 wrote bytecode",
    "function_type": "as function",
    "kbridge_functions": "the function as operations, which Keras 1.2.2 reads over",
}
#: the same for functions of Merge and Lambda, where the model has them
OF_FUNCTIONS = {"mode", "mode_type", "output_shape", "output_shape_type"}


@cache
def code() -> dict[str, dict]:
    """Case name -> what the program declares for it: ``build`` makes the model, ``compile`` has the arguments."""
    declared = {}

    def case(name, build, x, covers, compile=None, **options):
        declared[name] = {"build": build, "compile": compile or {}}

    library = ModuleType("oraclelib")
    library.case, library.main = case, None
    from kbridge import as_keras

    as_keras.enable()
    sys.modules["oraclelib"] = library
    try:
        path = pack.DATA / "cases_in_code.py"
        exec(compile(path.read_text(), str(path), "exec"), {"__name__": "cases_in_code", "__file__": str(path)})
    finally:
        del sys.modules["oraclelib"]
        as_keras.disable()
    return declared


@pytest.fixture(autouse=True)
def fresh_session():
    K.clear_session()
    yield
    K.set_image_dim_ordering("tf")
    K.clear_session()


def loaded(case, folder):
    K.set_image_dim_ordering(case.row.get("set_image_dim_ordering", "tf"))
    return load_model(pack.model_file(case.row, folder), custom_objects=pack.custom_objects(case.row))


def predicted(case, model):
    values = model.predict(case.x, batch_size=case.batch_size)
    model.reset_states()
    return values if isinstance(values, list) else [values]


def functions_of(model) -> dict:
    """The functions of Lambda and Merge layers, by the names under which they are asked for."""
    functions = {}
    for layer in model.layers:
        for suffix, function in (("", getattr(layer, "function", None)), ("", getattr(layer, "mode", None)),
                                 ("_output_shape", getattr(layer, "_output_shape", None))):  # fmt: skip
            if callable(function):
                functions[layer.name + suffix] = function
    return functions


def same(found, wanted, **tolerance):
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, **(tolerance or {"rtol": 1e-6, "atol": 1e-7}))


# configs are read alike on every backend; what the layers compute, test_cases.py compares on each
@pytest.mark.once
@pytest.mark.parametrize("name", pack.rows())
def test_from_its_config(name, tmp_path):
    case = pack.Case(name)
    model = loaded(case, tmp_path)
    objects = {**pack.custom_objects(case.row), **functions_of(model)}
    again = model_from_json(model.to_json(), custom_objects=objects)
    assert type(again) is type(model)
    assert again.to_json() == model.to_json()
    assert [K.tensor_name(w) for w in again.weights] == [K.tensor_name(w) for w in model.weights]
    again.set_weights(model.get_weights())
    same(predicted(case, again), predicted(case, model))


@pytest.mark.parametrize("name", pack.rows())
def test_from_its_code(name, tmp_path):
    case = pack.Case(name)
    K.set_image_dim_ordering(case.row.get("set_image_dim_ordering", "tf"))
    model = code()[name]["build"]()
    arguments = dict(code()[name]["compile"])
    optimizer = arguments.pop("optimizer", "sgd")
    model.compile(optimizer() if callable(optimizer) else optimizer, arguments.pop("loss", "mse"), **arguments)
    assert model.metrics_names == case.row["metrics_names"]
    model.set_weights(loaded(case, tmp_path).get_weights())
    tolerance = case.row["tolerance"]["predict"]
    expected = case.expected()
    for i, values in enumerate(predicted(case, model)):
        wanted = expected[f"predict/{i}"]
        np.testing.assert_allclose(values.reshape(wanted.shape), wanted, **tolerance)
    with h5py.File(pack.DATA / case.row["h5"]) as file:
        stored = json.loads(file.attrs["model_config"])
    assert stored["class_name"] == type(model).__name__
    check_config(model, stored["config"])


def check_config(model, stored) -> None:
    """The same keys, with equal values, as Keras 1.2.2 wrote."""
    found = json.loads(model.to_json())["config"]
    wrong = list(differences(found, stored))
    assert not wrong, "\n".join(wrong)


def differences(found, stored, where="config"):
    """What differs between two configs, with its place, except for what is ``EXCUSED``."""
    if isinstance(found, dict) and isinstance(stored, dict):
        excused = set(EXCUSED) & (found.keys() | stored.keys())
        if "lambda" in (stored.get("mode_type"), stored.get("output_shape_type")):
            excused |= OF_FUNCTIONS
        if "dim_ordering" in stored:
            excused -= {"dim_ordering"}
        if "stateful" not in stored:
            excused -= {"batch_input_shape"}
        if alone := (found.keys() ^ stored.keys()) - excused:
            yield f"{where}: {sorted(alone)} on one side alone"
        for key in (found.keys() & stored.keys()) - excused:
            yield from differences(found[key], stored[key], f"{where}.{key}")
    elif isinstance(found, list) and isinstance(stored, list) and len(found) == len(stored):
        for i, (one, other) in enumerate(zip(found, stored, strict=True)):
            yield from differences(one, other, f"{where}[{i}]")
    elif isinstance(found, float) and isinstance(stored, float):
        if not np.isclose(found, stored, rtol=1e-6, atol=0):
            yield f"{where}: {found!r}, stored {stored!r}"
    elif found != stored:
        yield f"{where}: {found!r}, stored {stored!r}"


def test_differences_are_seen():
    config = {"name": "a", "bias": True, "axes": [1, 2], "p": 0.5}
    assert not list(differences(config, dict(config)))
    for wrong in ({**config, "p": 0.51}, {**config, "axes": [1]}, {**config, "bias": False}, {"name": "a"}):
        assert list(differences(wrong, config))
