"""Arrays that an HDF5 file stores in chunks, compressed or not: what the library takes on before it notices that something is wrong.

It makes a record of some hundred bytes for each chunk, whether the file holds it or not. It unpacks all that is in a chunk, however much that is,
and of too short a chunk it reads what lies behind it in memory. So chunks are counted, and unpacked here first, up to the length that they
should have.
"""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Iterator
from typing import Any

#: HDF5's own lossless filters and h5py's LZF, by number. Others would make the library search for plugins.
_FILTERS = {1: "deflate", 2: "shuffle", 3: "fletcher32", 6: "scaleoffset", 32000: "lzf"}
_DEFLATE, _SCALEOFFSET, _LZF = 1, 6, 32000

#: Bytes of one chunk that are always allowed.
_SMALL_CHUNK = 2**20

#: Chunks of an array that are always allowed, and bytes that each should have on average where there are more.
_FEW_CHUNKS = 10_000
_USUAL_CHUNK = 1024

#: Bytes that the filters in front of a compression may add to a chunk, such as checksums.
_ADDED = 64


class BadChunks(Exception):
    """The chunks of an array would take more memory or time than the array is worth; the message says why."""


class Chunks:
    """How an array is stored in chunks. Raises BadChunks for what no program writes.

    Args:
        dataset: h5py's object.
        shape: the array's.
        itemsize: bytes of one number.

    Attributes:
        filters: numbers of the filters that each chunk went through when it was written, in order.
    """

    def __init__(self, dataset: Any, shape: tuple[int, ...], itemsize: int):
        properties = dataset.id.get_create_plist()
        self._id, self._shape = dataset.id, shape
        self._chunk = tuple(int(n) for n in properties.get_chunk())
        self._bytes = math.prod(self._chunk) * itemsize
        nbytes = math.prod(shape) * itemsize
        if self._bytes > max(nbytes, _SMALL_CHUNK):
            raise BadChunks(f"one chunk of it has {self._bytes} bytes, but the whole array has {nbytes}.")
        count = math.prod(-(-n // c) for n, c in zip(shape, self._chunk, strict=True))
        if count > _FEW_CHUNKS and self._bytes < _USUAL_CHUNK:
            raise BadChunks(f"it is stored in {count} chunks of {self._bytes} bytes. Weights are stored in larger chunks.")
        found = [properties.get_filter(i) for i in range(properties.get_nfilters())]
        self.filters = [number for number, *_ in found]
        for number in self.filters:
            if number not in _FILTERS:
                raise BadChunks(f"it is stored with the filter {number}; kbridge reads only {sorted(_FILTERS.values())}.")
        if sum(number in (_DEFLATE, _LZF, _SCALEOFFSET) for number in self.filters) > 1 or len(set(self.filters)) < len(self.filters):
            raise BadChunks(f"it is stored with the filters {', '.join(_FILTERS[n] for n in self.filters)}: packed several times.")
        for number, _, values, _ in found:
            # the library takes the size of what comes out from here: numbers of a chunk and bytes of each, or bytes
            if number == _SCALEOFFSET and (len(values) < 5 or values[2] * values[4] != self._bytes):
                raise BadChunks("its filter scaleoffset is meant for chunks of another size.")
            if number == _LZF and (len(values) < 3 or values[2] != self._bytes):
                raise BadChunks("its filter lzf is meant for chunks of another size.")

    def check_lengths(self) -> None:
        """Unpack each chunk, as far as it should be long. Raises BadChunks for one of another length."""
        for where in self._places():
            info = self._id.get_chunk_info_by_coord(where)
            used = [number for place, number in enumerate(self.filters) if not info.filter_mask & 1 << place]
            if info.byte_offset is None or _LZF in used or _SCALEOFFSET in used:  # not stored; unpacked to the length that was checked
                continue
            length = self._unpacked(self._id.read_direct_chunk(where)[1]) if _DEFLATE in used else info.size
            if not self._bytes <= length <= self._bytes + _ADDED:
                more = "more" if length > self._bytes else f"only {length}"
                raise BadChunks(f"a chunk of it should have {self._bytes} bytes, but has {more}.")

    def _unpacked(self, stored: bytes) -> int:
        """How many bytes a chunk has, counted as far as one too many."""
        unpacking = zlib.decompressobj()
        length, most = 0, self._bytes + _ADDED + 1
        while stored and length < most and not unpacking.eof:
            length += len(unpacking.decompress(stored, min(most - length, _SMALL_CHUNK)))
            stored = unpacking.unconsumed_tail
        return length

    def _places(self) -> Iterator[tuple[int, ...]]:
        return itertools.product(*(range(0, n, c) for n, c in zip(self._shape, self._chunk, strict=True)))
