"""A function of tensors as a layer: operations that are held as data."""

from __future__ import annotations

from typing import Any

from .. import backend as K
from ..engine.node import as_shapes, single, to_list
from ..engine.topology import Layer
from ..operations import Graph
from ..operations.graph import as_tensors

__all__ = ["Operations"]


class Operations(Layer):
    """Computes a graph of named operations on its inputs.

    Files of tf.keras and Keras 3 hold these where a program called functions of tensors instead of layers (``x / 2``, ``tf.concat``,
    ``keras.ops.mean``): TFOpLambda, SlicingOpLambda, TensorFlowOpLayer and the operations of Keras 3 are read as this layer. It is saved
    as data, so that it loads without ``custom_objects`` on every backend. A mask that comes in ends here, as there.

    Args:
        graph: a ``kbridge.operations.Graph``, or the dict that its ``to_json`` gave.

    Input shape:
        As many tensors as the graph has inputs, of any shapes that its operations take.

    Output shape:
        That of the graph's result; several where it is a list.

    Raises:
        ModelFileError: ``graph`` is a dict that isn't a graph; the message says what is wrong.

    Example::

        from kbridge.operations import Builder

        b = Builder(["image"])
        layer = Operations(b.graph(b.call("operator.sub", b.call("operator.truediv", b.inputs[0], 127.5), 1)))
    """

    def __init__(self, graph: Graph | dict[str, Any], **kwargs: Any):
        self.graph = graph if isinstance(graph, Graph) else Graph.from_json(graph)
        self._shapes: dict[tuple, list[tuple]] = {}
        self._met: dict[tuple, list] = {}
        super().__init__(**kwargs)

    def call(self, x, mask=None):
        """Return what the graph computes of ``x``, a tensor or a list of tensors."""
        tensors = to_list(x)
        outputs = as_tensors(self.graph.run(tensors))
        self._shapes[_key([K.int_shape(t) for t in tensors])] = [tuple(K.int_shape(t)) for t in outputs]
        self._met[_key([K.int_shape(t) for t in tensors])] = tensors
        self._dtypes = [K.dtype(t) for t in tensors]
        return single(outputs)

    def tensors_like(self, shapes) -> list:
        """Return tensors of the backend of ``shapes``; where the layer was called on such, those of the call, with what is known of their values."""
        key = _key(shapes)
        dtypes = getattr(self, "_dtypes", [None] * len(shapes))
        return self._met.get(key) or [K.placeholder(shape=shape, dtype=dtype) for shape, dtype in zip(key, dtypes, strict=True)]

    def get_output_shape_for(self, input_shape):
        shapes = as_shapes(input_shape)
        key = _key(shapes)
        if key not in self._shapes:
            self._shapes[key] = [tuple(K.int_shape(t)) for t in as_tensors(self.graph.run(self.tensors_like(shapes)))]
        return single(list(self._shapes[key]))

    def compute_mask(self, input, input_mask=None):
        return None

    def get_config(self):
        return {**super().get_config(), "graph": self.graph.to_json()}


def _key(shapes) -> tuple:
    return tuple(tuple(shape) for shape in shapes)
