"""Models with functions of tensors (tests/data/operations) predict and train as in tf.keras, are saved again, and convert."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import operation_cases as cases
import pytest
from installed import needed
from one_step import predicted_and_trained

from kbridge import backend as K
from kbridge.errors import ModelFileError
from kbridge.layers import Dense, Input, Operations
from kbridge.models import Model, Sequential, load_model, model_from_json
from kbridge.operations import Builder

DATA = Path(__file__).parents[1] / "data" / "operations"


@pytest.fixture(autouse=True)
def fresh_session():
    yield
    K.clear_session()


def recorded(name: str, what: str) -> list[np.ndarray]:
    with np.load(DATA / f"{name}.npz") as arrays:
        return [arrays[f"{what}/{i}"] for i in range(sum(key.startswith(f"{what}/") for key in arrays.files))]


def check(results, expected, names, atol: float) -> None:
    assert len(results) == len(expected)
    for got, wanted, name in zip(results, expected, names):
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=atol, err_msg=name)


@pytest.mark.parametrize("name", [*cases.CASES, *cases.CASES3])
def test_a_file_predicts_and_trains_as_there(name, tmp_path):
    model = load_model(DATA / f"{name}.h5", compile=False)
    x, expected = recorded(name, "input"), recorded(name, "predicted")
    model.save(tmp_path / "ours.h5")
    again = load_model(tmp_path / "ours.h5", compile=False)
    assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]
    if K.backend() == "numpy":  # where nothing is compiled once more
        check(cases.listed(again.predict(x)), expected, model.output_names, 1e-5)
    before, after = predicted_and_trained(model, x, cases.targets(expected))
    check(before, expected, model.output_names, 1e-5)
    check(after, recorded(name, "trained"), model.output_names, 1e-4)


@pytest.mark.once
@pytest.mark.parametrize("name", [*cases.CASES, *cases.CASES3])
def test_as_onnx_it_predicts_the_same(name, tmp_path):
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    from kbridge.convert import convert

    convert(DATA / f"{name}.h5", tmp_path / "model.onnx")
    session = runtime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    fed = {i.name: x for i, x in zip(session.get_inputs(), recorded(name, "input"))}
    check(session.run(None, fed), recorded(name, "predicted"), [o.name for o in session.get_outputs()], 1e-5)


#: cases with something that Keras 3 can't hold: what the refusal says
REFUSED = {"pictures": "keras3-operations"}


@pytest.mark.once
@pytest.mark.parametrize("name", [*cases.CASES, *cases.CASES3])
def test_in_keras_3_it_predicts_the_same(name, tmp_path):
    keras3 = needed("keras")
    from kbridge.convert import convert
    from kbridge.convert.problems import NotConvertible

    if name in REFUSED:
        with pytest.raises(NotConvertible, match=REFUSED[name]):
            convert(DATA / f"{name}.h5", tmp_path / "model.keras")
        return
    convert(DATA / f"{name}.h5", tmp_path / "model.keras")
    model = keras3.models.load_model(tmp_path / "model.keras")
    check(cases.listed(model.predict(recorded(name, "input"), verbose=0)), recorded(name, "predicted"), [str(i) for i in range(99)], 1e-5)


def scaling() -> Operations:
    b = Builder(["x"])
    return Operations(b.graph(b.call("operator.sub", b.call("operator.truediv", b.inputs[0], 127.5), 1)), input_shape=(4,))


def test_the_layer_in_new_models_is_saved_copied_and_described():
    model = Sequential([scaling(), Dense(2)])
    again = model_from_json(model.to_json())
    again.set_weights(model.get_weights())
    x = np.arange(8.0).reshape(2, 4)
    np.testing.assert_allclose(again.predict(x), model.predict(x), rtol=1e-6)
    assert str(again.layers[0].graph) == "x / 127.5 - 1"
    b = Builder(["x"])
    parts = Operations(b.graph(b.call("tf.split", b.inputs[0], 2, 1)))
    a = Input((4,))
    left, right = parts(a)
    assert parts.get_output_shape_for((7, 4)) == [(7, 2), (7, 2)]
    check(Model(a, [right, left]).predict(x), [x[:, 2:], x[:, :2]], "ab", 1e-6)


def test_a_model_with_functions_is_called_on_other_shapes():
    inner_x = Input((None, 3))
    b = Builder(["x"])
    x = b.inputs[0]
    lengths = b.call("tf.shape", x)
    rows = b.call("operator.getitem", lengths, 1)
    layer = Operations(b.graph(b.call("tf.reshape", x, (-1, b.call("operator.mul", rows, 3)))))
    inner = Model(inner_x, layer(inner_x))
    outer_x = Input((5, 3))
    outer = Model(outer_x, inner(outer_x))
    values = np.arange(30.0).reshape(2, 5, 3)
    np.testing.assert_allclose(outer.predict(values), values.reshape(2, 15))
    np.testing.assert_allclose(inner.predict(values), values.reshape(2, 15))


def functional(name: str, class_name: str, config: dict, call: list) -> str:
    layers = [
        {
            "name": "x",
            "class_name": "InputLayer",
            "config": {"batch_input_shape": [None, 4], "dtype": "float32", "name": "x"},
            "inbound_nodes": [],
        },
        {
            "name": name,
            "class_name": class_name,
            "config": {"name": name, "trainable": True, "dtype": "float32", **config},
            "inbound_nodes": [call],
        },
    ]
    ends = {"input_layers": [["x", 0, 0]], "output_layers": [[name, 0, 0]]}
    return json.dumps(
        {"class_name": "Functional", "config": {"name": "m", "layers": layers, **ends}, "keras_version": "2.9.0", "backend": "tensorflow"}
    )


@pytest.mark.parametrize(
    ("class_name", "config", "call", "words"),
    [
        (
            "TFOpLambda",
            {"function": "io.read_file"},
            ["x", 0, 0, {}],
            r"'f': The operation 'tf.io.read_file' isn't known .*\[convert: operations\]",
        ),
        ("TFOpLambda", {"function": "math.add"}, ["x", 0, 0, {"y": 1, "z": 2}], r"'f': .*'z'"),
        ("TFOpLambda", {"function": "math.add"}, ["x", 0, 0, {"y": {"class_name": "os"}}], r"'f' is called with .*'os'"),
        ("TFOpLambda", {"function": 3}, ["x", 0, 0, {}], "'f' should hold the name of a function"),
        ("TFOpLambda", {"function": "math.add"}, ["_CONSTANT_VALUE", -1, 2.0, {"y": 1}], "without a tensor"),
        (
            "TensorFlowOpLayer",
            {"node_def": {"op": "PyFunc", "input": ["x"]}, "constants": {}},
            [["x", 0, 0, {}]],
            "'node.PyFunc' isn't known",
        ),
        ("TensorFlowOpLayer", {"node_def": "op: {{{", "constants": {}}, [["x", 0, 0, {}]], "TensorFlow node"),
        ("TensorFlowOpLayer", {"node_def": {"op": "Add", "input": ["x", "y"]}, "constants": {}}, [["x", 0, 0, {}]], "takes 2 tensors"),
    ],
)
def test_what_a_function_in_a_file_may_not_be(class_name, config, call, words):
    with pytest.raises(ModelFileError, match=words):
        model_from_json(functional("f", class_name, config, call))


NODE = 'name: "mul"\nop: "Mul"\ninput: "x"\ninput: "mul/y"\nattr {\n  key: "T"\n  value {\n    type: DT_FLOAT\n  }\n}\n'


@pytest.mark.parametrize("node", [NODE, json.dumps({"op": "Mul", "input": ["x", "y"], "attr": {"T": {"type": "DT_FLOAT"}}})])
def test_nodes_are_read_from_texts(node):
    model = model_from_json(functional("f", "TensorFlowOpLayer", {"node_def": node, "constants": {"1": 3.0}}, [["x", 0, 0, {}]]))
    assert str(model.layers[1].graph) == "x * 3.0"
    np.testing.assert_allclose(model.predict(np.ones((2, 4))), 3 * np.ones((2, 4)))


def test_looking_into_a_file_shows_its_functions():
    from kbridge.inspection import inspect_file

    rows = {row["name"]: row["settings"] for row in inspect_file(DATA / "attention_by_hand.h5")["layers"]}
    assert rows["tf.__operators__.add"] == "x + list of 5" and rows["tf.math.multiply"] == "x * 2" and rows["dense"] == "units=6"
