"""Where the files of the data sets come from, and which file of the cache is read."""

from __future__ import annotations

import os
from typing import NamedTuple

from ..utils.data_utils import DownloadError, cache_folder, get_file

_TEXTS = "https://s3.amazonaws.com/text-datasets/"
_IMAGES = "https://s3.amazonaws.com/img-datasets/"
_LATER = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


class Source(NamedTuple):
    """Where a file is, and its MD5 or SHA-256 where it is known."""

    origin: str
    hash: str | None = None


SOURCES = {
    "mnist.pkl.gz": Source(f"{_IMAGES}mnist.pkl.gz"),
    "mnist.npz": Source(f"{_LATER}mnist.npz", "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"),
    "imdb_full.pkl": Source(f"{_TEXTS}imdb_full.pkl", "d091312047c43cf9e4e38fef92437263"),
    "imdb.npz": Source(f"{_LATER}imdb.npz", "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"),
    "imdb_word_index.pkl": Source(f"{_TEXTS}imdb_word_index.pkl", "72d94b01291be4ff843198d3b0e1e4d7"),
    "imdb_word_index.json": Source(f"{_LATER}imdb_word_index.json", "bfafd718b763782e994055a2d397834f"),
    "reuters.pkl": Source(f"{_TEXTS}reuters.pkl"),
    "reuters.npz": Source(f"{_LATER}reuters.npz", "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"),
    "reuters_word_index.pkl": Source(f"{_TEXTS}reuters_word_index.pkl"),
    "reuters_word_index.json": Source(f"{_LATER}reuters_word_index.json", "4d44cc38712099c9e383dc6e5f11a921"),
    "cifar-10-batches-py": Source("https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a"),
    "cifar-100-python": Source("https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz", "eb9058c3a382ffc7106e4002c42a8d85"),
}

#: files of later versions of Keras with the same data, which the cache may have, and which may outlive the older ones
LATER = {
    "mnist.pkl.gz": "mnist.npz",
    "imdb_full.pkl": "imdb.npz",
    "imdb_word_index.pkl": "imdb_word_index.json",
    "reuters.pkl": "reuters.npz",
    "reuters_word_index.pkl": "reuters_word_index.json",
}


def find(path: str | os.PathLike, default: str) -> str:
    """The file to read: ``path`` itself if it exists, else the file of that name in the cache, downloaded if need be.

    Where neither the cache nor its server has Keras 1's file, the one with the same data of later versions is taken.
    """
    path = os.fspath(path)
    if os.path.isfile(path):
        return path
    folder = cache_folder("datasets")
    name = os.path.basename(path)
    if name not in SOURCES and (folder / path).exists():
        return str(folder / path)  # somebody's own file: it has no hash to check, and nothing may replace it
    source = SOURCES.get(name, SOURCES[default])
    later = LATER.get(path)
    if later is None:
        return get_file(path, origin=source.origin, md5_hash=source.hash)
    if not (folder / path).exists() and (folder / later).exists():
        return get_file(later, origin=SOURCES[later].origin, md5_hash=SOURCES[later].hash)
    try:
        return get_file(path, origin=source.origin, md5_hash=source.hash)
    except DownloadError as error:
        try:
            return get_file(later, origin=SOURCES[later].origin, md5_hash=SOURCES[later].hash)
        except DownloadError as second:
            raise DownloadError(f"{error}. The file of later versions couldn't be downloaded either: {second}") from second


def unpacked(name: str) -> str:
    """The folder ``name`` of the cache, unpacked from its archive, downloaded if need be."""
    return get_file(name, origin=SOURCES[name].origin, untar=True, md5_hash=SOURCES[name].hash)
