"""Weights in several files: NAME.weights.json lists NAME_00000.weights.h5 and so on, each with a part of the layers."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..errors import ModelFileError
from ..hdf5_names import absolute
from ..limits import MAX_TEXT
from ..reading import Group, StoredArray, open_file
from ..texts import parse_json

_MAX_SHARDS = 1000


def shards_listed(path: str) -> list[str] | None:
    """The files that the JSON file ``path`` lists as holding weights, beside it; None for JSON of another kind."""
    with open(path, "rb") as file:
        found = parse_json(file.read(MAX_TEXT + 1), repr(path))
    listed = found.get("weight_map") if isinstance(found, Mapping) else None
    if not isinstance(listed, Mapping):
        return None
    names: dict[str, None] = {}
    for value in listed.values():
        for name in value if isinstance(value, list) else [value]:
            if not isinstance(name, str) or name != os.path.basename(name) or name in ("", ".", "..") or "\\" in name or ":" in name:
                raise ModelFileError(f"{path!r}: it should name files of weights beside it, got {name!r:.100}.")
            names[name] = None
    if len(names) > _MAX_SHARDS:
        raise ModelFileError(f"{path!r}: it names {len(names)} files; the limit is {_MAX_SHARDS}.")
    return [os.path.join(os.path.dirname(path), name) for name in names]


@contextlib.contextmanager
def open_shards(path: str, files: Sequence[str]) -> Iterator[Any]:
    """The weights in ``files`` as if they were those of one file; errors about the whole name ``path``."""
    with contextlib.ExitStack() as stack:
        yield Several(path, "/", [stack.enter_context(open_file(file)) for file in files])


class Several:
    """Groups of several files that lie at the same place, as one ``Group``."""

    def __init__(self, path: str, where: str, groups: Sequence[Group]):
        self.path, self.where, self._groups = path, where, groups

    def error(self, message: str) -> ModelFileError:
        """An error about this group."""
        return ModelFileError(f"{self.path!r}, group {self.where}: {message}")

    def __contains__(self, name: str) -> bool:
        return any(name in group for group in self._groups)

    def keys(self) -> list[str]:
        """The names of the members of all."""
        return sorted({name for group in self._groups for name in group.keys()})

    def is_group(self, name: str) -> bool:
        """Whether the member ``name`` is a group."""
        return any(group.is_group(name) for group in self._groups if name in group)

    def group(self, name: str) -> Several:
        """The group ``name`` below this one."""
        found = [group.group(name) for group in self._groups if name in group]
        if not found:
            raise self.error(f"the file {name!r} is missing.")
        return Several(self.path, absolute(self.where, name), found)

    def array(self, name: str) -> StoredArray:
        """The array ``name`` below this group."""
        for group in self._groups:
            if name in group:
                return group.array(name)
        raise self.error(f"the file {name!r} is missing.")

    def text(self, name: str) -> str | None:
        """A text attribute, that of the first file that has it."""
        return next((text for group in self._groups if (text := group.text(name)) is not None), None)
