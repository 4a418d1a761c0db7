"""Vocabularies of lookup layers, which an archive holds as texts beside its config: one token a line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import ModelFileError
from .archive import Archive
from .masks import is_operation
from .paths import nodes_of_config, places

#: classes whose tokens may lie in a file of the archive, with what a token is
_TOKENS = {"StringLookup": str, "TextVectorization": str, "IntegerLookup": int}


def with_vocabularies(config: Any, archive: Archive, prefix: str = "assets/", depth: int = 0) -> Any:
    """A model's config with the vocabularies that the archive holds for its layers.

    ModelFileError names the file that can't be read.
    """
    inner = config.get("config") if isinstance(config, Mapping) else None
    layers = inner.get("layers") if isinstance(inner, Mapping) else None
    if not isinstance(layers, list) or depth > 20:
        return config
    names = iter(places(nodes_of_config(config)))
    found = []
    for entry in layers:
        if isinstance(entry, Mapping) and not is_operation(entry):
            path = f"{prefix}{next(names)}"
            entry = _with_tokens(with_vocabularies(entry, archive, f"{path}/", depth + 1), archive, f"{path}/vocabulary.txt")
        found.append(entry)
    return {**config, "config": {**(inner or {}), "layers": found}}


def _with_tokens(entry: Any, archive: Archive, path: str) -> Any:
    kind, options = _TOKENS.get(str(entry.get("class_name"))), entry.get("config")
    if kind is None or not isinstance(options, Mapping) or options.get("vocabulary") or path not in archive:
        return entry
    try:
        tokens = [kind(line) for line in archive.content(path).decode("utf8").split("\n")]
    except ValueError as error:
        raise ModelFileError(f"{path}: kbridge can't read its tokens ({error}).") from None
    return {**entry, "config": {**options, "vocabulary": tokens}}
