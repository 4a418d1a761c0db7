"""``K``: the functions of the backend that keras.json or the environment chose, as a module.

Written by `python -m kbridge.conformance.stub kbridge/backend/__init__.pyi`; don't edit by hand.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..backends.interface import Backend, Shape, Tensor

#: the backend's own libraries, each there on its backend alone
tf: Any
theano: Any
T: Any
th_sparse_module: Any

tensorflow_backend: Any
theano_backend: Any

def backend() -> str:
    """The name of the backend in use: 'numpy', 'tensorflow', 'theano' ..."""

def active() -> Backend:
    """The ``kbridge.backends.interface.Backend`` object whose methods are the functions of ``K``."""

class Function:
    """Keras 1's name for what ``function`` makes: a class, so that programs can ask ``isinstance(f, K.Function)``."""

    def __init__(self, inputs: Sequence, outputs: Any, updates: Sequence = (), **kwargs: Any) -> None: ...
    def __call__(self, inputs: Sequence) -> list: ...

def clear_session() -> None:
    """Forget the backend's graph and start naming layers from 1 again. Models made before are lost."""

_EPSILON: Any
_FLOATX: Any
_IMAGE_DIM_ORDERING: Any
_LEARNING_PHASE: Any
_MANUAL_VAR_INIT: Any
_SESSION: Any
_backend: Any
_config: Any
_config_path: Any
_epsilon: Any
_floatx: Any
_image_dim_ordering: Any
_keras_base_dir: Any
_keras_dir: Any

def abs(x) -> Tensor:
    """The absolute value of each element of ``x``. Gradient at 0: 0."""

def adam_step(x, gradient, mean, square, lr, beta_1, beta_2, epsilon):
    """One step of Adam: m = beta_1 * mean + (1 - beta_1) * gradient; s = beta_2 * square + (1 - beta_2) * gradient ** 2;
    x - lr * m / (sqrt(s) + epsilon).

    A backend may compute all these updates as one operation.

    Args:
        x: the weight.
        gradient: its gradient.
        mean: the running mean of gradients before the step, shaped like ``x``.
        square: the running mean of their squares before the step, shaped like ``x``.
        lr: the learning rate, which holds the correction for means that start at 0.
        beta_1: the part of ``mean`` that stays.
        beta_2: the part of ``square`` that stays.
        epsilon: keeps the divisor from 0.

    Returns:
        The new mean, the new square and the new value of ``x``.
    """

def all(x, axis=None, keepdims: bool = False) -> Tensor:
    """Bool: whether all elements of ``x`` over ``axis`` are true; ``keepdims`` leaves the reduced axes with length 1."""

def any(x, axis=None, keepdims: bool = False) -> Tensor:
    """Bool: whether an element of ``x`` over ``axis`` is true; numbers count as ``x != 0``. ``keepdims`` leaves the reduced axes with length 1."""

def arange(start, stop=None, step=1, dtype: str = 'int32') -> Tensor:
    """Numbers at equal distances, like ``numpy.arange``; the arguments may be scalar tensors.

    Args:
        start: the first number; the end, if ``stop`` isn't given, with 0 as the first.
        stop: the end, which isn't among them.
        step: the distance.
        dtype: the dtype of the result.
    """

def arccos(x) -> Tensor:
    """The inverse cosine of each element of ``x``, in radians from 0 to pi; NaN outside of [-1, 1]."""

def arccosh(x) -> Tensor:
    """The inverse hyperbolic cosine of each element of ``x``; NaN below 1."""

def arcsin(x) -> Tensor:
    """The inverse sine of each element of ``x``, in radians from -pi/2 to pi/2; NaN outside of [-1, 1]."""

def arcsinh(x) -> Tensor:
    """The inverse hyperbolic sine of each element of ``x``."""

def arctan(x) -> Tensor:
    """The inverse tangent of each element of ``x``, in radians from -pi/2 to pi/2."""

def arctan2(y, x) -> Tensor:
    """The angle of the point (x, y) to the positive x axis, in [-pi, pi]."""

def arctanh(x) -> Tensor:
    """The inverse hyperbolic tangent of each element of ``x``; NaN outside of [-1, 1]."""

def argmax(x, axis: int = -1) -> Tensor:
    """The first place of the largest element of ``x`` along ``axis``, or of the first NaN; int64."""

def argmin(x, axis: int = -1) -> Tensor:
    """The first place of the smallest element of ``x`` along ``axis``, or of the first NaN; int64."""

def asymmetric_spatial_2d_padding(x, top_pad=1, bottom_pad=1, left_pad=1, right_pad=1, dim_ordering='default'):
    """A batch of images with zeros around them, a number for each side.

    Args:
        x: the images, as for ``conv2d``.
        top_pad: the number of rows before the first one.
        bottom_pad: the number of rows after the last one.
        left_pad: the number of columns before the first one.
        right_pad: the number of columns after the last one.
        dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
    """

def asymmetric_temporal_padding(x, left_pad=1, right_pad=1):
    """``x`` (samples, time, dim) with ``left_pad`` zeros before and ``right_pad`` after axis 1."""

def atrous_conv2d(x, kernel, rate=1, border_mode='valid', dim_ordering='default', image_shape=None, filter_shape=None):
    """``conv2d`` whose kernel has ``rate`` - 1 holes between its values.

    Args:
        x: the input, as for ``conv2d``.
        kernel: as for ``conv2d``.
        rate: the distance of neighbouring values of the kernel.
        border_mode: 'valid' (windows lie inside the input), 'same' (zeros around it) or 'full' (all windows that touch it).
        dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
        image_shape: accepted for programs of Keras 1, and not needed.
        filter_shape: accepted for programs of Keras 1, and not needed.
    """

