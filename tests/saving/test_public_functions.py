"""Functions as public programs have them, in bytecode of several Pythons: each is read, and computes what NumPy does."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest
from public_functions import CASES

from kbridge import backend as K
from kbridge.models import model_from_json
from kbridge.saving.bytecode import read_stored

RECORDED = json.loads((Path(__file__).parents[1] / "data" / "bytecode" / "public.json").read_text())
READ = sorted(name for name, case in CASES.items() if case is not None)


def as_keras_1(stored, shapes, outputs):
    """A functional model with one Lambda layer, as Keras 1 and 2 wrote it."""
    names = [f"in{i}" for i in range(len(shapes))]
    layer = {
        "name": "l",
        "function": [base64.b64decode(stored[0]).decode("latin-1"), *stored[1:]],
        "function_type": "lambda",
        "arguments": {},
    }
    layer |= {"output_shape": None, "output_shape_type": "raw", "trainable": True}
    inputs = [
        {"class_name": "InputLayer", "name": name, "inbound_nodes": [],
         "config": {"name": name, "batch_input_shape": [None, *shape], "input_dtype": "float32", "sparse": False}}
        for name, shape in zip(names, shapes)
    ]  # fmt: skip
    called = {"class_name": "Lambda", "name": "l", "config": layer, "inbound_nodes": [[[name, 0, 0] for name in names]]}
    config = {"name": "m", "layers": [*inputs, called], "input_layers": [[name, 0, 0] for name in names]}
    config["output_layers"] = [["l", 0, i] for i in range(outputs)]
    return {"class_name": "Model", "keras_version": "1.2.2", "config": config}


def as_keras_3(stored, shapes, outputs):
    """The same as Keras 3 writes it."""
    names = [f"in{i}" for i in range(len(shapes))]
    code = dict(zip(("code", "defaults", "closure"), stored))
    layer = {"name": "l", "function": {"class_name": "__lambda__", "config": code}, "arguments": {}, "output_shape": None, "mask": None}
    inputs = [
        {"module": "keras.layers", "class_name": "InputLayer", "registered_name": None, "name": name, "inbound_nodes": [],
         "config": {"name": name, "batch_shape": [None, *shape], "dtype": "float32", "sparse": False}}
        for name, shape in zip(names, shapes)
    ]  # fmt: skip
    tensors = [
        {"class_name": "__keras_tensor__", "config": {"shape": [None, *shape], "dtype": "float32", "keras_history": [name, 0, 0]}}
        for name, shape in zip(names, shapes)
    ]
    called = {"module": "keras.layers", "class_name": "Lambda", "registered_name": None, "name": "l", "config": layer}
    called["inbound_nodes"] = [{"args": [tensors if len(tensors) > 1 else tensors[0]], "kwargs": {}}]
    config = {"name": "m", "trainable": True, "layers": [*inputs, called], "input_layers": [[name, 0, 0] for name in names]}
    config["output_layers"] = [["l", 0, i] for i in range(outputs)]
    return {"module": "keras.src.models.functional", "class_name": "Functional", "registered_name": "Functional", "config": config}


@pytest.mark.once
def test_every_python_tells_the_same_function():
    assert all(set(functions) == set(CASES) for functions in RECORDED.values())
    for name in READ:
        texts = {str(read_stored(functions[name]).graph) for functions in RECORDED.values()}
        # Python 2 computes 3 // 2 when the function runs; the reader does it then
        assert len(texts) == 1 and "None" not in texts, (name, texts)


@pytest.mark.once
def test_what_depends_on_a_value_or_on_the_programs_own_names_is_refused():
    for functions in RECORDED.values():
        stopped = {name: read_stored(functions[name]).stopped for name in CASES if name not in READ}
        assert "'softmax'" in stopped.pop("g20")
        assert stopped and all("control flow" in why for why in stopped.values()), stopped


@pytest.mark.parametrize("form", [as_keras_1, as_keras_3])
def test_models_with_them_predict_what_numpy_computes(form):
    version = "3.7" if form is as_keras_1 else "3.11"
    for name in READ if K.backend() == "numpy" else READ[form is as_keras_1 :: 2]:
        shapes, reference = CASES[name]
        random = np.random.RandomState(3)
        listed = shapes if isinstance(shapes, list) else [(4,) if shapes == "classes" else shapes]
        x = [(random.randint(0, 5, (3, *s)) if shapes == "classes" else random.randn(3, *s)).astype("float32") for s in listed]
        wanted = reference(*x)
        wanted = wanted if isinstance(wanted, list) else [wanted]
        model = model_from_json(json.dumps(form(RECORDED[version][name], listed, len(wanted))))
        found = model.predict(x if len(x) > 1 else x[0])
        for ours, theirs in zip(found if isinstance(found, list) else [found], wanted, strict=True):
            ours = ours[: len(theirs)]  # one of them takes two samples of three
            assert ours.shape == theirs.shape, name
            np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=2e-5, err_msg=name)
    K.clear_session()
