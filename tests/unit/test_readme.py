"""The README's programs run as they stand, and the files it names exist."""

import re
from importlib.util import find_spec

import pytest
from processes import ROOT, python

README = (ROOT / "README.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"^```python\n(.*?)^```", README, re.M | re.S)


@pytest.mark.parametrize("backend", ["numpy", "tensorflow", "theano"])
@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_program(number, backend, tmp_path):
    if find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    done = python("-c", PROGRAMS[number], home=tmp_path, cwd=tmp_path, KBRIDGE_BACKEND=backend)
    assert done.returncode == 0, done.stderr


def test_there_are_programs():
    assert len(PROGRAMS) == 2


def test_links_lead_to_files():
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert links and [link for link in links if not (ROOT / link).exists()] == []