def batch_dot(x, y, axes=None):
    """Contract axis ``axes[0]`` of ``x`` with ``axes[1]`` of ``y``, for each sample.

    The result has shape (samples, rest of x, rest of y), with a last axis of 1 where nothing
    else is left: (n, d) with (n, d) gives (n, 1). ``axes`` is a pair, one int for both, or
    None: the last axis of ``x`` and the last but one of ``y`` (the last, if ``y`` has two).

    Example:
        >>> import numpy as np
        >>> from kbridge import backend as K
        >>> K.int_shape(K.batch_dot(K.placeholder((None, 3, 5)), K.placeholder((None, 4, 5)), axes=2))
        (None, 3, 4)
    """

def batch_flatten(x):
    """``x`` (samples, ...) as a matrix (samples, rest)."""

def batch_get_value(xs):
    """The values of several variables ``xs``, as a list of arrays."""

def batch_matmul(x, y) -> Tensor:
    """The matrix products of the samples of ``x`` and ``y``: (batch, n, k) with (batch, k, m) gives (batch, n, m)."""

def batch_normalization(x, mean, var, beta, gamma, epsilon=0.001):
    """gamma * (x - mean) / sqrt(var + epsilon) + beta; the statistics broadcast against ``x``.

    Args:
        x: the tensor.
        mean: the mean to subtract.
        var: the variance to divide by.
        beta: what is added at the end.
        gamma: the factor.
        epsilon: a small number that is added to the variance.
    """

def batch_set_value(tuples):
    """Set several variables; ``tuples`` is a list of pairs (variable, value)."""

def binary_crossentropy(output, target, from_logits=False):
    """-(t * log(p) + (1 - t) * log(1 - p)) of ``target`` t, elementwise, where p are the probabilities ``output``, or with ``from_logits`` those of its
    logits. Probabilities are clipped to [epsilon, 1 - epsilon].
    """

def cast(x, dtype: str) -> Tensor:
    """``x`` as ``dtype``: float to int truncates towards zero, to bool is ``x != 0``."""

def cast_to_floatx(x) -> np.ndarray:
    """``x`` as a NumPy array of the default float dtype."""

def categorical_crossentropy(output, target, from_logits=False):
    """-sum(target * log(p)) over the last axis, where p are the probabilities ``output``, or with ``from_logits`` those of its logits.

    Probabilities are first scaled to sum 1 and clipped to [epsilon, 1 - epsilon]; logits go through log-softmax.
    """

def ceil(x) -> Tensor:
    """The smallest whole number that is not below ``x``, in the dtype of ``x``; gradient 0."""

def celu(x, alpha=1.0):
    """x for x > 0, else alpha * (exp(x / alpha) - 1) (Barron, 2017)."""

def clip(x, min_value, max_value) -> Tensor:
    """max(min(x, max_value), min_value): a lower bound above the upper one wins. The bounds are numbers, None for no bound,
    or tensors that broadcast, which get the gradient of what they cut off; at a bound the gradient goes to ``x``.
    """

def concatenate(tensors: Sequence, axis: int = -1) -> Tensor:
    """The ``tensors`` behind each other along ``axis``; their other dimensions are equal."""

def constant(value, dtype: str | None = None, name: str | None = None) -> Tensor:
    """A tensor whose value never changes; ``name`` is accepted on every backend.

    ``dtype=None`` keeps the dtype of an array or NumPy scalar ``value`` and gives ``floatx``, ``int32`` or ``bool`` to Python values.
    """

def conv1d(x, kernel, stride=1, border_mode='valid', image_shape=None, filter_shape=None, filter_dilation=1):
    """Cross-correlation over time.

    Args:
        x: the input, (samples, time, channels).
        kernel: (length, channels, filters).
        stride: the number of steps between windows.
        border_mode: 'valid' (windows lie inside the input), 'same' (zeros around it) or 'full' (all windows that touch it).
        image_shape: accepted for programs of Keras 1, and not needed.
        filter_shape: accepted for programs of Keras 1, and not needed.
        filter_dilation: the distance of neighbouring values of the kernel.
    """

def conv2d(x, kernel, strides=(1, 1), border_mode: str = 'valid', dim_ordering: str = 'default', image_shape=None, filter_shape=None, filter_dilation=(1, 1)) -> Tensor:
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

def conv3d(x, kernel, strides=(1, 1, 1), border_mode: str = 'valid', dim_ordering: str = 'default', volume_shape=None, filter_shape=None, filter_dilation=(1, 1, 1)) -> Tensor:
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

def cos(x) -> Tensor:
    """The cosine of each element of ``x``, in radians."""

def cosh(x) -> Tensor:
    """The hyperbolic cosine of each element of ``x``."""

def count_params(x):
    """The number of values in ``x``, a tensor of fully known shape."""

def ctc_batch_cost(y_true, y_pred, input_length, label_length):
    """-log p(labels) for each sample, (samples, 1); infinite where the labels don't fit into the time.

    Args:
        y_true: the labels, (samples, most labels).
        y_pred: the probabilities, (samples, time, classes); the last class is the blank.
        input_length: the number of time steps of each sample, (samples, 1).
        label_length: the number of labels of each sample, (samples, 1).
    """

def ctc_cost(predict, Y):
    """-log p(labels ``Y`` (length,)) of one sample ``predict`` (time, classes) of probabilities; a scalar."""

def ctc_create_skip_idxs(Y):
    """Positions i of the labels with blanks ``Y`` (2 n + 1,) from which a path may jump to i + 2:
    those of labels that differ from the next one.
    """

