"""Items to predict, one by one, from files: arrays, tables, JSON, pictures, folders of pictures, standard input.

What a file holds is told by its content. Nothing is read before it is asked for, so that data may be larger than
memory: ``.npy`` files are mapped, tables and JSON lines are read line by line.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UsageError
from .contents import depth, is_number, kind_of, lines, load, separator_of
from .pictures import SUFFIXES, Fitting, picture
from .signature import Tensor, renamed

#: bytes of a JSON document, which is read as a whole
MOST_JSON = 2**28


@dataclass
class Item:
    """One sample, or why there is none.

    Attributes:
        name: what results call it: a file's name, or a file's name and a row.
        values: input's name -> array of the input's shape.
        problem: what is wrong with it; then ``values`` is empty.
        path: the file of a picture.
    """

    name: str
    values: dict[str, np.ndarray] = field(default_factory=dict)
    problem: str | None = None
    path: Path | None = None


@dataclass
class Source:
    """Items in their order. ``count``: how many, where that is known before they are read."""

    items: Callable[[], Iterator[Item]]
    count: int | None = None
    pictures: bool = False

    def __iter__(self) -> Iterator[Item]:
        return self.items()


def source(arguments: list[str], inputs: list[Tensor], fitting: Fitting, columns: list[str] | None = None) -> Source:
    """The items of the command's arguments.

    Args:
        arguments: paths, '-' for standard input, or ``NAME=PATH`` for each input of a model with several.
        inputs: the model's.
        fitting: how pictures get the model's size.
        columns: names of a table's columns that are the model's input, in order.

    Raises:
        UsageError: a file that isn't there, a name that the model hasn't, an input without a file.
    """
    reader = Reader(inputs, fitting, columns)
    named = _named(arguments, inputs)
    if named is None:
        return joined([reader.read(argument) for argument in arguments])
    missing = [tensor.name for tensor in inputs if tensor.name not in named]
    if missing:
        raise UsageError(f"There is no file for the input {', '.join(map(repr, missing))}. Give NAME=FILE for each of {_list(inputs)}.")
    parts = {tensor.name: Reader([tensor], fitting, columns).read(named[tensor.name]) for tensor in inputs}
    return zipped(parts)


class Reader:
    """Reads one argument as samples of ``inputs``."""

    def __init__(self, inputs: list[Tensor], fitting: Fitting, columns: list[str] | None):
        self.inputs, self.fitting, self.columns = inputs, fitting, columns
        self.by_name = {tensor.name: tensor for tensor in inputs}

    def read(self, argument: str) -> Source:
        """The items of a file, a folder or standard input."""
        if argument == "-":
            content = sys.stdin.buffer.read(MOST_JSON + 1)
            if len(content) > MOST_JSON:
                raise UsageError(f"Standard input has more than {MOST_JSON:,} bytes. Use a file.")
            return self._open(content, "stdin")
        path = Path(argument)
        if path.is_dir():
            return self._folder(path)
        if not path.exists():
            raise UsageError(f"There is no file {argument!r}.")
        return self._open(path, argument)

    def _open(self, content: Path | bytes, name: str) -> Source:
        with io.BytesIO(content) if isinstance(content, bytes) else open(content, "rb") as file:
            head = file.read(4096)
        if not head:
            raise UsageError(f"{name} is empty.")
        kind = kind_of(head)
        if kind == "npy":
            return self._array(load(content, name), name)
        if kind == "npz":
            return self._arrays(content, name)
        if kind == "picture":
            return Source(lambda: iter([self._picture(content, name)]), 1, pictures=True)
        if kind == "json":
            return self._json(content, name)
        if kind == "text":
            return self._table(content, name)
        raise UsageError(f"{name} holds neither a picture nor .npy, .npz, CSV or JSON.")

    def _one(self, name: str) -> Tensor:
        """The model's only input."""
        if len(self.inputs) > 1:
            raise UsageError(
                f"{name}: the model has {len(self.inputs)} inputs, {_list(self.inputs)}. Give NAME=FILE for each, or a .npz or "
                "JSON file with their names."
            )
        return self.inputs[0]

    # ------------------------------------------------------------------ pictures

    def _folder(self, folder: Path) -> Source:
        files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
        if not files:
            raise UsageError(f"There are no pictures ({', '.join(SUFFIXES)}) in {str(folder)!r}.")
        return Source(lambda: (self._picture(path, str(path)) for path in files), len(files), pictures=True)

    def _picture(self, content: Path | bytes, name: str) -> Item:
        tensor = self._one(name)
        path = content if isinstance(content, Path) else None
        try:
            return Item(name, {tensor.name: picture(content, tensor, self.fitting)}, path=path)
        except (OSError, ValueError) as error:
            return Item(name, problem=str(error), path=path)

    # ------------------------------------------------------------------ arrays

    def _array(self, array: np.ndarray, name: str) -> Source:
        tensor = self._one(name)
        if tensor.fits(array.shape):
            array, names = array[None], lambda i: name
        else:
            names = lambda i: f"{name}[{i}]"  # noqa: E731
        if array.ndim < 1:
            raise UsageError(f"{name}: the input {tensor} takes arrays, got a single number.")
        if len(array):
            # all rows have one shape and dtype: if the first doesn't fit, none does
            tensor.checked(array[0], name)
        return Source(lambda: (self._sample(array[i], names(i), tensor) for i in range(len(array))), len(array))

    def _sample(self, values: Any, name: str, tensor: Tensor) -> Item:
        try:
            return Item(name, {tensor.name: tensor.checked(values, name)})
        except UsageError as error:
            return Item(name, problem=_without(str(error), name))

    def _arrays(self, content: Path | bytes, name: str) -> Source:
        try:
            with np.load(io.BytesIO(content) if isinstance(content, bytes) else content, allow_pickle=False) as file:
                arrays = {key: file[key] for key in file.files}
        except (ValueError, OSError, EOFError, zipfile.BadZipFile, KeyError) as error:
            raise UsageError(f"Can't read {name} as .npz: {error}") from None
        if len(self.inputs) == 1 and len(arrays) == 1:
            return self._array(next(iter(arrays.values())), name)
        arrays = renamed(arrays, self.inputs)
        absent = [n for n in self.by_name if n not in arrays]
        if absent:
            raise UsageError(f"{name} has the arrays {', '.join(arrays) or 'none'}, but the model takes {_list(self.inputs)}.")
        parts = {n: Reader([t], self.fitting, None)._array(arrays[n], f"{name}:{n}") for n, t in self.by_name.items()}
        return zipped(parts, name)

    # ------------------------------------------------------------------ JSON

    def _json(self, content: Path | bytes, name: str) -> Source:
        if isinstance(content, Path) and content.stat().st_size > MOST_JSON:
            return self._json_lines(content, name)
        text = content if isinstance(content, bytes) else content.read_bytes()
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as error:
            if b"\n" in text.strip():
                return self._json_lines(content, name)
            raise UsageError(f"Can't read {name} as JSON: {error}") from None
        return self._instances(found, name)

    def _json_lines(self, content: Path | bytes, name: str) -> Source:
        def items() -> Iterator[Item]:
            with lines(content) as file:
                for number, line in enumerate(file, 1):
                    if not line.strip():
                        continue
                    try:
                        found = json.loads(line)
                    except (ValueError, RecursionError) as error:
                        yield Item(f"{name}[{number}]", problem=f"no JSON: {error}")
                        continue
                    yield self._instance(found, f"{name}[{number}]")

        return Source(items)

    def _instances(self, found: Any, name: str) -> Source:
        if isinstance(found, dict) and ("instances" in found or "inputs" in found):
            found = found["instances"] if "instances" in found else found["inputs"]
        if isinstance(found, dict):
            found = renamed(found, self.inputs)
            depths = {n: depth(found[n]) - len(t.shape) for n, t in self.by_name.items() if n in found}
            if depths and set(depths.values()) == {1} and len(depths) == len(self.inputs):
                parts = {n: Reader([t], self.fitting, None)._instances(found[n], f"{name}:{n}") for n, t in self.by_name.items()}
                return zipped(parts, name)
            return Source(lambda: iter([self._instance(found, name)]), 1)
        if not isinstance(found, list):
            raise UsageError(f"{name}: the JSON should be a list of samples or an object with the inputs' names, got {found!r:.40}.")
        if len(self.inputs) == 1 and depth(found) == len(self.inputs[0].shape) and not any(isinstance(x, dict) for x in found):
            return Source(lambda: iter([self._instance(found, name)]), 1)
        return Source(lambda: (self._instance(x, f"{name}[{i}]") for i, x in enumerate(found)), len(found))

    def _instance(self, found: Any, name: str) -> Item:
        if len(self.inputs) == 1 and not isinstance(found, dict):
            return self._sample(found, name, self.inputs[0])
        if not isinstance(found, dict):
            return Item(name, problem=f"an object with the inputs' names was expected, {_list(self.inputs)}")
        found = renamed(found, self.inputs)
        if set(found) != set(self.by_name):
            return Item(name, problem=f"it names {', '.join(map(str, found)) or 'no inputs'}, but the model takes {_list(self.inputs)}")
        values = {}
        for key, tensor in self.by_name.items():
            try:
                values[key] = tensor.checked(found[key], name)
            except UsageError as error:
                return Item(name, problem=_without(str(error), name))
        return Item(name, values)

    # ------------------------------------------------------------------ tables

    def _table(self, content: Path | bytes, name: str) -> Source:
        tensor = self._one(name)
        with lines(content) as file:
            start = list(itertools.islice(file, 20))
        separator = separator_of(start)
        rows = csv.reader(start, delimiter=separator)
        first = next((row for row in rows if row), [])
        header = [cell.strip() for cell in first] if not any(is_number(cell) for cell in first) else None
        if self.columns and header is None:
            raise UsageError(f"{name}: --columns needs names of columns, but the first line of the table doesn't hold names.")
        chosen = _chosen(self.columns, header, name) if self.columns else None

        def items() -> Iterator[Item]:
            with lines(content) as file:
                number, left = 0, header is not None
                for row in csv.reader(file, delimiter=separator):
                    if not row:
                        continue
                    if left:
                        left = False
                        continue
                    number += 1
                    yield self._row(row, f"{name}[{number}]", tensor, chosen)

        return Source(items)

    def _row(self, row: list[str], name: str, tensor: Tensor, chosen: list[int] | None) -> Item:
        wanted = None if None in tensor.shape else math.prod(n or 0 for n in tensor.shape)
        if chosen is not None:
            if 0 not in chosen and not is_number(row[0]):
                name = f"{name} {row[0].strip()}"
            if max(chosen) >= len(row):
                return Item(
                    name, problem=f"it has {len(row)} cells, fewer than the table has columns: at least {max(chosen) + 1} were expected"
                )
            cells = [row[i] for i in chosen]
        else:
            cells = row
            # a cell in front of the numbers, which is none, names the row
            if len(cells) > 1 and wanted in (None, len(cells) - 1) and not is_number(cells[0]):
                name, cells = f"{name} {cells[0].strip()}", cells[1:]
        try:
            values = [float(cell) for cell in cells]
        except ValueError:
            wrong = next(cell for cell in cells if not is_number(cell))
            short = ""
            if chosen is None and wanted is not None and wrong is cells[0] and len(row) != wanted:
                short = f", and the row has {len(row)} cells: {wanted} were expected, or {wanted + 1} if the first one is a name"
            point = wrong.strip().replace(",", ".")
            if not short and wrong.count(",") == 1 and is_number(point):
                short = f": decimals are written with a point here, {point} say"
            return Item(name, problem=f"{wrong.strip()!r} isn't a number{short}")
        return self._sample(values, name, tensor)


