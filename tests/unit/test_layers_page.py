"""The page of layers is what the layers and their registrations say."""

from pathlib import Path

from kbridge.formats.document import markdown, public, summary

PAGE = Path(__file__).parents[2] / "docs" / "layers.md"


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == markdown(), "run: python -m kbridge.formats.document docs/layers.md"


def test_every_layer_has_a_sentence():
    assert [cls.__name__ for cls in public() if not summary(cls)] == []
