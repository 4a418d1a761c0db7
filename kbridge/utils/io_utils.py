"""Reading arrays from HDF5 files piece by piece, saving one array, and asking before a file is overwritten."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np


class HDF5Matrix:
    """A dataset of an HDF5 file that can be used like an array in ``fit``, ``evaluate`` and ``predict``.

    Only the rows that are asked for are read. It needs ``shuffle='batch'`` (or False) in ``fit``: rows can't be fetched in any order at good
    speed, though indices work.

    Args:
        datapath: the file.
        dataset: the name of the dataset.
        start: the first row.
        end: the row behind the last one; None for the end.
        normalizer: a function that is applied to each array of rows that is read; None for none.

    Raises:
        KeyError: there is no such dataset.
        ValueError: the dataset hasn't these rows.
    """

    #: Files that are open, by path: each is opened once in a process.
    refs: ClassVar[defaultdict[str, Any]] = defaultdict(lambda: None)

    def __init__(
        self,
        datapath: str,
        dataset: str,
        start: int = 0,
        end: int | None = None,
        normalizer: Callable[[np.ndarray], np.ndarray] | None = None,
    ):
        self._open(datapath, dataset)
        length = self.data.shape[0]
        self.start = start
        self.end = length if end is None else end
        if not 0 <= self.start <= self.end <= length:
            raise ValueError(f"Rows {self.start} to {self.end} of {dataset!r} in {datapath!r} don't exist: it has {length} rows.")
        self.normalizer = normalizer

    def _open(self, datapath: str, dataset: str) -> None:
        import h5py

        file = self.refs[datapath]
        if not file:
            file = self.refs[datapath] = h5py.File(datapath, "r")
        if dataset not in file:
            raise KeyError(f"There is no data set {dataset!r} in {datapath!r}; it has {sorted(file)}.")
        self.datapath, self.dataset, self.data = datapath, dataset, file[dataset]

    def __getstate__(self):
        return {key: value for key, value in vars(self).items() if key != "data"}

    def __setstate__(self, state):
        vars(self).update(state)
        self._open(self.datapath, self.dataset)

    def __len__(self) -> int:
        return self.end - self.start

    def __getitem__(self, key):
        """Rows by number, slice, or sequence of numbers in any order (negative ones from the end)."""
        if isinstance(key, slice):
            first, last, step = key.indices(len(self))
            if step > 0:
                rows = self.data[first + self.start : max(first, last) + self.start : step]
            else:
                rows = self._rows(np.arange(first, last, step))
        elif isinstance(key, (int, np.integer)):
            rows = self.data[int(self._checked(np.asarray([key]))[0])]
        elif isinstance(key, tuple):
            first, *others = key
            inner = tuple(others) if isinstance(first, (int, np.integer)) else (slice(None), *others)
            return self[first][inner]
        else:
            key = np.asarray(key)
            rows = self._rows(np.flatnonzero(key) if key.dtype == bool else key)
        return rows if self.normalizer is None else self.normalizer(rows)

    def _rows(self, numbers: np.ndarray) -> np.ndarray:
        # HDF5 wants increasing numbers without repetition.
        unique, inverse = np.unique(self._checked(numbers), return_inverse=True)
        return self.data[unique][inverse.reshape(np.shape(numbers))]

    def _checked(self, numbers: np.ndarray) -> np.ndarray:
        numbers = np.asarray(numbers, dtype="int64")
        if numbers.size and not (-len(self) <= numbers.min() and numbers.max() < len(self)):
            raise IndexError(f"Rows {numbers.min()} to {numbers.max()} were asked for, but there are only {len(self)}.")
        return np.where(numbers < 0, numbers + self.end, numbers + self.start)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the selected part."""
        return (len(self), *self.data.shape[1:])

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.data.ndim

    @property
    def dtype(self) -> np.dtype:
        """The dtype of the dataset."""
        return self.data.dtype


def save_array(array, name: str) -> None:
    """Write ``array`` as the dataset 'data' of the HDF5 file ``name``, whole or not at all."""
    from ..saving.hdf5_layout import writing

    array = np.asarray(array)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"save_array stores only numbers, got an array of {array.dtype}.")
    with writing(name) as h5:
        h5.create_dataset("data", data=array)


def load_array(name: str) -> np.ndarray:
    """Return the array that ``save_array`` wrote to the file ``name``."""
    from ..saving.reading import open_file

    with open_file(name) as root:
        return root.array("data").read()


def ask_to_proceed_with_overwrite(filepath: str | os.PathLike) -> bool:
    """Ask on the terminal whether ``filepath`` may be overwritten, and return the answer.

    Raises:
        FileExistsError: nobody can answer.
    """
    question = f"[WARNING] {os.fspath(filepath)} already exists - overwrite? [y/n] "
    while True:
        try:
            answer = input(question).strip().lower()
        except EOFError:
            raise FileExistsError(
                f"{os.fspath(filepath)!r} exists, and there is no terminal on which to ask. Pass overwrite=True to replace it."
            ) from None
        if answer in ("y", "yes"):
            return True
        if answer in ("n", "no"):
            return False
        question = "Please answer y (overwrite) or n (keep the file): "
