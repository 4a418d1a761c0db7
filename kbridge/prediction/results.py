"""Predictions written as they come: a table for people, CSV, JSON lines, ``.npy``.

A file that a stopped run left goes on with ``resume``: what it holds whole is kept, a torn last line is cut off.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..errors import UsageError
from .labels import probabilities, top
from .signature import Tensor, shown

#: values of a sample beyond which a line of text is of no use
MOST_CELLS = 1000


class Results:
    """Where predictions go. ``done`` counts what a file held already."""

    done = 0

    def write(self, name: str, values: Sequence[np.ndarray]) -> None:
        """One sample's outputs."""
        raise NotImplementedError

    def failed(self, name: str, problem: str) -> None:
        """A sample that could not be predicted."""
        raise NotImplementedError

    def flush(self) -> None:
        """Send all that was written on its way to the disk."""

    def close(self) -> None:
        """The end."""


class Table(Results):
    """Lines for a person: the likeliest classes, or the values."""

    def __init__(self, outputs: list[Tensor], labels: list[str] | None, classes: bool, count: int, width: int, apart: bool = False):
        self.outputs, self.labels, self.classes, self.count, self.width, self.apart = outputs, labels, classes, count, width, apart

    def write(self, name, values):
        parts = [self._told(output, value) for output, value in zip(self.outputs, values)]
        if len(parts) > 1:
            parts = [f"{output.name}: {part}" for output, part in zip(self.outputs, parts)]
        print(f"{_shortened(name, self.width):<{self.width}}  {'   '.join(parts)}")

    def failed(self, name, problem):
        print(f"{_shortened(name, self.width):<{self.width}}  not predicted: {problem}")

    def flush(self):
        sys.stdout.flush()

    def _told(self, output: Tensor, values: np.ndarray) -> str:
        if values.ndim == 1 and self.classes and (len(values) > 1 or probabilities(values)):
            if not probabilities(values, self.apart):
                return "  ".join(f"{label} {value:.6g}" for label, value in top(values, self.labels, self.count))
            return "  ".join(f"{label} {probability:6.1%}" for label, probability in top(values, self.labels, self.count))
        if values.size <= 8:
            return " ".join(f"{v:.6g}" for v in values.ravel())
        return f"array {shown(values.shape)} from {values.min():.6g} to {values.max():.6g}, mean {values.mean():.6g}"


class _File(Results):
    """A file that grows, or standard output."""

    def __init__(self, path: Path | None, resume: bool):
        self.path = path
        if path is None:
            self.file: BinaryIO = sys.stdout.buffer
            return
        exists = resume and path.exists() and path.stat().st_size > 0
        self.file = open(path, "r+b" if exists else "wb")  # noqa: SIM115 -- closed by close()
        if exists:
            self._go_on()

    def _go_on(self) -> None:
        raise NotImplementedError

    def flush(self):
        self.file.flush()

    def close(self):
        self.file.flush()
        if self.path is not None:
            self.file.close()


class JsonLines(_File):
    """An object a line: ``item``, ``output`` (or ``outputs`` by name), the likeliest classes as ``top``; ``error`` where there is none."""

    def __init__(self, path, resume, outputs, labels, classes, count):
        self.outputs, self.labels, self.classes, self.count = outputs, labels, classes, count
        super().__init__(path, resume)

    def write(self, name, values):
        if len(values) == 1:
            found: dict[str, Any] = {"item": name, "output": _plain(values[0])}
        else:
            found = {"item": name, "outputs": {output.name: _plain(v) for output, v in zip(self.outputs, values)}}
        if self.classes and values[0].ndim == 1:
            found["top"] = [{"label": label, "probability": _number(p)} for label, p in top(values[0], self.labels, self.count)]
        self._line(found)

    def failed(self, name, problem):
        self._line({"item": name, "error": problem})

    def _line(self, found: dict) -> None:
        self.file.write(json.dumps(found, ensure_ascii=False).encode() + b"\n")

    def _go_on(self):
        self.done = _whole_lines(self.file)


