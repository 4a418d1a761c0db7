"""The table of what ``kbridge run`` gives programs back, for docs/migrating.md: ``python -m kbridge.compat.table docs/migrating.md``."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from .additions import ADDITIONS
from .numpy_v1 import NAMES
from .removed_modules import TOLD

#: the lines of the page between which the table stands
BEGIN, END = "<!-- given by kbridge run -->", "<!-- end of the table -->"


def given() -> Iterator[tuple[str, tuple[str, ...], str]]:
    """(module, names, what they are now); without names the module itself is given."""
    yield "numpy", tuple(sorted(NAMES, key=str.lower)), "as in NumPy 1; a name that today's NumPy has stays as it is"
    for addition in ADDITIONS:
        yield addition.module, addition.names, addition.told
    for module, told in TOLD.items():
        yield module, (), told


def text() -> str:
    """The table as Markdown."""
    rows = ["| module | names | what programs get |", "|---|---|---|"]
    for module, names, told in given():
        listed = ", ".join(f"`{name}`" for name in names) or "(the module)"
        rows.append(f"| `{module}` | {listed} | {told} |")
    return "\n".join(rows)


def inserted(page: str) -> str:
    """``page`` with the table in its place."""
    pattern = re.compile(f"(?<={re.escape(BEGIN)}\n).*?(?={re.escape(END)})", re.S)
    if not pattern.search(page):
        raise ValueError(f"The page has no lines {BEGIN} and {END}.")
    return pattern.sub(lambda match: f"\n{text()}\n\n", page)


if __name__ == "__main__":
    file = Path(sys.argv[1])
    file.write_text(inserted(file.read_text(encoding="utf-8")), encoding="utf-8")
