"""Refusals and notes of conversions name ids, each of which docs/convert.md explains."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GIVEN = re.compile(r'(?:refusal|told|with_id|\.note)\((?:\s*[\w.]+,)?\s*"([a-z0-9-]+)"')
CITED = re.compile(r"\[convert: ([a-z0-9-]+)\]")


def test_every_refusal_and_note_is_explained_under_its_id():
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "kbridge").rglob("*.py")]
    used = {slug for text in sources for slug in [*CITED.findall(text), *GIVEN.findall(text)]}
    used |= {slug for text in sources for slug in re.findall(r'"(keras2-[a-z-]+)"', text)}
    explained = re.findall(r"^- `([a-z0-9-]+)`: ", (ROOT / "docs" / "convert.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(explained) == len(set(explained))
    assert used - set(explained) == set()


def test_no_refusal_comes_without_an_id():
    for path in [*(ROOT / "kbridge" / "convert").rglob("*.py"), *(ROOT / "kbridge" / "formats").rglob("*.py")]:
        if path.name != "problems.py":
            assert "raise Unsupported(" not in path.read_text(encoding="utf-8"), path
