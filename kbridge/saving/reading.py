"""Read HDF5 files that may be damaged or hostile: checked links, sizes and types, bounded work, one kind of error.

``open_file`` gives the root as a ``Group``. Nothing of h5py's own objects leaves this module.
"""

from __future__ import annotations

import contextlib
import math
import os
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..files.streams import content_of
from .errors import ModelFileError
from .hdf5_chunks import BadChunks, Chunks
from .hdf5_names import absolute, steps_of
from .kinds import HDF5, kind_of, refusal
from .limits import MAX_ARRAYS, MAX_ATTRIBUTE_PARTS, MAX_AXES, MAX_EXPANSION, MAX_TEXT
from .precheck import Bytes, Texts, mapped
from .texts import parse_json

#: Bytes that texts of variable length may take in the worst case, where their lengths aren't known before they are read.
_MAX_UNKNOWN = 2**30

#: Bytes of a compressed array that are always allowed.
_SMALL_ARRAY = 64 * 2**20


@contextlib.contextmanager
def open_file(path: str | os.PathLike) -> Iterator[Group]:
    """The root group of the HDF5 file ``path`` (or of a binary stream), open while the context lasts.

    OSError if there is no such file or it can't be read at all, ModelFileError for anything wrong in it.
    """
    with local_file(path) as local:
        kind = kind_of(local)
        if kind.name != HDF5:
            raise refusal(kind, "an HDF5 file")
        with mapped(local) as data, opened(local, data, local) as root:
            yield root


@contextlib.contextmanager
def local_file(path: Any) -> Iterator[str]:
    """The path of a file: the one given, or that of a copy of what a binary stream holds."""
    if not hasattr(path, "read") or isinstance(path, (str, bytes, os.PathLike)):
        yield os.fspath(path)
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "stream.h5")
        with open(copy, "wb") as stored:
            stored.write(content_of(path))
        yield copy


@contextlib.contextmanager
def opened(path: str, data: Bytes, file: Any) -> Iterator[Group]:
    """The root group of the HDF5 file that ``data`` are the bytes of and ``file`` is the path or stream of; errors name ``path``."""
    texts = Texts(path, data)
    import h5py

    with failures_named(path):
        h5 = h5py.File(file, "r")
    try:
        yield Group(h5, path, "/", len(data), texts)
    finally:
        with contextlib.suppress(Exception):
            h5.close()


@contextlib.contextmanager
def failures_named(path: str, where: str = "", problem: str = "damaged, or not a model file") -> Iterator[None]:
    """Turn whatever a damaged file makes h5py or a constructor raise into a ModelFileError that names the place."""
    try:
        yield
    except ModelFileError as error:
        if repr(path) in str(error):
            raise
        raise ModelFileError(f"{_at(path, where)}: {error}") from error
    except ImportError:
        raise  # the machine's fault, not the file's
    except (MemoryError, RecursionError) as error:
        raise ModelFileError(f"{_at(path, where)}: reading it needs too much memory.") from error
    except Exception as error:
        raise ModelFileError(f"{_at(path, where)}: {problem} ({type(error).__name__}: {error}).") from error


def _at(path: str, where: str) -> str:
    return f"{path!r}, {where}" if where else repr(path)


