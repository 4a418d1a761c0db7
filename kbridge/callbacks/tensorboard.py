"""The callback that writes what TensorBoard shows. The backend plays no part in it."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import backend as K
from . import event_file
from .base import Callback


class TensorBoard(Callback):
    """Write the logs of each epoch as files that TensorBoard shows. It needs the extra ``tensorboard``, but no TensorFlow, and works on every backend.

    Args:
        log_dir: the folder for the files.
        histogram_freq: the number of epochs between histograms of the weights and, if there are validation data, of the layers' outputs for the
            first batch of them; 0 for none.
        write_graph: whether to write the model's graph of layers.
        write_images: whether to add the weights as images where there are histograms.
    """

    on_one_worker = True

    def __init__(self, log_dir="./logs", histogram_freq=0, write_graph=True, write_images=False):
        super().__init__()
        self.log_dir = str(log_dir)
        self.histogram_freq = histogram_freq
        self.write_graph = write_graph
        self.write_images = write_images
        self.writer: Any = None
        self._outputs: Any = None

    def set_model(self, model):
        super().set_model(model)
        self.on_train_end()
        self.writer = event_file.EventFile(self.log_dir)
        self._outputs = None
        if self.write_graph:
            self.writer.add_graph(_graph(_functional(model)))

    def on_epoch_end(self, epoch, logs=None):
        summaries = [event_file.scalar(name, value) for name, value in (logs or {}).items() if name not in ("batch", "size")]
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            summaries += self._of_weights() + self._of_outputs()
        self.writer.add_summary(summaries, epoch)

    def on_train_end(self, logs=None):
        if self.writer is not None:
            self.writer.close()

    def _of_weights(self) -> list:
        found = []
        for layer in _functional(self.model).layers:
            for weight in layer.weights:
                name, value = K.tensor_name(weight) or layer.name, K.get_value(weight)
                found.append(event_file.histogram(name, value))
                if self.write_images:
                    found.append(event_file.image(name, value))
        return found

    def _of_outputs(self) -> list:
        model = _functional(self.model)
        if not model.validation_data:
            return []
        if self._outputs is None:
            named = dict(_output_tensors(model))
            self._outputs = list(named), K.function([*model.inputs, *model._phase_input()], list(named.values()))
        names, function = self._outputs
        samples = model.internal_input_shapes[0][0] or self.params.get("batch_size") or 32
        batch = [x[:samples] for x in model.validation_data[: len(model.inputs)]]
        values = function([*batch, *model._phase_value(0)])
        return [event_file.histogram(name, np.asarray(value)) for name, value in zip(names, values, strict=True)]


def _functional(model):
    """The functional model that does the work of a Sequential one, or the model itself."""
    return getattr(model, "model", None) or model


def _nodes(model):
    """(name, node) of each application of a layer in the model; shared layers have several."""
    for depth in sorted(model.nodes_by_depth, reverse=True):
        for node in model.nodes_by_depth[depth]:
            yield _node_name(node.outbound_layer, node.outbound_layer.inbound_nodes.index(node)), node


def _node_name(layer, index: int) -> str:
    return f"{layer.name}_{index}" if index else layer.name


def _graph(model) -> list[tuple[str, str, list[str]]]:
    return [
        (name, type(node.outbound_layer).__name__, [_node_name(*s) for s in zip(node.inbound_layers, node.node_indices)])
        for name, node in _nodes(model)
    ]


def _output_tensors(model):
    for name, node in _nodes(model):
        if node.inbound_layers:
            for i, tensor in enumerate(node.output_tensors):
                yield f"{name}_out_{i}" if i else f"{name}_out", tensor
