"""Tells by its content what a file of data holds, and how it is opened. Nothing of it is ever unpickled or run."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UsageError


def kind_of(head: bytes) -> str | None:
    """Return the kind that a file's first bytes tell: npy, npz, picture, json, text, or None."""
    if head.startswith(b"\x93NUMPY"):
        return "npy"
    if head.startswith(b"PK\x03\x04"):
        return "npz"
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"P4", b"P5", b"P6")) or (
        head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    ):
        return "picture"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] in (b"[", b"{"):
        return "json"
    return None if b"\0" in head else "text"


def load(content: Path | bytes, name: str) -> np.ndarray:
    """The array of a ``.npy`` file; that of a path is mapped, not read. UsageError names the file if it can't be read."""
    try:
        if isinstance(content, bytes):
            return np.load(io.BytesIO(content), allow_pickle=False)
        return np.load(content, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise UsageError(f"Can't read {name} as .npy: {error}") from None


def lines(content: Path | bytes) -> io.TextIOWrapper:
    """The text of a file, to be read line by line; what is no UTF-8 is replaced."""
    raw = io.BytesIO(content) if isinstance(content, bytes) else open(content, "rb")
    return io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline="")


def separator_of(rows: list[str]) -> str:
    """The character between cells: the one of comma, semicolon, tab and blank that most lines have equally often."""
    for character in ("\t", ";", ",", " "):
        counts = {line.strip().count(character) for line in rows if line.strip()}
        if 0 not in counts and len(counts) == 1:
            return character
    return ","


def is_number(cell: str) -> bool:
    """Whether a cell of a table is a number."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


def depth(found: Any) -> int:
    """How many lists are inside each other, by the first entries."""
    levels = 0
    while isinstance(found, list):
        levels += 1
        if not found:
            break
        found = found[0]
    return levels