def ctc_decode(y_pred, input_length, greedy=True, beam_width=100, top_paths=1):
    """The most probable labels of each sample.

    Args:
        y_pred: the probabilities, (samples, time, classes); the last class is the blank.
        input_length: the number of time steps of each sample, (samples,).
        greedy: whether to take the best class at each step, with repeats and blanks removed; else a beam search.
        beam_width: the number of prefixes that the beam search keeps.
        top_paths: the number of labellings that the beam search gives.

    Returns:
        A list of int64 tensors (samples, longest), filled up with -1; and a float tensor: greedy, minus the sum of the best log p + 1e-8,
        (samples, 1); beam search, the log probabilities (samples, top_paths).
    """

def ctc_interleave_blanks(Y):
    """-1 (the last class, the blank) before, between and after the labels ``Y`` (length,)."""

def ctc_label_dense_to_sparse(labels, label_lengths):
    """The first ``label_lengths`` labels of each row as ``(indices, values, dense_shape)``: int64
    (row, position) pairs in reading order, their values, and the shape of ``labels``.

    TensorFlow gives its own SparseTensor, which has the same attributes.
    """

def ctc_path_probs(predict, Y, alpha=0.0001):
    """For labels with blanks ``Y`` (2 n + 1,) of one sample ``predict`` (time, classes): the log
    probability of all paths through each (time, position), and a mask of those that exist.

    The classes' probabilities are mixed with a share ``alpha`` of the uniform 1 / (2 n + 1).
    """

def ctc_update_log_p(skip_idxs, zeros, active, log_p_curr, log_p_prev):
    """One step of the forward recursion over the first ``active`` positions.

    Args:
        skip_idxs: positions from which a path may jump, as ``ctc_create_skip_idxs`` gives them.
        zeros: a vector of zeros, as long as there are positions.
        active: how many positions could be reached so far.
        log_p_curr: the classes' log probabilities at this step, by position.
        log_p_prev: the previous result.

    Returns:
        How many positions can be reached now, and their log probabilities, 0 behind them.
    """

def cumsum(x, axis: int = 0) -> Tensor:
    """The running sum of ``x`` along ``axis``; booleans are counted in int32."""

def deconv1d(x, kernel, output_shape, stride=1, border_mode='valid', filter_dilation=1):
    """Transposed ``conv1d``.

    Args:
        x: the input, (samples, time, channels in).
        kernel: (length, channels in, filters out).
        output_shape: the full shape of the result; its batch entry may be None.
        stride: the number of steps between windows of the result.
        border_mode: 'valid' (windows lie inside the input), 'same' (zeros around it) or 'full' (all windows that touch it).
        filter_dilation: the distance of neighbouring values of the kernel.
    """

def deconv2d(x, kernel, output_shape, strides=(1, 1), border_mode: str = 'valid', dim_ordering: str = 'default', image_shape=None, filter_shape=None, filter_dilation=(1, 1)) -> Tensor:
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

def deconv3d(x, kernel, output_shape, strides=(1, 1, 1), border_mode: str = 'valid', dim_ordering: str = 'default', filter_dilation=(1, 1, 1)) -> Tensor:
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

def depthwise_conv1d(x, kernel, stride=1, border_mode='valid', filter_dilation=1):
    """Cross-correlation over time of each channel with kernels of its own.

    Args:
        x: the input, (samples, time, channels).
        kernel: (length, channels, multiplier).
        stride: the number of steps between windows.
        border_mode: 'valid' or 'same'.
        filter_dilation: the distance of neighbouring values of the kernel.
    """

def depthwise_conv2d(x, kernel, strides=(1, 1), border_mode: str = 'valid', dim_ordering: str = 'default', filter_dilation=(1, 1)) -> Tensor:
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

def dot(x, y) -> Tensor:
    """The last axis of ``x`` with the last but one of ``y`` (the only one of a vector), for any
    number of axes: shape x[:-1] + y[:-2] + y[-1:]. ``x`` may be sparse.
    """

def dots(x, matrices, parts, joined=False):
    """``part + dot(x, m)`` for each of several matrices of one shape and the equal parts of ``parts`` along its last
    axis: a list, or with ``joined`` one tensor of the shape of ``parts``, computed as one product.

    Args:
        x: a tensor whose last axis is as long as the matrices have rows.
        matrices: matrices of one shape.
        parts: a tensor whose last axis is as long as all columns of the matrices.
        joined: whether the results stay in one tensor.
    """

def dropout(x, level, noise_shape=None, seed=None):
    """Set a fraction of a tensor to 0 and scale the rest by 1 / (1 - level).

    Args:
        x: the tensor.
        level: the fraction.
        noise_shape: None entries are as in ``x``; along its axes of length 1 the decision is shared, and along the first axes of ``x`` if it has fewer
            entries. An entry of another length is a ValueError.
        seed: a whole number that gives one sequence of draws on one backend; None draws it from NumPy's global state.
    """

def dtype(x) -> str:
    """The dtype of ``x`` as a text: 'float32', 'int64', 'bool' ..."""

def einsum(equation, *operands):
    """``numpy.einsum`` of one or two tensors.

    Args:
        equation: as 'abc,cd->abd'; '...' stands for axes that both operands have. Without '->' the letters that come once
            are the result's, in alphabetical order.
        operands: one or two tensors.

    Raises:
        ValueError: for a letter twice in one operand, an unknown letter in the result, or axes that don't fit.
    """

def elu(x, alpha=1.0):
    """x for x > 0, else alpha * (exp(x) - 1) (Clevert et al., 2015)."""

