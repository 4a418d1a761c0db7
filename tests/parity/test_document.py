"""The reference page of K is what the op specs says."""

from __future__ import annotations

from pathlib import Path

from kbridge.conformance import TABLE
from kbridge.conformance.document import markdown

PAGE = Path(__file__).parents[2] / "docs" / "backend.md"


def test_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == markdown(), "run: python -m kbridge.conformance.document docs/backend.md"


def test_page_names_every_row():
    text = markdown()
    assert [name for name in TABLE if f"`{name}" not in text] == []