class Csv(_File):
    """A line a sample: its name, the likeliest class, every value; ``error`` says why there are none."""

    def __init__(self, path, resume, outputs, labels, classes):
        self.outputs, self.labels, self.classes = outputs, labels, classes
        cells = sum(int(np.prod([n or 0 for n in output.shape])) for output in outputs)
        if any(None in output.shape for output in outputs) or cells > MOST_CELLS:
            raise UsageError(
                f"The outputs {', '.join(map(str, outputs))} can't be written as CSV: a line would have no fixed length, or over "
                f"{MOST_CELLS} values. Use .npy or .jsonl."
            )
        super().__init__(path, resume)
        if not self.done:
            self._row(self.header())

    def header(self) -> list[str]:
        """The names of the columns."""
        named = ["class", "probability"] if self.classes else []
        return ["item", *named, *(cell for output in self.outputs for cell in self._columns(output)), "error"]

    def _columns(self, output: Tensor) -> list[str]:
        size = int(np.prod([n or 0 for n in output.shape]))
        if self.labels and output.shape == (len(self.labels),):
            return self.labels
        return [output.name] if size == 1 else [f"{output.name}[{i}]" for i in range(size)]

    def write(self, name, values):
        best = [str(part) for part in top(values[0], self.labels, 1)[0]] if self.classes else []
        self._row([name, *best, *(_text(v) for value in values for v in value.ravel()), ""])

    def failed(self, name, problem):
        self._row([name, *[""] * (len(self.header()) - 2), problem])

    def _row(self, cells: list[str]) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow([c.replace("\n", " ").replace("\r", " ") for c in cells])
        self.file.write(text.getvalue().encode())

    def _go_on(self):
        lines = _whole_lines(self.file)
        self.file.seek(0)
        first = next(csv.reader(io.StringIO(self.file.readline().decode("utf-8", "replace"))), [])
        self.file.seek(0, io.SEEK_END)
        if lines and first != self.header():
            raise UsageError(f"Can't continue {str(self.path)!r}: it has other columns than the results of this model.")
        self.done = max(lines - 1, 0)


class Npy(_File):
    """One array of all samples; rows of NaN stand for those that could not be predicted."""

    def __init__(self, path, resume, outputs):
        if path is None:
            raise UsageError("Results as .npy need a file: -o FILE.npy.")
        if len(outputs) > 1:
            raise UsageError(f"The model has {len(outputs)} outputs, but an .npy file holds only one array. Use .jsonl or .csv.")
        if None in outputs[0].shape:
            raise UsageError(
                f"The length of the output {outputs[0]} differs from sample to sample, so an .npy file can't hold it. Use .jsonl."
            )
        self.shape, self.dtype = outputs[0].shape, np.dtype(outputs[0].dtype)
        super().__init__(path, resume)
        self._header()

    def write(self, name, values):
        self.file.write(np.ascontiguousarray(values[0], self.dtype).tobytes())
        self.done += 1

    def failed(self, name, problem):
        filler = np.nan if self.dtype.kind == "f" else 0
        self.file.write(np.full(self.shape, filler, self.dtype).tobytes())
        self.done += 1

    def flush(self):
        # the header's room doesn't depend on the number of rows, so that it can be written again
        place = self.file.tell()
        self._header()
        self.file.seek(place)
        self.file.flush()

    def close(self):
        self.flush()
        super().close()

    def _header(self) -> None:
        self.file.seek(0)
        shape = (self.done, *self.shape)
        np.lib.format.write_array_header_1_0(self.file, {"descr": self.dtype.str, "fortran_order": False, "shape": shape})
        self.file.seek(0, io.SEEK_END)

    def _go_on(self):
        try:
            np.lib.format.read_magic(self.file)
            shape, _, dtype = np.lib.format.read_array_header_1_0(self.file)
        except ValueError as error:
            raise UsageError(f"Can't continue {str(self.path)!r}: it isn't a complete .npy file ({error}).") from None
        if shape[1:] != self.shape or dtype != self.dtype:
            raise UsageError(
                f"Can't continue {str(self.path)!r}: it holds {dtype} {shape}, but this model returns {self.dtype} {self.shape}."
            )
        start, row = self.file.tell(), int(np.prod(self.shape)) * self.dtype.itemsize
        self.file.seek(0, io.SEEK_END)
        # rows that were written after the header's last count are whole if all their bytes are there
        self.done = (self.file.tell() - start) // row
        self.file.truncate(start + self.done * row)


def _whole_lines(file: BinaryIO) -> int:
    """How many whole lines a file has; what is behind the last is cut off, and the file stands at its end."""
    lines, end, place = 0, 0, 0
    for block in iter(lambda: file.read(2**20), b""):
        lines += block.count(b"\n")
        last = block.rfind(b"\n")
        end = place + last + 1 if last >= 0 else end
        place += len(block)
    file.truncate(end)
    file.seek(end)
    return lines


def _shortened(name: str, width: int) -> str:
    return name if len(name) <= width else "..." + name[len(name) - width + 3 :]


def _number(value: Any) -> float | None:
    """A number of JSON; it has no NaN and no infinity."""
    return float(str(value)) if np.isfinite(value) else None


def _plain(values: np.ndarray) -> Any:
    if values.ndim:
        return [_plain(v) for v in values]
    return _number(values) if values.dtype.kind == "f" else values.item()


def _text(value: Any) -> str:
    """The shortest digits that give the number of this dtype back."""
    return str(value)
