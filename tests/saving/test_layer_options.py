"""All options of the layers of Keras 2 and 3: what tf_keras and Keras 3 computed (tests/data/layer_options) is what is computed here."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
from layer_options.case import FAMILIES, LIBRARIES, cases, names_of_inputs, targets, values
from layer_options.recorded import listed, loaded, recorded, series
from one_step import predicted_and_trained

from kbridge import backend as K
from kbridge.models import load_model, model_from_json


@pytest.fixture(autouse=True)
def fresh_session():
    yield
    K.clear_session()


def chosen(library: str, family: str) -> list:
    """The cases to compute."""
    table = cases(family, library)
    return table if library == "tf_keras" or K.backend() == "numpy" else [case for case in table if case.library == library]


def of(library: str, family: str, table: list) -> list[int]:
    """The numbers of the outputs of these cases."""
    counts = recorded(library, family)["counts"]
    starts = np.cumsum(counts) - counts
    places = zip(cases(family, library), starts, counts, strict=True)
    return [int(start) + i for case, start, count in places if any(case is c for c in table) for i in range(count)]


def check(library, family, table, results, what: str, atol: float) -> None:
    """Compare case by case, so that a failure names the case."""
    arrays = recorded(library, family)
    everything, places = series(arrays, what), of(library, family, table)
    names = [case.text for case, count in zip(cases(family, library), arrays["counts"], strict=True) for _ in range(count)]
    assert len(results) == len(places)
    failed = []
    for got, place in zip(results, places, strict=True):
        wanted = everything[place]
        if got.shape != wanted.shape or not np.allclose(got, wanted, rtol=1e-4, atol=atol):
            apart = np.abs(got - wanted).max() if got.shape == wanted.shape else f"shapes {got.shape} and {wanted.shape}"
            failed.append(f"{names[place]}, output {place}: {apart}")
    assert not failed, "\n".join(failed)


#: families whose loops take long to compile: the same options in groups are cases of test_keras2_layers.py, on all backends
LONG = ("recurrent", "recurrent_dropout", "recurrent_states")
#: what both libraries have is read from both on one backend; the others compute what they read alike
EACH = [
    (library, family)
    for family in FAMILIES
    for library in LIBRARIES
    if cases(family, library)
    if library == "tf_keras" or K.backend() == "numpy" or any(case.library == library for case in cases(family, library))
    if K.backend() == "numpy" or family not in LONG or os.environ.get("KBRIDGE_FILES") == "all"
]


@pytest.mark.parametrize(("library", "family"), EACH)
def test_it_predicts_and_trains_as_there(library, family):
    table = chosen(library, family)
    model = loaded(library, family, table)
    x = [values(n) for n in names_of_inputs(table)]
    if "trained/0" not in recorded(library, family):
        check(library, family, table, listed(model.predict(x)), "predicted", 1e-5)
        return
    wanted = targets(series(recorded(library, family), "predicted"), of(library, family, table))
    before, after = predicted_and_trained(model, x, wanted)
    check(library, family, table, before, "predicted", 1e-5)
    check(library, family, table, after, "trained", 1e-4)


#: what both libraries have becomes the same layers here, whichever of them wrote it
SAVED = [pair for pair in EACH if pair[0] == "tf_keras" or any(case.library == pair[0] for case in cases(pair[1], pair[0]))]


@pytest.mark.once
@pytest.mark.parametrize(("library", "family"), SAVED)
def test_saved_again_and_from_its_config_it_is_the_same(library, family, tmp_path):
    table = cases(family, library)
    model = loaded(library, family, table if library == "tf_keras" else [case for case in table if case.library == library])
    model.save(tmp_path / "ours.h5")
    config = json.loads(model.to_json())
    again = load_model(tmp_path / "ours.h5", compile=False)
    assert json.loads(again.to_json()) == config
    assert json.loads(model_from_json(model.to_json()).to_json()) == config
    assert again.output_shape == model.output_shape
    for got, wanted in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(got, wanted)