def epsilon() -> float:
    """The fuzz factor that keeps logarithms and divisions finite."""

def equal(x, y) -> Tensor:
    """Bool: whether ``x == y``, element by element; shapes broadcast."""

def erf(x) -> Tensor:
    """The error function: 2 / sqrt(pi) times the integral of exp(-t ** 2) from 0 to x."""

def eval(x):
    """The value of ``x``, a tensor that depends on no placeholder, as an array."""

def exp(x) -> Tensor:
    """e to the power of each element of ``x``."""

def expand_dims(x, dim: int = -1) -> Tensor:
    """``x`` with a new axis of length 1 at place ``dim`` of the result; -1 is behind the last."""

def expm1(x) -> Tensor:
    """exp(x) - 1, exact near 0."""

def eye(size, dtype=None, name=None):
    """A variable with the identity matrix (size, size), with a ``dtype`` (floatx if left out) and perhaps a ``name``."""

def flatten(x):
    """All values of ``x`` as a vector."""

def floatx() -> str:
    """The default float dtype: 'float16', 'float32' or 'float64'."""

def floor(x) -> Tensor:
    """The largest whole number that is not above ``x``, in the dtype of ``x``; gradient 0."""

def foldl(fn: Callable, elems, initializer=None, name: str | None = None) -> Tensor:
    """``fn(accumulator, elem)`` over the first axis of a tensor. The accumulator keeps one shape and dtype, as a state of ``rnn``.

    Args:
        fn: a function of two tensors that returns the new accumulator.
        elems: the tensor.
        initializer: the accumulator before the first element; the first element itself if left out.
        name: accepted on every backend, and not used.
    """

def foldr(fn, elems, initializer=None, name=None):
    """``foldl`` from the last element to the first.

    Args:
        fn: a function of two tensors that returns the new accumulator.
        elems: the tensor.
        initializer: the accumulator before the last element; the last element itself if left out.
        name: accepted on every backend, and not used.
    """

def function(inputs: Sequence, outputs: Sequence, updates: Sequence = (), **kwargs) -> Callable[[Sequence], list]:
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

def gather(reference, indices) -> Tensor:
    """``reference[indices]`` along the first axis: shape of indices + shape of reference[0].
    Its gradient adds up over repeated indices. An index below 0 or too large is a ValueError (``_in_range``)
    when it is evaluated.
    """

def gelu(x, approximate=False):
    """x times the standard normal distribution's share below x (Hendrycks and Gimpel, 2016, arXiv 1606.08415).

    ``approximate``: by 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x ** 3))).
    """

def get_session():
    """TensorFlow's session; on other backends NotImplementedError."""

def get_uid(prefix: str = '') -> int:
    """1, 2, 3 ... for each ``prefix``, to make names unique."""

def get_value(x) -> np.ndarray:
    """A copy of the value of the variable ``x`` as an array (0-d for scalars); of another tensor what ``eval`` gives."""

def get_variable_shape(x):
    """The shape of the variable ``x`` as a tuple."""

def glu(x, axis=-1):
    """The first half of x along ``axis`` times the sigmoid of the second half (Dauphin et al., 2017)."""

def gradients(loss, variables) -> list:
    """d(sum of loss)/d(variable) for each of ``variables`` (tensor or list; always a list back),
    shaped like the variable; None where the loss doesn't depend on it through differentiable ops.
    May be applied to its own results.

    Example:
        >>> from kbridge import backend as K
        >>> x = K.variable([1.0, 2.0])
        >>> K.eval(K.gradients(K.sum(K.square(x)), x)[0]).tolist()
        [2.0, 4.0]
    """

def graph_scope():
    """A context in which raw operations of the backend's framework build the graph that ``K`` builds.

    Layers, losses and the like run users' code in it. Backends whose framework has one graph only,
    or none, need nothing.
    """

def greater(x, y) -> Tensor:
    """Bool: whether ``x > y``, element by element; shapes broadcast."""

def greater_equal(x, y) -> Tensor:
    """Bool: whether ``x >= y``, element by element; shapes broadcast."""

def grouped_conv(x, kernel, groups, strides, border_mode='valid', dim_ordering='default', filter_dilation=None):
    """``conv1d``, ``conv2d`` or ``conv3d`` (by the number of axes) of parts of the channels, each with its share of the filters.

    As many groups as channels are a depthwise convolution, where there is one (Krizhevsky et al., 2012).

    Args:
        x: the input; over time it has its channels last.
        kernel: a kernel with the channels of one group.
        groups: the number of parts.
        strides: the steps between windows, a tuple.
        border_mode: 'valid' (windows lie inside the input), 'same' (zeros around it) or 'full' (all windows that touch it).
        dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
        filter_dilation: the distance of neighbouring values of the kernel, a tuple; 1 each if left out.
    """

def hard_shrink(x, threshold=0.5):
    """x where abs(x) > threshold, else 0."""

def hard_sigmoid(x):
    """clip(0.2 x + 0.5, 0, 1)."""

def hard_silu(x):
    """x * relu6(x + 3) / 6, also called hard_swish (Howard et al., 2019)."""

def hard_tanh(x):
    """x held between -1 and 1."""

def host_call(function: Callable, tensors: Sequence, dtype: str, shape: Callable) -> Tensor:
    """``function(*arrays)``, run on the host each time, as a tensor without a gradient.

    Args:
        function: a function of as many NumPy arrays as there are ``tensors``, which returns an array.
        tensors: the tensors whose values it gets, a list.
        dtype: the dtype of the array that it returns.
        shape: a function from the static shapes of ``tensors`` to that of the result, None where unknown.
    """

