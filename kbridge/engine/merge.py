"""``Merge`` and ``merge``: several tensors into one."""

from __future__ import annotations

import operator

from .. import backend as K
from ..errors import nearest
from ..utils.generic_utils import get_custom_objects
from .layer import Layer
from .layer_arguments import parameters_of
from .node import as_shapes, flat_shape, static_shape, to_list

MODES = ("sum", "mul", "concat", "ave", "cos", "dot", "max", "min", "sub", "normalized_dot")
#: modes that contract an axis of two inputs
DOTS = ("dot", "cos", "normalized_dot")
#: modes whose inputs must have one shape
ELEMENTWISE = ("sum", "mul", "ave", "max", "min", "sub")


#: how the element-wise modes join two tensors; 'ave' divides their sum
_JOINED = {
    "sum": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "max": lambda x, y: K.maximum(x, y),
    "min": lambda x, y: K.minimum(x, y),
}


class Merge(Layer):
    """Join a list of tensors into one.

    Args:
        layers: the branches, a list of layers or models, for a Merge at the head of a Sequential model.
        mode: 'sum', 'mul', 'concat', 'ave', 'cos', 'dot' or 'max', or a function of the list of tensors. 'min', 'sub' (the first tensor minus the
            second) and 'normalized_dot' ('dot' of vectors brought to length 1) are not Keras 1's; they are those of Keras 2's Minimum, Subtract and
            Dot(normalize=True).
        concat_axis: the axis along which 'concat' joins.
        dot_axes: the axes that 'dot' and 'cos' contract, a number for both tensors or a pair.
        output_shape: what a function as ``mode`` gives: a tuple without the batch axis, or a function of the list of shapes; None if the backend is
            to find it.
        output_mask: the mask that a function as ``mode`` gives: a tensor, or a function of the list of masks.
        arguments: further keyword arguments of a function as ``mode``, a dict.
        node_indices: which call of each of ``layers`` is meant; the first one if left out.
        tensor_indices: which output of that call is meant; the first one if left out.
        name: the layer's name.
        broadcast: whether element-wise modes repeat axes of length 1, and tensors with fewer axes along those right behind the samples, as Keras 2
            does. It is stored where it matters.

    Input shape:
        A list of at least two tensors.

    Output shape:
        Theirs for element-wise modes; with the lengths of ``concat_axis`` added up for 'concat'; (samples, the other axes of the first, those of
        the second) for 'dot', 'cos' and 'normalized_dot'.

    Raises:
        ValueError: an unknown mode, or shapes that don't fit it.
    """

    supports_masking = True

    def __init__(
        self,
        layers=None,
        mode="sum",
        concat_axis=-1,
        dot_axes=-1,
        output_shape=None,
        output_mask=None,
        arguments=None,
        node_indices=None,
        tensor_indices=None,
        name=None,
        broadcast=False,
    ):
        super().__init__(name=name)
        if not callable(mode) and mode not in MODES:
            raise ValueError(
                f"Merge {self.name}: unknown mode {mode!r}. The mode must be one of {', '.join(MODES)}, or a "
                f"function.{nearest(mode, MODES)}"
            )
        self.layers = layers
        self.mode = mode
        self.concat_axis = concat_axis
        self.dot_axes = list(dot_axes) if isinstance(dot_axes, tuple) else dot_axes
        self._output_shape = list(output_shape) if isinstance(output_shape, tuple) else output_shape
        self._output_mask = output_mask
        self.arguments = arguments or {}
        self.broadcast = broadcast
        self.node_indices = node_indices
        self.tensor_indices = tensor_indices
        if layers is not None:
            self._connect(layers, node_indices, tensor_indices)
            self.built = True

    def _connect(self, layers, node_indices, tensor_indices) -> None:
        if not isinstance(layers, (list, tuple)) or len(layers) < 2:
            raise ValueError(f"Merge {self.name} merges a list of at least 2 layers, got {layers!r}.")
        for layer in layers:
            if not layer.inbound_nodes:
                raise ValueError(f"Merge {self.name}: the branch {layer.name!r} has no input yet; give its first layer an input_shape.")
        node_indices = node_indices or [0] * len(layers)
        tensor_indices = tensor_indices or [0] * len(layers)
        self.add_inbound_node(list(layers), list(node_indices), list(tensor_indices))

    def __call__(self, inputs, mask=None, *, training=None):  # type: ignore[override]  # Keras 1's name of the argument
        if not isinstance(inputs, (list, tuple)) or len(inputs) < 2:
            raise ValueError(f"Merge {self.name} merges a list of at least 2 tensors, got {inputs!r}.")
        return super().__call__(list(inputs), mask, training=training)

    def assert_input_compatibility(self, input) -> None:
        """Raise a ValueError unless the shapes of the tensors in ``input`` fit the mode, and each other."""
        self._check_shapes([static_shape(x) for x in to_list(input)])

    # ------------------------------------------------------------------ checks

    def _check_shapes(self, shapes) -> None:
        def fail(problem):
            raise ValueError(f"Merge {self.name} (mode {self.mode!r}): {problem}; got shapes {[tuple(s) for s in shapes]}.")

        if self.mode in ELEMENTWISE:
            allowed = (None, 1) if self.broadcast else (None,)
            aligned = _aligned(shapes) if self.broadcast else shapes
            if len({len(s) for s in aligned}) > 1 or any(len({*lengths}.difference(allowed)) > 1 for lengths in zip(*aligned, strict=True)):
                fail("all inputs must have the same shape")
            if self.mode == "sub" and len(shapes) != 2:
                fail("exactly 2 inputs are needed")
        elif self.mode == "concat":
            ndims = {len(s) for s in shapes}
            if len(ndims) > 1:
                fail("all inputs must have the same number of axes")
            ndim = ndims.pop()
            if not -ndim <= self.concat_axis < ndim:
                fail(f"concat_axis={self.concat_axis} is out of range")
            for a in range(ndim):
                known = {s[a] for s in shapes if s[a] is not None}
                if a != self.concat_axis % ndim and len(known) > 1:
                    fail(f"inputs must agree on all axes but concat_axis={self.concat_axis}")
        elif self.mode in DOTS:
            if len(shapes) != 2:
                fail("exactly 2 inputs are needed")
            axes = self._dot_axes(shapes)
            sizes = [s[a] for s, a in zip(shapes, axes, strict=True)]
            if 0 in axes:
                fail(f"dot_axes={self.dot_axes} names the batch axis")
            if None not in sizes and sizes[0] != sizes[1]:
                fail(f"dot_axes={self.dot_axes} have different lengths {sizes[0]} and {sizes[1]}")
            if None not in (shapes[0][0], shapes[1][0]) and shapes[0][0] != shapes[1][0]:
                fail(f"the inputs hold {shapes[0][0]} and {shapes[1][0]} samples")
            if self.mode == "cos":
                x, y = ([n for a, n in enumerate(s) if a not in (0, axis)] for s, axis in zip(shapes, axes, strict=True))
                if len(x) != len(y) or any(m != n for m, n in zip(x, y, strict=True) if None not in (m, n)):
                    fail(
                        "Keras 1's formula divides by the products of each input with itself, so all axes but that of the product "
                        "must be equal; mode 'normalized_dot' takes others [differences: cos-of-shapes]"
                    )

    def _dot_axes(self, shapes) -> list[int]:
        axes = self.dot_axes if isinstance(self.dot_axes, list) else [self.dot_axes] * 2
        axes = [a[0] if isinstance(a, (list, tuple)) else a for a in axes]
        for a, s in zip(axes, shapes, strict=True):
            if not -len(s) <= a < len(s):
                raise ValueError(f"Merge {self.name}: dot_axes={self.dot_axes} is out of range for shape {tuple(s)}.")
        return [a % len(s) for a, s in zip(axes, shapes, strict=True)]

    # ------------------------------------------------------------------ computation

    def call(self, inputs, mask=None):
        """Return the joined tensor.

        Args:
            inputs: the list of tensors.
            mask: a list of their masks, for a function as ``mode`` that has such an argument.
        """
        if callable(self.mode):
            arguments = dict(self.arguments)
            if "mask" in parameters_of(self.mode):
                arguments["mask"] = mask
            return self.mode(inputs, **arguments)
        if self.mode == "concat":
            return K.concatenate(inputs, axis=self.concat_axis)
        if self.mode in DOTS:
            return self._dot(*inputs)
        join = _JOINED.get(self.mode, _JOINED["sum"])
        inputs = _broadcastable(inputs) if self.broadcast else inputs
        result = inputs[0]
        for x in inputs[1:]:
            result = join(result, x)
        return result / len(inputs) if self.mode == "ave" else result

    def _dot(self, x, y):
        axes = self._dot_axes([K.int_shape(x), K.int_shape(y)])
        if self.mode == "normalized_dot":
            x, y = K.l2_normalize(x, axes[0]), K.l2_normalize(y, axes[1])
        product = K.batch_dot(x, y, axes)
        if self.mode != "cos":
            return product
        # Keras 1's cosine: for inputs with 3 axes the norms are the products of each input with itself
        norms = K.sqrt(K.batch_dot(x, x, [axes[0], axes[0]]) * K.batch_dot(y, y, [axes[1], axes[1]]))
        return product / K.maximum(norms, K.epsilon())

    def get_output_shape_for(self, input_shape):
        shapes = as_shapes(input_shape)
        self._check_shapes(shapes)
        if callable(self.mode):
            return self._shape_of_function(shapes)
        if self.mode in ELEMENTWISE and self.broadcast:
            return (shapes[0][0], *(_longest(lengths) for lengths in zip(*(s[1:] for s in _aligned(shapes)), strict=True)))
        if self.mode in ELEMENTWISE:
            first = list(shapes[0])
            for s in shapes[1:]:
                first = [m if n is None else n for m, n in zip(first, s, strict=True)]
            return (shapes[0][0], *first[1:])
        if self.mode == "concat":
            axis = self.concat_axis % len(shapes[0])
            lengths = [s[axis] for s in shapes]
            result = list(shapes[0])
            result[axis] = None if None in lengths else sum(lengths)
            return tuple(result)
        axes = self._dot_axes(shapes)
        rest = [n for s, axis in zip(shapes, axes, strict=True) for a, n in enumerate(s) if a not in (0, axis)]
        return (shapes[0][0], *(rest or [1]))

    def _shape_of_function(self, shapes):
        if callable(self._output_shape):
            return flat_shape(self._output_shape(shapes))
        if self._output_shape is not None:
            return (shapes[0][0], *flat_shape(self._output_shape))
        return tuple(K.int_shape(self.call([K.placeholder(shape=s) for s in shapes])))

    def compute_mask(self, inputs, mask=None):
        masks = to_list(mask) if mask is not None else []
        if callable(self._output_mask):
            return self._output_mask(mask)
        if self._output_mask is not None:
            return self._output_mask
        if not masks or all(m is None for m in masks):
            return None
        if callable(self.mode):
            return None
        if self.mode in ELEMENTWISE:
            known = [m for m in masks if m is not None]
            result = K.expand_dims(known[0], 0)
            if len(known) > 1:
                result = K.concatenate([K.expand_dims(m, 0) for m in known], axis=0)
            return K.all(result, axis=0, keepdims=False)
        if self.mode == "concat":
            parts = []
            for x, m in zip(inputs, masks, strict=True):
                if m is None:
                    parts.append(K.cast(K.ones_like(x), "bool"))
                elif K.ndim(m) < K.ndim(x):
                    # a mask of (samples, time) holds for all features
                    wide = K.cast(K.expand_dims(m, -1), K.dtype(x)) + K.zeros_like(x)
                    parts.append(K.not_equal(wide, 0))
                else:
                    parts.append(m)
            return K.all(K.concatenate(parts, axis=self.concat_axis), axis=-1, keepdims=False)
        return None

    # ------------------------------------------------------------------ configuration

    def get_config(self):
        from ..saving import functions

        config = {"name": self.name}
        for key, value in (("mode", self.mode), ("output_shape", self._output_shape), ("output_mask", self._output_mask)):
            config[key] = functions.to_config(value, self.name, key) if callable(value) else value
            config[f"{key}_type"] = "function" if callable(value) else "raw"
        config.update(concat_axis=self.concat_axis, dot_axes=self.dot_axes, arguments=self.arguments)
        if self.broadcast and any(_broadcasts(node.input_shapes) for node in self.inbound_nodes):
            config["broadcast"] = True
        return config

    @classmethod
    def from_config(cls, config):
        from ..saving import functions

        config = dict(config)
        for key in ("mode", "output_shape", "output_mask"):
            kind = config.pop(f"{key}_type", "raw")
            config[key] = functions.from_config(
                config.get(key), kind, config.get("name"), key, get_custom_objects(), config.get("arguments")
            )
        return super().from_config(config)


