"""The contract between ``K`` and a backend: the primitives every backend implements.

A tensor is always the backend's own object. Everything that can be written from these primitives
without losing speed, stability or gradients is a composite (``kbridge.backends.composites``),
written once; a backend may override a composite with a faster kernel. This module knows no backend.

Conventions, the same on every backend
-------------------------------------
* ``x``, ``y`` may be a tensor, a variable, a NumPy array or a Python number; arrays and numbers take
  the dtype of the tensor they meet. Native operators work on tensors
  (``+ - * / ** // % < <= > >= & | ~ @``, unary ``-``, ``abs``, indexing).
* Two float or two integer tensors of different width give the wider; a float tensor with an integer
  or boolean one keeps the float dtype; true division of integers gives ``floatx``
  (float64 by TensorFlow's own operator).
* Comparisons give ``bool``; ``argmax`` and ``argmin`` give ``int64``; ``shape`` gives ``int32``.
* ``axis`` is an int, a list of ints, or None for all axes; negative values count from the end.
* Gradients at kinks: relu(0), abs(0), sign and round: 0. ``maximum``/``minimum`` at a tie: all of it
  to the first argument. ``max``/``min`` over an axis at ties: split evenly. ``clip``: 1 from
  ``min_value`` to ``max_value`` inclusive, 0 outside. ``sqrt`` at or below 0: 0.
* NaN goes through ``maximum``, ``minimum``, ``clip``, ``max``, ``min`` and ``relu``; 0 times NaN or infinity is NaN.
* argmax and argmin at ties: the first index. Zero-size batches work.
* Convolution is cross-correlation: kernels are never flipped.
"""

from __future__ import annotations

import inspect
from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ClassVar

import numpy as np

from .composites import Composites
from .contributed import channels_last

Tensor = Any
#: what ``gather``'s error is about
GATHERED = "K.gather (of an Embedding, say): the index"
#: lengths, None where one is unknown; said as Any, so that a program that knows its shapes may count with them
Shape = tuple[int | Any, ...]


def _with_shape(make: Callable) -> Callable:
    """Wrap a method that makes placeholders or variables, so that these carry the attributes that programs of Keras 1 read from them."""

    @wraps(make)
    def described(self, *args, **kwargs):
        tensor = make(self, *args, **kwargs)
        tensor._keras_shape, tensor._uses_learning_phase = self.int_shape(tensor), False
        return tensor

    return described


def _describe(backend: type[Backend]) -> None:
    """Give the backend's functions that have no docstring that of the contract, so that ``K.dot.__doc__`` is one."""
    for name, contract in inspect.getmembers(Backend, inspect.isfunction):
        own = inspect.getattr_static(backend, name)
        if inspect.isfunction(own) and own.__doc__ is None:
            own.__doc__ = contract.__doc__