def identity(x):
    """The same values and gradients as ``x``, as a tensor of its own."""

def image_dim_ordering() -> str:
    """'th' (channels first) or 'tf' (channels last)."""

def in_test_phase(x, alt, training=None):
    """``x`` in test, ``alt`` in training, as ``training`` or the learning phase says."""

def in_top_k(predictions, targets, k):
    """For each row of ``predictions`` (samples, classes): is the class ``targets`` (samples,)
    among the ``k`` largest? Ties count as in; a class out of range is never in. Bool (samples,).
    """

def in_train_phase(x, alt, training=None):
    """``x`` in training, ``alt`` in test; each may be a tensor or a function that returns one.

    Both have one shape: a number, and axes known to have length 1, are repeated to the other's. ``training``: a bool (or 0 or 1)
    says which it is, as in Keras 2; None asks the learning phase.
    """

def int_shape(x) -> Shape:
    """The static shape of ``x``, None where unknown; inferred through operators on every backend."""

def is_explicit_shape(shape):
    """Whether ``shape`` is a list or tuple of known lengths."""

def is_keras_tensor(x) -> bool:
    """Whether ``x`` came out of a layer (or ``Input``), so that a model can be built through it."""

def is_sparse(tensor) -> bool:
    """Whether ``tensor`` is a sparse placeholder or variable."""

def is_tensor(x: Any) -> bool:
    """Whether ``x`` is one of the backend's own symbolic objects: a placeholder, variable, constant or result."""

def is_variable(x: Any) -> bool:
    """Whether ``x`` is a variable, as ``variable`` returns it."""

def l2_normalize(x, axis):
    """x / sqrt(max(sum(x ** 2, axis), 1e-12)); in float16 its smallest normal number stands for 1e-12."""

def leaky_relu(x, negative_slope=0.2):
    """x for x > 0, else negative_slope * x."""

def learning_phase():
    """0 or 1 if ``set_learning_phase`` fixed it, else the scalar placeholder that functions take."""

def legacy_weight_ordering() -> bool:
    """Whether weights are ordered as by Keras before 1.0.8."""

def lesser(x, y) -> Tensor:
    """Bool: whether ``x < y``, element by element; shapes broadcast."""

def lesser_equal(x, y) -> Tensor:
    """Bool: whether ``x <= y``, element by element; shapes broadcast."""

def log(x) -> Tensor:
    """The natural logarithm of each element of ``x``; NaN below 0, -infinity at 0."""

def log1p(x) -> Tensor:
    """log(1 + x), exact near 0."""

def log_sigmoid(x):
    """log(sigmoid(x)) without overflow."""

def log_softmax(x, axis=-1):
    """log(softmax(x)) over ``axis`` without overflow."""

def logical_and(x, y) -> Tensor:
    """Bool: whether both ``x`` and ``y`` are true, element by element; shapes broadcast."""

def logical_not(x) -> Tensor:
    """Bool: whether ``x`` is false, element by element."""

def logical_or(x, y) -> Tensor:
    """Bool: whether ``x`` or ``y`` is true, element by element; shapes broadcast."""

def logsumexp(x, axis=None, keepdims=False):
    """log(sum(exp(x))) over ``axis``, without overflow; ``keepdims`` leaves the reduced axes with length 1."""

def manual_variable_initialization(value):
    """Accepted for Keras 1 code: a variable has its value as soon as it is made, on every backend."""

def map_fn(fn: Callable, elems, name: str | None = None) -> Tensor:
    """Stack ``fn(elem)`` over the first axis of ``elems``; ``name`` is accepted on every backend."""

def max(x, axis=None, keepdims: bool = False) -> Tensor:
    """The largest element of ``x`` over ``axis``; ``keepdims`` leaves the reduced axes with length 1. Ties share the gradient."""

def maximum(x, y) -> Tensor:
    """The larger of ``x`` and ``y``, element by element; shapes broadcast. The gradient at a tie goes to ``x``."""

def mean(x, axis=None, keepdims: bool = False) -> Tensor:
    """The mean of the elements of ``x`` over ``axis``; ``keepdims`` leaves the reduced axes with length 1. That of integers and booleans is ``floatx``."""

def min(x, axis=None, keepdims: bool = False) -> Tensor:
    """The smallest element of ``x`` over ``axis``; ``keepdims`` leaves the reduced axes with length 1. Ties share the gradient."""

def minimum(x, y) -> Tensor:
    """The smaller of ``x`` and ``y``, element by element; shapes broadcast. The gradient at a tie goes to ``x``."""

def mish(x):
    """x * tanh(softplus(x)) (Misra, 2019)."""

def momentum_step(x, gradient, velocity, lr, momentum, nesterov=False):
    """One step of gradient descent with momentum: v = momentum * velocity - lr * gradient; x + v, or x + momentum * v - lr * gradient.

    A backend may compute all these updates as one operation.

    Args:
        x: the weight.
        gradient: its gradient.
        velocity: the velocity before the step, shaped like ``x``.
        lr: the learning rate, a number or a scalar tensor.
        momentum: the part of the velocity that stays.
        nesterov: whether the step looks ahead, which is the second formula.

    Returns:
        The new velocity and the new value of ``x``.
    """

def moving_average_update(variable, value, momentum):
    """An update for ``function``: variable * momentum + value * (1 - momentum); several follow each other."""

def ndim(x):
    """The number of axes of ``x``."""

