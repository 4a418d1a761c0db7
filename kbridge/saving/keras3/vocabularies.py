"""Reads what layers have learned by ``adapt``: an archive holds vocabularies as texts beside its config, one token a line, and arrays among the weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..adapted import needs_boundaries, with_boundaries, with_factors
from ..errors import ModelFileError
from ..limits import MAX_TEXT, MAX_VALUES
from ..reading import Group
from .archive import Archive
from .arrays import numbered
from .masks import is_operation
from .paths import nodes_of_config, places

#: classes whose tokens may lie in a file of the archive, with what a token is
_TOKENS = {"StringLookup": str, "TextVectorization": str, "IntegerLookup": int}


class _Left:
    """How much the vocabularies of one archive may still hold together."""

    def __init__(self) -> None:
        self.size, self.tokens = MAX_TEXT, MAX_VALUES

    def spend(self, archive: Archive, path: str, content: bytes) -> None:
        """ModelFileError where ``content`` is too much."""
        self.size -= len(content)
        self.tokens -= content.count(b"\n") + 1
        if self.size < 0 or self.tokens < 0:
            raise archive.error(f"{path}: the vocabularies hold more than {MAX_VALUES} tokens or {MAX_TEXT} bytes together.")


def with_vocabularies(config: Any, archive: Archive, weights: Group, prefix: str = "", depth: int = 0, left: _Left | None = None) -> Any:
    """A model's config with what the archive holds for its layers besides: vocabularies as texts, factors and summaries among the ``weights``.

    ModelFileError names the file that can't be read.
    """
    inner = config.get("config") if isinstance(config, Mapping) else None
    layers = inner.get("layers") if isinstance(inner, Mapping) else None
    if not isinstance(layers, list) or depth > 20:
        return config
    left = left or _Left()
    names = iter(places(nodes_of_config(config)))
    found = []
    for entry in layers:
        if isinstance(entry, Mapping) and not is_operation(entry):
            path = f"{prefix}{next(names)}"
            entry = with_vocabularies(entry, archive, weights, f"{path}/", depth + 1, left)
            entry = _with_arrays(_with_tokens(entry, archive, f"assets/{path}/vocabulary.txt", left), weights, path)
        found.append(entry)
    return {**config, "config": {**(inner or {}), "layers": found}}


def _with_tokens(entry: Any, archive: Archive, path: str, left: _Left) -> Any:
    kind, options = _TOKENS.get(str(entry.get("class_name"))), entry.get("config")
    if kind is None or not isinstance(options, Mapping) or options.get("vocabulary") or path not in archive:
        return entry
    content = archive.content(path, max(left.size, 0))
    left.spend(archive, path, content)
    try:
        tokens = [kind(line) for line in content.decode("utf8").split("\n")]
    except ValueError as error:
        raise ModelFileError(f"{path}: kbridge can't read its tokens ({error}).") from None
    return {**entry, "config": {**options, "vocabulary": tokens}}


def _with_arrays(entry: Any, weights: Group, path: str) -> Any:
    options = entry.get("config")
    if needs_boundaries(entry):
        return with_boundaries(entry, numbered(weights.group(path))) if path in weights else entry
    if entry.get("class_name") in _TOKENS and isinstance(options, Mapping) and options.get("output_mode") == "tf_idf":
        place = f"{path}/vars/idf_weights"
        return with_factors(entry, weights.array(place)) if place in weights else entry
    return entry
