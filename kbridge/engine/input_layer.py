"""``InputLayer`` and ``Input``: where data enters a graph of layers."""

from __future__ import annotations

import numpy as np

from .. import backend as K
from .layer import Layer
from .layer_arguments import shape_of
from .node import Node, single, static_shape
from .text_ids import DTYPE as TEXT_IDS
from .text_ids import placeholder_shape

DTYPES = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool", "string")


class InputLayer(Layer):
    """The layer with which a graph begins: it puts out a placeholder, or a tensor that is given.

    Args:
        input_shape: the shape without the batch axis, a tuple; None stands for any length.
        batch_input_shape: the shape with the batch axis; give one of the two, or ``input_tensor``.
        input_dtype: the dtype, as a text; floatx, or that of ``input_tensor``, if left out.
        input_tensor: a tensor to put out in place of a placeholder.
        sparse: whether the placeholder is sparse.
        name: the layer's name; 'input_1' and so on if left out.

    Raises:
        ValueError: no shape or two, or a dtype that isn't there.
    """

    def __init__(self, input_shape=None, batch_input_shape=None, input_dtype=None, input_tensor=None, sparse=False, name=None):
        if name is None:
            name = f"input_{K.get_uid('input')}"
        super().__init__(name=name)
        self.built = True
        self.trainable = False
        self.sparse = sparse
        if input_shape is not None and batch_input_shape is not None:
            raise ValueError(f"InputLayer {name!r}: give either input_shape or batch_input_shape, not both.")
        if batch_input_shape is None and input_tensor is None:
            if input_shape is None:
                raise ValueError(f"InputLayer {name!r} needs input_shape (without the batch axis) or batch_input_shape.")
        if batch_input_shape is None and input_shape is not None:
            batch_input_shape = (None, *shape_of(input_shape, f"InputLayer {name!r}", "input_shape"))
        if batch_input_shape is not None:
            batch_input_shape = shape_of(batch_input_shape, f"InputLayer {name!r}", "batch_input_shape")
        self.batch_input_shape = batch_input_shape if input_tensor is None else _shape_of(input_tensor, batch_input_shape)
        if input_dtype is None:
            input_dtype = K.floatx() if input_tensor is None else K.dtype(input_tensor)
        self.input_dtype = input_dtype = _dtype_name(input_dtype, name)
        if input_tensor is None:
            # numbers that stand for texts
            texts = input_dtype == "string"
            given = placeholder_shape(self.batch_input_shape) if texts else self.batch_input_shape
            input_tensor = K.placeholder(shape=given, dtype=TEXT_IDS if texts else input_dtype, sparse=sparse, name=name)
            self.is_placeholder = True
        else:
            self.is_placeholder = False
            if K.is_keras_tensor(input_tensor):
                input_tensor = K.identity(input_tensor)
        input_tensor._keras_shape = placeholder_shape(self.batch_input_shape) if input_dtype == "string" else self.batch_input_shape
        input_tensor._uses_learning_phase = False
        input_tensor._keras_history = (self, 0, 0)
        shape = [self.batch_input_shape]
        Node(self, [], [], [], [input_tensor], [input_tensor], [None], [None], shape, shape)

    def get_config(self):
        return {
            "batch_input_shape": self.batch_input_shape,
            "input_dtype": self.input_dtype,
            "sparse": self.sparse,
            "name": self.name,
        }


def _shape_of(tensor, told: tuple | None) -> tuple:
    """The shape of a tensor that is given as input; what it doesn't know is taken from what is ``told``."""
    shape = static_shape(tensor)
    if told is None or len(told) != len(shape):
        return tuple(shape)
    return tuple(t if n is None else n for n, t in zip(shape, told, strict=True))


def _dtype_name(dtype, layer: str) -> str:
    try:
        name = "string" if dtype is str or isinstance(dtype, str) and dtype == "string" else np.dtype(dtype).name
    except TypeError:
        name = ""
    if name not in DTYPES:
        raise ValueError(f"InputLayer {layer!r}: the dtype must be one of {', '.join(DTYPES)}, got {dtype!r}.")
    return name


def Input(shape=None, batch_shape=None, name=None, dtype=None, sparse=False, tensor=None):
    """Return a tensor with which a functional model begins.

    Args:
        shape: the shape without the batch axis, a tuple; None stands for any length.
        batch_shape: the shape with the batch axis, in place of ``shape``.
        name: the name of the input; 'input_1' and so on if left out.
        dtype: the dtype, floatx if left out; 'string' is for texts, which only StringLookup, TextVectorization and Hashing take
            [differences: texts-as-numbers].
        sparse: whether the placeholder is sparse.
        tensor: an existing tensor to begin with, whose shape counts where it is known.

    Raises:
        ValueError: no shape, or a dtype that isn't there.

    Example:
        >>> from kbridge.layers import Dense, Input
        >>> from kbridge.models import Model
        >>> x = Input(shape=(4,))
        >>> Model(input=x, output=Dense(2)(x)).output_shape
        (None, 2)
    """
    if shape is None and batch_shape is None and tensor is None:
        raise ValueError("Input needs a shape (without the batch axis) or a batch_shape (with it), for example Input(shape=(100,)).")
    if shape is not None and batch_shape is None:
        batch_shape = (None, *shape_of(shape, "Input", "shape"))
    layer = InputLayer(batch_input_shape=batch_shape, name=name, input_dtype=dtype, sparse=sparse, input_tensor=tensor)
    return single(layer.inbound_nodes[0].output_tensors)