class Group:
    """A group of a file: its attributes, members and arrays, each checked before it is read."""

    def __init__(
        self,
        h5,
        path: str,
        where: str,
        file_size: int,
        stored: Texts | None = None,
        texts: Mapping[str, str] | None = None,
        places: dict[int, str] | None = None,
    ):
        self._h5 = h5
        #: address of each group that has been opened -> where; one in itself, or at many places, would never end
        self._places = {} if places is None else places
        self._texts = texts or {}
        self.path = path
        self.where = where
        self.file_size = file_size
        self._stored = stored

    def error(self, message: str) -> ModelFileError:
        """An error about this group."""
        return ModelFileError(f"{_at(self.path, 'group ' + self.where)}: {message}")

    # ------------------------------------------------------------------ attributes

    def with_texts(self, texts: Mapping[str, str]) -> Group:
        """This group with some of its text attributes, which lie in another place."""
        return Group(self._h5, self.path, self.where, self.file_size, self._stored, texts, self._places)

    def has_attribute(self, name: str) -> bool:
        if name in self._texts:
            return True
        with failures_named(self.path, self.where):
            return name in self._h5.attrs

    def attribute_names(self) -> list[str]:
        with failures_named(self.path, self.where):
            return [str(n) for n in self._h5.attrs]

    def text(self, name: str) -> str | None:
        """A text attribute (bytes or str, from any Python), None if there is none."""
        value = self._texts[name] if name in self._texts else self._attribute(name)
        if value is None:
            return None
        if isinstance(value, np.ndarray) and value.size == 1:
            value = value.reshape(-1)[0]
        if isinstance(value, bytes):
            with failures_named(self.path, f"attribute {name!r} of {self.where}"):
                value = value.decode("utf8")
        if not isinstance(value, str):
            raise self.error(f"attribute {name!r} should be a text, got a {type(value).__name__}.")
        return str(value)

    def integer(self, name: str) -> int | None:
        """An integer attribute of at least 0, None if there is none."""
        value = self._attribute(name)
        if value is None:
            return None
        value = np.asarray(value)
        if value.size != 1 or value.dtype.kind not in "iu" or int(value.reshape(-1)[0]) < 0:
            raise self.error(f"attribute {name!r} should be a count, got {value!r}.")
        return int(value.reshape(-1)[0])

    def integers(self, name: str) -> list[int] | None:
        """A list of integers that is stored as a text, None if there is none."""
        text = self.text(name)
        if text is None:
            return None
        value = parse_json(text, f"{self.path!r}, {name}")
        if not isinstance(value, list) or len(value) > MAX_ARRAYS or any(type(item) is not int for item in value):
            raise self.error(f"attribute {name!r} should be a list of whole numbers.")
        return value

    def names(self, name: str) -> list[str] | None:
        """A list of names, joined where it was split into ``name0``, ``name1`` ...; None if there is none."""
        if self.has_attribute(name):
            return self._names_of(name)
        if not self.has_attribute(name + "0"):
            return None
        joined: list[str] = []
        for part in range(MAX_ATTRIBUTE_PARTS):
            if not self.has_attribute(f"{name}{part}"):
                break
            joined += self._names_of(f"{name}{part}")
        return joined

    def _names_of(self, name: str) -> list[str]:
        value = np.asarray(self._attribute(name))
        if value.size == 0:
            return []
        if value.ndim != 1 or value.dtype.kind not in "SUO":
            raise self.error(f"attribute {name!r} should be a list of names, got {value.dtype} of shape {value.shape}.")
        if value.size > MAX_ARRAYS:
            raise self.error(f"attribute {name!r} has {value.size} names; the limit is {MAX_ARRAYS}.")
        names = []
        for item in value.tolist():
            if isinstance(item, bytes):
                with failures_named(self.path, f"attribute {name!r} of {self.where}"):
                    item = item.decode("utf8")
            if not isinstance(item, str):
                raise self.error(f"attribute {name!r} should hold names, got a {type(item).__name__}.")
            names.append(item)
        return names

    def _attribute(self, name: str):
        where = f"attribute {name!r} of {self.where}"
        with failures_named(self.path, where):
            if name not in self._h5.attrs:
                return None
            identifier = self._h5.attrs.get_id(name)
            shape, dtype = identifier.shape, identifier.dtype
            if shape is None:
                raise self.error(f"attribute {name!r} is empty.")
            if len(shape) > MAX_AXES or math.prod(shape) * dtype.itemsize > MAX_TEXT:
                raise self.error(f"attribute {name!r} is too large: {dtype} of shape {shape}.")
            import h5py

            variable_length = dtype.kind == "O"
            if variable_length and h5py.check_string_dtype(dtype) is None or dtype.kind not in "OSUiufb":
                raise self.error(f"attribute {name!r} has the type {dtype}, which model files don't use.")
            if variable_length:
                self._check_texts(name, identifier)
            value = self._h5.attrs[name]
            if isinstance(value, (str, bytes)) and len(value) > MAX_TEXT:
                raise self.error(f"attribute {name!r} has the length {len(value)}; the limit is {MAX_TEXT}.")
            return value

    def _check_texts(self, name: str, identifier) -> None:
        """Refuse texts of variable length that take too much memory: many entries may refer to one long text."""
        import h5py

        count, total, limit = math.prod(identifier.shape), None, MAX_TEXT
        if self._stored is not None:
            total = self._stored.check(h5py.h5o.get_info(self._h5.id).addr, name, count)
        if total is None:  # it lies elsewhere than all real ones: each might be the longest
            total, limit = count * min(self.file_size, MAX_TEXT), _MAX_UNKNOWN
        if total > limit:
            raise self.error(f"attribute {name!r} has {count} texts of variable length, which take {total} bytes; the limit is {limit}.")

    # ------------------------------------------------------------------ members

    def __contains__(self, name: str) -> bool:
        """Whether there is a member of this name, or path. ModelFileError for a link, which isn't followed."""
        import h5py

        with failures_named(self.path, self.where):
            h5 = self._h5
            for step in steps_of(name):
                link = _link(h5, step) if isinstance(h5, h5py.Group) else None
                if link is None:
                    return False
                if not isinstance(link, h5py.HardLink):
                    raise self.error(f"{name!r} is a {type(link).__name__}; model files hold no links.")
                h5 = h5[step]
            return True

    def keys(self) -> list[str]:
        """The names of the members, in HDF5's order."""
        with failures_named(self.path, self.where):
            if len(self._h5) > MAX_ARRAYS:
                raise self.error(f"it has {len(self._h5)} members; the limit is {MAX_ARRAYS}.")
            return [str(key) for key in self._h5]

    def is_group(self, name: str) -> bool:
        """Whether the member ``name`` is a group. ModelFileError if there is none, or a link."""
        import h5py

        return isinstance(self._member(name), h5py.Group)

    def group(self, name: str) -> Group:
        """The group ``name`` below this one."""
        import h5py

        h5 = self._member(name)
        if not isinstance(h5, h5py.Group):
            raise self.error(f"{name!r} should be a group, got a {type(h5).__name__}.")
        where = absolute(self.where, name)
        with failures_named(self.path, where):
            address = h5py.h5o.get_info(h5.id).addr
        if (other := self._places.setdefault(address, where)) != where:
            raise self.error(f"{name!r} is the same group as {other}; each group of a model file must have one place.")
        return Group(h5, self.path, where, self.file_size, self._stored, None, self._places)

    def array(self, name: str) -> StoredArray:
        """The array ``name`` below this group, not read yet."""
        import h5py

        h5 = self._member(name, strict=True)
        if not isinstance(h5, h5py.Dataset):
            raise self.error(f"{name!r} should be an array, got a {type(h5).__name__}.")
        with failures_named(self.path, absolute(self.where, name)):
            dtype = h5.dtype  # an error for numbers that no type here can hold
        # the one kind of two bytes that NumPy doesn't know; Keras 3 says its name beside it in some files, in others nothing
        bfloat16 = dtype.kind == "V" and dtype.itemsize == 2 and dtype.names is None and dtype.subdtype is None
        return StoredArray(h5, self.path, absolute(self.where, name), self.file_size, name, bfloat16)

    def _member(self, name: str, strict: bool = False):
        """Follow ``name`` step by step through hard links only.

        A layer's group may lie anywhere, as HDF5 understands its name; ``strict``: below this group, without detours.
        """
        import h5py

        with failures_named(self.path, absolute(self.where, name)):
            # names of subclassed models may have empty parts, which mean nothing: 'net//conv2d_1/kernel:0'
            if not name or strict and (name.startswith("/") or any(step in (".", "..") for step in name.split("/"))):
                raise self.error(f"{name!r} isn't a name inside the file.")
            h5 = self._h5.file["/"] if name.startswith("/") else self._h5
            for step in steps_of(name):
                link = _link(h5, step) if isinstance(h5, h5py.Group) else None
                if link is None:
                    raise self.error(f"{name!r} is missing.")
                if not isinstance(link, h5py.HardLink):
                    raise self.error(f"{name!r} is a {type(link).__name__}; model files hold no links.")
                h5 = h5[step]
            return h5