def normalize_batch_in_training(x, gamma, beta, reduction_axes, epsilon=0.001):
    """Normalize a tensor with its own statistics.

    Args:
        x: the tensor.
        gamma: the factor, with the axes that aren't reduced.
        beta: what is added at the end, with the axes that aren't reduced.
        reduction_axes: the axes of the mean and variance.
        epsilon: a small number that is added to the variance.

    Returns:
        The normalized tensor, the mean and the variance; the statistics have the remaining axes.
    """

def not_equal(x, y) -> Tensor:
    """Bool: whether ``x != y``, element by element; shapes broadcast."""

def one_hot(indices, nb_classes, dtype=None):
    """The integers ``indices`` of any shape as vectors of length ``nb_classes`` along a new last axis; zeros for those out of range. They have ``dtype``,
    floatx if left out.

    Example:
        >>> from kbridge import backend as K
        >>> K.eval(K.one_hot(K.constant([0, 2], dtype="int32"), 3)).tolist()
        [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """

def ones(shape, dtype=None, name=None):
    """A variable of ones with a ``shape``, a ``dtype`` (floatx if left out) and perhaps a ``name``."""

def ones_like(x, dtype: str | None = None, name: str | None = None) -> Tensor:
    """A tensor of ones of the shape of ``x``, and of its dtype unless ``dtype`` is given; ``name`` is accepted on every backend."""

def pad(x, padding: Sequence[tuple[int, int]]) -> Tensor:
    """``x`` with zeros around it: ``padding`` is a list of (before, after), a pair for every axis."""

def pattern_broadcast(x, broadcastable):
    """``x``; Theano marks the axes where ``broadcastable`` is True as having length 1."""

def permute_dimensions(x, pattern: Sequence[int]) -> Tensor:
    """``x`` with its axes in the order of ``pattern``, which names each axis once."""

def phase_placeholder() -> Tensor:
    """The scalar 0/1 placeholder behind ``learning_phase()``; made once for a backend state."""

def phase_switch(x, alt) -> Tensor:
    """``x`` when the learning phase placeholder is 1, ``alt`` when 0; only the chosen side runs
    where the backend can. Same shapes and dtypes.
    """

def placeholder(shape=None, ndim: int | None = None, dtype: str | None = None, sparse: bool = False, name: str | None = None) -> Tensor:
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

def pool2d(x, pool_size, strides=(1, 1), border_mode: str = 'valid', dim_ordering: str = 'default', pool_mode: str = 'max') -> Tensor:
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

def pool3d(x, pool_size, strides=(1, 1, 1), border_mode: str = 'valid', dim_ordering: str = 'default', pool_mode: str = 'max') -> Tensor:
    """The maximum or mean over windows of volumes: ``pool2d`` over three spatial axes.

    Args:
        x: the input, as for ``conv3d``.
        pool_size: the size of a window, three lengths.
        strides: the steps between windows, for each spatial axis.
        border_mode: 'valid' or 'same'.
        dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
        pool_mode: 'max' or 'avg'.
    """

def pow(x, a) -> Tensor:
    """``x ** a``, ``a`` a number or a tensor."""

def print_tensor(x, message: str = '') -> Tensor:
    """``x``, whose evaluation prints ``message`` and the value."""

def prod(x, axis=None, keepdims: bool = False) -> Tensor:
    """The product of the elements of ``x`` over ``axis``; ``keepdims`` leaves the reduced axes with length 1."""

def random_binomial(shape, p=0.0, dtype=None, seed=None):
    """1 with probability ``p``, else 0; new values at each evaluation.

    Args:
        shape: the lengths of the axes, ints or scalar int tensors.
        p: the probability of 1.
        dtype: the dtype of the result; floatx if left out.
        seed: a whole number that gives one sequence of draws on one backend; None draws it from NumPy's global state.
    """

def random_normal(shape, mean=0.0, std=1.0, dtype: str | None = None, seed: int | None = None) -> Tensor:
    """New values from a normal distribution at each evaluation.

    Args:
        shape: the lengths of the axes, ints or scalar int tensors.
        mean: the mean.
        std: the standard deviation.
        dtype: the dtype of the result; floatx if left out.
        seed: a whole number that gives one sequence of draws on one backend; None draws it from NumPy's global state.
    """

def random_normal_variable(shape, mean, scale, dtype=None, name=None, seed=None):
    """A variable with normal values.

    Args:
        shape: the lengths of its axes.
        mean: the mean.
        scale: the standard deviation.
        dtype: the dtype of the result; floatx if left out.
        name: a name for the tensor, or None.
        seed: a whole number that the values are drawn from; NumPy's global state if left out.
    """

def random_uniform(shape, low=0.0, high=1.0, dtype: str | None = None, seed: int | None = None) -> Tensor:
    """New values in [low, high) at each evaluation.

    Args:
        shape: the lengths of the axes, ints or scalar int tensors.
        low: the least value.
        high: the upper limit.
        dtype: the dtype of the result; floatx if left out.
        seed: a whole number that gives one sequence of draws on one backend; None draws it from NumPy's global state.
    """

def random_uniform_variable(shape, low, high, dtype=None, name=None, seed=None):
    """A variable with values in [low, high).

    Args:
        shape: the lengths of its axes.
        low: the least value.
        high: the upper limit.
        dtype: the dtype of the result; floatx if left out.
        name: a name for the tensor, or None.
        seed: a whole number that the values are drawn from; NumPy's global state if left out.
    """

def relu(x, alpha=0.0, max_value=None):
    """max(x, 0), at most ``max_value``, minus ``alpha`` * max(-x, 0).

    ``max_value`` caps the positive part alone, also with a negative ``alpha``; one below 0 leaves 0 of it.
    """

def relu6(x):
    """min(max(x, 0), 6)."""

