"""The reference page of K and its stub are what the op specs and the contract say."""

from __future__ import annotations

import ast
from pathlib import Path

from kbridge import backend
from kbridge.backends.interface import Backend
from kbridge.conformance import TABLE
from kbridge.conformance.document import markdown
from kbridge.conformance.stub import stub

PAGE = Path(__file__).parents[2] / "docs" / "backend.md"


def test_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == markdown(), "run: python -m kbridge.conformance.document docs/backend.md"


def test_page_names_every_row():
    text = markdown()
    assert [name for name in TABLE if f"`{name}" not in text] == []


def test_the_stub_is_up_to_date():
    path = Path(backend.__file__).with_suffix(".pyi")
    assert path.read_text(encoding="utf-8") == stub(), "run: python -m kbridge.conformance.stub kbridge/backend/__init__.pyi"


def test_the_stub_has_every_function_of_the_module():
    names = {node.name for node in ast.parse(stub()).body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    public = {name for name in dir(Backend) if callable(getattr(Backend, name)) and not name.startswith("_")}
    assert public - names == set()
    assert {name for name in names if not hasattr(backend, name)} == set()


def test_every_function_has_a_docstring_at_run_time():
    functions = [getattr(backend, name) for name in dir(Backend) if not name.startswith("_") and hasattr(backend, name)]
    assert [f.__name__ for f in functions if callable(f) and not f.__doc__] == []
