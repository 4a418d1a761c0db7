"""The worked examples of CONTRIBUTING.md, followed step by step in a copy of the project."""

import re
import shutil
from pathlib import Path

import pytest
from installed import installed
from processes import ROOT, python

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def steps(title: str) -> list[tuple[str, list[str]]]:
    """(file, lines) of each step of a section."""
    section = TEXT.partition(f"## {title}\n")[2].partition("\n## ")[0]
    blocks = [block.splitlines() for block in re.findall(r"^```diff\n(.*?)^```", section, re.M | re.S)]
    return [(name, lines) for name, *lines in blocks]


def follow(folder: Path, name: str, lines: list[str]) -> None:
    new = [line[1:] for line in lines if line.startswith("+")]
    path = folder / name
    if len(new) == len(lines):
        assert not path.exists(), f"{name} is there already"
        path.write_text("\n".join([*new, ""]), encoding="utf-8")
        return
    place = lines[0][1:]
    assert lines[1:] == [f"+{line}" for line in new]
    there = path.read_text(encoding="utf-8").split("\n")
    assert there.count(place) == 1, f"{name} has {there.count(place)} lines {place!r}"
    at = there.index(place) + 1
    path.write_text("\n".join([*there[:at], *new, *there[at:]]), encoding="utf-8")


@pytest.fixture
def copied(tmp_path):
    shutil.copytree(ROOT / "kbridge", tmp_path / "kbridge", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "tests" / "layers").mkdir(parents=True)
    for name in ("pyproject.toml", "tests/conftest.py", "tests/installed.py", "tests/layers/helper.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_a_layer(copied):
    found = steps("Add a layer")
    assert [name for name, _ in found if name.startswith("tests/")] == ["tests/layers/test_gain.py"]
    for name, lines in found:
        follow(copied, name, lines)
    converted = "import numpy as np, sys; from kbridge.layers import Gain; from kbridge.models import Sequential, load_model\n"
    converted += "from kbridge.convert import convert\nmodel = Sequential([Gain(3, input_shape=(2,))]); model.save('m.h5')\n"
    converted += "assert (load_model('m.h5').predict(np.ones((1, 2))) == 3).all()\n"
    converted += (
        "for name in ('m.onnx', 'm.keras'): convert('m.h5', name)\nassert (load_model('m.keras').predict(np.ones((1, 2))) == 3).all()"
    )
    for arguments in (("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/layers"), ("-c", converted)):
        done = python(*arguments, home=copied, cwd=copied, PYTHONPATH=str(copied), KBRIDGE_BACKEND="numpy")
        assert done.returncode == 0, done.stdout + done.stderr


def test_an_op(copied):
    for name, lines in steps("Add an op"):
        follow(copied, name, lines)
    backends = ",".join(name for name in ("numpy", "tensorflow", "theano") if installed(name))
    flags = {"PYTHONPATH": str(copied), "THEANO_FLAGS": "cxx=,optimizer=fast_compile"}
    done = python("-m", "kbridge", "parity", "log2", "--backends", backends, home=copied, cwd=copied, **flags)
    assert done.returncode == 0 and " 0 off" in done.stdout, done.stdout + done.stderr
