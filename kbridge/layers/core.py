"""Core layers: activations, dropout, reshaping, Lambda, masking; the dense ones are in ``dense.py``."""

from __future__ import annotations

import copy
import inspect
import types as python_types
import warnings

import numpy as np

from .. import activations, constraints, initializations, regularizers
from .. import backend as K
from ..engine.layer import parameters_of
from ..engine.node import flat_shape
from ..engine.topology import InputSpec, Layer, Merge
from ..errors import whole_number
from ..utils.generic_utils import func_dump, func_load, get_custom_objects, get_from_module
from .dense import Dense, Highway, MaxoutDense, TimeDistributedDense
from .spatial import resolve_ordering

# a star import brings the modules that Keras 1 imported, too: programs rely on it
__all__ = [
    "Activation",
    "ActivityRegularization",
    "Dense",
    "Dropout",
    "Flatten",
    "Highway",
    "InputSpec",
    "K",
    "Lambda",
    "Layer",
    "Masking",
    "MaxoutDense",
    "Merge",
    "Permute",
    "RepeatVector",
    "Reshape",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "TimeDistributedDense",
    "activations",
    "constraints",
    "copy",
    "func_dump",
    "func_load",
    "get_from_module",
    "initializations",
    "inspect",
    "np",
    "python_types",
    "regularizers",
    "warnings",
]


class Masking(Layer):
    """Mask the time steps in which all features equal ``mask_value``.

    Masked steps are set to 0, and layers after this one that support masks skip them.

    Args:
        mask_value: the number that stands for a missing step.

    Input shape:
        (samples, time, features).

    Output shape:
        The input's.

    Example:
        >>> import numpy as np
        >>> from kbridge.layers import LSTM, Masking
        >>> from kbridge.models import Sequential
        >>> model = Sequential([Masking(input_shape=(3, 2)), LSTM(4)])
        >>> padded = np.zeros((1, 3, 2))
        >>> padded[:, 0] = 1
        >>> model.predict(padded).shape
        (1, 4)
    """

    supports_masking = True

    def __init__(self, mask_value=0.0, **kwargs):
        self.mask_value = mask_value
        super().__init__(**kwargs)

    def compute_mask(self, x, input_mask=None):
        return K.any(K.not_equal(x, self.mask_value), axis=-1)

    def call(self, x, mask=None):
        """Return the input with masked steps set to 0."""
        keep = K.any(K.not_equal(x, self.mask_value), axis=-1, keepdims=True)
        return x * K.cast(keep, K.dtype(x))

    def get_config(self):
        return {**super().get_config(), "mask_value": self.mask_value}


class Dropout(Layer):
    """Set a fraction ``p`` of the inputs to 0 in training, and scale the others by 1 / (1 - p); in prediction the input stays as it is.

    Args:
        p: the fraction to drop, at least 0 and below 1.
        noise_shape: a shape with the batch axis, where axes of length 1 share one decision; None for a decision for each value.
        seed: a whole number that makes the draws repeatable; None draws one from NumPy's global random state.

    Input shape:
        Any.

    Output shape:
        The input's.

    Raises:
        ValueError: ``p`` is below 0 or at least 1.

    References:
        Srivastava et al. (2014), Dropout: A Simple Way to Prevent Neural Networks from Overfitting.

    Example:
        >>> import numpy as np
        >>> from kbridge.layers import Dropout
        >>> from kbridge.models import Sequential
        >>> Sequential([Dropout(0.5, input_shape=(3,))]).predict(np.ones((1, 3))).tolist()
        [[1.0, 1.0, 1.0]]
    """

    supports_masking = True

    def __init__(self, p, noise_shape=None, seed=None, **kwargs):
        if not 0.0 <= p < 1.0:
            raise ValueError(
                f"{type(self).__name__}: p is the fraction to drop, at least 0 and below 1; got {p!r} [differences: dropout-of-all]"
            )
        self.p = p
        self.noise_shape = noise_shape
        self.seed = seed
        self.uses_learning_phase = p > 0.0
        super().__init__(**kwargs)

    def _noise_shape(self, x):
        return self.noise_shape

    def call(self, x, mask=None):
        """Return the input, with a fraction of it dropped in the training phase."""
        if self.p == 0.0:
            return x
        return K.in_train_phase(lambda: K.dropout(x, self.p, self._noise_shape(x), seed=self.seed), x)

    def get_config(self):
        config = {**super().get_config(), "p": self.p}
        # Keras 1.2.2 lost these two when saving and can't read them back, so only values that matter are written
        if self.noise_shape is not None:
            config["noise_shape"] = self.noise_shape
        if self.seed is not None:
            config["seed"] = self.seed
        return config


