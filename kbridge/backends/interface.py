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
Shape = tuple[int | None, ...]


def _with_shape(make: Callable) -> Callable:
    """What makes placeholders or variables, so that they carry the attributes that programs of Keras 1 read from them."""

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
        """What programs reach through ``K`` of the backend's own library, by name: ``K.tf``, ``K.T``."""
        return {}

    @property
    def keras1_helpers(self) -> dict[str, Any]:
        """What layers contributed to Keras 1 import from its backend modules, by name: ``_preprocess_conv2d_input`` ..."""
        return channels_last(self)

    # ------------------------------------------------------------------ tensors and their values

    @abstractmethod
    def is_tensor(self, x: Any) -> bool:
        """True for the backend's own symbolic objects: placeholders, variables, constants, results."""

    @abstractmethod
    def is_variable(self, x: Any) -> bool:
        """True for what ``variable`` returned."""

    @abstractmethod
    def variable(self, value, dtype: str | None = None, name: str | None = None) -> Tensor:
        """A tensor with a stored value (copied from ``value``; a scipy sparse matrix stays sparse
        where the backend can). ``dtype=None`` is ``floatx``."""

    @abstractmethod
    def constant(self, value, dtype: str | None = None, name: str | None = None) -> Tensor:
        """A tensor whose value never changes. ``dtype=None`` keeps the dtype of an array or NumPy
        scalar and gives ``floatx``, ``int32`` or ``bool`` to Python values."""

    @abstractmethod
    def placeholder(
        self, shape=None, ndim: int | None = None, dtype: str | None = None, sparse: bool = False, name: str | None = None
    ) -> Tensor:
        """An input of a function. Unknown dimensions of ``shape`` are None; with ``ndim`` alone all
        are. Neither given: ValueError."""

    @abstractmethod
    def get_value(self, x) -> np.ndarray:
        """A copy of a variable's value as an array (0-d for scalars); of another tensor what ``eval`` gives."""

    @abstractmethod
    def set_value(self, x, value) -> None:
        """Store ``value``, cast to the variable's dtype. A different shape: ValueError with both."""

    @abstractmethod
    def int_shape(self, x) -> Shape:
        """The static shape, None where unknown; inferred through operators on every backend."""

    @abstractmethod
    def shape(self, x) -> Tensor:
        """The shape at run time: an int32 vector that can be indexed and passed to ``reshape`` etc."""

    @abstractmethod
    def dtype(self, x) -> str:
        """'float32', 'int64', 'bool' ..."""

    @abstractmethod
    def tensor_name(self, x) -> str | None:
        """The name given to ``variable`` or ``placeholder``, free of what the backend adds to it."""

    @abstractmethod
    def is_sparse(self, tensor) -> bool:
        """True for a sparse placeholder or variable."""

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
        """

    @abstractmethod
    def gradients(self, loss, variables) -> list:
        """d(sum of loss)/d(variable) for each of ``variables`` (tensor or list; always a list back),
        shaped like the variable; None where the loss doesn't depend on it through differentiable ops.
        May be applied to its own results."""

    @abstractmethod
    def stop_gradient(self, variables) -> Tensor:
        """The same values (a list for a list), constant for ``gradients``."""

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
        """``function(*arrays)``, run on the host each time, as a tensor of ``dtype`` without a gradient.
        ``shape(*shapes)`` gives its static shape from those of ``tensors`` (None where unknown)."""

    # ------------------------------------------------------------------ elementwise

    @abstractmethod
    def cast(self, x, dtype: str) -> Tensor:
        """Float to int truncates towards zero; to bool is ``x != 0``."""

    @abstractmethod
    def abs(self, x) -> Tensor:
        """The absolute value of each element. Gradient at 0: 0."""

    @abstractmethod
    def sign(self, x) -> Tensor:
        """-1, 0 or 1 in the dtype of ``x``."""

    @abstractmethod
    def round(self, x) -> Tensor:
        """To the nearest integer, halves to even. Integers and booleans as they are."""

    @abstractmethod
    def floor(self, x) -> Tensor:
        """The largest whole number that is not above ``x``, in the dtype of ``x``; gradient 0."""

    @abstractmethod
    def ceil(self, x) -> Tensor:
        """The smallest whole number that is not below ``x``, in the dtype of ``x``; gradient 0."""

    @abstractmethod
    def exp(self, x) -> Tensor:
        """e to the power of each element."""

    @abstractmethod
    def expm1(self, x) -> Tensor:
        """exp(x) - 1, exact near 0."""

    @abstractmethod
    def log(self, x) -> Tensor:
        """The natural logarithm of each element; NaN below 0, -infinity at 0."""

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
        """Each element times itself."""

    @abstractmethod
    def sin(self, x) -> Tensor:
        """The sine of each element, in radians."""

    @abstractmethod
    def cos(self, x) -> Tensor:
        """The cosine of each element, in radians."""

    @abstractmethod
    def tan(self, x) -> Tensor:
        """The tangent of each element, in radians."""

    @abstractmethod
    def arcsin(self, x) -> Tensor:
        """The inverse sine of each element, in radians from -pi/2 to pi/2; NaN outside of [-1, 1]."""

    @abstractmethod
    def arccos(self, x) -> Tensor:
        """The inverse cosine of each element, in radians from 0 to pi; NaN outside of [-1, 1]."""

    @abstractmethod
    def arctan(self, x) -> Tensor:
        """The inverse tangent of each element, in radians from -pi/2 to pi/2."""

    @abstractmethod
    def arctan2(self, y, x) -> Tensor:
        """The angle of the point (x, y) to the positive x axis, in [-pi, pi]."""

    @abstractmethod
    def sinh(self, x) -> Tensor:
        """The hyperbolic sine of each element."""

    @abstractmethod
    def cosh(self, x) -> Tensor:
        """The hyperbolic cosine of each element."""

    @abstractmethod
    def tanh(self, x) -> Tensor:
        """The hyperbolic tangent of each element, from -1 to 1."""

    @abstractmethod
    def arcsinh(self, x) -> Tensor:
        """The inverse hyperbolic sine of each element."""

    @abstractmethod
    def arccosh(self, x) -> Tensor:
        """The inverse hyperbolic cosine of each element; NaN below 1."""

    @abstractmethod
    def arctanh(self, x) -> Tensor:
        """The inverse hyperbolic tangent of each element; NaN outside of [-1, 1]."""

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
        """Booleans are counted in ``int32``; other dtypes stay."""

    @abstractmethod
    def prod(self, x, axis=None, keepdims: bool = False) -> Tensor:
        """The product of the elements over ``axis``; ``keepdims`` leaves the reduced axes with length 1."""

    @abstractmethod
    def mean(self, x, axis=None, keepdims: bool = False) -> Tensor:
        """The mean of integers and booleans is ``floatx``."""

    @abstractmethod
    def max(self, x, axis=None, keepdims: bool = False) -> Tensor:
        """The largest element over ``axis``; ``keepdims`` leaves the reduced axes with length 1. Ties share the gradient."""

    @abstractmethod
    def min(self, x, axis=None, keepdims: bool = False) -> Tensor:
        """The smallest element over ``axis``; ``keepdims`` leaves the reduced axes with length 1. Ties share the gradient."""

    @abstractmethod
    def any(self, x, axis=None, keepdims: bool = False) -> Tensor:
        """Logical or; numbers count as ``x != 0``."""

    @abstractmethod
    def all(self, x, axis=None, keepdims: bool = False) -> Tensor:
        """Bool: whether all elements over ``axis`` are true; ``keepdims`` leaves the reduced axes with length 1."""

    @abstractmethod
    def argmax(self, x, axis: int = -1) -> Tensor:
        """The first place of the largest element, or of the first NaN."""

    @abstractmethod
    def argmin(self, x, axis: int = -1) -> Tensor:
        """The first place of the smallest element, or of the first NaN."""

    @abstractmethod
    def cumsum(self, x, axis: int = 0) -> Tensor:
        """The running sum; booleans are counted in int32."""

    # ------------------------------------------------------------------ shapes and indices

    @abstractmethod
    def reshape(self, x, shape) -> Tensor:
        """``shape``: ints, scalar int tensors, one -1; or an integer vector tensor. Row-major order."""

    @abstractmethod
    def permute_dimensions(self, x, pattern: Sequence[int]) -> Tensor:
        """``x`` with its axes in the order of ``pattern``, which names each axis once."""

    @abstractmethod
    def expand_dims(self, x, dim: int = -1) -> Tensor:
        """``x`` with a new axis of length 1 at place ``dim`` of the result; -1 is behind the last."""

    @abstractmethod
    def squeeze(self, x, axis: int) -> Tensor:
        """Remove one axis of length 1."""

    @abstractmethod
    def concatenate(self, tensors: Sequence, axis: int = -1) -> Tensor:
        """The ``tensors`` behind each other along ``axis``; their other dimensions are equal."""

    @abstractmethod
    def pad(self, x, padding: Sequence[tuple[int, int]]) -> Tensor:
        """Zeros round ``x``: (before, after) for every axis."""

    @abstractmethod
    def tile(self, x, n) -> Tensor:
        """Repeat the whole along each axis; ``n`` is an int or one int (or scalar tensor) an axis."""

    @abstractmethod
    def repeat_elements(self, x, rep: int, axis: int) -> Tensor:
        """Repeat each slice ``rep`` times along ``axis``, like ``numpy.repeat``."""

    @abstractmethod
    def reverse(self, x, axes) -> Tensor:
        """Reverse the order along ``axes`` (an int or a list)."""

    @abstractmethod
    def gather(self, reference, indices) -> Tensor:
        """``reference[indices]`` along the first axis: shape of indices + shape of reference[0].
        Its gradient adds up over repeated indices. An index below 0 or too large is a ValueError (``_in_range``)
        when it is evaluated."""

    @abstractmethod
    def arange(self, start, stop=None, step=1, dtype: str = "int32") -> Tensor:
        """Like ``numpy.arange``; the arguments may be scalar tensors."""

    @abstractmethod
    def zeros_like(self, x, dtype: str | None = None, name: str | None = None) -> Tensor:
        """A tensor of zeros of the shape of ``x``, and of its dtype unless ``dtype`` is given."""

    @abstractmethod
    def ones_like(self, x, dtype: str | None = None, name: str | None = None) -> Tensor:
        """A tensor of ones of the shape of ``x``, and of its dtype unless ``dtype`` is given."""

    # ------------------------------------------------------------------ linear algebra

    @abstractmethod
    def dot(self, x, y) -> Tensor:
        """The last axis of ``x`` with the last but one of ``y`` (the only one of a vector), for any
        number of axes: shape x[:-1] + y[:-2] + y[-1:]. ``x`` may be sparse."""

    @abstractmethod
    def batch_matmul(self, x, y) -> Tensor:
        """(batch, n, k) with (batch, k, m) gives (batch, n, m)."""

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
        """2-D cross-correlation. ``th``: x (n, c, rows, cols), kernel (filters, c, r, c');
        ``tf``: x (n, rows, cols, c), kernel (r, c', c, filters). ``border_mode``: 'valid'; 'same'
        pads max((ceil(n/s)-1)*s + (k-1)*d + 1 - n, 0) zeros, the smaller half before; 'full' pads
        (k-1)*d on both sides. ``image_shape`` and ``filter_shape`` are accepted and not needed."""

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
        """As ``conv2d`` with three spatial axes."""

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
        """Transposed convolution: y[i*stride + k*dilation] += x[i] * kernel[k], cropped for 'same'. Kernel
        ``th`` (filters out, channels in, r, c), ``tf`` (r, c, channels in, filters out).
        ``output_shape`` is the full shape of the result; its batch entry may be None, and all entries tensors."""

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
        """As ``deconv2d`` with three spatial axes."""

    @abstractmethod
    def depthwise_conv2d(
        self, x, kernel, strides=(1, 1), border_mode: str = "valid", dim_ordering: str = "default", filter_dilation=(1, 1)
    ) -> Tensor:
        """Each input channel with its own ``depth_multiplier`` kernels. ``tf``: kernel
        (r, c', channels, multiplier), output channel = channel * multiplier + m; ``th``: kernel
        (multiplier, channels, r, c')."""

    @abstractmethod
    def pool2d(
        self, x, pool_size, strides=(1, 1), border_mode: str = "valid", dim_ordering: str = "default", pool_mode: str = "max"
    ) -> Tensor:
        """'max' or 'avg'. 'same' pads as ``conv2d`` does; the padding counts neither for the maximum
        nor in the average's divisor. At ties the gradient of the maximum goes to the first position."""

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
        """``pool2d`` over three spatial axes of a 5-D tensor."""

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
        """Apply ``step_function(x_t, states + constants) -> (output_t, new states)`` along axis 1 of
        ``inputs`` (samples, time, ...). Returns (last output, outputs (samples, time, ...), states).

        ``mask`` (samples, time) or (samples, time, 1): where it is 0 the output repeats the previous
        one and the states stay; before the first unmasked step ``outputs`` holds the initial state
        (the first one; zeros where its shape differs from the output's, and with ``unroll``, which needs a known
        length). With ``go_backwards`` outputs stand in the order in which they were computed.
        No time steps, now or in a call of a function: ValueError. A state keeps one shape and dtype, to which its start is
        broadcast and cast (``loop_states.py``)."""

    @abstractmethod
    def map_fn(self, fn: Callable, elems, name: str | None = None) -> Tensor:
        """Stack ``fn(elem)`` over the first axis of ``elems``."""

    @abstractmethod
    def foldl(self, fn: Callable, elems, initializer=None, name: str | None = None) -> Tensor:
        """``fn(accumulator, elem)`` over the first axis; without ``initializer`` from the first element.
        The accumulator keeps one shape and dtype, as a state of ``rnn``."""

    # ------------------------------------------------------------------ randomness

    @abstractmethod
    def random_uniform(self, shape, low=0.0, high=1.0, dtype: str | None = None, seed: int | None = None) -> Tensor:
        """New values in [low, high) at each evaluation. ``shape``: ints or scalar int tensors. One
        ``seed`` gives one sequence on one backend; None draws the seed from NumPy's global state."""

    @abstractmethod
    def random_normal(self, shape, mean=0.0, std=1.0, dtype: str | None = None, seed: int | None = None) -> Tensor:
        """A tensor of ``shape`` drawn from the normal distribution with ``mean`` and standard deviation ``std``;
        ``dtype`` and ``seed`` as in ``random_uniform``."""
