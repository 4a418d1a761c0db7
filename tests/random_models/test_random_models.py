"""Random models on the active backend, judged by NumPy in float64 and finite differences. Any number: see __main__.py."""

from __future__ import annotations

import functools
import os

import pytest

from kbridge import backend as K
from random_models import judge
from random_models.worker import Worker

#: models for each backend; those that compile each model take longest
COUNTS = {"numpy": 120, "tensorflow": 40, "theano": 24}
#: models of one test, so that a few failures don't hide others and processes are shared
EACH = 8
#: seeds of models that showed a fault once
FOUND: list[int] = [22, 32, 114, 135]


@functools.cache
def workers() -> tuple[Worker, Worker]:
    return Worker("numpy", "float64"), Worker(K.backend())


@pytest.fixture(scope="module", autouse=True)
def _ended():
    yield
    for worker in workers():
        worker.__exit__()
    workers.cache_clear()


def check(seeds) -> None:
    numpy64, backend = workers()
    wrong = {}
    for seed in seeds:
        spec = numpy64.generate(seed)
        found = judge.problems(numpy64, backend, spec)
        if found:
            wrong[seed] = found[:3]
    assert wrong == {}, f"shrink and see it: python -m random_models 1 --seed SEED --backends {K.backend()}"


@pytest.mark.parametrize("first", range(0, COUNTS.get(K.backend(), 24), EACH))
def test_random_models_compute_train_freeze_save_and_load_as_the_judge_says(first):
    check(range(first, first + EACH))


def test_models_that_showed_a_fault_once():
    check(FOUND)


def test_a_wrong_number_is_told_and_the_model_shrinks():
    numpy64, _ = workers()

    class Off:
        """A backend that errs wherever a Dense layer is."""

        def run(self, spec, **options):
            found = numpy64.run(spec, **options)
            if "'Dense'" in repr(spec):
                found["predict/4/0"] = found["predict/4/0"] + 0.01
            return found

    seed = next(s for s in range(1000) if sum("'Dense'" in repr(n) for n in numpy64.generate(s)["nodes"]) == 1 and s not in FOUND)
    spec = numpy64.generate(seed)
    found = judge.problems(numpy64, Off(), spec)
    assert [judge.kind(p) for p in found] == [("predict",)]
    small = judge.shrunk(spec, lambda s: judge.kind((judge.problems(numpy64, Off(), s) or [""])[0]) == ("predict",))
    assert len(small["nodes"]) <= len(spec["nodes"]) and "'Dense'" in repr(small)
    namespace: dict = {}
    exec(judge.as_test(small, "numpy"), namespace)
    assert callable(namespace["test_it"])
    assert os.environ.get("KBRIDGE_BACKEND") in (None, K.backend())