def _link(h5, name: str) -> Any:
    """Return the kind of link that the member ``name`` is, None if there is no such member. It isn't followed."""
    try:
        return h5.get(name, getlink=True)
    except KeyError:
        return None


class StoredArray:
    """An array in a file whose type, storage and declared size have been checked."""

    def __init__(self, h5, path: str, where: str, file_size: int, name: str = "", bfloat16: bool = False):
        self._h5 = h5
        self._bfloat16 = bfloat16
        self.path = path
        self.where = where
        #: its name in its group
        self.name = name
        with failures_named(path, where):
            if h5.shape is None:
                raise self._error("it has no data.")
            self.shape: tuple[int, ...] = tuple(int(n) for n in h5.shape)
            self.dtype: np.dtype = h5.dtype
            self._check(file_size)

    @property
    def nbytes(self) -> int:
        """The declared size in bytes."""
        return math.prod(self.shape) * self.dtype.itemsize

    def _error(self, message: str) -> ModelFileError:
        return ModelFileError(f"{_at(self.path, 'array ' + self.where)}: {message}")

    def _check(self, file_size: int) -> None:
        import h5py

        if len(self.shape) > MAX_AXES:
            raise self._error(f"it has {len(self.shape)} axes.")
        if not (self._bfloat16 or self.dtype.kind in "fiub") or self.dtype.names is not None:
            raise self._error(f"its type is {self.dtype}, but weights are numbers.")
        properties = self._h5.id.get_create_plist()
        if properties.get_external_count():
            raise self._error("its data are in another file.")
        layout = properties.get_layout()
        if layout not in (h5py.h5d.CONTIGUOUS, h5py.h5d.CHUNKED, h5py.h5d.COMPACT):
            raise self._error("it is a virtual dataset.")
        try:
            self._chunks = Chunks(self._h5, self.shape, self.dtype.itemsize) if layout == h5py.h5d.CHUNKED else None
        except BadChunks as error:
            raise self._error(str(error)) from None
        #: whether its bytes lie in the file as they are, where all of them are known to be
        self.plain = layout == h5py.h5d.CONTIGUOUS
        stored = self._h5.id.get_storage_size()
        if stored > file_size or (stored < self.nbytes and not (self._chunks and self._chunks.filters)):
            raise self._error(f"it claims to have {self.nbytes} bytes, but {stored} are stored, in a file of {file_size} bytes.")
        if self.nbytes > _SMALL_ARRAY + MAX_EXPANSION * stored:
            raise self._error(f"it claims to have {self.nbytes} bytes, compressed to {stored}. Weights don't compress so well.")

    def read(self, shape: tuple[int, ...] | None = None) -> np.ndarray:
        """The values. With ``shape`` the array must have it: checked before anything is read."""
        if shape is not None and tuple(shape) != self.shape:
            raise self._error(f"its shape is {self.shape}; {tuple(shape)} was expected.")
        with failures_named(self.path, "array " + self.where):
            try:
                if self._chunks is not None:
                    self._chunks.check_lengths()
            except BadChunks as error:
                raise self._error(str(error)) from None
            value = np.asarray(self._h5[()])
        if self._bfloat16:  # the upper half of a float32
            return (value.view("uint16").astype("uint32") << 16).view("float32")
        return value
