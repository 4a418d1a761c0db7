"""Event files for TensorBoard, written by the tensorboard package; the engine plays no part."""

from __future__ import annotations

import numpy as np

from .. import backend as K
from .base import Callback


class TensorBoard(Callback):
    """Write scalars of each epoch to ``log_dir``, weight histograms every ``histogram_freq`` epochs
    (0: never) and the model's graph of layers (``write_graph``). ``write_images`` adds weights as images."""

    def __init__(self, log_dir="./logs", histogram_freq=0, write_graph=True, write_images=False):
        super().__init__()
        self.log_dir = str(log_dir)
        self.histogram_freq = histogram_freq
        self.write_graph = write_graph
        self.write_images = write_images
        self.writer = None

    def set_model(self, model):
        super().set_model(model)
        try:
            from tensorboard.summary.writer.event_file_writer import EventFileWriter
        except ImportError as error:
            raise ImportError("TensorBoard needs the package tensorboard: pip install 'kbridge[tensorboard]'") from error
        self.writer = EventFileWriter(self.log_dir)
        if self.write_graph:
            self._add_graph(model)

    def on_epoch_end(self, epoch, logs=None):
        summaries = [_scalar(name, value) for name, value in (logs or {}).items() if name not in ("batch", "size")]
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            for layer in getattr(self.model, "flattened_layers", None) or self.model.layers:
                for weight in layer.weights:
                    value = K.get_value(weight)
                    name = K.tensor_name(weight) or layer.name
                    summaries.append(_histogram(name, value))
                    if self.write_images:
                        summaries.append(_image(name, value))
        self._write(summaries, epoch)
        self.writer.flush()

    def on_train_end(self, logs=None):
        if self.writer is not None:
            self.writer.close()

    def _write(self, values, step):
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary

        self.writer.add_event(Event(step=step, summary=Summary(value=values)))

    def _add_graph(self, model):
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.graph_pb2 import GraphDef
        from tensorboard.compat.proto.node_def_pb2 import NodeDef

        nodes = []
        for layer in getattr(model, "flattened_layers", None) or model.layers:
            sources = dict.fromkeys(s.name for node in layer.inbound_nodes for s in node.inbound_layers)
            nodes.append(NodeDef(name=layer.name, op=type(layer).__name__, input=list(sources)))
        self.writer.add_event(Event(graph_def=GraphDef(node=nodes).SerializeToString()))


def _scalar(name, value):
    from tensorboard.compat.proto.summary_pb2 import Summary

    return Summary.Value(tag=name, simple_value=float(np.mean(value)))


def _histogram(name, value, bins=30):
    from tensorboard.compat.proto.histogram_pb2 import HistogramProto
    from tensorboard.compat.proto.summary_pb2 import Summary

    value = np.asarray(value, np.float64).ravel()
    finite = value[np.isfinite(value)]
    if not finite.size:
        finite = np.zeros(1)
    counts, edges = np.histogram(finite, bins)
    return Summary.Value(
        tag=name,
        histo=HistogramProto(
            min=finite.min(), max=finite.max(), num=finite.size, sum=finite.sum(), sum_squares=np.square(finite).sum(),
            bucket_limit=edges[1:].tolist(), bucket=counts.tolist(),
        ),
    )  # fmt: skip


def _image(name, value):
    import io
    import struct
    import zlib

    from tensorboard.compat.proto.summary_pb2 import Summary

    value = np.asarray(value, np.float64)
    flat = value.reshape(1, -1) if value.ndim < 2 else value.reshape(value.shape[0], -1)
    low, high = flat.min(), flat.max()
    pixels = np.uint8(255 * (flat - low) / (high - low if high > low else 1))
    height, width = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    png = io.BytesIO(b"\x89PNG\r\n\x1a\n")
    png.seek(0, 2)
    png.write(chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)))
    png.write(chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
    return Summary.Value(tag=f"{name}/image", image=Summary.Image(height=height, width=width, colorspace=1, encoded_image_string=png.getvalue()))
