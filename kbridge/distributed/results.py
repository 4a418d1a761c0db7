"""Predictions in a ``.npy`` file that many workers write, each its blocks, and that a killed run goes on with.

While it is written it is called ``NAME.npy.partial``; beside it lie a description of what it is made of, and a list of finished
blocks of each worker, to which lines are added. When all blocks are there, it gets its name.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from ..files.atomic import write_bytes

#: bytes of a line in the list of finished blocks: a line that was cut short by a kill doesn't count
LINE = 12


class Results:
    """The file ``path`` of ``rows`` predictions.

    Args:
        path: the file's name, in a folder that all workers see.
        description: what the predictions are made of; a file that was begun must have the same.
        rank: the number of this worker.
    """

    def __init__(self, path: str | os.PathLike, description: dict[str, Any], rank: int):
        self.path = Path(path)
        if self.path.suffix != ".npy":
            raise ValueError(f"out must name a .npy file, got {os.fspath(path)!r}.")
        self._partial = self.path.with_name(self.path.name + ".partial")
        self._told = self.path.with_name(self.path.name + ".partial.json")
        self._description = description
        self._rank = rank
        self._header = 0
        self._data: int | None = None
        self._list: int | None = None

    def begin(self, shape: tuple[int, ...], dtype: np.dtype) -> set[int]:
        """Called by worker 0: make the file, or go on with one that was begun. Returns the blocks that are there already.

        ValueError where one was begun for something else.
        """
        told = {**self._description, "shape": list(shape), "dtype": np.dtype(dtype).str}
        if self._told.exists() and self._partial.exists():
            before = json.loads(self._told.read_text())
            differing = [key for key in told if before.get(key) != told[key]]
            if differing:
                raise ValueError(
                    f"{self._partial} was started with another {differing[0]} ({before.get(differing[0])!r}, now "
                    f"{told[differing[0]]!r}). Remove it, or name another file."
                )
            return self._finished()
        self._clear()
        np.lib.format.open_memmap(self._partial, "w+", dtype, shape).flush()
        write_bytes(self._told, json.dumps(told).encode())
        return set()

    def _finished(self) -> set[int]:
        found = set()
        for path in self._lists():
            data = path.read_bytes()
            found |= {int(data[i : i + LINE]) for i in range(0, len(data) // LINE * LINE, LINE)}
        return found

    def _lists(self) -> list[Path]:
        return sorted(self.path.parent.glob(self.path.name + ".partial.done-*"))

    def write(self, block: int, start: int, values: np.ndarray) -> None:
        """Put ``values`` at the rows from ``start`` on, and note that the block is there."""
        if self._data is None:
            self._header = np.load(self._partial, mmap_mode="r").offset
            self._data = os.open(self._partial, os.O_WRONLY)
            name = f"{self._partial}.done-{self._rank}"
            self._list = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
            whole = os.path.getsize(name) // LINE * LINE
            os.truncate(name, whole)
        assert self._list is not None
        row = values[:1].nbytes
        data, at = np.ascontiguousarray(values).data.cast("B"), self._header + start * row
        while data:
            done = os.pwrite(self._data, data, at)
            data, at = data[done:], at + done
        # the rows are on the disk before they are called finished
        os.fsync(self._data)
        os.write(self._list, f"{block:>{LINE - 1}}\n".encode())

    def close(self) -> None:
        """Let go of the files."""
        for handle in (self._data, self._list):
            if handle is not None:
                os.close(handle)
        self._data = self._list = None

    def finish(self) -> None:
        """Called by worker 0 when all blocks are there: give the file its name."""
        os.replace(self._partial, self.path)
        self._clear()

    def _clear(self) -> None:
        for path in (self._told, self._partial, *self._lists()):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
