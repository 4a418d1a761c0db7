"""How Keras 1.2.2 stores texts, names and arrays in HDF5, and the way later versions split long lists of names.

Texts are scalar variable-length ASCII strings, lists of names fixed-length byte arrays, an empty list
a float64 array of length 0, weights contiguous datasets.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..files.atomic import replacing
from ..files.streams import Writer

#: HDF5 keeps the attributes of an object in a header of 64 KB; later Keras versions split longer lists at this size.
MAX_ATTRIBUTE = 64512


@contextlib.contextmanager
def writing(path: str | os.PathLike | Writer) -> Iterator:
    """A new h5py file that replaces ``path`` once it is complete and on the disk. OSError if that fails, ``path`` as before."""
    import h5py

    with replacing(path) as temporary:
        h5 = h5py.File(temporary, "w")
        try:
            yield h5
        except BaseException:
            with contextlib.suppress(Exception):
                h5.close()
            raise
        try:
            h5.close()
        except Exception as error:
            raise OSError(
                f"Saving {path if isinstance(path, Writer) else os.fspath(path)!r} failed ({error}). If the file existed before, "
                "it is unchanged."
            ) from error


def write_text(group, name: str, text: str) -> None:
    """Store ``text`` (ASCII, as ``json.dumps`` gives it) as attribute ``name``."""
    import h5py

    group.attrs.create(name, text.encode("ascii"), shape=(), dtype=h5py.string_dtype("ascii"))


def write_names(group, name: str, names: Sequence[str]) -> None:
    """Store a list of names as attribute ``name``; one of over 64 KB as ``name0``, ``name1`` ..."""
    if not names:
        group.attrs[name] = np.zeros((0,), dtype="float64")
        return
    encoded = np.array([n.encode("utf8") for n in names])
    if encoded.itemsize > MAX_ATTRIBUTE:
        longest = max(names, key=len)
        raise ValueError(f"The name {longest[:60]!r}... has {len(longest)} characters, which is too long for an HDF5 attribute.")
    if encoded.nbytes <= MAX_ATTRIBUTE:
        group.attrs[name] = encoded
        return
    each = MAX_ATTRIBUTE // encoded.itemsize
    for part, start in enumerate(range(0, len(encoded), each)):
        group.attrs[f"{name}{part}"] = encoded[start : start + each]


def write_numbers(group, name: str, numbers: Sequence[int]) -> None:
    """Store whole numbers as the text of a list, which may be of any length."""
    write_text(group, name, json.dumps(list(numbers)))


@dataclass
class Known:
    """The arrays of a file that is being written: (shape, dtype, digest of the bytes) -> dataset. ``links``: whether the next ones that
    are there already are linked and not stored again."""

    arrays: dict[tuple, Any] = field(default_factory=dict)
    links: bool = False


_known: ContextVar[Known | None] = ContextVar("known", default=None)


@contextlib.contextmanager
def linking() -> Iterator[Known]:
    """Within the context it is remembered which arrays have been written into a file."""
    known = Known()
    token = _known.set(known)
    try:
        yield known
    finally:
        _known.reset(token)


def _identity(value: np.ndarray) -> tuple:
    value = np.ascontiguousarray(value)
    return (
        value.shape,
        value.dtype.str,
        hashlib.blake2b(value.view("uint8").data if value.size and value.ndim else value.tobytes()).digest(),
    )


def write_array(group, name: str, value: np.ndarray) -> None:
    """Store ``value`` as a contiguous dataset; '/' in ``name`` makes groups, as in Keras."""
    value = np.asarray(value)
    known = _known.get()
    if known is None or value.size < 2:
        group.create_dataset(name, data=value)
        return
    identity = _identity(value)
    if known.links and identity in known.arrays:
        group[name] = known.arrays[identity]
    else:
        known.arrays.setdefault(identity, group.create_dataset(name, data=value))
