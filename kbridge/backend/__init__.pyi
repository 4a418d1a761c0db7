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
    """The absolute value of each element. Gradient at 0: 0."""

def adam_step(x, gradient, mean, square, lr, beta_1, beta_2, epsilon):
    """(new mean, new square, new x): m = beta_1 * mean + (1 - beta_1) * gradient,
    s = beta_2 * square + (1 - beta_2) * gradient**2 and x - lr * m / (sqrt(s) + epsilon). ``lr`` holds the correction
    for moments that start at 0. As a whole the pairs of updates may be one operation of the backend.
    """

def all(x, axis=None, keepdims: bool = False) -> Tensor:
    """Bool: whether all elements over ``axis`` are true; ``keepdims`` leaves the reduced axes with length 1."""

def any(x, axis=None, keepdims: bool = False) -> Tensor:
    """Logical or; numbers count as ``x != 0``."""

def arange(start, stop=None, step=1, dtype: str = 'int32') -> Tensor:
    """Like ``numpy.arange``; the arguments may be scalar tensors."""

def arccos(x) -> Tensor:
    """The inverse cosine of each element, in radians from 0 to pi; NaN outside of [-1, 1]."""

def arccosh(x) -> Tensor:
    """The inverse hyperbolic cosine of each element; NaN below 1."""

def arcsin(x) -> Tensor:
    """The inverse sine of each element, in radians from -pi/2 to pi/2; NaN outside of [-1, 1]."""

def arcsinh(x) -> Tensor:
    """The inverse hyperbolic sine of each element."""

def arctan(x) -> Tensor:
    """The inverse tangent of each element, in radians from -pi/2 to pi/2."""

def arctan2(y, x) -> Tensor:
    """The angle of the point (x, y) to the positive x axis, in [-pi, pi]."""

def arctanh(x) -> Tensor:
    """The inverse hyperbolic tangent of each element; NaN outside of [-1, 1]."""

def argmax(x, axis: int = -1) -> Tensor:
    """The first place of the largest element, or of the first NaN."""

def argmin(x, axis: int = -1) -> Tensor:
    """The first place of the smallest element, or of the first NaN."""

def asymmetric_spatial_2d_padding(x, top_pad=1, bottom_pad=1, left_pad=1, right_pad=1, dim_ordering='default'):
    """Zeros round a batch of images, a width for each side."""

def asymmetric_temporal_padding(x, left_pad=1, right_pad=1):
    """``left_pad`` zeros before and ``right_pad`` after axis 1 of (samples, time, dim)."""

def atrous_conv2d(x, kernel, rate=1, border_mode='valid', dim_ordering='default', image_shape=None, filter_shape=None):
    """``conv2d`` whose kernel has ``rate - 1`` holes between its values."""

def batch_dot(x, y, axes=None):
    """Contract axis ``axes[0]`` of ``x`` with ``axes[1]`` of ``y``, for each sample.

    The result has shape (samples, rest of x, rest of y), with a last axis of 1 where nothing
    else is left: (n, d) with (n, d) gives (n, 1). ``axes`` is a pair, one int for both, or
    None: the last axis of ``x`` and the last but one of ``y`` (the last, if ``y`` has two).
    """

def batch_flatten(x):
    """(samples, ...) as a matrix (samples, rest)."""

def batch_get_value(xs):
    """The values of several variables, as a list of arrays."""

def batch_matmul(x, y) -> Tensor:
    """(batch, n, k) with (batch, k, m) gives (batch, n, m)."""

def batch_normalization(x, mean, var, beta, gamma, epsilon=0.001):
    """gamma * (x - mean) / sqrt(var + epsilon) + beta; the statistics broadcast against ``x``."""

def batch_set_value(tuples):
    """Set several (variable, value) pairs."""

def binary_crossentropy(output, target, from_logits=False):
    """-(t * log(p) + (1 - t) * log(1 - p)), elementwise. Probabilities are clipped to
    [epsilon, 1 - epsilon].
    """