class SpatialDropout1D(Dropout):
    """Drop whole features in training: all time steps of a feature together.

    Args:
        p: the fraction of features to drop, at least 0 and below 1.

    Input shape:
        (samples, time, features).

    Output shape:
        The input's.

    References:
        Tompson et al. (2015), Efficient Object Localization Using Convolutional Networks, arXiv 1411.4280.
    """

    def __init__(self, p, **kwargs):
        super().__init__(p, **kwargs)
        self.input_spec = [InputSpec(ndim=3)]

    def _noise_shape(self, x):
        return (None, 1, None)


class _SpatialDropout(Dropout):
    """Drop whole channels of images or volumes; ``spatial`` is the number of their axes."""

    spatial = 2

    def __init__(self, p, dim_ordering="default", **kwargs):
        super().__init__(p, **kwargs)
        self.dim_ordering = resolve_ordering(self, dim_ordering)
        self.input_spec = [InputSpec(ndim=self.spatial + 2)]

    def _noise_shape(self, x):
        ones = (1,) * self.spatial
        return (None, None, *ones) if self.dim_ordering == "th" else (None, *ones, None)

    def get_config(self):
        config = super().get_config()
        if self.dim_ordering != K.image_dim_ordering():
            config["dim_ordering"] = self.dim_ordering
        return config


class SpatialDropout2D(_SpatialDropout):
    """Drop whole channels of images in training.

    Args:
        p: the fraction of channels to drop, at least 0 and below 1.
        dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.

    Input shape:
        (samples, channels, rows, cols) with 'th', (samples, rows, cols, channels) with 'tf'.

    Output shape:
        The input's.

    References:
        Tompson et al. (2015), Efficient Object Localization Using Convolutional Networks, arXiv 1411.4280.
    """

    spatial = 2


class SpatialDropout3D(_SpatialDropout):
    """Drop whole channels of volumes in training.

    The other arguments are those of ``SpatialDropout2D``.

    Input shape:
        (samples, channels, dim1, dim2, dim3) with 'th', (samples, dim1, dim2, dim3, channels) with 'tf'.

    Output shape:
        The input's.
    """

    spatial = 3


class Activation(Layer):
    """Apply an activation function to each value of the input.

    Args:
        activation: the name of an activation (``kbridge.activations``) or a function of tensors.

    Input shape:
        Any; for 'softmax' at least 2 axes.

    Output shape:
        The input's.

    Example:
        >>> import numpy as np
        >>> from kbridge.layers import Activation
        >>> from kbridge.models import Sequential
        >>> Sequential([Activation("relu", input_shape=(2,))]).predict(np.array([[-1.0, 2.0]])).tolist()
        [[0.0, 2.0]]
    """

    supports_masking = True

    def __init__(self, activation, **kwargs):
        self.activation = activations.get(activation)
        super().__init__(**kwargs)

    def call(self, x, mask=None):
        """Return the activation of the input."""
        return self.activation(x)

    def get_config(self):
        return {**super().get_config(), "activation": getattr(self.activation, "__name__", type(self.activation).__name__)}


