"""Files with the layers that Keras 2 added (tests/data/keras2_layers) predict and train as they did there, and convert."""

from __future__ import annotations

from pathlib import Path

import keras2_layers as cases
import numpy as np
import pytest
from installed import needed
from one_step import predicted_and_trained

from kbridge import backend as K
from kbridge.models import load_model, model_from_json

#: cases with something that a format can't hold: the id that the refusal cites
REFUSED_BY_ONNX = {"cells_by_themselves": "onnx-cell"}
REFUSED_BY_KERAS3 = {
    "cells_by_themselves": "keras3-cell",
    "starts_of_masked_sequences": "keras3-mask-and-states",
    "masks_of_attention": "keras3-attention-mask",
    "masks_over_time": "keras3-mask-over-time",
}
DATA = Path(__file__).parents[1] / "data" / "keras2_layers"


@pytest.fixture(autouse=True)
def fresh_session():
    yield
    K.clear_session()


def recorded(name: str, what: str) -> list[np.ndarray]:
    with np.load(DATA / f"{name}.npz") as arrays:
        return [arrays[f"{what}/{i}"] for i in range(sum(key.startswith(f"{what}/") for key in arrays.files))]


def check(results, expected, atol: float) -> None:
    assert len(results) == len(expected)
    for i, (got, wanted) in enumerate(zip(results, expected)):
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=atol, err_msg=f"output {i}")


@pytest.mark.parametrize("name", cases.CASES)
def test_a_file_predicts_and_trains_as_on_keras_2(name):
    model = load_model(DATA / f"{name}.h5", compile=False)
    x = recorded(name, "input")
    predicted, trained = recorded(name, "predicted"), recorded(name, "trained")
    if not trained:
        check(cases.listed(model.predict(x)), predicted, 1e-5)
        return
    before, after = predicted_and_trained(model, x, cases.targets(predicted))
    check(before, predicted, 1e-5)
    check(after, trained, 1e-4)


@pytest.mark.once
@pytest.mark.parametrize("name", cases.CASES)
def test_saved_again_and_from_its_config_it_is_the_same(name, tmp_path):
    model = load_model(DATA / f"{name}.h5", compile=False)
    x = recorded(name, "input")
    model.save(tmp_path / "ours.h5")
    check(cases.listed(load_model(tmp_path / "ours.h5", compile=False).predict(x)), recorded(name, "predicted"), 1e-5)
    rebuilt = model_from_json(model.to_json())
    rebuilt.set_weights(model.get_weights())
    check(cases.listed(rebuilt.predict(x)), recorded(name, "predicted"), 1e-5)


def refused(name: str, reasons: dict[str, str], target: Path) -> bool:
    """Convert a case, or see that it is refused with the reason that is expected."""
    from kbridge.convert import convert
    from kbridge.convert.problems import NotConvertible

    if name not in reasons:
        convert(DATA / f"{name}.h5", target)
        return False
    with pytest.raises(NotConvertible, match=reasons[name]):
        convert(DATA / f"{name}.h5", target)
    assert not target.exists()
    return True


@pytest.mark.once
@pytest.mark.parametrize("name", cases.CASES)
def test_as_onnx_it_predicts_the_same(name, tmp_path):
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    if refused(name, REFUSED_BY_ONNX, tmp_path / "model.onnx"):
        return
    session = runtime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    fed = {i.name: x.astype("int32" if "int32" in i.type else "float32") for i, x in zip(session.get_inputs(), recorded(name, "input"))}
    check(session.run(None, fed), recorded(name, "predicted"), 1e-5)


@pytest.mark.once
@pytest.mark.parametrize("name", cases.CASES)
def test_in_keras_3_it_predicts_the_same(name, tmp_path):
    keras3 = needed("keras")
    if not getattr(keras3, "__version__", "").startswith("3"):
        pytest.skip("keras 3 is not installed")
    if refused(name, REFUSED_BY_KERAS3, tmp_path / "model.keras"):
        return
    model = keras3.models.load_model(tmp_path / "model.keras")
    check(cases.listed(model.predict(recorded(name, "input"), verbose=0)), recorded(name, "predicted"), 1e-5)


#: outputs of masks_over_time: the first ones are convertible, in the last ones a recurrent layer needs the mask of the steps
@pytest.mark.once
@pytest.mark.parametrize(("outputs", "reader"), [((0, 1, 3), None), ((2,), "gru_1"), ((4,), "lstm_1")])
def test_a_mask_over_time_ends_where_no_layer_needs_it(outputs, reader, tmp_path):
    from kbridge.convert import save_keras3
    from kbridge.convert.problems import NotConvertible
    from kbridge.models import Model

    whole = load_model(DATA / "masks_over_time.h5", compile=False)
    model = Model(whole.inputs, [whole.outputs[n] for n in outputs])
    if reader is not None:
        with pytest.raises(NotConvertible, match=rf"of which '{reader}\w*' needs which steps have any.*keras3-mask-over-time"):
            save_keras3(model, tmp_path / "m.keras")
        return
    keras3 = needed("keras")
    notes = save_keras3(model, tmp_path / "m.keras")
    assert any("keras3-unmasked-steps" in note for note in notes)
    there = keras3.models.load_model(tmp_path / "m.keras").predict(recorded("masks_over_time", "input")[0], verbose=0)
    check(there, [recorded("masks_over_time", "predicted")[n] for n in outputs], 1e-5)
