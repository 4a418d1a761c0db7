"""The Theano backend's primitives: the contract's names for the operations of this package."""

from __future__ import annotations

import inspect
from contextlib import contextmanager
from typing import Any

import numpy as np
import theano
import theano.ifelse
import theano.printing
import theano.sparse
import theano.tensor as T
import theano.tensor.signal.pool
from theano.compile.sharedvalue import SharedVariable
from theano.graph.basic import ancestors
from theano.sandbox.rng_mrg import MRG_RandomStream

from ..contributed import channels_first
from ..interface import GATHERED, Backend
from . import batch_norm, convolution, elementwise, host, linalg, loops, operators, pooling, random, reductions, shapes, tensors
from .function import PHASE, Function
from .gradients import gradients, stop_gradient
from .static import int_shape, set_shape

operators.install()


#: classes that Keras 1's module for Theano had, for ``isinstance(x, K.Print)``
_CLASSES = {"Print": theano.printing.Print, "RandomStreams": MRG_RandomStream}


def _as_list(x: Any) -> list:
    return list(x) if isinstance(x, (list, tuple)) else [x]


def _shape_of(x: Any) -> tuple:
    """The static shape; for a variable that a program made by ``theano.shared``, which may take values of other shapes later on,
    that of its present value."""
    shape = int_shape(x)
    if None in shape and isinstance(x, SharedVariable):
        return tuple(x.get_value(borrow=True, return_internal_type=True).shape)
    return shape


def _primitive(name: str, function):
    def call(self, *args, **kwargs):
        return function(*args, **kwargs)

    method: Any = call

    method.__name__ = name
    method.__doc__ = function.__doc__
    owner = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    signature = inspect.signature(function)
    method.__signature__ = signature.replace(parameters=[owner, *signature.parameters.values()])
    return method


#: primitives that are one function of this package
FUNCTIONS = {
    **{
        name: getattr(elementwise, {"abs": "absolute"}.get(name, name))
        for name in (
            "abs", "sign", "round", "exp", "log", "sqrt", "square", "sin", "cos", "tanh", "sigmoid", "softplus",
            "pow", "maximum", "minimum", "clip", "where", "cast",
            "equal", "not_equal", "greater", "greater_equal", "lesser", "lesser_equal",
            "logical_and", "logical_or", "logical_not",
            "floor", "ceil", "expm1", "log1p", "erf", "tan", "arcsin", "arccos", "arctan", "arctan2", "sinh", "cosh",
            "arcsinh", "arccosh", "arctanh",
        )
    },
    **{
        name: getattr(reductions, name)
        for name in ("sum", "prod", "mean", "max", "min", "any", "all", "argmax", "argmin", "cumsum", "softmax")
    },
    **{
        name: getattr(shapes, {"shape": "shape_of", "permute_dimensions": "permute"}.get(name, name))
        for name in (
            "shape", "reshape", "permute_dimensions", "expand_dims", "squeeze", "concatenate", "pad", "tile",
            "repeat_elements", "reverse", "arange",
        )
    },
    "dot": linalg.dot,
    "batch_matmul": linalg.batch_matmul,
    **{name: getattr(loops, name) for name in ("rnn", "map_fn", "foldl")},
    **{name: getattr(random, name) for name in ("random_uniform", "random_normal")},
    "host_call": host.host_call,
}  # fmt: skip


class PlainPrimitives:
    """The primitives that are plain functions, as methods."""


for _name, _function in FUNCTIONS.items():
    setattr(PlainPrimitives, _name, _primitive(_name, _function))


