"""All options of the layers of Keras 2 and 3: what tf_keras and Keras 3 computed (tests/data/layer_options) is what is computed here."""

from __future__ import annotations

import json

import numpy as np
import pytest
from layer_options.case import FAMILIES, LIBRARIES, cases, names_of_inputs, targets, values
from layer_options.recorded import listed, loaded, recorded, series

from kbridge import backend as K
from kbridge.models import load_model, model_from_json


@pytest.fixture(autouse=True)
def fresh_session():
    yield
    K.clear_session()


def check(library, family, results, what: str, atol: float) -> None:
    """Compare case by case, so that a failure names the case."""
    arrays = recorded(library, family)
    expected, counts = series(arrays, what), arrays["counts"]
    assert len(results) == len(expected)
    failed, place = [], 0
    for case, count in zip(cases(family, library), counts, strict=True):
        for output in range(count):
            got, wanted = results[place], expected[place]
            place += 1
            if got.shape != wanted.shape or not np.allclose(got, wanted, rtol=1e-4, atol=atol):
                apart = np.abs(got - wanted).max() if got.shape == wanted.shape else f"shapes {got.shape} and {wanted.shape}"
                failed.append(f"{case.text}, output {output}: {apart}")
    assert not failed, "\n".join(failed)


EACH = [(library, family) for family in FAMILIES for library in LIBRARIES]


@pytest.mark.parametrize(("library", "family"), EACH)
def test_it_predicts_and_trains_as_there_and_after_saving(library, family, tmp_path):
    model = loaded(library, family)
    x = [values(n) for n in names_of_inputs(cases(family, library))]
    check(library, family, listed(model.predict(x)), "predicted", 1e-5)
    model.save(tmp_path / "ours.h5")
    check(library, family, listed(load_model(tmp_path / "ours.h5", compile=False).predict(x)), "predicted", 1e-5)
    if "trained/0" in recorded(library, family):
        from kbridge.optimizers import SGD

        model.compile(SGD(0.1), "mse")
        model.train_on_batch(x, targets(series(recorded(library, family), "predicted")))
        check(library, family, listed(model.predict(x)), "trained", 1e-4)


@pytest.mark.parametrize(("library", "family"), EACH)
def test_a_model_from_its_config_has_the_same_shapes_and_weights(library, family):
    model = loaded(library, family)
    rebuilt = model_from_json(model.to_json())
    rebuilt.set_weights(model.get_weights())
    assert json.loads(rebuilt.to_json()) == json.loads(model.to_json())
    assert rebuilt.output_shape == model.output_shape