def repeat(x, n):
    """``x`` (samples, dim) as (samples, n, dim): each vector ``n`` times."""

def repeat_elements(x, rep: int, axis: int) -> Tensor:
    """``x`` with each slice repeated ``rep`` times along ``axis``, like ``numpy.repeat``."""

def reset_uids() -> None:
    """Let ``get_uid`` start from 1 again for every prefix."""

def reshape(x, shape) -> Tensor:
    """``x`` in another ``shape``, in row-major order: ints, scalar int tensors, one -1; or an integer vector tensor."""

def resize(x, size, interpolation='bilinear', dim_ordering='default', antialias=False, half_pixel_centers=True):
    """Images (samples, rows, columns, channels), or channels first, in the ``size`` (rows, columns).

    Args:
        x: the images, of a float dtype.
        size: a pair; each an int, or a float as a factor of the input's length, which may then be unknown.
        interpolation: 'nearest', 'bilinear', 'bicubic', 'lanczos3', 'lanczos5', 'gaussian', 'mitchellcubic' or 'area'.
        dim_ordering: 'tf', 'th' or 'default'.
        antialias: whether kernels widen where an image shrinks.
        half_pixel_centers: False for TensorFlow 1's convention, where result pixel j of m lies at j * n / m; for 'nearest' and 'bilinear'.

    Raises:
        ValueError: for another name, a size that isn't a pair of positive numbers, or ``half_pixel_centers=False`` with another
            interpolation or with ``antialias``.
    """

def resize_images(X, height_factor, width_factor, dim_ordering):
    """A batch of images whose rows and columns are repeated by whole factors (nearest neighbour).

    Args:
        X: the images, as for ``conv2d``.
        height_factor: how often each row is repeated.
        width_factor: how often each column is repeated.
        dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
    """

def resize_volumes(X, depth_factor, height_factor, width_factor, dim_ordering):
    """A batch of volumes whose spatial axes are repeated by whole factors (nearest neighbour).

    Args:
        X: the volumes, as for ``conv3d``.
        depth_factor: how often each place of the first spatial axis is repeated.
        height_factor: the same for the second.
        width_factor: the same for the third.
        dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
    """

def reverse(x, axes) -> Tensor:
    """``x`` with the order along ``axes`` (an int or a list) reversed."""

