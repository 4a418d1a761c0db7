"""What clients get: TensorFlow Serving's REST API and the Open Inference Protocol, on the running backend."""

import base64
import io
import json

import numpy as np
import pytest
from numpy.testing import assert_allclose
from serving_models import picture_model, row_model, two_model

X = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
Y = [[10.0, 4.0], [22.0, 10.0]]


def test_rows_and_columns_of_one_input(serve):
    client = serve(m=row_model)
    for address in ("/v1/models/m:predict", "/v1/models/m/versions/1:predict"):
        assert client.post(address, json={"instances": X}).json() == {"predictions": Y}
    assert client.post("/v1/models/m:predict", json={"inputs": X, "signature_name": "serving_default"}).json() == {"outputs": Y}
    (name,) = client.get("/v1/models/m/metadata").json()["metadata"]["signature_def"]["signature_def"]["serving_default"]["inputs"]
    assert client.post("/v1/models/m:predict", json={"instances": [{name: x} for x in X]}).json() == {"predictions": Y}
    assert client.post("/v1/models/m:predict", json={"inputs": {name: X}}).json() == {"outputs": Y}


def test_several_inputs_and_outputs(serve, tmp_path):
    kept = []
    client = serve(m=lambda path: kept.append(two_model(path)))
    a, b = np.arange(4.0).reshape(2, 2), np.arange(8.0).reshape(2, 2, 2)
    p, q = kept[0].predict([a, b])
    rows = [{"a": x, "b": y} for x, y in zip(a.tolist(), b.tolist())]
    found = client.post("/v1/models/m:predict", json={"instances": rows}).json()["predictions"]
    assert_allclose([row["p"] for row in found], p, rtol=1e-5)
    assert_allclose([row["q"] for row in found], q, rtol=1e-5)
    found = client.post("/v1/models/m:predict", json={"inputs": {"b": b.tolist(), "a": a.tolist()}}).json()["outputs"]
    assert_allclose(found["p"], p, rtol=1e-5)


def test_pictures_as_base64(serve):
    image = pytest.importorskip("PIL.Image", reason="pillow is not installed (extra 'images')")
    client = serve({"scaling": "0..1"}, m=picture_model)
    file = io.BytesIO()
    image.fromarray(np.full((4, 4, 3), (255, 0, 51), "uint8")).save(file, "png")
    sent = {"instances": [{"b64": base64.b64encode(file.getvalue()).decode()}]}
    assert_allclose(client.post("/v1/models/m:predict", json=sent).json()["predictions"], [[1, 0, 0.2]], rtol=1e-5)
    answer = client.post("/v1/models/m:predict", json={"instances": [{"b64": "AAAA"}]}).json()
    assert answer["error"].endswith("Pillow doesn't know its format")


