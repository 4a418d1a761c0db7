"""Files of events that TensorBoard reads, in the tensorboard package's own formats and through its record writer.

Its ``EventFileWriter`` would import TensorFlow wherever that is installed.
"""

from __future__ import annotations

import itertools
import os
import struct
import time
import zlib

import numpy as np

_numbers = itertools.count()


class EventFile:
    """A new event file in ``folder``. ImportError without the tensorboard package."""

    def __init__(self, folder: str):
        try:
            from tensorboard.compat.proto.event_pb2 import Event
            from tensorboard.summary.writer.record_writer import RecordWriter
        except ImportError as error:
            raise ImportError("TensorBoard needs the package tensorboard: pip install '.[tensorboard]', in the clone of kbridge") from error
        os.makedirs(folder, exist_ok=True)
        import socket  # takes long to import, for what few programs do

        name = f"events.out.tfevents.{time.time():010.0f}.{socket.gethostname()}.{os.getpid()}.{next(_numbers)}"
        self._event = Event
        self._records = RecordWriter(open(os.path.join(folder, name), "wb"))
        self._add(file_version="brain.Event:2")

    def add_summary(self, values: list, step: int) -> None:
        """Add what ``scalar``, ``histogram`` and ``image`` give, for one step."""
        from tensorboard.compat.proto.summary_pb2 import Summary

        self._add(step=step, summary=Summary(value=values))

    def add_graph(self, nodes: list[tuple[str, str, list[str]]]) -> None:
        """Add a graph of (name, kind, names of the nodes it takes its inputs from)."""
        from tensorboard.compat.proto.graph_pb2 import GraphDef
        from tensorboard.compat.proto.node_def_pb2 import NodeDef

        graph = GraphDef(node=[NodeDef(name=name, op=kind, input=sources) for name, kind, sources in nodes])
        self._add(graph_def=graph.SerializeToString())

    def _add(self, **fields) -> None:
        self._records.write(self._event(wall_time=time.time(), **fields).SerializeToString())
        self._records.flush()

    def close(self) -> None:
        """Nothing can be added any more."""
        if not self._records.closed:
            self._records.close()


def scalar(name: str, value):
    """A number, or the mean of an array."""
    from tensorboard.compat.proto.summary_pb2 import Summary

    return Summary.Value(tag=name, simple_value=float(np.mean(value)))


def histogram(name: str, value, bins: int = 30):
    """How the finite values of an array are distributed."""
    from tensorboard.compat.proto.histogram_pb2 import HistogramProto
    from tensorboard.compat.proto.summary_pb2 import Summary

    value = np.asarray(value, np.float64).ravel()
    finite = value[np.isfinite(value)]
    if not finite.size:
        return Summary.Value(tag=name, histo=HistogramProto(bucket_limit=[0.0], bucket=[0.0]))
    counts, edges = np.histogram(finite, bins)
    return Summary.Value(
        tag=name,
        histo=HistogramProto(
            min=finite.min(), max=finite.max(), num=finite.size, sum=finite.sum(), sum_squares=np.square(finite).sum(),
            bucket_limit=edges[1:].tolist(), bucket=counts.tolist(),
        ),
    )  # fmt: skip


def image(name: str, value):
    """An array as a picture in shades of grey: the first axis down, the others across."""
    from tensorboard.compat.proto.summary_pb2 import Summary

    value = np.nan_to_num(np.asarray(value, np.float64))
    flat = value.reshape(1, -1) if value.ndim < 2 else value.reshape(value.shape[0], -1)
    low, high = flat.min(), flat.max()
    png = _png((255 * (flat - low) / (high - low if high > low else 1)).astype(np.uint8))
    height, width = flat.shape
    return Summary.Value(tag=f"{name}/image", image=Summary.Image(height=height, width=width, colorspace=1, encoded_image_string=png))


def _png(pixels: np.ndarray) -> bytes:
    """The bytes of a PNG file of 8-bit grey pixels (rows, columns)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