class TheanoBackend(PlainPrimitives, Backend):
    """Keras tensors as Theano's own variables; functions compiled by Theano."""

    name = "theano"
    title = "Theano"
    Function = Function

    @property
    def libraries(self):
        return {"theano": theano, "T": T, "th_sparse_module": theano.sparse, "pool": theano.tensor.signal.pool, **_CLASSES}

    @property
    def keras1_helpers(self):
        return {**channels_first(self), "_assert_sparse_module": lambda: None}

    def __init__(self):
        self._phase = None
        self._options: dict[str, Any] = {}
        tensors.floatx()

    @contextmanager
    def quick_compilation(self):
        """A context whose functions compile fast rather than run fast: no C code, few optimizations."""
        mode = theano.compile.mode.get_mode("FAST_COMPILE")
        before, self._options = self._options, {"mode": mode.excluding("conv_gemm", "AbstractConvCheck")}
        try:
            # the flag is for the inner functions of scans
            with theano.config.change_flags(mode="FAST_COMPILE"):
                yield
        finally:
            self._options = before

    # tensors and their values

    def is_tensor(self, x):
        return tensors.is_tensor(x)

    def is_variable(self, x):
        return isinstance(x, SharedVariable)

    def variable(self, value, dtype=None, name=None):
        return tensors.variable(self.eval(value) if tensors.is_tensor(value) else value, dtype, name)

    def constant(self, value, dtype=None, name=None):
        return tensors.constant(value, dtype, name)

    def placeholder(self, shape=None, ndim=None, dtype=None, sparse=False, name=None):
        return tensors.placeholder(shape, ndim, dtype, sparse, name)

    def get_value(self, x):
        if not isinstance(x, SharedVariable):
            return self.eval(x)
        value = x.get_value()
        return value.toarray() if hasattr(value, "toarray") else np.asarray(value)

    def set_value(self, x, value):
        sparse = tensors.is_sparse(x)
        shape = np.shape(value) if not hasattr(value, "toarray") else value.shape
        if tuple(shape) != _shape_of(x):
            raise ValueError(f"The variable {x.name or ''} has shape {_shape_of(x)}, got a value of shape {tuple(shape)}.")
        if sparse:
            from scipy.sparse import csr_matrix

            x.set_value(csr_matrix(value).astype(x.dtype))
        else:
            dense = value.toarray() if hasattr(value, "toarray") else value
            x.set_value(np.array(dense, dtype=x.dtype, order="C"), borrow=True)

    def int_shape(self, x):
        return _shape_of(x)

    def dtype(self, x):
        return x.dtype if tensors.is_tensor(x) else tensors.as_tensor(x).dtype

    def tensor_name(self, x):
        return x.name

    def is_sparse(self, tensor):
        return tensors.is_sparse(tensor)

    def to_dense(self, tensor):
        if not tensors.is_sparse(tensor):
            return tensor
        return set_shape(theano.sparse.dense_from_sparse(tensor), int_shape(tensor))

    # functions and gradients

    def function(self, inputs, outputs, updates=(), **kwargs):
        return Function(_as_list(inputs), _as_list(outputs), self._one_for_each(updates), **{**self._options, **kwargs})

    def gradients(self, loss, variables):
        return gradients(loss, _as_list(variables))

    def stop_gradient(self, variables):
        if isinstance(variables, (list, tuple)):
            return [stop_gradient(v) for v in variables]
        return stop_gradient(variables)

    def phase_placeholder(self):
        if self._phase is None:
            self._phase = tensors.placeholder((), None, "uint8", False, PHASE)
        return self._phase

    def phase_switch(self, x, alt):
        x, alt = tensors.as_tensors(x, alt)
        shape = tuple(m if m == n else None for m, n in zip(int_shape(x), int_shape(alt)))
        pattern = tuple(a and b for a, b in zip(x.type.broadcastable, alt.type.broadcastable))
        x, alt = tensors.with_pattern(x, pattern), tensors.with_pattern(alt, pattern)
        return set_shape(theano.ifelse.ifelse(self.phase_placeholder(), x, alt), shape)

    def uses_learning_phase(self, tensors):
        return self._phase is not None and any(v is self._phase for v in ancestors(_as_list(tensors)))

    def clear_session(self):
        self._phase = None
        self._fixed_phase = None

    def print_tensor(self, x, message=""):
        return theano.printing.Print(message)(tensors.as_tensor(x))

    def gather(self, reference, indices):
        reference, indices = tensors.as_tensor(reference), shapes.as_indices(indices)
        return shapes.gather(reference, self._in_range(indices, self._size(reference, 0), GATHERED))

    # elementwise

    def zeros_like(self, x, dtype=None, name=None):
        return elementwise.zeros_like(x, dtype)

    def ones_like(self, x, dtype=None, name=None):
        return elementwise.ones_like(x, dtype)

    def pattern_broadcast(self, x, broadcastable):
        return tensors.with_pattern(tensors.as_tensor(x), tuple(broadcastable))

    def identity(self, x):
        return T.tensor_copy(tensors.as_tensor(x))

    def _normalized(self, x, mean, var, gamma, beta, epsilon):
        a, b, c, d, e = tensors.broadcasting(*tensors.as_tensors(x, mean, var, gamma, beta))
        found = batch_norm.normalized(a, b, c, d, e, epsilon)
        return super()._normalized(x, mean, var, gamma, beta, epsilon) if found is None else found

    # convolutions and pooling

    def conv2d(
        self,
        x,
        kernel,
        strides=(1, 1),
        border_mode="valid",
        dim_ordering="default",
        image_shape=None,
        filter_shape=None,
        filter_dilation=(1, 1),
    ):
        return convolution.conv("conv2d", x, kernel, strides, border_mode, dim_ordering, filter_dilation)

    def conv3d(
        self,
        x,
        kernel,
        strides=(1, 1, 1),
        border_mode="valid",
        dim_ordering="default",
        volume_shape=None,
        filter_shape=None,
        filter_dilation=(1, 1, 1),
    ):
        return convolution.conv("conv3d", x, kernel, strides, border_mode, dim_ordering, filter_dilation)

    def deconv2d(
        self,
        x,
        kernel,
        output_shape,
        strides=(1, 1),
        border_mode="valid",
        dim_ordering="default",
        image_shape=None,
        filter_shape=None,
        filter_dilation=(1, 1),
    ):
        return convolution.deconv("deconv2d", x, kernel, output_shape, strides, border_mode, dim_ordering, filter_dilation)

    def deconv3d(self, x, kernel, output_shape, strides=(1, 1, 1), border_mode="valid", dim_ordering="default", filter_dilation=(1, 1, 1)):
        return convolution.deconv("deconv3d", x, kernel, output_shape, strides, border_mode, dim_ordering, filter_dilation)

    def depthwise_conv2d(self, x, kernel, strides=(1, 1), border_mode="valid", dim_ordering="default", filter_dilation=(1, 1)):
        return convolution.depthwise_conv2d(x, kernel, strides, border_mode, dim_ordering, filter_dilation)

    def pool2d(self, x, pool_size, strides=(1, 1), border_mode="valid", dim_ordering="default", pool_mode="max"):
        return pooling.pool("pool2d", x, pool_size, strides, border_mode, dim_ordering, pool_mode)

    def pool3d(self, x, pool_size, strides=(1, 1, 1), border_mode="valid", dim_ordering="default", pool_mode="max"):
        return pooling.pool("pool3d", x, pool_size, strides, border_mode, dim_ordering, pool_mode)
