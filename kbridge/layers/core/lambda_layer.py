"""A function as a layer."""

from __future__ import annotations

from ... import backend as K
from ...engine.layer_arguments import parameters_of
from ...engine.node import flat_shape
from ...engine.topology import Layer
from ...utils.generic_utils import get_custom_objects


class Lambda(Layer):
    """A function of tensors as a layer.

    A function that is one straight line of expressions (arithmetic, items, functions of ``K`` ...) is saved as data: kbridge reads its instructions,
    together with the plain values that its closure and globals have at that time. Any other function is saved by its name, and loading takes
    it from ``custom_objects``.

    Args:
        function: called with the input tensor (or list of tensors), and with ``mask`` if it has an argument of that name; it returns a tensor.
        output_shape: a tuple without the batch axis, or a function of the input shape; None if the backend is to find it.
        arguments: further keyword arguments of the function, a dict.

    Input shape:
        What the function takes.

    Output shape:
        ``output_shape`` or the shape of what the function returns.

    Raises:
        TypeError: ``function`` can't be called, or ``output_shape`` is neither a tuple nor a function.

    Example:
        >>> from kbridge.layers import Lambda
        >>> from kbridge.models import Sequential
        >>> Sequential([Lambda(lambda x: x[:, :2] * 2, input_shape=(3,))]).output_shape
        (None, 2)
    """

    def __init__(self, function, output_shape=None, arguments=None, **kwargs):
        if not callable(function):
            raise TypeError(f"Lambda takes a function of tensors, got {function!r}.")
        self.function = function
        self.arguments = arguments or {}
        self.supports_masking = False
        if not (output_shape is None or callable(output_shape) or isinstance(output_shape, (tuple, list))):
            raise TypeError(f"Lambda: output_shape must be a tuple without the batch axis, or a function; got {output_shape!r}.")
        self._output_shape = tuple(output_shape) if isinstance(output_shape, list) else output_shape
        self._shapes: dict[str, tuple] = {}
        super().__init__(**kwargs)

    def get_output_shape_for(self, input_shape):
        if callable(self._output_shape):
            shape = self._output_shape(input_shape)
            if not isinstance(shape, (list, tuple)):
                raise ValueError(f"Lambda {self.name}: output_shape must return a tuple, got {shape!r}.")
            return flat_shape(shape)
        if self._output_shape is not None:
            first = input_shape[0] if not isinstance(input_shape, list) else input_shape[0][0]
            return (first, *flat_shape(self._output_shape))
        return self._inferred_shape(input_shape)

    def _inferred_shape(self, input_shape):
        """Return the shape that the backend gives for placeholders of the input's shape."""
        if str(input_shape) not in self._shapes:
            if isinstance(input_shape, list):
                self.call([K.placeholder(shape=s) for s in input_shape])
            else:
                self.call(K.placeholder(shape=input_shape))
        return self._shapes[str(input_shape)]

    def call(self, x, mask=None):
        """Return what the function returns for the input."""
        arguments = dict(self.arguments)
        if "mask" in parameters_of(self.function):
            arguments["mask"] = mask
        outputs = self.function(x, **arguments)
        # the shapes of a call are those that are asked for next, and need no second call with other tensors
        self._shapes[str(_shape(x))] = _shape(outputs)
        return outputs

    def compute_mask(self, input, input_mask=None):
        return None

    def get_config(self):
        from ...saving import functions

        config = super().get_config()
        for key, value in (("function", self.function), ("output_shape", self._output_shape)):
            config[key] = functions.to_config(value, self.name, key) if callable(value) else value
            config[f"{key}_type"] = "function" if callable(value) else "raw"
        return {**config, "arguments": self.arguments}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Return a new layer.

        Args:
            config: a dict that ``get_config`` gave.
            custom_objects: functions by name, for those that are saved by their name.
        """
        from ...saving import functions

        config = dict(config)
        known = {**get_custom_objects(), **(custom_objects or {})}
        for key in ("function", "output_shape"):
            kind = config.pop(f"{key}_type", "raw")
            config[key] = functions.from_config(config.get(key), kind, config.get("name"), key, known, config.get("arguments"))
        return cls(**config)


def _shape(x):
    """The shape of a tensor, or a list of them; None for what is no tensor."""
    if isinstance(x, (list, tuple)):
        return [_shape(item) for item in x]
    return getattr(x, "_keras_shape", None) or (K.int_shape(x) if K.is_tensor(x) else None)
