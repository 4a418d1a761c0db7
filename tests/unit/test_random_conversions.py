"""Random models in ONNX and Keras 3, and random models of tf_keras here; any number: see tests/random_models."""

from __future__ import annotations

import pytest
from random_models import conversion, keras2

#: models of one test, so that a few failures don't hide others
EACH = 8
#: seeds of models that showed a fault once
FOUND: list[int] = [2318]
FOUND_IN_KERAS2: list[int] = []


@pytest.fixture(scope="module", autouse=True)
def _libraries(tmp_path_factory):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("tensorflow", reason="Keras 3 comes with TensorFlow")
    conversion.prepare(str(tmp_path_factory.mktemp("keras")))


def check(seeds, folder):
    wrong = {}
    for seed in seeds:
        _, found = conversion.check(seed, folder)
        wrong |= {(seed, name): result for name, result in found.items() if result.startswith("wrong")}
    assert wrong == {}, "see it: python -m random_models.conversion 1 --seed SEED"


@pytest.mark.parametrize("first", range(0, 24, EACH))
def test_random_models_compute_the_same_in_onnx_and_keras3_and_train_the_same_there(first, tmp_path):
    check(range(first, first + EACH), tmp_path)


def test_models_that_showed_a_fault_once(tmp_path):
    check(FOUND, tmp_path)


@pytest.fixture(scope="module")
def of_keras2(tmp_path_factory):
    pytest.importorskip("tf_keras", reason="pip install tf-keras (extra 'test')")
    folder = tmp_path_factory.mktemp("keras2")
    keras2.made(folder, 0, 24)
    for seed in FOUND_IN_KERAS2:
        keras2.made(folder, seed, 1)
    return folder


@pytest.mark.filterwarnings("ignore")
def test_random_models_of_tf_keras_compute_and_train_the_same_here(of_keras2):
    results = {seed: keras2.check(of_keras2, seed) for seed in [*range(24), *FOUND_IN_KERAS2]}
    assert {seed: result for seed, result in results.items() if result.startswith("wrong")} == {}
    assert sum(result.startswith("ok") for result in results.values()) >= len(results) // 2


def test_what_is_wrong_is_found(tmp_path, monkeypatch):
    """A model whose result isn't what was converted is told of, and in which way."""
    seed = next(s for s in range(50) if conversion.check(s, tmp_path)[1].get("onnx") == "ok")
    subject = conversion.Subject(conversion.generator.generate(seed))
    predict = type(subject.model).predict
    monkeypatch.setattr(type(subject.model), "predict", lambda self, x, **options: _moved(predict(self, x, **options)))
    assert "is off by" in conversion.in_onnx(subject, tmp_path)


def _moved(y):
    return [a + 0.01 for a in y] if isinstance(y, list) else y + 0.01
