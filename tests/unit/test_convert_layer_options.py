"""The layers of Keras 2 and 3 with all their options, as ONNX and in Keras 3."""

from __future__ import annotations

import os

import numpy as np
import pytest
from installed import needed
from layer_options.case import FAMILIES, LIBRARIES, cases, values
from layer_options.recorded import listed, loaded, recorded, series

from kbridge import backend as K
from kbridge.convert import save_keras3, save_onnx
from kbridge.convert.problems import NotConvertible
from kbridge.models import Model


@pytest.fixture(autouse=True)
def fresh_session():
    yield
    K.clear_session()


def parts(library: str, family: str):
    """For each case of the library, or of Keras 3 those that only it has: case, inputs, outputs, what was predicted."""
    model, arrays = loaded(library, family), recorded(library, family)
    inputs = {x._keras_history[0].name: x for x in model.inputs}
    outputs, predicted = listed(model.outputs), series(arrays, "predicted")
    place = 0
    for case, count in zip(cases(family, library), arrays["counts"], strict=True):
        there = slice(place, place + count)
        place += count
        if library == "tf_keras" or case.library == "keras3":
            yield case, {n: inputs[n] for n in case.inputs}, outputs[there], predicted[there]


def converted(library: str, family: str, target: str, save, path):
    """Everything that converts in one file: (names of inputs, [(case, output, value)]). What is refused is, with the id that is expected."""
    inputs: dict = {}
    outputs: list = []
    told: list = []
    for case, own, made, predicted in parts(library, family):
        if target in case.refused:
            with pytest.raises(NotConvertible, match=rf"\[convert: {case.refused[target]}\]"):
                save(Model(list(own.values()), made), path)
            assert not path.exists()
            continue
        inputs |= own
        outputs += made
        told += [(case, n, y) for n, y in enumerate(predicted)]
    if outputs:
        save(Model(list(inputs.values()), outputs), path)
    return list(inputs), told


def check(results, told) -> None:
    assert len(results) == len(told)
    failed = []
    for got, (case, number, wanted) in zip(results, told, strict=True):
        got = np.asarray(got)
        if got.shape != wanted.shape or not np.allclose(got, wanted, rtol=1e-4, atol=1e-5):
            failed.append(f"{case.text}, output {number}: {np.abs(got - wanted).max() if got.shape == wanted.shape else got.shape}")
    assert not failed, "\n".join(failed)


EACH = [(library, family) for family in FAMILIES for library in LIBRARIES if cases(family, library)]


@pytest.mark.parametrize(("library", "family"), EACH)
def test_as_onnx_they_predict_the_same(library, family, tmp_path):
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    names, told = converted(library, family, "onnx", save_onnx, tmp_path / "model.onnx")
    if told:
        session = runtime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
        kinds = {i.name: "int32" if "int32" in i.type else "float32" for i in session.get_inputs()}
        check(session.run(None, {n: values(n).astype(kinds[n]) for n in names}), told)


#: Keras 3 traces each loop when it loads; the same options in groups are cases of test_keras2_layers.py. Penalties change no prediction
IN_KERAS3 = [
    pair for pair in EACH if pair[1] not in ("penalties", "recurrent", "recurrent_states") or os.environ.get("KBRIDGE_FILES") == "all"
]


@pytest.mark.parametrize(("library", "family"), IN_KERAS3)
def test_in_keras_3_they_predict_the_same(library, family, tmp_path):
    keras3 = needed("keras")
    if not getattr(keras3, "__version__", "").startswith("3"):
        pytest.skip("keras 3 is not installed")
    names, told = converted(library, family, "keras3", save_keras3, tmp_path / "model.keras")
    if told:
        model = keras3.models.load_model(tmp_path / "model.keras")
        check(listed(model([values(n) for n in names])), told)
