"""Files from the network, kept in a cache: checked by their hash, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import warnings
import zlib
from pathlib import Path, PurePosixPath

from ..config import config_path
from ..files.atomic import replacing
from .progbar import Progbar

#: seconds without an answer after which a download fails
TIMEOUT = 30
_BLOCK = 2**16


class DownloadError(OSError):
    """A file could not be downloaded; the message tells from where, why, and where to put it by hand."""


def get_file(fname, origin, untar=False, md5_hash=None, cache_subdir="datasets") -> str:
    """Return the path of a file in the cache, downloaded if it isn't there.

    Args:
        fname: the name of the file, or an absolute path.
        origin: the address that it is downloaded from.
        untar: whether ``origin`` is an archive (``fname`` + '.tar.gz') that holds ``fname`` and is unpacked beside it; archives with links or with
            paths that leave the folder are refused.
        md5_hash: the MD5 (or SHA-256, by its length) that the file must have; a cached file with another one is downloaded again.
        cache_subdir: the folder below ``$KERAS_HOME`` or ``~/.keras``, or an absolute path.

    Raises:
        DownloadError: an OSError that says what is wrong, where the file comes from and where it belongs.
    """
    _check_name(fname, "fname")
    if md5_hash is not None:
        _checked_hash(md5_hash)
    path = Path(fname) if os.path.isabs(fname) else cache_folder(cache_subdir) / fname
    if not untar:
        return str(_fetched(path, origin, md5_hash))
    if not path.exists():
        archive = _fetched(path.with_name(f"{path.name}.tar.gz"), origin, md5_hash)
        _unpack(archive, path.parent, path.name)
    return str(path)


def validate_file(fpath, md5_hash) -> bool:
    """Return whether the file ``fpath`` has the hash ``md5_hash``, an MD5 (or SHA-256, for 64 hexadecimal digits)."""
    import hashlib

    wanted = _checked_hash(md5_hash)
    digest = hashlib.sha256() if len(wanted) == 64 else hashlib.md5(usedforsecurity=False)
    with open(fpath, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest() == wanted


def cache_folder(cache_subdir: str) -> Path:
    """Return the folder ``cache_subdir`` of the cache, made if need be; where home can't be written, one of the user's own
    among temporary files.
    """
    _check_name(cache_subdir, "cache_subdir")
    home = config_path().parent
    folder = home / cache_subdir  # an absolute path stays as it is
    if folder.is_dir():
        return folder
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    if os.path.isabs(cache_subdir):
        raise PermissionError(f"Can't make the folder {os.fspath(cache_subdir)!r}.")
    import tempfile

    # the name can't be guessed or taken by another user: the folder must belong to this one
    fallback = Path(tempfile.gettempdir()) / f".keras-{os.getuid() if hasattr(os, 'getuid') else 'user'}"
    fallback.mkdir(mode=0o700, exist_ok=True)
    if hasattr(os, "getuid") and (fallback.is_symlink() or fallback.stat().st_uid != os.getuid()):
        raise PermissionError(f"Can't write to {home}, and {fallback} belongs to another user. Set KERAS_HOME to a folder of your own.")
    folder = fallback / cache_subdir
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _check_name(name, argument: str) -> None:
    """ValueError for a name that climbs out of the cache; names often come from an address."""
    parts = PurePosixPath(os.fspath(name).replace("\\", "/")).parts
    if not parts or ".." in parts:
        raise ValueError(f"get_file: {argument} should be a name inside the cache or an absolute path, got {name!r}.")


def _checked_hash(given) -> str:
    text = str(given).lower()
    if not re.fullmatch(r"[0-9a-f]{32}|[0-9a-f]{64}", text):
        raise ValueError(f"An MD5 has 32 hexadecimal digits, and a SHA-256 has 64; got {given!r}.")
    return text


def _fetched(path: Path, origin: str, md5_hash) -> Path:
    if path.exists():
        if md5_hash is None or validate_file(path, md5_hash):
            return path
        print(f"{path} doesn't have the hash {md5_hash}: it may be outdated or incomplete, so it is downloaded again.")
    # these take longer to import than all of NumPy, for what few programs do
    import urllib.error

    path.parent.mkdir(parents=True, exist_ok=True)
    print(f"Downloading data from {origin}")
    try:
        with replacing(path) as temporary:
            _download(origin, temporary)
            if md5_hash is not None and not validate_file(temporary, md5_hash):
                raise DownloadError(f"the downloaded file doesn't have the hash {md5_hash}")
    except urllib.error.HTTPError as error:
        raise _failed(path, origin, f"the server answered {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise _failed(path, origin, f"no connection ({error.reason})") from error
    except (OSError, ValueError) as error:
        raise _failed(path, origin, str(error) or type(error).__name__) from error
    return path


def _failed(path: Path, origin: str, reason: str) -> DownloadError:
    return DownloadError(f"{path.name} could not be downloaded from {origin}: {reason}. It can also be fetched elsewhere and put at {path}")


def _download(origin: str, target: str) -> None:
    """Write what is at ``origin`` to the file ``target``, with a progress bar."""
    import http.client
    import urllib.request

    with urllib.request.urlopen(origin, timeout=TIMEOUT) as answer, open(target, "wb") as file:
        length = answer.headers.get("Content-Length")
        expected = int(length) if length and length.isdigit() else None
        bar = Progbar(expected)
        received = 0
        try:
            while block := answer.read(_BLOCK):
                file.write(block)
                received += len(block)
                bar.update(received)
        except http.client.HTTPException as error:
            raise OSError(f"the connection broke after {received} bytes") from error
        finally:
            bar.finish()
            sys.stdout.flush()
        if expected is not None and received != expected:
            raise OSError(f"the connection broke after {received} of {expected} bytes")


def _unpack(archive: Path, folder: Path, wanted: str) -> None:
    """Unpack ``archive``, which should hold ``wanted``, into ``folder``; what is there already stays."""
    import shutil
    import tarfile
    import tempfile

    print(f"Untaring file {archive.name}")
    # unpacked elsewhere first: a half-unpacked folder would be taken for a whole one
    temporary = Path(tempfile.mkdtemp(prefix=f".{wanted}.", suffix=".tmp", dir=folder))
    try:
        try:
            _extract(archive, temporary)
        except (tarfile.TarError, zlib.error, EOFError, OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise ValueError(f"Can't unpack {str(archive)!r}: {error}") from error
        found = sorted(os.listdir(temporary))
        if wanted not in found:
            # programs of Keras 1 may know the real name, and use the path's folder only
            warnings.warn(f"{str(archive)!r} doesn't hold {wanted!r}, but {', '.join(found[:5]) or 'nothing'}.", stacklevel=4)
        for name in found:
            if not (folder / name).exists():
                _move(temporary / name, folder / name)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _move(source: Path, target: Path) -> None:
    try:
        os.replace(source, target)
    except OSError:
        if not target.exists():  # else another process was faster
            raise


def _extract(archive: Path, target: Path) -> None:
    """Regular files and folders only, each inside ``target``."""
    import shutil
    import tarfile

    with tarfile.open(archive, "r:*") as tar:
        for member in tar:
            path = PurePosixPath(member.name.replace("\\", "/"))
            if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", member.name):
                raise ValueError(f"the member {member.name!r} would be written outside the folder")
            place = target.joinpath(*path.parts)
            if member.isdir():
                place.mkdir(parents=True, exist_ok=True)
            elif member.isfile():
                place.parent.mkdir(parents=True, exist_ok=True)
                source = tar.extractfile(member)
                assert source is not None  # it is a regular file
                with source, open(place, "wb") as file:
                    shutil.copyfileobj(source, file)
            else:
                raise ValueError(f"the member {member.name!r} is neither a file nor a folder")
        # the checksum of a compressed archive comes last
        while tar.fileobj is not None and tar.fileobj.read(_BLOCK):
            pass
