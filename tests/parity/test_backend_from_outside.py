"""A backend that kbridge doesn't know, found by its entry point, passes the whole matrix."""

from __future__ import annotations

import importlib
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from kbridge.backends import registry
from kbridge.conformance import FAMILIES, harness

PACKAGE = Path(__file__).parents[1] / "packages" / "kbridge_checking"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The package as an installer would leave it: its module, and metadata with the entry point."""
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    site = tmp_path_factory.mktemp("site")
    (site / "kbridge_checking.py").write_text((PACKAGE / "kbridge_checking.py").read_text())
    info = site / f"kbridge_checking-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    lines = [
        f"[{group}]\n" + "".join(f"{name} = {target}\n" for name, target in entries.items())
        for group, entries in project["entry-points"].items()
    ]
    (info / "entry_points.txt").write_text("\n".join(lines))
    return site


@pytest.fixture(scope="module")
def checking(installed):
    sys.path.insert(0, str(installed))
    importlib.invalidate_caches()
    try:
        assert "checking" in registry.names()
        yield registry.load("checking")
    finally:
        sys.path.remove(str(installed))
        registry._loaded.pop("checking", None)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("family", FAMILIES)
def test_it_passes_the_matrix(checking, family, dtype):
    results = harness.run(checking, FAMILIES[family].OPS, dtype) + harness.run_checks(checking, FAMILIES[family].OPS, dtype)
    assert [str(r) for r in results if not r.ok] == []


def test_it_notices_a_wrong_promise_and_the_source_of_nan(checking):
    x = checking.placeholder((None, 2))
    y = checking.exp(checking.log(x))
    function = checking.function([x], [y])
    function([np.array([[1.0, -1.0]])])
    assert checking.first_nan == "log"
    lying = checking.exp(x)
    lying.shape = (None, 3)
    with pytest.raises(AssertionError, match=r"K.exp promised shape \(None, 3\) and gave \(1, 2\)"):
        checking._check([lying], [np.ones((1, 2))])


def test_a_model_script_chooses_it_by_name(installed):
    code = "from kbridge import backend as K; print(K.backend(), K.eval(K.sum(K.variable([1.0, 2.0]))))"
    environment = {
        "KBRIDGE_BACKEND": "checking",
        "PYTHONPATH": f"{installed}:{Path(__file__).parents[2]}",
        "PATH": "/usr/bin:/bin",
    }
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.stdout.split() == ["checking", "3.0"], done.stderr


def test_it_is_short():
    assert len((PACKAGE / "kbridge_checking.py").read_text().splitlines()) < 150