class Backend(Composites):
    """A backend. Constructing a subclass that misses a primitive raises TypeError naming it."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        for name in ("placeholder", "variable"):
            if name in cls.__dict__:
                setattr(cls, name, _with_shape(cls.__dict__[name]))
        _describe(cls)

    #: The name in ``keras.json`` and ``K.backend()``.
    name: ClassVar[str]

    @property
    def libraries(self) -> dict[str, Any]:
        """The parts of the backend's own library that programs reach through ``K``, by name: ``K.tf``, ``K.T``."""
        return {}

    @property
    def keras1_helpers(self) -> dict[str, Any]:
        """The helpers that layers contributed to Keras 1 import from its backend modules, by name: ``_preprocess_conv2d_input`` ..."""
        return channels_last(self)

    # ------------------------------------------------------------------ tensors and their values

    @abstractmethod
    def is_tensor(self, x: Any) -> bool:
        """Whether ``x`` is one of the backend's own symbolic objects: a placeholder, variable, constant or result."""

    @abstractmethod
    def is_variable(self, x: Any) -> bool:
        """Whether ``x`` is a variable, as ``variable`` returns it."""

    @abstractmethod
    def variable(self, value, dtype: str | None = None, name: str | None = None) -> Tensor:
        """A tensor with a stored value. It is called ``name``, if that is given.

        ``value`` is copied: an array, a number, or a scipy sparse matrix, which stays sparse where the backend can. ``dtype=None`` is ``floatx``.
        """

    @abstractmethod
    def constant(self, value, dtype: str | None = None, name: str | None = None) -> Tensor:
        """A tensor whose value never changes; ``name`` is accepted on every backend.

        ``dtype=None`` keeps the dtype of an array or NumPy scalar ``value`` and gives ``floatx``, ``int32`` or ``bool`` to Python values.
        """

    @abstractmethod
    def placeholder(
        self, shape=None, ndim: int | None = None, dtype: str | None = None, sparse: bool = False, name: str | None = None
    ) -> Tensor:
        """An input of a function.

        Args:
            shape: the lengths of its axes, None for unknown ones.
            ndim: the number of axes, all of unknown length, in place of ``shape``.
            dtype: the dtype of the result; floatx if left out.
            sparse: whether it takes scipy sparse matrices.
            name: a name for the tensor, or None.

        Raises:
            ValueError: neither ``shape`` nor ``ndim``.
        """

    @abstractmethod
    def get_value(self, x) -> np.ndarray:
        """A copy of the value of the variable ``x`` as an array (0-d for scalars); of another tensor what ``eval`` gives."""

    @abstractmethod
    def set_value(self, x, value) -> None:
        """Store ``value`` in the variable ``x``, cast to its dtype. A different shape: ValueError with both."""

    @abstractmethod
    def int_shape(self, x) -> Shape:
        """The static shape of ``x``, None where unknown; inferred through operators on every backend."""

    @abstractmethod
    def shape(self, x) -> Tensor:
        """The shape of ``x`` at run time: an int32 vector that can be indexed and passed to ``reshape`` etc."""

    @abstractmethod
    def dtype(self, x) -> str:
        """The dtype of ``x`` as a text: 'float32', 'int64', 'bool' ..."""

    @abstractmethod
    def tensor_name(self, x) -> str | None:
        """The name that ``x`` got from ``variable`` or ``placeholder``, free of what the backend adds to it."""

    @abstractmethod
    def is_sparse(self, tensor) -> bool:
        """Whether ``tensor`` is a sparse placeholder or variable."""

    @abstractmethod
    def to_dense(self, tensor) -> Tensor:
        """A dense tensor of a sparse one; a dense one as it is."""

    # ------------------------------------------------------------------ functions and gradients

    @abstractmethod
    def function(self, inputs: Sequence, outputs: Sequence, updates: Sequence = (), **kwargs) -> Callable[[Sequence], list]:
        """A callable from a list of arrays (one for each of ``inputs``) to the list of the outputs'
        values, as arrays or NumPy scalars that the caller owns. A variable or a result among
        ``inputs`` has the value that is given for it, in this call only.

        ``updates`` are ``(variable, new value)`` pairs as ``K.update`` makes them. All outputs and new
        values are computed from the old values; then the new ones are stored together. Of several updates of
        one variable, increments add up, moving averages follow each other, the last state of a stateful layer
        stays, and anything else is a ValueError that names it (``_one_for_each``). The learning
        phase may stand among ``inputs`` and takes 0 or 1. Values are converted to the placeholder's
        dtype; a wrong number of inputs or a shape that can't fit: ValueError that names the
        placeholder, its shape and what came. ``kwargs`` that say how Theano computes
        (``mode``, ``on_unused_input`` ...) give a warning elsewhere; unknown ones: ValueError.

        Example:
            >>> import numpy as np
            >>> from kbridge import backend as K
            >>> x, total = K.placeholder(shape=(None, 2)), K.variable(0.0)
            >>> f = K.function([x], [K.sum(x, axis=-1)], updates=[K.update_add(total, K.sum(x))])
            >>> f([np.array([[1, 2], [3, 4]])])[0].tolist(), float(K.get_value(total))
            ([3.0, 7.0], 10.0)
        """

    @abstractmethod
    def gradients(self, loss, variables) -> list:
        """d(sum of loss)/d(variable) for each of ``variables`` (tensor or list; always a list back),
        shaped like the variable; None where the loss doesn't depend on it through differentiable ops.
        May be applied to its own results.

        Example:
            >>> from kbridge import backend as K
            >>> x = K.variable([1.0, 2.0])
            >>> K.eval(K.gradients(K.sum(K.square(x)), x)[0]).tolist()
            [2.0, 4.0]
        """

    @abstractmethod
    def stop_gradient(self, variables) -> Tensor:
        """The same values as ``variables`` (a tensor, or a list for a list), constant for ``gradients``."""

    @abstractmethod
    def phase_placeholder(self) -> Tensor:
        """The scalar 0/1 placeholder behind ``learning_phase()``; made once for a backend state."""

    @abstractmethod
    def phase_switch(self, x, alt) -> Tensor:
        """``x`` when the learning phase placeholder is 1, ``alt`` when 0; only the chosen side runs
        where the backend can. Same shapes and dtypes."""

    @abstractmethod
    def uses_learning_phase(self, tensors) -> bool:
        """Whether any of ``tensors`` (one or a list) depends on the learning phase placeholder."""

    @abstractmethod
    def clear_session(self) -> None:
        """Forget the backend's graph and learning phase, free what they hold, reset the names' counters."""

    @abstractmethod
    def print_tensor(self, x, message: str = "") -> Tensor:
        """``x``, whose evaluation prints ``message`` and the value."""

    @abstractmethod
    def host_call(self, function: Callable, tensors: Sequence, dtype: str, shape: Callable) -> Tensor:
        """``function(*arrays)``, run on the host each time, as a tensor without a gradient.

        Args:
            function: a function of as many NumPy arrays as there are ``tensors``, which returns an array.
            tensors: the tensors whose values it gets, a list.
            dtype: the dtype of the array that it returns.
            shape: a function from the static shapes of ``tensors`` to that of the result, None where unknown.
        """

    # ------------------------------------------------------------------ elementwise

    @abstractmethod
    def cast(self, x, dtype: str) -> Tensor:
        """``x`` as ``dtype``: float to int truncates towards zero, to bool is ``x != 0``."""

    @abstractmethod
    def abs(self, x) -> Tensor:
        """The absolute value of each element of ``x``. Gradient at 0: 0."""

    @abstractmethod
    def sign(self, x) -> Tensor:
        """-1, 0 or 1 in the dtype of ``x``."""

    @abstractmethod
    def round(self, x) -> Tensor:
        """Each element of ``x`` to the nearest integer, halves to even. Integers and booleans as they are."""

    @abstractmethod
    def floor(self, x) -> Tensor:
        """The largest whole number that is not above ``x``, in the dtype of ``x``; gradient 0."""

    @abstractmethod
    def ceil(self, x) -> Tensor:
        """The smallest whole number that is not below ``x``, in the dtype of ``x``; gradient 0."""

    @abstractmethod
    def exp(self, x) -> Tensor:
        """e to the power of each element of ``x``."""

    @abstractmethod
    def expm1(self, x) -> Tensor:
        """exp(x) - 1, exact near 0."""

    @abstractmethod
    def log(self, x) -> Tensor:
        """The natural logarithm of each element of ``x``; NaN below 0, -infinity at 0."""

    @abstractmethod
    def log1p(self, x) -> Tensor:
        """log(1 + x), exact near 0."""

    @abstractmethod
    def erf(self, x) -> Tensor:
        """The error function: 2 / sqrt(pi) times the integral of exp(-t ** 2) from 0 to x."""

    @abstractmethod
    def sqrt(self, x) -> Tensor:
        """Square root of max(x, 0); its gradient at or below 0 is 0."""

    @abstractmethod
    def square(self, x) -> Tensor:
        """Each element of ``x`` times itself."""

    @abstractmethod
    def sin(self, x) -> Tensor:
        """The sine of each element of ``x``, in radians."""

    @abstractmethod
    def cos(self, x) -> Tensor:
        """The cosine of each element of ``x``, in radians."""

    @abstractmethod
    def tan(self, x) -> Tensor:
        """The tangent of each element of ``x``, in radians."""

    @abstractmethod
    def arcsin(self, x) -> Tensor:
        """The inverse sine of each element of ``x``, in radians from -pi/2 to pi/2; NaN outside of [-1, 1]."""

    @abstractmethod
    def arccos(self, x) -> Tensor:
        """The inverse cosine of each element of ``x``, in radians from 0 to pi; NaN outside of [-1, 1]."""

    @abstractmethod
    def arctan(self, x) -> Tensor:
        """The inverse tangent of each element of ``x``, in radians from -pi/2 to pi/2."""

    @abstractmethod
    def arctan2(self, y, x) -> Tensor:
        """The angle of the point (x, y) to the positive x axis, in [-pi, pi]."""

    @abstractmethod
    def sinh(self, x) -> Tensor:
        """The hyperbolic sine of each element of ``x``."""

    @abstractmethod
    def cosh(self, x) -> Tensor:
        """The hyperbolic cosine of each element of ``x``."""

    @abstractmethod
    def tanh(self, x) -> Tensor:
        """The hyperbolic tangent of each element of ``x``, from -1 to 1."""

    @abstractmethod
    def arcsinh(self, x) -> Tensor:
        """The inverse hyperbolic sine of each element of ``x``."""

    @abstractmethod
    def arccosh(self, x) -> Tensor:
        """The inverse hyperbolic cosine of each element of ``x``; NaN below 1."""

    @abstractmethod
    def arctanh(self, x) -> Tensor:
        """The inverse hyperbolic tangent of each element of ``x``; NaN outside of [-1, 1]."""

    @abstractmethod
    def sigmoid(self, x) -> Tensor:
        """1 / (1 + exp(-x)) without overflow."""

    @abstractmethod
    def softplus(self, x) -> Tensor:
        """log(1 + exp(x)) without overflow."""

    @abstractmethod
    def pow(self, x, a) -> Tensor:
        """``x ** a``, ``a`` a number or a tensor."""

    @abstractmethod
    def maximum(self, x, y) -> Tensor:
        """The larger of ``x`` and ``y``, element by element; shapes broadcast. The gradient at a tie goes to ``x``."""

    @abstractmethod
    def minimum(self, x, y) -> Tensor:
        """The smaller of ``x`` and ``y``, element by element; shapes broadcast. The gradient at a tie goes to ``x``."""

    @abstractmethod
    def clip(self, x, min_value, max_value) -> Tensor:
        """max(min(x, max_value), min_value): a lower bound above the upper one wins. The bounds are numbers, None for no bound,
        or tensors that broadcast, which get the gradient of what they cut off; at a bound the gradient goes to ``x``."""

    @abstractmethod
    def where(self, condition, x, y) -> Tensor:
        """``x`` where ``condition`` (bool), else ``y``, broadcast; the side not taken gets gradient 0."""

    @abstractmethod
    def equal(self, x, y) -> Tensor:
        """Bool: whether ``x == y``, element by element; shapes broadcast."""

    @abstractmethod
    def not_equal(self, x, y) -> Tensor:
        """Bool: whether ``x != y``, element by element; shapes broadcast."""

    @abstractmethod
    def greater(self, x, y) -> Tensor:
        """Bool: whether ``x > y``, element by element; shapes broadcast."""

    @abstractmethod
    def greater_equal(self, x, y) -> Tensor:
        """Bool: whether ``x >= y``, element by element; shapes broadcast."""

    @abstractmethod
    def lesser(self, x, y) -> Tensor:
        """Bool: whether ``x < y``, element by element; shapes broadcast."""

    @abstractmethod
    def lesser_equal(self, x, y) -> Tensor:
        """Bool: whether ``x <= y``, element by element; shapes broadcast."""

    @abstractmethod
    def logical_and(self, x, y) -> Tensor:
        """Bool: whether both ``x`` and ``y`` are true, element by element; shapes broadcast."""

    @abstractmethod
    def logical_or(self, x, y) -> Tensor:
        """Bool: whether ``x`` or ``y`` is true, element by element; shapes broadcast."""

    @abstractmethod
    def logical_not(self, x) -> Tensor:
        """Bool: whether ``x`` is false, element by element."""

    # ------------------------------------------------------------------ reductions

    @abstractmethod
    def sum(self, x, axis=None, keepdims: bool = False) -> Tensor:
        """The sum of the elements of ``x`` over ``axis``; ``keepdims`` leaves the reduced axes with length 1. Booleans are counted in ``int32``; other dtypes stay."""

    @abstractmethod
    def prod(self, x, axis=None, keepdims: bool = False) -> Tensor:
        """The product of the elements of ``x`` over ``axis``; ``keepdims`` leaves the reduced axes with length 1."""

    @abstractmethod
    def mean(self, x, axis=None, keepdims: bool = False) -> Tensor:
        """The mean of the elements of ``x`` over ``axis``; ``keepdims`` leaves the reduced axes with length 1. That of integers and booleans is ``floatx``."""

    @abstractmethod
    def max(self, x, axis=None, keepdims: bool = False) -> Tensor:
        """The largest element of ``x`` over ``axis``; ``keepdims`` leaves the reduced axes with length 1. Ties share the gradient."""

    @abstractmethod
    def min(self, x, axis=None, keepdims: bool = False) -> Tensor:
        """The smallest element of ``x`` over ``axis``; ``keepdims`` leaves the reduced axes with length 1. Ties share the gradient."""

    @abstractmethod
    def any(self, x, axis=None, keepdims: bool = False) -> Tensor:
        """Bool: whether an element of ``x`` over ``axis`` is true; numbers count as ``x != 0``. ``keepdims`` leaves the reduced axes with length 1."""

    @abstractmethod
    def all(self, x, axis=None, keepdims: bool = False) -> Tensor:
        """Bool: whether all elements of ``x`` over ``axis`` are true; ``keepdims`` leaves the reduced axes with length 1."""

    @abstractmethod
    def argmax(self, x, axis: int = -1) -> Tensor:
        """The first place of the largest element of ``x`` along ``axis``, or of the first NaN; int64."""

    @abstractmethod
    def argmin(self, x, axis: int = -1) -> Tensor:
        """The first place of the smallest element of ``x`` along ``axis``, or of the first NaN; int64."""

    @abstractmethod
    def cumsum(self, x, axis: int = 0) -> Tensor:
        """The running sum of ``x`` along ``axis``; booleans are counted in int32."""

    # ------------------------------------------------------------------ shapes and indices

    @abstractmethod
    def reshape(self, x, shape) -> Tensor:
        """``x`` in another ``shape``, in row-major order: ints, scalar int tensors, one -1; or an integer vector tensor."""

    @abstractmethod
    def permute_dimensions(self, x, pattern: Sequence[int]) -> Tensor:
        """``x`` with its axes in the order of ``pattern``, which names each axis once."""

    @abstractmethod
    def expand_dims(self, x, dim: int = -1) -> Tensor:
        """``x`` with a new axis of length 1 at place ``dim`` of the result; -1 is behind the last."""

    @abstractmethod
    def squeeze(self, x, axis: int) -> Tensor:
        """``x`` without its axis ``axis``, which has length 1."""

    @abstractmethod
    def concatenate(self, tensors: Sequence, axis: int = -1) -> Tensor:
        """The ``tensors`` behind each other along ``axis``; their other dimensions are equal."""

    @abstractmethod
    def pad(self, x, padding: Sequence[tuple[int, int]]) -> Tensor:
        """``x`` with zeros around it: ``padding`` is a list of (before, after), a pair for every axis."""

    @abstractmethod
    def tile(self, x, n) -> Tensor:
        """``x`` repeated as a whole along each axis; ``n`` is an int or one int (or scalar tensor) an axis."""

    @abstractmethod
    def repeat_elements(self, x, rep: int, axis: int) -> Tensor:
        """``x`` with each slice repeated ``rep`` times along ``axis``, like ``numpy.repeat``."""

    @abstractmethod
    def reverse(self, x, axes) -> Tensor:
        """``x`` with the order along ``axes`` (an int or a list) reversed."""

    @abstractmethod
    def gather(self, reference, indices) -> Tensor:
        """``reference[indices]`` along the first axis: shape of indices + shape of reference[0].
        Its gradient adds up over repeated indices. An index below 0 or too large is a ValueError (``_in_range``)
        when it is evaluated."""

    @abstractmethod
    def arange(self, start, stop=None, step=1, dtype: str = "int32") -> Tensor:
        """Numbers at equal distances, like ``numpy.arange``; the arguments may be scalar tensors.

        Args:
            start: the first number; the end, if ``stop`` isn't given, with 0 as the first.
            stop: the end, which isn't among them.
            step: the distance.
            dtype: the dtype of the result.
        """

    @abstractmethod
    def zeros_like(self, x, dtype: str | None = None, name: str | None = None) -> Tensor:
        """A tensor of zeros of the shape of ``x``, and of its dtype unless ``dtype`` is given; ``name`` is accepted on every backend."""

    @abstractmethod
    def ones_like(self, x, dtype: str | None = None, name: str | None = None) -> Tensor:
        """A tensor of ones of the shape of ``x``, and of its dtype unless ``dtype`` is given; ``name`` is accepted on every backend."""

    # ------------------------------------------------------------------ linear algebra

    @abstractmethod
    def dot(self, x, y) -> Tensor:
        """The last axis of ``x`` with the last but one of ``y`` (the only one of a vector), for any
        number of axes: shape x[:-1] + y[:-2] + y[-1:]. ``x`` may be sparse."""

    @abstractmethod
    def batch_matmul(self, x, y) -> Tensor:
        """The matrix products of the samples of ``x`` and ``y``: (batch, n, k) with (batch, k, m) gives (batch, n, m)."""

    # ------------------------------------------------------------------ neural networks

    @abstractmethod
    def softmax(self, x, axis: int = -1) -> Tensor:
        """exp(x - max) / sum over ``axis``, any number of axes."""

    @abstractmethod
    def conv2d(
        self,
        x,
        kernel,
        strides=(1, 1),
        border_mode: str = "valid",
        dim_ordering: str = "default",
        image_shape=None,
        filter_shape=None,
        filter_dilation=(1, 1),
    ) -> Tensor:
        """2-D cross-correlation.

        'same' pads max((ceil(n / s) - 1) * s + (k - 1) * d + 1 - n, 0) zeros, the smaller half before; 'full' pads (k - 1) * d on both sides, for
        length n, kernel length k, stride s and dilation d of an axis.

        Args:
            x: the input, (n, c, rows, cols) with 'th', (n, rows, cols, c) with 'tf'.
            kernel: (filters, c, kernel rows, kernel cols) with 'th', (kernel rows, kernel cols, c, filters) with 'tf'.
            strides: the steps between windows, for each spatial axis.
            border_mode: 'valid' (windows lie inside the input), 'same' (zeros around it) or 'full' (all windows that touch it).
            dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
            image_shape: accepted for programs of Keras 1, and not needed.
            filter_shape: accepted for programs of Keras 1, and not needed.
            filter_dilation: the distance of neighbouring values of the kernel, for each spatial axis.
        """

    @abstractmethod
    def conv3d(
        self,
        x,
        kernel,
        strides=(1, 1, 1),
        border_mode: str = "valid",
        dim_ordering: str = "default",
        volume_shape=None,
        filter_shape=None,
        filter_dilation=(1, 1, 1),
    ) -> Tensor:
        """3-D cross-correlation: ``conv2d`` with three spatial axes.

        Args:
            x: the input, (n, c, dim1, dim2, dim3) with 'th', (n, dim1, dim2, dim3, c) with 'tf'.
            kernel: (filters, c, three lengths) with 'th', (three lengths, c, filters) with 'tf'.
            strides: the steps between windows, for each spatial axis.
            border_mode: 'valid' (windows lie inside the input), 'same' (zeros around it) or 'full' (all windows that touch it).
            dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
            volume_shape: accepted for programs of Keras 1, and not needed.
            filter_shape: accepted for programs of Keras 1, and not needed.
            filter_dilation: the distance of neighbouring values of the kernel, for each spatial axis.
        """

    @abstractmethod
    def deconv2d(
        self,
        x,
        kernel,
        output_shape,
        strides=(1, 1),
        border_mode: str = "valid",
        dim_ordering: str = "default",
        image_shape=None,
        filter_shape=None,
        filter_dilation=(1, 1),
    ) -> Tensor:
        """Transposed convolution: y[i * stride + k * dilation] += x[i] * kernel[k], cropped for 'same'.

        Args:
            x: the input, as for ``conv2d``.
            kernel: (filters out, channels in, rows, cols) with 'th', (rows, cols, channels in, filters out) with 'tf'.
            output_shape: the full shape of the result; its batch entry may be None, and all entries tensors.
            strides: the steps between windows, for each spatial axis.
            border_mode: 'valid' (windows lie inside the input), 'same' (zeros around it) or 'full' (all windows that touch it).
            dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
            image_shape: accepted for programs of Keras 1, and not needed.
            filter_shape: accepted for programs of Keras 1, and not needed.
            filter_dilation: the distance of neighbouring values of the kernel, for each spatial axis.
        """

    @abstractmethod
    def deconv3d(
        self,
        x,
        kernel,
        output_shape,
        strides=(1, 1, 1),
        border_mode: str = "valid",
        dim_ordering: str = "default",
        filter_dilation=(1, 1, 1),
    ) -> Tensor:
        """Transposed convolution of volumes: ``deconv2d`` with three spatial axes.

        Args:
            x: the input, as for ``conv3d``.
            kernel: (filters out, channels in, three lengths) with 'th', (three lengths, channels in, filters out) with 'tf'.
            output_shape: the full shape of the result; its batch entry may be None, and all entries tensors.
            strides: the steps between windows, for each spatial axis.
            border_mode: 'valid' (windows lie inside the input), 'same' (zeros around it) or 'full' (all windows that touch it).
            dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
            filter_dilation: the distance of neighbouring values of the kernel, for each spatial axis.
        """

    @abstractmethod
    def depthwise_conv2d(
        self, x, kernel, strides=(1, 1), border_mode: str = "valid", dim_ordering: str = "default", filter_dilation=(1, 1)
    ) -> Tensor:
        """2-D cross-correlation of each input channel with kernels of its own.

        Args:
            x: the input, as for ``conv2d``.
            kernel: (rows, cols, channels, multiplier) with 'tf', where output channel = channel * multiplier + m; (multiplier, channels, rows, cols)
                with 'th'.
            strides: the steps between windows, for each spatial axis.
            border_mode: 'valid' or 'same'.
            dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
            filter_dilation: the distance of neighbouring values of the kernel, for each spatial axis.
        """

    @abstractmethod
    def pool2d(
        self, x, pool_size, strides=(1, 1), border_mode: str = "valid", dim_ordering: str = "default", pool_mode: str = "max"
    ) -> Tensor:
        """The maximum or mean over windows of images.

        'same' pads as ``conv2d`` does; the padding counts neither for the maximum nor in the average's divisor. At ties the gradient of the maximum
        goes to the first position.

        Args:
            x: the input, as for ``conv2d``.
            pool_size: the size of a window, (rows, cols).
            strides: the steps between windows, for each spatial axis.
            border_mode: 'valid' or 'same'.
            dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
            pool_mode: 'max' or 'avg'.
        """

    @abstractmethod
    def pool3d(
        self,
        x,
        pool_size,
        strides=(1, 1, 1),
        border_mode: str = "valid",
        dim_ordering: str = "default",
        pool_mode: str = "max",
    ) -> Tensor:
        """The maximum or mean over windows of volumes: ``pool2d`` over three spatial axes.

        Args:
            x: the input, as for ``conv3d``.
            pool_size: the size of a window, three lengths.
            strides: the steps between windows, for each spatial axis.
            border_mode: 'valid' or 'same'.
            dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
            pool_mode: 'max' or 'avg'.
        """

    # ------------------------------------------------------------------ loops

    @abstractmethod
    def rnn(
        self,
        step_function: Callable,
        inputs,
        initial_states: Sequence,
        go_backwards: bool = False,
        mask=None,
        constants: Sequence | None = None,
        unroll: bool = False,
        input_length: int | None = None,
    ) -> tuple:
        """Apply a step along axis 1 of ``inputs``.

        A state keeps one shape and dtype, to which its start is broadcast and cast (``loop_states.py``). No time steps, now or in a call of a function:
        ValueError.

        Args:
            step_function: ``step_function(x_t, states + constants) -> (output_t, new states)``.
            inputs: (samples, time, ...).
            initial_states: the states before the first step, a list.
            go_backwards: whether the steps run from the last to the first; outputs stand in the order in which they were computed.
            mask: (samples, time) or (samples, time, 1): where it is 0 the output repeats the previous one and the states stay. Before the first unmasked
                step ``outputs`` holds the initial state (the first one; zeros where its shape differs from the output's, and with ``unroll``).
            constants: tensors that each step gets behind its states, a list.
            unroll: whether the steps are written out instead of a loop, which needs a known number of them.
            input_length: the number of time steps, for a backend that can't read it from ``inputs``.

        Returns:
            The last output, the outputs (samples, time, ...), and a list of the last states.

        Example:
            >>> import numpy as np
            >>> from kbridge import backend as K
            >>> x = K.constant(np.array([[[1.0], [2.0], [3.0]]]))
            >>> last, sums, states = K.rnn(lambda x_t, states: (x_t + states[0], [x_t + states[0]]), x, [K.zeros((1, 1))])
            >>> K.eval(sums).ravel().tolist()
            [1.0, 3.0, 6.0]
        """

    @abstractmethod
    def map_fn(self, fn: Callable, elems, name: str | None = None) -> Tensor:
        """Stack ``fn(elem)`` over the first axis of ``elems``; ``name`` is accepted on every backend."""

    @abstractmethod
    def foldl(self, fn: Callable, elems, initializer=None, name: str | None = None) -> Tensor:
        """``fn(accumulator, elem)`` over the first axis of a tensor. The accumulator keeps one shape and dtype, as a state of ``rnn``.

        Args:
            fn: a function of two tensors that returns the new accumulator.
            elems: the tensor.
            initializer: the accumulator before the first element; the first element itself if left out.
            name: accepted on every backend, and not used.
        """

    # ------------------------------------------------------------------ randomness

    @abstractmethod
    def random_uniform(self, shape, low=0.0, high=1.0, dtype: str | None = None, seed: int | None = None) -> Tensor:
        """New values in [low, high) at each evaluation.

        Args:
            shape: the lengths of the axes, ints or scalar int tensors.
            low: the least value.
            high: the upper limit.
            dtype: the dtype of the result; floatx if left out.
            seed: a whole number that gives one sequence of draws on one backend; None draws it from NumPy's global state.
        """

    @abstractmethod
    def random_normal(self, shape, mean=0.0, std=1.0, dtype: str | None = None, seed: int | None = None) -> Tensor:
        """New values from a normal distribution at each evaluation.

        Args:
            shape: the lengths of the axes, ints or scalar int tensors.
            mean: the mean.
            std: the standard deviation.
            dtype: the dtype of the result; floatx if left out.
            seed: a whole number that gives one sequence of draws on one backend; None draws it from NumPy's global state.
        """