def _aligned(shapes) -> list[tuple]:
    """The shapes with axes of length 1 behind the samples where they have fewer axes than others."""
    ndim = max(map(len, shapes))
    return [(s[0], *(1,) * (ndim - len(s)), *s[1:]) for s in shapes]


def _longest(lengths):
    """The length that axes of ``lengths`` are repeated to; None if it isn't known."""
    known = {n for n in lengths if n not in (None, 1)}
    return known.pop() if known else None if None in lengths else 1


def _broadcasts(shapes) -> bool:
    """Whether tensors of these shapes may have axes to be repeated."""
    return len({len(s) for s in shapes}) > 1 or any(1 in lengths and len(set(lengths)) > 1 for lengths in zip(*(s[1:] for s in shapes)))


def _broadcastable(inputs: list) -> list:
    """The tensors with as many axes each, those of length 1 as axes that any backend repeats."""
    shapes = [static_shape(x) for x in inputs]
    ready = []
    for x, shape, aligned in zip(inputs, shapes, _aligned(shapes), strict=True):
        for axis in range(1, len(shape)):
            if shape[axis] == 1:
                x = K.expand_dims(K.squeeze(x, axis), axis)
        for _ in range(len(aligned) - len(shape)):
            x = K.expand_dims(x, 1)
        ready.append(x)
    return ready


def merge(inputs, mode="sum", concat_axis=-1, dot_axes=-1, output_shape=None, output_mask=None, arguments=None, name=None):
    """Join a list of tensors into one tensor, or a list of layers into a ``Merge`` layer.

    The other arguments are those of ``Merge``.

    Args:
        inputs: a list of at least two tensors, or of layers.

    Raises:
        TypeError: a list of something else.

    Example:
        >>> from kbridge.layers import Dense, Input, merge
        >>> a, b = Input((3,)), Input((4,))
        >>> merge([Dense(2)(a), Dense(2)(b)], mode="concat")._keras_shape
        (None, 4)
    """
    options = {
        "mode": mode,
        "concat_axis": concat_axis,
        "dot_axes": dot_axes,
        "output_shape": output_shape,
        "output_mask": output_mask,
        "arguments": arguments,
        "name": name,
    }
    inputs = to_list(inputs)
    if all(K.is_tensor(x) for x in inputs):
        # among them may be some that no layer made: inside a layer's call, or in a Lambda
        return Merge(**options)(inputs)
    if all(isinstance(x, Layer) for x in inputs):
        return Merge(layers=inputs, **options)
    raise TypeError(f"merge takes a list of tensors (or of layers), got {inputs!r}.")
