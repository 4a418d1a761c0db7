"""Every model of the oracle pack does here what it did in a real Keras 1.2.2.

Runs on the backend of KBRIDGE_BACKEND. Cases that can't pass yet stand in ``not_yet.txt`` and must
fail; choices that differ from Keras 1.2.2 stand in ``differences.toml`` with their reasons.
"""

import numpy as np
import oracle_models as pack
import pytest

from kbridge import backend as K
from kbridge.models import load_model


def marked(name):
    reason = pack.not_yet().get(name)
    marks = [] if reason is None else [pytest.mark.xfail(reason=f"listed in not_yet.txt: {reason}", strict=True)]
    return pytest.param(name, marks=marks)


@pytest.fixture(autouse=True)
def fresh_session():
    yield
    K.set_image_dim_ordering("tf")
    K.clear_session()


@pytest.mark.parametrize("name", [marked(name) for name in pack.rows()])
def test_case(name, tmp_path):
    case = pack.Case(name)
    K.set_image_dim_ordering(case.row.get("set_image_dim_ordering", "tf"))
    np.random.seed(7)
    check(case, results_of(case, tmp_path))


def results_of(case, folder) -> dict[str, np.ndarray]:
    """Everything the pack records of a case, computed here in the same sequence."""
    row, results = case.row, {}
    expected = case.expected()

    def load(key="h5"):
        return load_model(pack.model_file(row, folder, key), custom_objects=pack.custom_objects(row))

    def put(key, values):
        values = values if isinstance(values, list) else [values]
        results.update({f"{key}/{i}": np.asarray(value) for i, value in enumerate(values)})

    def predict(model):
        return model.predict(case.x, batch_size=case.batch_size)

    def train(model):
        arguments = {"sample_weight": case.sample_weight, "class_weight": case.class_weight}
        return np.array([np.atleast_1d(model.train_on_batch(case.x, case.y, **arguments)) for _ in range(row["train_steps"])])

    model = load()
    put("predict", predict(model))
    if row.get("stateful"):
        put("predict_second_call", predict(model))
        model.reset_states()
        put("predict_after_reset", predict(model))
        model.reset_states()
    if "evaluate" in expected:
        values = model.evaluate(case.x, case.y, batch_size=case.batch_size, sample_weight=case.sample_weight, verbose=0)
        results["evaluate"] = np.atleast_1d(values)
        assert model.metrics_names == row["metrics_names"]
        if row.get("stateful"):
            model.reset_states()
    if row["train_steps"]:
        results["train_losses"] = train(model)
        put("weights_after", model.get_weights())
        put("optimizer_weights_after", model.optimizer.get_weights())
        if row.get("stateful"):
            model.reset_states()
        put("predict_after_train", predict(model))
    if row.get("resume"):
        model = load("mid_h5")
        results["resume_losses"] = train(model)
        put("resume_weights_after", model.get_weights())
    if case.fit_arguments is not None:
        model = load()
        history = model.fit(case.x, case.y, shuffle=False, verbose=0, sample_weight=case.sample_weight, **case.fit_arguments)
        results.update({f"fit_history/{name}": np.asarray(values) for name, values in history.history.items()})
        put("fit_weights_after", model.get_weights())
    return results


def check(case, results) -> None:
    """Compare every expected result; one failure lists all that are off."""
    expected = case.expected()
    assert expected, "the row has no result to compare with"
    wrong = []
    for key, value in expected.items():
        if key not in results:
            wrong.append(f"{key}: missing")
            continue
        found = as_stored(case, key, results[key])
        if key.startswith(tuple(case.difference.get("reshaped", ["-"]))) and found.size == value.size:
            found = found.reshape(value.shape)
        if found.shape != value.shape:
            wrong.append(f"{key}: shape {found.shape}, expected {value.shape}")
        elif not np.allclose(found, value, **case.tolerance(key), equal_nan=True):
            wrong.append(f"{key}: off by up to {np.nanmax(np.abs(found - value)):.3g}")
    assert not wrong, "\n".join(wrong)


def as_stored(case, key, value) -> np.ndarray:
    """Kernels of a model saved on Theano are flipped when they are read; the pack has them as they were stored."""
    axes = case.difference.get("flipped_kernels")
    if axes and value.ndim == case.difference["kernel_axes"] and key.startswith(("weights_after", "optimizer_weights_after")):
        return np.flip(value, axes)
    return value


def test_lists_name_only_cases_of_the_pack():
    assert set(pack.not_yet()) <= set(pack.rows())
    assert set(pack.differences()) <= set(pack.rows())