def test_facts_about_a_model(serve):
    client = serve(m=row_model)
    state = {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    assert client.get("/v1/models/m").json() == client.get("/v1/models/m/versions/1").json() == {"model_version_status": [state]}
    facts = client.get("/v1/models/m/metadata").json()
    assert facts["model_spec"] == {"name": "m", "signature_name": "", "version": "1"}
    signature = facts["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert [size["size"] for size in signature["outputs"]["y"]["tensor_shape"]["dim"]] == ["-1", "2"]
    assert client.get("/v2/models/m").json()["outputs"] == [{"name": "y", "datatype": "FP32", "shape": [-1, 2]}]
    for address in ("/health", "/v2/health/live", "/v2/health/ready", "/v2/models/m/ready"):
        assert client.get(address).status_code == 200
    assert client.get("/v2").json()["name"] == "kbridge"
    assert client.get("/about").json()["models"][0]["layers"][0]["parameters"] == 8


@pytest.mark.parametrize(("sent", "words"), [
    ({}, "Missing 'inputs' or 'instances' key"), ({"instances": X, "inputs": X}, "Both"), ({"instances": X, "more": 1}, "Unknown key 'more'"),
    ({"instances": X, "signature_name": "other"}, 'Serving signature name: "other" not found'), ({"instances": []}, "the request holds no samples"),
    ({"instances": [[1, 2], [1, 2, 3]]}, "must have the same lengths"), ({"instances": [[1, 2]]}, "takes samples of this shape, got (2,)"),
    ({"instances": [["a", 2, 3]]}, "takes numbers, got a text"), ({"instances": [[None, 2, 3]]}, "takes numbers, got null"),
    ({"instances": [[True, 2, 3]]}, "takes numbers, got true or false"), ({"instances": 3}, "'instances' must be a list"), ({"instances": [{"z": [1, 2, 3]}]}, "Sample 0 has z"),
    ({"instances": [[1e300, 2, 3]]}, "too large for float32"), ({"inputs": {"z": X}}, "'inputs' has z"), ({"instances": [[[1], 2, 3]]}, "must have the same lengths"),
    ([1], "a JSON object was expected, got a list"), ("x", "a JSON object was expected, got a text"),
])  # fmt: skip
def test_a_bad_request_is_400_with_what_was_expected(serve, sent, words):
    answer = serve(m=row_model).post("/v1/models/m:predict", content=json.dumps(sent))
    assert answer.status_code == 400
    assert words in answer.json()["error"]


@pytest.mark.parametrize(
    "text", ['{"instances": [[NaN, 1, 2]]}', '{"instances": [[1, 2', "", "[" * 100000, '{"instances": [[1e999, 1, 2]]}', "\xff"]
)
def test_what_is_no_json_is_400(serve, text):
    answer = serve(m=row_model).post("/v1/models/m:predict", content=text.encode("latin-1"))
    assert answer.status_code == 400
    assert set(answer.json()) == {"error"}


@pytest.mark.parametrize(("method", "address", "status"), [
    ("post", "/v1/models/none:predict", 404), ("post", "/v1/models/m/versions/7:predict", 404), ("post", "/v1/models/m:classify", 400),
    ("get", "/v1/models/m:predict", 405), ("put", "/health", 405), ("get", "/elsewhere", 404), ("post", "/v2/models/none/infer", 404), ("get", "/page/app.py", 404),
])  # fmt: skip
def test_what_is_not_there(serve, method, address, status):
    answer = serve(m=row_model).request(method, address, **({"json": {"instances": X}} if method == "post" else {}))
    assert (answer.status_code, set(answer.json())) == (status, {"error"})


def test_inference_with_data_as_json(serve):
    client = serve(m=row_model)
    (tensor,) = client.get("/v2/models/m").json()["inputs"]
    sent = {"id": "7", "inputs": [{"name": tensor["name"], "shape": [2, 3], "datatype": "FP64", "data": np.ravel(X).tolist()}]}
    found = client.post("/v2/models/m/infer", json=sent).json()
    assert (found["id"], found["model_name"], found["model_version"]) == ("7", "m", "1")
    assert found["outputs"] == [{"name": "y", "datatype": "FP32", "shape": [2, 2], "data": np.ravel(Y).tolist()}]
    nested = {"inputs": [{**sent["inputs"][0], "data": X}], "outputs": [{"name": "y"}]}
    assert client.post("/v2/models/m/infer", json=nested).json()["outputs"] == found["outputs"]


def test_inference_with_tensors_as_bytes(serve):
    client = serve(m=two_model)
    a, b = np.ones((1, 2), "<f4"), np.arange(4, dtype="<f4").reshape(1, 2, 2)
    plain = {
        "inputs": [{"name": n, "shape": list(x.shape), "datatype": "FP32", "data": x.ravel().tolist()} for n, x in (("a", a), ("b", b))]
    }
    expected = client.post("/v2/models/m/infer", json=plain).json()["outputs"]
    tensors = [
        {"name": n, "shape": list(x.shape), "datatype": "FP32", "parameters": {"binary_data_size": x.nbytes}}
        for n, x in (("b", b), ("a", a))
    ]
    asked = [{"name": "q", "parameters": {"binary_data": True}}, {"name": "p"}]
    head = json.dumps({"inputs": tensors, "outputs": asked}).encode()
    headers = {"Inference-Header-Content-Length": str(len(head))}
    answer = client.post("/v2/models/m/infer", content=head + b.tobytes() + a.tobytes(), headers=headers)
    size = int(answer.headers["Inference-Header-Content-Length"])
    q, p = json.loads(answer.content[:size])["outputs"]
    assert p == expected[0]
    assert_allclose(np.frombuffer(answer.content[size:], "<f4"), expected[1]["data"], rtol=1e-6)
    assert q["parameters"] == {"binary_data_size": 4}


@pytest.mark.parametrize(("change", "words"), [
    ({"shape": [2, 4]}, "needs 8 numbers"), ({"datatype": "BYTES"}, "datatype 'BYTES' is unknown"), ({"name": "z"}, "The request has the tensors z"),
    ({"shape": [-1, 3]}, "whole numbers"), ({"shape": [10**9, 10**9]}, "more than"), ({"parameters": {"binary_data_size": 24}}, "binary data, or 'data'"),
    ({"data": [[1], [2, 3]]}, "must have the same lengths"), ({"data": ["a"] * 6}, "takes numbers, got a text"),
    ({"data": [True, 2, 3, 4, 5, 6]}, "got true or false"), ({"data": 3}, "needs a list of 6 numbers"), ({"data": [1, 2]}, "needs 6 numbers as 'data', got 2"),
])  # fmt: skip
def test_bad_tensors(serve, change, words):
    client = serve(m=row_model)
    (tensor,) = client.get("/v2/models/m").json()["inputs"]
    sent = {"inputs": [{"name": tensor["name"], "shape": [2, 3], "datatype": "FP32", "data": np.ravel(X).tolist(), **change}]}
    answer = client.post("/v2/models/m/infer", json=sent)
    assert answer.status_code == 400
    assert words in answer.json()["error"]


def test_a_body_that_is_cut_short_or_has_too_much(serve):
    client = serve(m=row_model)
    (tensor,) = client.get("/v2/models/m").json()["inputs"]
    head = json.dumps(
        {"inputs": [{"name": tensor["name"], "shape": [2, 3], "datatype": "FP32", "parameters": {"binary_data_size": 24}}]}
    ).encode()
    for rest, words in ((bytes(23), "ends before"), (bytes(25), "1 bytes after the tensors")):
        answer = client.post("/v2/models/m/infer", content=head + rest, headers={"Inference-Header-Content-Length": str(len(head))})
        assert (answer.status_code, words in answer.json()["error"]) == (400, True)
    assert client.post("/v2/models/m/infer", content=head, headers={"Inference-Header-Content-Length": "9999"}).status_code == 400
