"""An id that an error, a warning or a note cites stands in the page that it names, once."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("differences", "convert")
CITED = re.compile(rf"\[({'|'.join(PAGES)}): ([a-z0-9-]+)\]")
SOURCES = [p.read_text(encoding="utf-8") for p in sorted((ROOT / "kbridge").rglob("*.py"))]


@pytest.mark.parametrize("page", PAGES)
def test_the_ids_of_a_page_are_unique_and_all_that_is_cited_is_there(page):
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    ids = re.findall(r"^- `([a-z0-9-]+)`: ", text, re.MULTILINE)
    assert sorted(set(ids)) == sorted(ids)
    cited = {found[1] for source in SOURCES for found in CITED.findall(source) if found[0] == page}
    assert cited - set(ids) == set()


def test_a_citation_is_found_in_a_message():
    assert CITED.findall('f"... got {value}. [differences: label-range]"') == [("differences", "label-range")]
