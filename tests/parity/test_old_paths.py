"""Old import paths that "Write a backend" named go on for one release, with a warning."""

import importlib
import re
import sys

import pytest


@pytest.mark.parametrize(("old", "new", "name"), [
    ("kbridge.backends.parity", "kbridge.conformance.harness", "run_checks"),
    ("kbridge.backends.optable", "kbridge.conformance", "FAMILIES"),
])  # fmt: skip
def test_an_old_path_gives_the_same_objects_and_names_the_new_one(old, new, name):
    sys.modules.pop(old, None)
    with pytest.warns(DeprecationWarning, match=f"now called {re.escape(new)}\\."):
        module = importlib.import_module(old)
    assert getattr(module, name) is getattr(importlib.import_module(new), name)


def test_the_error_of_a_missing_backend_has_its_old_name_too():
    registry = importlib.import_module("kbridge.backends.registry")
    assert registry.EngineUnavailable is registry.BackendUnavailable