# ---------------------------------------------------------------------- putting sources together


def joined(sources: list[Source]) -> Source:
    """One source after the other."""
    counts = [s.count for s in sources]
    count = None if None in counts else sum(c for c in counts if c is not None)
    return Source(lambda: itertools.chain.from_iterable(sources), count, pictures=any(s.pictures for s in sources))


def zipped(parts: dict[str, Source], name: str | None = None) -> Source:
    """Sources of single inputs side by side: item i of all is item i. Items are named after the first input's, or ``name[i]``."""
    counts = {n: s.count for n, s in parts.items() if s.count is not None}
    if len(set(counts.values())) > 1:
        found = ", ".join(f"{n!r} {c}" for n, c in counts.items())
        raise UsageError(f"The inputs have different numbers of samples: {found}.")

    def items() -> Iterator[Item]:
        for number, group in enumerate(itertools.zip_longest(*parts.values())):
            if None in group:
                short = [n for n, item in zip(parts, group) if item is None]
                raise UsageError(f"The input {', '.join(map(repr, short))} ends after {number} samples, but the others have more.")
            label = group[0].name if name is None else f"{name}[{number}]"
            problems = [f"{n}: {item.problem}" for n, item in zip(parts, group) if item.problem]
            if problems:
                yield Item(label, problem="; ".join(problems))
            else:
                yield Item(label, {n: item.values[n] for n, item in zip(parts, group)}, path=group[0].path)

    count = next(iter(counts.values()), None)
    return Source(items, count, pictures=any(s.pictures for s in parts.values()))