def cast(x, dtype: str) -> Tensor:
    """Float to int truncates towards zero; to bool is ``x != 0``."""

def cast_to_floatx(x) -> np.ndarray:
    """``x`` as a NumPy array of the default float dtype."""

def categorical_crossentropy(output, target, from_logits=False):
    """-sum(target * log(p)) over the last axis. Probabilities are first scaled to sum 1 and
    clipped to [epsilon, 1 - epsilon]; logits go through log-softmax.
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
    """A tensor whose value never changes. ``dtype=None`` keeps the dtype of an array or NumPy
    scalar and gives ``floatx``, ``int32`` or ``bool`` to Python values.
    """

def conv1d(x, kernel, stride=1, border_mode='valid', image_shape=None, filter_shape=None, filter_dilation=1):
    """x (samples, time, channels) with kernel (length, channels, filters)."""

def conv2d(x, kernel, strides=(1, 1), border_mode: str = 'valid', dim_ordering: str = 'default', image_shape=None, filter_shape=None, filter_dilation=(1, 1)) -> Tensor:
    """2-D cross-correlation. ``th``: x (n, c, rows, cols), kernel (filters, c, r, c');
    ``tf``: x (n, rows, cols, c), kernel (r, c', c, filters). ``border_mode``: 'valid'; 'same'
    pads max((ceil(n/s)-1)*s + (k-1)*d + 1 - n, 0) zeros, the smaller half before; 'full' pads
    (k-1)*d on both sides. ``image_shape`` and ``filter_shape`` are accepted and not needed.
    """

def conv3d(x, kernel, strides=(1, 1, 1), border_mode: str = 'valid', dim_ordering: str = 'default', volume_shape=None, filter_shape=None, filter_dilation=(1, 1, 1)) -> Tensor:
    """As ``conv2d`` with three spatial axes."""

def cos(x) -> Tensor:
    """The cosine of each element, in radians."""

def cosh(x) -> Tensor:
    """The hyperbolic cosine of each element."""

def count_params(x):
    """The number of values in a tensor of fully known shape."""

def ctc_batch_cost(y_true, y_pred, input_length, label_length):
    """-log p(labels) for each sample, shape (samples, 1).

    ``y_true`` (samples, most labels), ``y_pred`` (samples, time, classes) probabilities,
    ``input_length`` and ``label_length`` (samples, 1). Infinite where the labels don't fit
    into the time.
    """

def ctc_cost(predict, Y):
    """-log p(labels ``Y`` (length,)) of one sample ``predict`` (time, classes) of probabilities; a scalar."""

def ctc_create_skip_idxs(Y):
    """Positions i of the labels with blanks ``Y`` (2 n + 1,) from which a path may jump to i + 2:
    those of labels that differ from the next one.
    """

def ctc_decode(y_pred, input_length, greedy=True, beam_width=100, top_paths=1):
    """The most probable labels of ``y_pred`` (samples, time, classes) probabilities.

    ``greedy``: the best class at each step, repeats and blanks removed; else a beam search for
    ``top_paths`` labellings that keeps ``beam_width`` prefixes. Returns (a list of int64 tensors
    (samples, longest), filled up with -1; a float tensor: greedy, minus the sum of the best log
    p + 1e-8, shape (samples, 1); beam search, the log probabilities (samples, top_paths)).
    ``input_length``: (samples,).
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

    Returns (how many positions can be reached now, their log probabilities, 0 behind them).
    ``log_p_curr`` are the classes' log probabilities at this step, by position; ``log_p_prev`` the
    previous result, ``zeros`` a vector of zeros as long; ``skip_idxs`` as from
    ``ctc_create_skip_idxs``.
    """

def cumsum(x, axis: int = 0) -> Tensor:
    """The running sum; booleans are counted in int32."""

def deconv1d(x, kernel, output_shape, stride=1, border_mode='valid', filter_dilation=1):
    """Transposed ``conv1d``: x (samples, time, channels in), kernel (length, channels in, filters out), and the full shape of
    the result.
    """

def deconv2d(x, kernel, output_shape, strides=(1, 1), border_mode: str = 'valid', dim_ordering: str = 'default', image_shape=None, filter_shape=None, filter_dilation=(1, 1)) -> Tensor:
    """Transposed convolution: y[i*stride + k*dilation] += x[i] * kernel[k], cropped for 'same'. Kernel
    ``th`` (filters out, channels in, r, c), ``tf`` (r, c, channels in, filters out).
    ``output_shape`` is the full shape of the result; its batch entry may be None, and all entries tensors.
    """

def deconv3d(x, kernel, output_shape, strides=(1, 1, 1), border_mode: str = 'valid', dim_ordering: str = 'default', filter_dilation=(1, 1, 1)) -> Tensor:
    """As ``deconv2d`` with three spatial axes."""

def depthwise_conv1d(x, kernel, stride=1, border_mode='valid', filter_dilation=1):
    """x (samples, time, channels) with kernel (length, channels, multiplier)."""

def depthwise_conv2d(x, kernel, strides=(1, 1), border_mode: str = 'valid', dim_ordering: str = 'default', filter_dilation=(1, 1)) -> Tensor:
    """Each input channel with its own ``depth_multiplier`` kernels. ``tf``: kernel
    (r, c', channels, multiplier), output channel = channel * multiplier + m; ``th``: kernel
    (multiplier, channels, r, c').
    """

def dot(x, y) -> Tensor:
    """The last axis of ``x`` with the last but one of ``y`` (the only one of a vector), for any
    number of axes: shape x[:-1] + y[:-2] + y[-1:]. ``x`` may be sparse.
    """

def dots(x, matrices, parts):
    """``part + dot(x, m)`` for each of several matrices of one shape and the equal parts of ``parts`` along its last
    axis, as a list.
    """

def dropout(x, level, noise_shape=None, seed=None):
    """Set a fraction ``level`` of ``x`` to 0 and scale the rest by 1 / (1 - level).

    ``noise_shape`` (None entries: as ``x``) shares the decision along its axes of length 1, and along the first
    axes of ``x`` if it has fewer entries. An entry of another length is a ValueError.
    """

def dtype(x) -> str:
    """'float32', 'int64', 'bool' ..."""

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
    """The value of a tensor that depends on no placeholder, as an array."""

def exp(x) -> Tensor:
    """e to the power of each element."""

def expand_dims(x, dim: int = -1) -> Tensor:
    """``x`` with a new axis of length 1 at place ``dim`` of the result; -1 is behind the last."""

def expm1(x) -> Tensor:
    """exp(x) - 1, exact near 0."""

def eye(size, dtype=None, name=None):
    """A variable with the identity matrix (size, size)."""

def flatten(x):
    """All values as a vector."""

def floatx() -> str:
    """The default float dtype: 'float16', 'float32' or 'float64'."""

def floor(x) -> Tensor:
    """The largest whole number that is not above ``x``, in the dtype of ``x``; gradient 0."""

def foldl(fn: Callable, elems, initializer=None, name: str | None = None) -> Tensor:
    """``fn(accumulator, elem)`` over the first axis; without ``initializer`` from the first element.
    The accumulator keeps one shape and dtype, as a state of ``rnn``.
    """

def foldr(fn, elems, initializer=None, name=None):
    """``foldl`` from the last element to the first."""

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
    """A copy of a variable's value as an array (0-d for scalars); of another tensor what ``eval`` gives."""

def get_variable_shape(x):
    """The shape as a tuple."""

def glu(x, axis=-1):
    """The first half along ``axis`` times the sigmoid of the second (Dauphin et al., 2017)."""

def gradients(loss, variables) -> list:
    """d(sum of loss)/d(variable) for each of ``variables`` (tensor or list; always a list back),
    shaped like the variable; None where the loss doesn't depend on it through differentiable ops.
    May be applied to its own results.
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
    """``conv1d``, ``conv2d`` or ``conv3d`` (by the number of axes) of ``groups`` parts of the channels, each with its share of
    the filters (Krizhevsky et al., 2012). The kernel has the channels of one group; 1-D input has its channels last.

    As many groups as channels are a depthwise convolution, where there is one.
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
    """``function(*arrays)``, run on the host each time, as a tensor of ``dtype`` without a gradient.
    ``shape(*shapes)`` gives its static shape from those of ``tensors`` (None where unknown).
    """

def identity(x):
    """The same values and gradients as a distinct tensor."""

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
    """The static shape, None where unknown; inferred through operators on every backend."""

def is_explicit_shape(shape):
    """Whether ``shape`` is a list or tuple of known lengths."""

def is_keras_tensor(x) -> bool:
    """Whether ``x`` came out of a layer (or ``Input``), so that a model can be built through it."""

def is_sparse(tensor) -> bool:
    """True for a sparse placeholder or variable."""

def is_tensor(x: Any) -> bool:
    """True for the backend's own symbolic objects: placeholders, variables, constants, results."""

def is_variable(x: Any) -> bool:
    """True for what ``variable`` returned."""

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
    """The natural logarithm of each element; NaN below 0, -infinity at 0."""

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
    """log(sum(exp(x))) over ``axis``, without overflow."""

def manual_variable_initialization(value):
    """Accepted for Keras 1 code: a variable has its value as soon as it is made, on every backend."""

def map_fn(fn: Callable, elems, name: str | None = None) -> Tensor:
    """Stack ``fn(elem)`` over the first axis of ``elems``."""

def max(x, axis=None, keepdims: bool = False) -> Tensor:
    """The largest element over ``axis``; ``keepdims`` leaves the reduced axes with length 1. Ties share the gradient."""

def maximum(x, y) -> Tensor:
    """The larger of ``x`` and ``y``, element by element; shapes broadcast. The gradient at a tie goes to ``x``."""

def mean(x, axis=None, keepdims: bool = False) -> Tensor:
    """The mean of integers and booleans is ``floatx``."""

def min(x, axis=None, keepdims: bool = False) -> Tensor:
    """The smallest element over ``axis``; ``keepdims`` leaves the reduced axes with length 1. Ties share the gradient."""

def minimum(x, y) -> Tensor:
    """The smaller of ``x`` and ``y``, element by element; shapes broadcast. The gradient at a tie goes to ``x``."""

def mish(x):
    """x * tanh(softplus(x)) (Misra, 2019)."""

def momentum_step(x, gradient, velocity, lr, momentum, nesterov=False):
    """(new velocity, new x): v = momentum * velocity - lr * gradient and x + v, or x + momentum * v - lr * gradient
    with ``nesterov``. As a whole the pairs of updates may be one operation of the backend.
    """

def moving_average_update(variable, value, momentum):
    """An update for ``function``: variable * momentum + value * (1 - momentum); several follow each other."""

def ndim(x):
    """The number of axes."""

def normalize_batch_in_training(x, gamma, beta, reduction_axes, epsilon=0.001):
    """Normalize ``x`` with its own statistics over ``reduction_axes``.

    Returns (normalized x, mean, variance); the statistics have the remaining axes.
    """

def not_equal(x, y) -> Tensor:
    """Bool: whether ``x != y``, element by element; shapes broadcast."""

def one_hot(indices, nb_classes, dtype=None):
    """Integers of any shape to vectors of length ``nb_classes`` along a new last axis; zeros for those out of range."""

def ones(shape, dtype=None, name=None):
    """A variable of ones."""

def ones_like(x, dtype: str | None = None, name: str | None = None) -> Tensor:
    """A tensor of ones of the shape of ``x``, and of its dtype unless ``dtype`` is given."""

def pad(x, padding: Sequence[tuple[int, int]]) -> Tensor:
    """Zeros round ``x``: (before, after) for every axis."""

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
    """An input of a function. Unknown dimensions of ``shape`` are None; with ``ndim`` alone all
    are. Neither given: ValueError.
    """

def pool2d(x, pool_size, strides=(1, 1), border_mode: str = 'valid', dim_ordering: str = 'default', pool_mode: str = 'max') -> Tensor:
    """'max' or 'avg'. 'same' pads as ``conv2d`` does; the padding counts neither for the maximum
    nor in the average's divisor. At ties the gradient of the maximum goes to the first position.
    """

def pool3d(x, pool_size, strides=(1, 1, 1), border_mode: str = 'valid', dim_ordering: str = 'default', pool_mode: str = 'max') -> Tensor:
    """``pool2d`` over three spatial axes of a 5-D tensor."""

def pow(x, a) -> Tensor:
    """``x ** a``, ``a`` a number or a tensor."""

def print_tensor(x, message: str = '') -> Tensor:
    """``x``, whose evaluation prints ``message`` and the value."""

def prod(x, axis=None, keepdims: bool = False) -> Tensor:
    """The product of the elements over ``axis``; ``keepdims`` leaves the reduced axes with length 1."""

def random_binomial(shape, p=0.0, dtype=None, seed=None):
    """1 with probability ``p``, else 0."""

def random_normal(shape, mean=0.0, std=1.0, dtype: str | None = None, seed: int | None = None) -> Tensor:
    """A tensor of ``shape`` drawn from the normal distribution with ``mean`` and standard deviation ``std``;
    ``dtype`` and ``seed`` as in ``random_uniform``.
    """

def random_normal_variable(shape, mean, scale, dtype=None, name=None, seed=None):
    """A variable with normal values of standard deviation ``scale``, as ``random_uniform_variable``."""

def random_uniform(shape, low=0.0, high=1.0, dtype: str | None = None, seed: int | None = None) -> Tensor:
    """New values in [low, high) at each evaluation. ``shape``: ints or scalar int tensors. One
    ``seed`` gives one sequence on one backend; None draws the seed from NumPy's global state.
    """

def random_uniform_variable(shape, low, high, dtype=None, name=None, seed=None):
    """A variable with values from NumPy's global state, or from ``seed``, in [low, high)."""

def relu(x, alpha=0.0, max_value=None):
    """max(x, 0), at most ``max_value``, minus ``alpha`` * max(-x, 0).

    ``max_value`` caps the positive part alone, also with a negative ``alpha``; one below 0 leaves 0 of it.
    """

def relu6(x):
    """min(max(x, 0), 6)."""

def repeat(x, n):
    """(samples, dim) to (samples, n, dim)."""

def repeat_elements(x, rep: int, axis: int) -> Tensor:
    """Repeat each slice ``rep`` times along ``axis``, like ``numpy.repeat``."""

def reset_uids() -> None:
    """Let ``get_uid`` start from 1 again for every prefix."""

def reshape(x, shape) -> Tensor:
    """``shape``: ints, scalar int tensors, one -1; or an integer vector tensor. Row-major order."""

def resize(x, size, interpolation='bilinear', dim_ordering='default', antialias=False):
    """Images (samples, rows, columns, channels), or channels first, in the ``size`` (rows, columns).

    Args:
        x: the images, of a float dtype.
        size: a pair; each an int, or a float as a factor of the input's length, which may then be unknown.
        interpolation: 'nearest', 'bilinear', 'bicubic', 'lanczos3', 'lanczos5', 'gaussian', 'mitchellcubic' or 'area'.
        dim_ordering: 'tf', 'th' or 'default'.
        antialias: whether kernels widen where an image shrinks.

    Raises:
        ValueError: for another name or a size that isn't a pair of positive numbers.
    """

def resize_images(X, height_factor, width_factor, dim_ordering):
    """Repeat rows and columns of a batch of images by whole factors (nearest neighbour)."""

def resize_volumes(X, depth_factor, height_factor, width_factor, dim_ordering):
    """Repeat the three spatial axes of a batch of volumes by whole factors."""

def reverse(x, axes) -> Tensor:
    """Reverse the order along ``axes`` (an int or a list)."""

def rnn(step_function: Callable, inputs, initial_states: Sequence, go_backwards: bool = False, mask=None, constants: Sequence | None = None, unroll: bool = False, input_length: int | None = None) -> tuple:
    """Apply ``step_function(x_t, states + constants) -> (output_t, new states)`` along axis 1 of
    ``inputs`` (samples, time, ...). Returns (last output, outputs (samples, time, ...), states).

    ``mask`` (samples, time) or (samples, time, 1): where it is 0 the output repeats the previous
    one and the states stay; before the first unmasked step ``outputs`` holds the initial state
    (the first one; zeros where its shape differs from the output's, and with ``unroll``, which needs a known
    length). With ``go_backwards`` outputs stand in the order in which they were computed.
    No time steps, now or in a call of a function: ValueError. A state keeps one shape and dtype, to which its start is
    broadcast and cast (``loop_states.py``).
    """

def round(x) -> Tensor:
    """To the nearest integer, halves to even. Integers and booleans as they are."""

def selu(x):
    """scale * elu(x, alpha), with constants that keep mean 0 and variance 1 (Klambauer et al., 2017)."""

def separable_conv2d(x, depthwise_kernel, pointwise_kernel, strides=(1, 1), border_mode='valid', dim_ordering='default', filter_dilation=(1, 1)):
    """``depthwise_conv2d``, then a 1x1 ``conv2d`` with ``pointwise_kernel``."""

def set_epsilon(e: float) -> None:
    """Set the fuzz factor. ValueError unless it is a number above 0."""

def set_floatx(floatx: str) -> None:
    """Set the default float dtype. ValueError for any other name."""

def set_image_dim_ordering(dim_ordering: str) -> None:
    """Set the default order of image axes. ValueError for any other name."""

def set_learning_phase(value):
    """Fix the learning phase to 0 (test) or 1 (training) for everything built from now on."""

def set_legacy_weight_ordering(value: bool) -> None:
    """Choose the order of weights of Keras before 1.0.8. ValueError unless ``value`` is a bool."""

def set_session(session):
    """Use ``session`` on TensorFlow; on other backends NotImplementedError."""

def set_value(x, value) -> None:
    """Store ``value``, cast to the variable's dtype. A different shape: ValueError with both."""

def shape(x) -> Tensor:
    """The shape at run time: an int32 vector that can be indexed and passed to ``reshape`` etc."""

def sigmoid(x) -> Tensor:
    """1 / (1 + exp(-x)) without overflow."""

def sign(x) -> Tensor:
    """-1, 0 or 1 in the dtype of ``x``."""

def silu(x):
    """x * sigmoid(x), also called swish (Ramachandran et al., 2017)."""

def sin(x) -> Tensor:
    """The sine of each element, in radians."""

def sinh(x) -> Tensor:
    """The hyperbolic sine of each element."""

def soft_shrink(x, threshold=0.5):
    """x moved towards 0 by ``threshold``, 0 within it."""

def softmax(x, axis: int = -1) -> Tensor:
    """exp(x - max) / sum over ``axis``, any number of axes."""

def softplus(x) -> Tensor:
    """log(1 + exp(x)) without overflow."""

def softsign(x):
    """x / (1 + abs(x))."""

def sparse_categorical_crossentropy(output, target, from_logits=False):
    """``categorical_crossentropy`` with integer classes: ``target`` has the shape of ``output``
    without its last axis (or with a last axis of 1), and a class out of range is a ValueError. Probabilities are clipped to
    [epsilon, 1 - epsilon] and then scaled to sum 1.
    """

def sparsemax(x, axis=-1):
    """The nearest point of the probability simplex (Martins and Astudillo, 2016, arXiv 1602.02068), over ``axis``.

    The threshold comes from every element taken as the last of the support, without sorting: for a candidate z the support is
    all elements >= z, and the right candidates are those whose own threshold lies below them.
    """

def spatial_2d_padding(x, padding=(1, 1), dim_ordering='default'):
    """``padding[i]`` zeros on both sides of spatial axis i of a batch of images."""

def spatial_3d_padding(x, padding=(1, 1, 1), dim_ordering='default'):
    """``padding[i]`` zeros on both sides of spatial axis i of a batch of volumes."""

def split(x, count, axis=-1):
    """``x`` in ``count`` equal parts along ``axis``, as a list."""

def sqrt(x) -> Tensor:
    """Square root of max(x, 0); its gradient at or below 0 is 0."""

def square(x) -> Tensor:
    """Each element times itself."""

def squareplus(x, b=4.0):
    """(x + sqrt(x ** 2 + b)) / 2 (Barron, 2021)."""

def squeeze(x, axis: int) -> Tensor:
    """Remove one axis of length 1."""

def stack(x):
    """Tensors of one shape, along a new first axis."""

def std(x, axis=None, keepdims=False):
    """Standard deviation (divisor n) over ``axis``."""

def stop_gradient(variables) -> Tensor:
    """The same values (a list for a list), constant for ``gradients``."""

def sum(x, axis=None, keepdims: bool = False) -> Tensor:
    """Booleans are counted in ``int32``; other dtypes stay."""

def switch(condition, then_expression, else_expression):
    """``then_expression`` where ``condition`` holds, else ``else_expression``.

    The condition is a scalar or broadcasts against the expressions from the left: a condition of
    shape (samples,) chooses whole samples. Expressions may be functions that return a tensor.
    """

def tan(x) -> Tensor:
    """The tangent of each element, in radians."""

def tanh(x) -> Tensor:
    """The hyperbolic tangent of each element, from -1 to 1."""

def tanh_shrink(x):
    """x - tanh(x)."""

def temporal_padding(x, padding=1):
    """``padding`` zeros before and after axis 1 of (samples, time, dim)."""

def tensor_name(x) -> str | None:
    """The name given to ``variable`` or ``placeholder``, free of what the backend adds to it."""

def threshold(x, threshold, default_value):
    """x where x > threshold, else ``default_value``."""

def tile(x, n) -> Tensor:
    """Repeat the whole along each axis; ``n`` is an int or one int (or scalar tensor) an axis."""

def to_dense(tensor) -> Tensor:
    """A dense tensor of a sparse one; a dense one as it is."""

def transpose(x):
    """Reverse the order of the axes."""

def update(x, new_x):
    """An update for ``function``: the variable ``x`` becomes ``new_x``."""

def update_add(x, increment):
    """An update for ``function``: ``x`` grows by ``increment``; several add up."""

def update_sub(x, decrement):
    """An update for ``function``: ``x`` shrinks by ``decrement``; several add up."""

def uses_learning_phase(tensors) -> bool:
    """Whether any of ``tensors`` (one or a list) depends on the learning phase placeholder."""

def var(x, axis=None, keepdims=False):
    """Variance (divisor n) over ``axis``."""

def variable(value, dtype: str | None = None, name: str | None = None) -> Tensor:
    """A tensor with a stored value (copied from ``value``; a scipy sparse matrix stays sparse
    where the backend can). ``dtype=None`` is ``floatx``.
    """

def where(condition, x, y) -> Tensor:
    """``x`` where ``condition`` (bool), else ``y``, broadcast; the side not taken gets gradient 0."""

def zeros(shape, dtype=None, name=None):
    """A variable of zeros."""

def zeros_like(x, dtype: str | None = None, name: str | None = None) -> Tensor:
    """A tensor of zeros of the shape of ``x``, and of its dtype unless ``dtype`` is given."""
