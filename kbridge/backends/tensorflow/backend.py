"""The TensorFlow backend's primitives for tensors, functions and gradients; the rest is in its families."""

from __future__ import annotations

import sys

import numpy as np

from .. import settings
from ..contributed import channels_last
from ..interface import Backend
from ..updates import conflict
from . import (
    dispatch,  # noqa: F401  (registers itself with TensorFlow)
    operators,
)
from .convolution import ConvolutionPrimitives
from .elementwise import ElementwisePrimitives
from .function import Function, NativeStep
from .loops import LoopPrimitives
from .phases import switch
from .quiet import tf
from .reductions import ReductionPrimitives
from .scope import in_graph, scoped
from .shapes import ShapePrimitives
from .state import State
from .steps import StepPrimitives
from .tensors import as_tensor, as_tensors, host_value, is_sparse, is_tensor, scope_name
from .variables import assignments, make_sparse_variable, make_variable, value_of

operators.install()


@scoped
class TensorflowBackend(
    ElementwisePrimitives, ReductionPrimitives, ShapePrimitives, ConvolutionPrimitives, LoopPrimitives, StepPrimitives, Backend
):
    """Keras tensors as tensors of a private graph that a session runs."""

    name = "tensorflow"
    title = "TensorFlow"
    Function = Function

    def __init__(self):
        self._state = State()

    @property
    def libraries(self):
        major, minor = tf.__version__.split(".")[:2]
        # where the names of version 1 were asked for, "tensorflow" is the module that has them
        return {"tf": sys.modules["tensorflow"], "tf_major_version": int(major), "tf_minor_version": int(minor)}

    @property
    def keras1_helpers(self):
        from tensorflow.python.ops import control_flow_ops, tensor_array_ops

        modules = {"control_flow_ops": control_flow_ops, "tensor_array_ops": tensor_array_ops}
        return {**channels_last(self), **modules, "_convert_string_dtype": tf.as_dtype}

    # tensors and their values

    def is_tensor(self, x):
        return is_tensor(x)

    def is_variable(self, x):
        return hasattr(x, "_kbridge_initial") or hasattr(x, "_kbridge_parts")

    def variable(self, value, dtype=None, name=None):
        dtype = dtype or settings.floatx()
        if hasattr(value, "tocoo"):
            return make_sparse_variable(self._state, value, dtype, name)
        if is_tensor(value):
            value = self.eval(value)
        return make_variable(self._state, np.array(host_value(value), dtype=dtype), name)

    def constant(self, value, dtype=None, name=None):
        if dtype is None:
            return as_tensor(value)
        return tf.constant(np.asarray(host_value(value)).astype(dtype))

    def placeholder(self, shape=None, ndim=None, dtype=None, sparse=False, name=None):
        if shape is None:
            if ndim is None:
                raise ValueError("placeholder needs a shape or a number of axes (ndim).")
            shape = (None,) * ndim
        shape = [None if n is None else int(n) for n in shape]
        dtype = dtype or settings.floatx()
        if sparse:
            x = tf.compat.v1.sparse_placeholder(dtype, shape=shape, name=scope_name(name))
        else:
            x = tf.compat.v1.placeholder(dtype, shape=shape, name=scope_name(name))
        x._kbridge_name = name
        return x

    def get_value(self, x):
        return self.batch_get_value([x])[0]

    def batch_get_value(self, xs):
        xs = list(xs)
        if not all(self.is_variable(x) for x in xs):
            return [value_of(x) if self.is_variable(x) else self.eval(x) for x in xs]
        states = {x._kbridge_state for x in xs if hasattr(x, "_kbridge_state")}
        if len(states) == 1 and not any(is_sparse(x) for x in xs):
            # one run for all
            return states.pop().values(xs)
        return [value_of(x) for x in xs]

    def set_value(self, x, value):
        self.batch_set_value([(x, value)])

    def batch_set_value(self, tuples):
        by_state: dict[State, list[tuple]] = {}
        for x, value in tuples:
            if not self.is_variable(x):
                raise TypeError(f"Only variables can be given a value, got {x!r}.")
            for variable, array in assignments(x, value):
                by_state.setdefault(variable._kbridge_state, []).append((variable, array))
        for state, pairs in by_state.items():
            state.assign(pairs)

    def int_shape(self, x):
        if not is_tensor(x):
            return np.shape(x)
        if x.shape.rank is None:
            raise ValueError(f"The number of axes of {x!r} is unknown. Set it with set_shape.")
        return tuple(x.shape.as_list())

    def shape(self, x):
        return tf.shape(as_tensor(x))

    def dtype(self, x):
        return (x if is_tensor(x) else as_tensor(x)).dtype.base_dtype.name

    def tensor_name(self, x):
        return getattr(x, "_kbridge_name", None)

    def is_sparse(self, tensor):
        return is_sparse(tensor)

    def to_dense(self, tensor):
        return tf.sparse.to_dense(tensor) if is_sparse(tensor) else tensor

    # functions and gradients

    def function(self, inputs, outputs, updates=(), **kwargs):
        self._without_options(kwargs)
        inputs, outputs = _as_list(inputs), [o if is_sparse(o) else as_tensor(o) for o in _as_list(outputs)]
        updates = [self._checked_update(u) for u in self._one_for_each(updates)]
        self._check_steps(updates)
        return Function(self._state, inputs, outputs, updates, self.uses_learning_phase([*outputs, *_computed(updates)]))

    def _checked_update(self, update):
        if not isinstance(update, (tuple, list)):
            if isinstance(update, (tf.Operation, tf.Tensor, NativeStep)):
                return update
            raise TypeError(f"An update must be a pair (variable, new value), as K.update makes it, got {update!r}.")
        if len(update) != 2 or not isinstance(update[0], tf.Variable):
            raise TypeError(f"An update must be a pair (variable, new value), as K.update makes it, got {update!r}.")
        variable, new = update
        new = as_tensor(new, variable.dtype.base_dtype)
        if not variable.shape.is_compatible_with(new.shape):
            raise ValueError(f"The update of {self.tensor_name(variable)!r} has the wrong shape: {new.shape} instead of {variable.shape}.")
        return variable, new

    def _check_steps(self, updates):
        """ValueError where a TensorFlow optimizer's step and another update change one variable."""
        seen = {id(u[0]) for u in updates if isinstance(u, tuple)}
        for step in (u for u in updates if isinstance(u, NativeStep)):
            moved = [p for g, p in zip(step.grads, step.params) if g is not None]
            for param in moved:
                if id(param) in seen:
                    raise conflict(self._described(param), ("native_optimizer_step", "another"))
            seen.update(map(id, moved))

    def gradients(self, loss, variables):
        variables = _as_list(variables)
        loss = as_tensor(loss)
        if not loss.dtype.is_floating:
            raise TypeError(f"Only floats have gradients, but the loss is {loss!r}.")
        wanted = [v for v in variables if v.dtype.is_floating]
        found = iter(tf.gradients(loss, wanted))
        grads = [next(found) if v.dtype.is_floating else None for v in variables]
        return [tf.convert_to_tensor(g) if isinstance(g, tf.IndexedSlices) else g for g in grads]

    def stop_gradient(self, variables):
        if isinstance(variables, (list, tuple)):
            return [tf.stop_gradient(as_tensor(v)) for v in variables]
        return tf.stop_gradient(as_tensor(variables))

    def identity(self, x):
        return tf.identity(as_tensor(x))

    def phase_placeholder(self):
        if self._state.phase is None:
            with self._state.graph.as_default(), tf.control_dependencies(None):
                self._state.phase = self.placeholder((), dtype="uint8", name="keras_learning_phase")
                self._state.phase_holds = tf.cast(self._state.phase, tf.bool)
        return self._state.phase

    def phase_switch(self, x, alt):
        x, alt = as_tensors(x, alt)
        self.phase_placeholder()
        shapes = list(zip(x.shape.as_list(), alt.shape.as_list()))
        alike = x.shape.rank == alt.shape.rank and all(m == n or None in (m, n) for m, n in shapes)
        result = (switch if alike else tf.where)(self._state.phase_holds, x, alt)
        result.set_shape([m if m == n else None for m, n in shapes])
        return result

    def uses_learning_phase(self, tensors):
        if self._state.phase is None:
            return False
        known = self._state.on_phase
        known[self._state.phase.op] = True
        stack = [_op_of(t) for t in _as_list(tensors) if is_tensor(t) or isinstance(t, tf.Operation)]
        roots = list(stack)
        while stack:
            op = stack[-1]
            sources = _sources(op)
            if op in known or all(s in known for s in sources):
                known.setdefault(op, any(known[s] for s in sources))
                stack.pop()
            else:
                stack.extend(s for s in sources if s not in known)
        return any(known[op] for op in roots)

    def clear_session(self):
        self._state = State()
        self._fixed_phase = None

    def get_session(self):
        return self._state.session

    def set_session(self, session):
        self._state.adopt(session)

    def graph_scope(self):
        return in_graph(self._state)

    def native_optimizer_step(self, optimizer, grads, params):
        """One step of a TensorFlow 1 optimizer, as an update for ``function``."""
        return NativeStep(optimizer, grads, params)

    def host_call(self, function, tensors, dtype, shape):
        tensors = [as_tensor(t) for t in tensors]
        result = tf.numpy_function(lambda *arrays: np.asarray(function(*arrays), dtype=dtype), tensors, dtype, stateful=False)
        result.set_shape(shape(*[tuple(t.shape.as_list()) for t in tensors]))
        return tf.stop_gradient(result)

    def print_tensor(self, x, message=""):
        x = as_tensor(x)
        with tf.control_dependencies([tf.print(message, x, output_stream=sys.stdout)]):
            return tf.identity(x)


def _computed(updates) -> list:
    """Return the new values that the updates compute."""
    found: list = []
    for update in updates:
        found += [update[1]] if isinstance(update, tuple) else update.grads if isinstance(update, NativeStep) else [update]
    return found


def _as_list(x) -> list:
    return list(x) if isinstance(x, (list, tuple)) else [x]


def _op_of(tensor):
    if isinstance(tensor, tf.Operation):
        return tensor
    if is_sparse(tensor):
        return tensor.values.op
    return tensor.handle.op if isinstance(tensor, tf.Variable) else tensor.op


def _sources(op) -> set:
    """The operations that ``op`` takes values from; in a loop or branch, those outside of it too."""
    if op.type == "Placeholder" and (captures := getattr(op.graph, "captures", None)):
        return {outer.op for outer, inner in captures if inner.op is op and is_tensor(outer)}
    return {i.op for i in op.inputs}