class Reshape(Layer):
    """Give the values of each sample another shape, in row-major order.

    Args:
        target_shape: the new shape without the batch axis; one entry may be -1 and is found from the others.

    Input shape:
        Any; if lengths are unknown, the check is left to the run.

    Output shape:
        (samples, *target_shape).

    Raises:
        ValueError: two entries are -1, or the number of values differs.

    Example:
        >>> from kbridge.layers import Reshape
        >>> from kbridge.models import Sequential
        >>> Sequential([Reshape((2, -1), input_shape=(6,))]).output_shape
        (None, 2, 3)
    """

    def __init__(self, target_shape, **kwargs):
        super().__init__(**kwargs)
        self.target_shape = tuple(whole_number(n, f"Reshape {self.name}", "target_shape") for n in target_shape)

    def get_output_shape_for(self, input_shape):
        rest, target = input_shape[1:], list(self.target_shape)
        if target.count(-1) > 1:
            raise ValueError(f"Reshape {self.name}: only one entry of target_shape may be -1, got {self.target_shape}.")
        if None in rest:
            return (input_shape[0], *(None if n == -1 else n for n in target))
        size, known = int(np.prod(rest)), int(np.prod([n for n in target if n != -1]))
        fits = known != 0 and size % known == 0 if -1 in target else size == known
        if not fits:
            raise ValueError(
                f"Reshape {self.name}: the total size of the new array must be unchanged: an input of shape {tuple(rest)} "
                f"({size} values) can't become {self.target_shape}."
            )
        return (input_shape[0], *(size // known if n == -1 else n for n in target))

    def call(self, x, mask=None):
        """Return the input in its new shape."""
        shape = getattr(x, "_keras_shape", None) or K.int_shape(x)
        target = self.get_output_shape_for(shape)[1:]
        if None in target:
            return K.reshape(x, (K.shape(x)[0], *self.target_shape))
        return K.reshape(x, (-1, *target))

    def get_config(self):
        return {**super().get_config(), "target_shape": self.target_shape}


class Permute(Layer):
    """Reorder the axes of each sample.

    Args:
        dims: the axes of the input in their new order, counted from 1 without the batch axis: (2, 1) exchanges the first two.

    Input shape:
        A batch axis and as many axes as ``dims`` has entries.

    Output shape:
        The input's, reordered.

    Raises:
        ValueError: ``dims`` doesn't hold each number from 1 on once.

    Example:
        >>> from kbridge.layers import Permute
        >>> from kbridge.models import Sequential
        >>> Sequential([Permute((2, 1), input_shape=(5, 3))]).output_shape
        (None, 3, 5)
    """

    def __init__(self, dims, **kwargs):
        super().__init__(**kwargs)
        self.dims = tuple(whole_number(d, f"Permute {self.name}", "dims") for d in dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(f"Permute {self.name}: dims must hold 1 to {len(self.dims)} once each, got {self.dims}.")
        self.input_spec = [InputSpec(ndim=len(self.dims) + 1)]

    def get_output_shape_for(self, input_shape):
        return (input_shape[0], *(input_shape[d] for d in self.dims))

    def call(self, x, mask=None):
        """Return the input with its axes reordered."""
        return K.permute_dimensions(x, (0, *self.dims))

    def get_config(self):
        return {**super().get_config(), "dims": self.dims}


class Flatten(Layer):
    """Make all axes but the batch axis one, in row-major order.

    Args:
        dim_ordering: 'th' moves axis 1, the channels, to the end before, as Keras 2's ``data_format='channels_first'`` does; it is stored only
            then.

    Input shape:
        (samples, ...) with all lengths but the samples' known.

    Output shape:
        (samples, the product of the other lengths).

    Raises:
        ValueError: a length is unknown.

    Example:
        >>> from kbridge.layers import Flatten
        >>> from kbridge.models import Sequential
        >>> Sequential([Flatten(input_shape=(4, 3, 2))]).output_shape
        (None, 24)
    """

    def __init__(self, dim_ordering="tf", **kwargs):
        self.input_spec = [InputSpec(ndim="2+")]
        self.dim_ordering = resolve_ordering(self, dim_ordering)
        super().__init__(**kwargs)

    def get_config(self):
        return {**super().get_config(), **({"dim_ordering": "th"} if self.dim_ordering == "th" else {})}

    def get_output_shape_for(self, input_shape):
        if None in input_shape[1:]:
            raise ValueError(
                f"The shape of the input to Flatten {self.name} is not fully defined, got {tuple(input_shape[1:])}. "
                f"Give the first layer of the model a full input_shape."
            )
        return (input_shape[0], int(np.prod(input_shape[1:])))

    def call(self, x, mask=None):
        """Return the input as (samples, values)."""
        if self.dim_ordering == "th" and K.ndim(x) > 2:
            x = K.permute_dimensions(x, (0, *range(2, K.ndim(x)), 1))
        return K.batch_flatten(x)


class RepeatVector(Layer):
    """Repeat each vector ``n`` times, as the time steps of a sequence.

    Args:
        n: how often, a whole number above 0.

    Input shape:
        (samples, features).

    Output shape:
        (samples, n, features).

    Example:
        >>> from kbridge.layers import RepeatVector
        >>> from kbridge.models import Sequential
        >>> Sequential([RepeatVector(3, input_shape=(2,))]).output_shape
        (None, 3, 2)
    """

    def __init__(self, n, **kwargs):
        super().__init__(**kwargs)
        self.n = whole_number(n, f"RepeatVector {self.name}", "n", 1)
        self.input_spec = [InputSpec(ndim=2)]

    def get_output_shape_for(self, input_shape):
        return (input_shape[0], self.n, input_shape[1])

    def call(self, x, mask=None):
        """Return the input repeated along a new axis 1."""
        return K.repeat(x, self.n)

    def get_config(self):
        return {**super().get_config(), "n": self.n}


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
        from ..saving import functions

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
        from ..saving import functions

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


class ActivityRegularization(Layer):
    """Pass the input on, and add l1 * sum(abs(x)) + l2 * sum(x ** 2) to the training loss.

    Args:
        l1: the factor of the sum of absolute values.
        l2: the factor of the sum of squares.

    Input shape:
        Any.

    Output shape:
        The input's.
    """

    supports_masking = True

    def __init__(self, l1=0.0, l2=0.0, **kwargs):
        self.l1 = l1
        self.l2 = l2
        super().__init__(**kwargs)
        self.activity_regularizer = regularizers.L1L2Regularizer(l1=l1, l2=l2)

    def get_config(self):
        return {**super().get_config(), "l1": self.l1, "l2": self.l2}
