"""Data that are read by rows from where they lie: arrays, .npy files, HDF5 files, folders of parts. Nothing is read as a whole."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np


def opened(source: Any, what: str = "source") -> Any:
    """Return an object that gives rows of ``source`` by slice, and has a shape and a dtype.

    Args:
        source: an array or anything that is read like one; the path of a ``.npy`` file; ``"FILE.h5:NAME"``, a data set of an
            HDF5 file; or a folder of ``.npy`` files, whose rows follow each other in the order of their names.
        what: how messages call it.

    Raises:
        ValueError: for something else, or parts that don't fit.
        FileNotFoundError: where there is no such file.
    """
    if not isinstance(source, (str, os.PathLike)):
        if not (hasattr(source, "shape") and hasattr(source, "__getitem__")):
            raise ValueError(f"The {what} must be an array, a path or 'FILE.h5:NAME', got {type(source).__name__}.")
        return source
    text = os.fspath(source)
    if os.path.isdir(text):
        return Parts(Path(text), what)
    if text.endswith(".npy"):
        return _memory_map(text, what)
    file, colon, name = text.rpartition(":")
    if colon and file.endswith((".h5", ".hdf5")):
        return _data_set(file, name, what)
    raise ValueError(f"The {what} {text!r} is neither a .npy file, a folder of such files, nor a data set 'FILE.h5:NAME'.")


def _memory_map(path: str, what: str) -> np.ndarray:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        raise ValueError(f"The {what} {path!r} isn't an array of numbers: {error}.") from None


def _data_set(file: str, name: str, what: str) -> Any:
    import h5py

    found = h5py.File(file, "r").get(name)
    if not isinstance(found, h5py.Dataset):
        raise ValueError(f"The {what} {file!r} has no data set {name!r}.")
    return found


class Parts:
    """The rows of the ``.npy`` files of a folder, one file after the other."""

    def __init__(self, folder: Path, what: str):
        paths = sorted(folder.glob("*.npy"))
        if not paths:
            raise ValueError(f"The {what} {str(folder)!r} holds no .npy files.")
        self._arrays = [_memory_map(str(path), what) for path in paths]
        first = self._arrays[0]
        for path, array in zip(paths, self._arrays, strict=True):
            if array.shape[1:] != first.shape[1:] or array.dtype != first.dtype:
                raise ValueError(
                    f"All .npy files in a folder must fit together: {what} {str(path)!r} has rows of shape {array.shape[1:]} and "
                    f"dtype {array.dtype}, but {paths[0].name!r} has {first.shape[1:]} and {first.dtype}."
                )
        self._ends = np.cumsum([len(array) for array in self._arrays])
        self.shape = (int(self._ends[-1]), *first.shape[1:])
        self.dtype = first.dtype

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice) -> np.ndarray:
        start, stop, step = rows.indices(len(self))
        if step != 1:
            raise ValueError(f"Slices of the source must have step 1, got {rows}.")
        found = []
        for end, array in zip(self._ends, self._arrays, strict=True):
            first = int(end) - len(array)
            if start < end and stop > first:
                found.append(array[max(start - first, 0) : stop - first])
        return found[0] if len(found) == 1 else np.concatenate(found) if found else self._arrays[0][:0]
