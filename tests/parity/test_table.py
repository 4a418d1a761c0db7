"""The op specs covers the contract and the backend functions of Keras 1.2.2, and the other way round."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest
from parity import matrix

from kbridge.backends.interface import Backend
from kbridge.conformance import FAMILIES, TABLE

DATA = Path(__file__).parents[1] / "data" / "oracle"
#: families whose rows are no methods of a backend
NOT_METHODS = ("tensors", "settings")


def public_methods() -> set[str]:
    return {name for name in dir(Backend) if not name.startswith("_") and callable(getattr(Backend, name))}


def keras_functions() -> list[str]:
    """The backend functions of Keras 1.2.2, of both its backends."""
    return (DATA / "backend_functions.txt").read_text().split()


def test_every_method_of_a_backend_has_a_row():
    assert public_methods() - set(TABLE) == set()


def test_every_row_is_a_method_of_a_backend():
    rows = {op.name for family, module in FAMILIES.items() if family not in NOT_METHODS for op in module.OPS}
    assert rows - public_methods() == set()


@pytest.mark.parametrize("name", TABLE)
def test_every_row_has_a_case_or_a_check(name):
    op = TABLE[name]
    assert op.cases or op.checks
    assert not op.cases or op.reference is not None


#: functions of Keras 1.2.2 that are no rows of the table, and why
WITHOUT_ROW = {
    "backend": "a name, not an op: K.backend() of each backend is tested with the choice of backends",
    "Function": "Keras 1's class behind K.function: here another name of K.function",
}


def test_every_function_of_keras_has_a_row_or_a_reason():
    assert set(keras_functions()) - set(TABLE) == set(WITHOUT_ROW)


@pytest.mark.parametrize("name", matrix.BACKENDS)
def test_every_function_of_keras_exists_in_K(name):
    matrix.backend(name)
    code = f"from kbridge import backend as K; print([n for n in {keras_functions()} if not callable(getattr(K, n, None))])"
    environment = {**os.environ, "KBRIDGE_BACKEND": name}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


@pytest.mark.parametrize("name", sorted(Backend.__abstractmethods__))
def test_a_missing_primitive_is_named_when_the_backend_is_constructed(name):
    everything = {n: lambda self, *args, **kwargs: None for n in Backend.__abstractmethods__}
    Whole = type("Whole", (Backend,), {**everything, "name": "whole"})
    assert Whole().name == "whole"
    del everything[name]
    with pytest.raises(TypeError, match=rf"\b{name}\b"):
        type("Partial", (Backend,), {**everything, "name": "partial"})()


def test_every_public_method_says_what_it_takes():
    for name in public_methods() & set(TABLE):
        inspect.signature(getattr(Backend, name))
