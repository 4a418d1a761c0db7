"""Docstrings: each public object has one of its own, which has a word for each parameter; examples in them run."""

import doctest
import importlib
import re
from pathlib import Path

import public_api
import pytest

KBRIDGE = Path(public_api.__file__).resolve().parents[1] / "kbridge"
SOURCES = sorted(KBRIDGE.rglob("*.py"))


def test_public_objects_have_docstrings_of_their_own():
    assert list(public_api.without_docstring()) == []


def test_every_parameter_has_a_word():
    assert list(public_api.unnamed()) == []


def test_args_name_only_what_is_a_parameter():
    assert list(public_api.unknown()) == []


def test_the_functions_of_the_backend_in_use_have_docstrings():
    from kbridge import backend as K

    assert [name for name in public_api.backend_functions() if not (getattr(K, name).__doc__ or "").strip()] == []


def _layer(name: str, doc: str | None, call_doc: str | None):
    """A layer class as one of kbridge's, with these docstrings."""
    from kbridge.layers import Layer

    def __init__(self, width, **kwargs):
        Layer.__init__(self, **kwargs)

    def call(self, x, mask=None):
        return x

    call.__doc__ = call_doc
    return type(name, (Layer,), {"__init__": __init__, "call": call, "__doc__": doc, "__module__": "kbridge.layers.core"})


@pytest.mark.parametrize(
    "doc, call_doc, found",
    [
        ("Widen.\n\nArgs:\n    width: how far.", "Return x, wider.", ([], [], [])),
        ("Widen by ``width``.", "Return x, wider.", ([], ["layers.Wide(width)"], [])),
        ("Widen.\n\nArgs:\n    wide: how far.", "Return x, wider.", ([], ["layers.Wide(width)"], ["layers.Wide(wide)"])),
        ("Widen. The other arguments are those of ``Layer``.", "Return x.", ([], ["layers.Wide(width)"], [])),
        ("Widen.\n\nArgs:\n    width: how far.", None, (["layers.Wide.call"], [], [])),
        (None, "Return x, wider.", (["layers.Wide"], [], [])),
    ],
)
def test_what_is_missing_is_found(doc, call_doc, found, monkeypatch):
    cls = _layer("Wide", doc, call_doc)
    monkeypatch.setattr(public_api, "public", lambda: {"layers.Wide": cls, "layers.Wide.call": (cls, vars(cls)["call"])})
    assert (list(public_api.without_docstring()), list(public_api.unnamed()), list(public_api.unknown())) == found


def test_docstrings_do_not_begin_with_what():
    texts = {path.relative_to(KBRIDGE): path.read_text(encoding="utf-8") for path in SOURCES}
    assert [f"{path}: {line}" for path, text in texts.items() for line in re.findall(r'"""What .*', text)] == []


def _examples():
    for path in SOURCES:
        if ">>> " in path.read_text(encoding="utf-8"):
            name = ".".join(path.relative_to(KBRIDGE.parent).with_suffix("").parts)
            for test in doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(name), name):
                if test.examples:
                    yield pytest.param(test, id=test.name.removeprefix("kbridge."))


@pytest.mark.parametrize("example", list(_examples()))
def test_examples_in_docstrings(example, capsys):
    failed = doctest.DocTestRunner(verbose=False).run(example).failed
    assert failed == 0, capsys.readouterr().out