def _named(arguments: list[str], inputs: list[Tensor]) -> dict[str, str] | None:
    """NAME=PATH for each argument, None if none has a name. A file whose own name has a '=' is a path."""
    known = {tensor.name for tensor in inputs}
    owns = {tensor.own: tensor.name for tensor in inputs if tensor.own and tensor.own not in known}
    pairs = [(owns.get(name, name), sign, path) for name, sign, path in (argument.partition("=") for argument in arguments)]
    if not any(sign and (name in known or not Path(argument).exists()) for argument, (name, sign, _) in zip(arguments, pairs)):
        return None
    found: dict[str, str] = {}
    for argument, (name, sign, path) in zip(arguments, pairs):
        if not sign or name not in known:
            raise UsageError(f"{argument!r} names no input: the model's inputs are {_list(inputs)}. Give NAME=FILE for each.")
        if name in found:
            raise UsageError(f"Input {name!r} has two files, {found[name]!r} and {path!r}.")
        found[name] = path
    return found


def _chosen(columns: list[str], header: list[str] | None, name: str) -> list[int]:
    absent = [column for column in columns if column not in (header or [])]
    if absent:
        raise UsageError(f"{name} has no column {', '.join(map(repr, absent))}; it has {', '.join(header or [])}.")
    return [(header or []).index(column) for column in columns]


def _list(inputs: list[Tensor]) -> str:
    return ", ".join(map(str, inputs))


def _without(message: str, name: str) -> str:
    return message.removeprefix(f"{name}: ")
