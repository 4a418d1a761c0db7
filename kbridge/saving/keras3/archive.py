"""The ``.keras`` archive: a zip with config.json, metadata.json and model.weights.h5, which may be damaged or hostile.

Only members of the names that Keras writes are read, each bounded. Nothing is written into a folder that an archive names, and no
member is unpacked but the weights, if they are compressed, into a file without a name of their own.
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import ModelFileError
from ..limits import MAX_EXPANSION, MAX_TEXT
from ..precheck import Bytes, mapped
from ..reading import Group, failures_named, opened
from ..texts import parse_json
from .paths import has_arrays

CONFIG, METADATA, WEIGHTS, SHARDS = "config.json", "metadata.json", "model.weights.h5", "model.weights.json"

#: The member in which kbridge keeps its own config of the model.
OWN = "kbridge.json"

#: The group in the weights' file that is laid out as kbridge's own files.
GROUP = "_kbridge"

#: Members of an archive: vocabularies of layers may be some.
_MAX_MEMBERS = 10_000

_CHUNK = 2**20

#: Bytes that a member may always take when it is unpacked.
_SMALL = 64 * 2**20

_ENCRYPTED = 0x01
_LOCAL_HEADER = 30


def is_zip(start: bytes) -> bool:
    """Whether a file begins as a zip: even if something in it looks like HDF5, it is read as a zip."""
    return start.startswith(b"PK\x03\x04")


@contextlib.contextmanager
def open_archive(path: str) -> Iterator[Archive]:
    """The archive ``path``, open while the context lasts. ModelFileError for anything wrong with it."""
    path = os.fspath(path)
    with mapped(path) as data, failures_named(path, problem="damaged, or not a .keras file"):
        with open(path, "rb") as file:
            try:
                archive = zipfile.ZipFile(file)
            except zipfile.BadZipFile as error:
                raise ModelFileError(f"{path!r}: a damaged zip archive, or only the beginning of one ({error}).") from error
            with archive:
                yield Archive(path, data, archive)


class Archive:
    """The members of an archive, whose places and sizes have been checked."""

    def __init__(self, path: str, data: Bytes, archive: zipfile.ZipFile):
        self.path = path
        self._data = data
        self._archive = archive
        self._members: dict[str, zipfile.ZipInfo] = {}
        infos = archive.infolist()
        if len(infos) > _MAX_MEMBERS:
            raise self.error(f"it has {len(infos)} members; the limit is {_MAX_MEMBERS}.")
        for info in infos:
            self._check(info)
            self._members[info.filename] = info
        self._check_overlaps()

    def error(self, message: str) -> ModelFileError:
        """An error about this archive."""
        return ModelFileError(f"{self.path!r}: {message}")

    def _check(self, info: zipfile.ZipInfo) -> None:
        name = info.filename
        if name in self._members:
            raise self.error(f"it has two members with the name {name!r}.")
        if name.startswith(("/", "\\")) or "\\" in name or ":" in name or ".." in name.split("/") or not name:
            raise self.error(f"the name of the member {name!r} leads out of the archive.")
        if info.flag_bits & _ENCRYPTED:
            raise self.error(f"the member {name!r} is encrypted.")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise self.error(
                f"the member {name!r} has the compression method {info.compress_type}; kbridge reads only 0 (none) and 8 (deflate)."
            )
        if info.compress_type == zipfile.ZIP_STORED and info.file_size != info.compress_size:
            raise self.error(
                f"the archive's list gives the member {name!r} impossible sizes: {info.file_size} bytes, compressed {info.compress_size}."
            )
        if info.header_offset + _LOCAL_HEADER + info.compress_size > len(self._data):
            raise self.error(f"the member {name!r} goes beyond the end of the file.")
        if info.file_size > _SMALL + MAX_EXPANSION * info.compress_size:
            raise self.error(
                f"the member {name!r} has {info.file_size} bytes, compressed to {info.compress_size}. Weights don't compress so well."
            )

    def _check_overlaps(self) -> None:
        end = 0
        for info in sorted(self._members.values(), key=lambda info: info.header_offset):
            if info.header_offset < end:
                raise self.error(f"the member {info.filename!r} overlaps another one.")
            end = self._start(info) + info.compress_size
            if end > len(self._data):
                raise self.error(f"the member {info.filename!r} goes beyond the end of the file.")

    def _start(self, info: zipfile.ZipInfo) -> int:
        """Where a member's data begin; what stands before them must agree with the archive's list."""
        at = info.header_offset
        head = self._data[at : at + _LOCAL_HEADER]
        if len(head) < _LOCAL_HEADER or head[:4] != b"PK\x03\x04":
            raise self.error(f"the member {info.filename!r} isn't where the archive's list says.")
        name_length, extra_length = (int.from_bytes(head[i : i + 2], "little") for i in (26, 28))
        name = self._data[at + _LOCAL_HEADER : at + _LOCAL_HEADER + name_length]
        if name.decode("utf8", "replace") != info.orig_filename and name.decode("cp437") != info.orig_filename:
            raise self.error(f"the member {info.filename!r} has another name in its own header than in the archive's list.")
        method = int.from_bytes(head[8:10], "little")
        sizes = [int.from_bytes(head[i : i + 4], "little") for i in (18, 22)]
        # sizes of 0 come with a record behind the data, the largest number with one among the extra fields
        told = [
            size not in (0, 0xFFFFFFFF) and size != real for size, real in zip(sizes, (info.compress_size, info.file_size), strict=True)
        ]
        if any(told) or method != info.compress_type:
            raise self.error(f"the member {info.filename!r} has another size in its own header than in the archive's list.")
        return at + _LOCAL_HEADER + name_length + extra_length

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def names(self) -> list[str]:
        """The names of all members."""
        return list(self._members)

    def content(self, name: str, limit: int = MAX_TEXT) -> bytes:
        """The bytes of a member."""
        info = self._members.get(name)
        if info is None:
            raise self.error(f"it is a zip archive without {name}, so it isn't a .keras file.")
        if info.file_size > limit:
            raise self.error(f"the member {name!r} has {info.file_size} bytes; the limit is {limit}.")
        with failures_named(self.path, name):
            with self._archive.open(info) as member:
                content = member.read(info.file_size + 1)
        if len(content) != info.file_size:
            raise self.error(f"the member {name!r} has another size than the archive's list says.")
        return content

    def json(self, name: str) -> Any:
        """The JSON in a member."""
        return parse_json(self.content(name), f"{self.path!r}, {name}")

    @contextlib.contextmanager
    def hdf5(self, name: str) -> Iterator[Group]:
        """The root of the HDF5 file that is a member: read where it lies, or unpacked if it is compressed."""
        info = self._members.get(name)
        if info is None:
            raise self.error(f"it has no {name}, so it holds no weights.")
        if not info.file_size:
            raise self.error(f"its {name} is empty.")
        if info.compress_type == zipfile.ZIP_STORED:
            start = self._start(info)
            window = self._data.part(start, info.file_size)
            with open(self.path, "rb") as file, opened(self.path, window, Window(file, start, info.file_size)) as root:
                yield root
            return
        with tempfile.TemporaryDirectory(prefix="kbridge-") as folder:
            copy = os.path.join(folder, "weights.h5")
            self._unpack(info, copy)
            with mapped(copy) as data, opened(self.path, data, copy) as root:
                yield root

    def blocks(self, name: str) -> Iterator[bytes]:
        """The bytes of a member, piece by piece."""
        info = self._members[name]
        left = info.file_size
        with failures_named(self.path, name), self._archive.open(info) as member:
            while data := member.read(min(_CHUNK, left + 1)):
                left -= len(data)
                if left < 0:
                    break
                yield data
        if left:
            raise self.error(f"the member {name!r} has another size than the archive's list says.")

    def _unpack(self, info: zipfile.ZipInfo, target: str) -> None:
        with open(target, "wb") as file:
            for block in self.blocks(info.filename):
                file.write(block)


class Window(io.RawIOBase):
    """A part of a file as a file of its own, for reading. Behind its end there are zeros, which no address leads to in a sound file."""

    def __init__(self, file: io.BufferedReader, start: int, size: int):
        super().__init__()
        self._raw = file.raw if hasattr(file, "raw") else file
        self._start, self._size, self._position = start, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(base + offset, 0)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        inside = max(min(len(view), self._size - self._position), 0)
        self._raw.seek(self._start + self._position, io.SEEK_SET)
        done = 0
        while done < inside:
            count = self._raw.readinto(view[done:inside])
            if not count:
                break
            done += count
        if done < len(view):
            view[done:] = bytes(len(view) - done)
        self._position += len(view)
        return len(view)


def version_of(archive: Archive) -> str | None:
    """The version of Keras that wrote an archive: tf.keras wrote some too."""
    metadata = archive.json(METADATA) if METADATA in archive else None
    version = metadata.get("keras_version") if isinstance(metadata, Mapping) else None
    return version if isinstance(version, str) else None


def is_weights_file(root: Group) -> bool:
    """Whether an HDF5 file is a ``.weights.h5`` of Keras 3, which has numbered weights and no list of layers."""
    if root.names("layer_names") is not None or root.has_attribute("nb_layers") or "model_weights" in root:
        return False
    return "layers" in root and root.is_group("layers") or "vars" in root and root.is_group("vars") or has_arrays(root)