def rnn(step_function: Callable, inputs, initial_states: Sequence, go_backwards: bool = False, mask=None, constants: Sequence | None = None, unroll: bool = False, input_length: int | None = None) -> tuple:
    """Apply a step along axis 1 of ``inputs``.

    A state keeps one shape and dtype, to which its start is broadcast and cast (``loop_states.py``). No time steps, now or in a call of a function:
    ValueError.

    Args:
        step_function: ``step_function(x_t, states + constants) -> (output_t, new states)``.
        inputs: (samples, time, ...).
        initial_states: the states before the first step, a list.
        go_backwards: whether the steps run from the last to the first; outputs stand in the order in which they were computed.
        mask: (samples, time), (samples, time, 1), or (samples, time, ...) with the first axes of the states: where it is 0 the output repeats the previous one and the states stay. Before the first unmasked
            step ``outputs`` holds the initial state (the first one; zeros where its shape or dtype differs from the output's, and with ``unroll``).
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

def round(x) -> Tensor:
    """Each element of ``x`` to the nearest integer, halves to even. Integers and booleans as they are."""

def selu(x):
    """scale * elu(x, alpha), with constants that keep mean 0 and variance 1 (Klambauer et al., 2017)."""

def separable_conv2d(x, depthwise_kernel, pointwise_kernel, strides=(1, 1), border_mode='valid', dim_ordering='default', filter_dilation=(1, 1)):
    """``depthwise_conv2d``, then a 1 x 1 ``conv2d`` that mixes the channels.

    Args:
        x: the input, as for ``conv2d``.
        depthwise_kernel: as the kernel of ``depthwise_conv2d``.
        pointwise_kernel: as the kernel of ``conv2d``, with 1 row and 1 column.
        strides: the steps between windows, for each spatial axis.
        border_mode: 'valid' or 'same'.
        dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
        filter_dilation: the distance of neighbouring values of the kernel, for each spatial axis.
    """

def set_epsilon(e: float) -> None:
    """Make ``e`` the fuzz factor. ValueError unless it is a number above 0."""

def set_floatx(floatx: str) -> None:
    """Make ``floatx`` the default float dtype: 'float16', 'float32' or 'float64'. ValueError for any other name."""

def set_image_dim_ordering(dim_ordering: str) -> None:
    """Make ``dim_ordering`` the default order of image axes: 'th' (channels first) or 'tf' (channels last). ValueError for any other name."""

def set_learning_phase(value):
    """Fix the learning phase to ``value`` for everything built from now on: 0 (test) or 1 (training)."""

def set_legacy_weight_ordering(value: bool) -> None:
    """Choose the order of weights of Keras before 1.0.8. ValueError unless ``value`` is a bool."""

def set_session(session):
    """Use ``session`` on TensorFlow; on other backends NotImplementedError."""

def set_value(x, value) -> None:
    """Store ``value`` in the variable ``x``, cast to its dtype. A different shape: ValueError with both."""

def shape(x) -> Tensor:
    """The shape of ``x`` at run time: an int32 vector that can be indexed and passed to ``reshape`` etc."""

def sigmoid(x) -> Tensor:
    """1 / (1 + exp(-x)) without overflow."""

def sign(x) -> Tensor:
    """-1, 0 or 1 in the dtype of ``x``."""

def silu(x):
    """x * sigmoid(x), also called swish (Ramachandran et al., 2017)."""

def sin(x) -> Tensor:
    """The sine of each element of ``x``, in radians."""

def sinh(x) -> Tensor:
    """The hyperbolic sine of each element of ``x``."""

def soft_shrink(x, threshold=0.5):
    """x moved towards 0 by ``threshold``, 0 within it."""

def softmax(x, axis: int = -1) -> Tensor:
    """exp(x - max) / sum over ``axis``, any number of axes."""

def softplus(x) -> Tensor:
    """log(1 + exp(x)) without overflow."""

def softsign(x):
    """x / (1 + abs(x))."""

def sparse_categorical_crossentropy(output, target, from_logits=False):
    """``categorical_crossentropy`` with integer classes; ``from_logits`` as there.

    ``target`` has the shape of ``output`` without its last axis (or with a last axis of 1), and a class out of range is a ValueError. Probabilities
    are clipped to [epsilon, 1 - epsilon] and then scaled to sum 1.
    """

def sparsemax(x, axis=-1):
    """The nearest point to x of the probability simplex over ``axis`` (Martins and Astudillo, 2016, arXiv 1602.02068).

    The threshold comes from every element taken as the last of the support, without sorting: for a candidate z the support is
    all elements >= z, and the right candidates are those whose own threshold lies below them.
    """

def spatial_2d_padding(x, padding=(1, 1), dim_ordering='default'):
    """A batch of images ``x`` with ``padding[i]`` zeros on both sides of spatial axis i; ``dim_ordering`` as for ``conv2d``."""

def spatial_3d_padding(x, padding=(1, 1, 1), dim_ordering='default'):
    """A batch of volumes ``x`` with ``padding[i]`` zeros on both sides of spatial axis i; ``dim_ordering`` as for ``conv3d``."""

def split(x, count, axis=-1):
    """``x`` in ``count`` equal parts along ``axis``, or in parts of the lengths in the list ``count``, as a list."""

def sqrt(x) -> Tensor:
    """Square root of max(x, 0); its gradient at or below 0 is 0."""

def square(x) -> Tensor:
    """Each element of ``x`` times itself."""

def squareplus(x, b=4.0):
    """(x + sqrt(x ** 2 + b)) / 2 (Barron, 2021)."""

def squeeze(x, axis: int) -> Tensor:
    """``x`` without its axis ``axis``, which has length 1."""

def stack(x):
    """``x``, a list of tensors of one shape, along a new first axis."""

def std(x, axis=None, keepdims=False):
    """The standard deviation (divisor n) of ``x`` over ``axis``; ``keepdims`` leaves the reduced axes with length 1."""

def stop_gradient(variables) -> Tensor:
    """The same values as ``variables`` (a tensor, or a list for a list), constant for ``gradients``."""

def sum(x, axis=None, keepdims: bool = False) -> Tensor:
    """The sum of the elements of ``x`` over ``axis``; ``keepdims`` leaves the reduced axes with length 1. Booleans are counted in ``int32``; other dtypes stay."""

def switch(condition, then_expression, else_expression):
    """``then_expression`` where ``condition`` holds, else ``else_expression``.

    The condition is a scalar or broadcasts against the expressions from the left: a condition of
    shape (samples,) chooses whole samples. Expressions may be functions that return a tensor.
    """

def tan(x) -> Tensor:
    """The tangent of each element of ``x``, in radians."""

def tanh(x) -> Tensor:
    """The hyperbolic tangent of each element of ``x``, from -1 to 1."""

def tanh_shrink(x):
    """x - tanh(x)."""

def temporal_padding(x, padding=1):
    """``x`` (samples, time, dim) with ``padding`` zeros before and after axis 1."""

def tensor_name(x) -> str | None:
    """The name that ``x`` got from ``variable`` or ``placeholder``, free of what the backend adds to it."""

def threshold(x, threshold, default_value):
    """x where x > threshold, else ``default_value``."""

def tile(x, n) -> Tensor:
    """``x`` repeated as a whole along each axis; ``n`` is an int or one int (or scalar tensor) an axis."""

def to_dense(tensor) -> Tensor:
    """A dense tensor of a sparse one; a dense one as it is."""

def transpose(x):
    """``x`` with the order of its axes reversed."""

def update(x, new_x):
    """An update for ``function``: the variable ``x`` becomes ``new_x``."""

def update_add(x, increment):
    """An update for ``function``: ``x`` grows by ``increment``; several add up."""

def update_sub(x, decrement):
    """An update for ``function``: ``x`` shrinks by ``decrement``; several add up."""

def uses_learning_phase(tensors) -> bool:
    """Whether any of ``tensors`` (one or a list) depends on the learning phase placeholder."""

def var(x, axis=None, keepdims=False):
    """The variance (divisor n) of ``x`` over ``axis``; ``keepdims`` leaves the reduced axes with length 1."""

def variable(value, dtype: str | None = None, name: str | None = None) -> Tensor:
    """A tensor with a stored value. It is called ``name``, if that is given.

    ``value`` is copied: an array, a number, or a scipy sparse matrix, which stays sparse where the backend can. ``dtype=None`` is ``floatx``.
    """

def where(condition, x, y) -> Tensor:
    """``x`` where ``condition`` (bool), else ``y``, broadcast; the side not taken gets gradient 0."""

def zeros(shape, dtype=None, name=None):
    """A variable of zeros with a ``shape``, a ``dtype`` (floatx if left out) and perhaps a ``name``."""

def zeros_like(x, dtype: str | None = None, name: str | None = None) -> Tensor:
    """A tensor of zeros of the shape of ``x``, and of its dtype unless ``dtype`` is given; ``name`` is accepted on every backend."""
