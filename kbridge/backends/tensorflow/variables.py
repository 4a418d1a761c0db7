"""Variables of the backend's graph, dense and sparse."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import operators
from .quiet import tf
from .state import State, building
from .tensors import Mixin, host_value, scope_name


def make_variable(state: State, value: np.ndarray, name: str | None, shape: Any = None) -> Any:
    """A variable of the backend's graph; ``shape`` is that of the values it may get (default: that of ``value``)."""
    shape = value.shape if shape is None else shape
    # out of loops and branches that are being built
    with building(state.graph) if tf.executing_eagerly() else tf.init_scope():
        initial = tf.compat.v1.placeholder(value.dtype, shape)
        variable = tf.Variable(initial, shape=tf.TensorShape(shape), name=scope_name(name) or "Variable")
        variable._kbridge_assign = variable.initializer
        variable._kbridge_read = tf.identity(variable)
        variable.__class__ = _with_identity(type(variable))
        variable._kbridge_initial = initial
        variable._kbridge_name = name
        variable._kbridge_state = state
        state.graph.add_to_collection("kbridge", variable)
    state.wait(variable, value)
    return variable


_CLASSES: dict[type, type] = {}


def _with_identity(cls: type) -> type:
    """A class of variables that are equal to themselves only, so that dicts can hold them, and that raw
    TensorFlow code at a script's top level finds in their own graph."""
    if cls not in _CLASSES:
        _CLASSES[cls] = type("Variable", (_Variable, cls), {})
    return _CLASSES[cls]


def _by_value(method: str):
    def operator(self, other):
        if operators.differ(self, other):
            return getattr(self._kbridge_read, method)(other)
        return getattr(super(_Variable, self), method)(other)

    operator.__name__ = operator.__qualname__ = method
    return operator


class _Variable(Mixin):
    _kbridge_state: State
    _kbridge_first: Any = None
    _kbridge_read: Any

    __hash__ = object.__hash__

    def __eq__(self, other):
        return self is other

    def __ne__(self, other):
        return self is not other

    def _new_tensor(self, other):
        """``loss += term`` with a variable for ``loss`` is ``loss = loss + term``; TensorFlow 2 refuses it."""
        return NotImplemented

    __iadd__ = __isub__ = __imul__ = __itruediv__ = __ifloordiv__ = __imod__ = __ipow__ = __imatmul__ = _new_tensor

    def __iter__(self):
        return iter(self._kbridge_read)

    # by its value's operators where it meets another dtype
    for _method in operators.methods():
        vars()[_method] = _by_value(_method)

    def value(self, *args, **kwargs):
        # what K's functions read too, so that a value fed in its place is seen by TensorFlow's operators as well;
        # an operation that waits for others, such as an assignment, reads anew
        if tf.executing_eagerly() or not tf.compat.v1.get_default_graph()._control_dependencies_for_inputs([]):
            return self._kbridge_read
        return super().value(*args, **kwargs)

    def _dense_var_to_tensor(self, *args, **kwargs):
        return self._in_graph(super()._dense_var_to_tensor, *args, **kwargs)

    def _in_graph(self, method, *args, **kwargs):
        if tf.executing_eagerly():
            with building(self.graph):
                return method(*args, **kwargs)
        return method(*args, **kwargs)

    @property
    def initializer(self):
        """An operation that gives the variable its first value, and leaves the one that it has: what
        ``global_variables_initializer`` runs never resets weights that were trained or loaded."""
        if self._kbridge_first is None:
            with building(self.graph), tf.control_dependencies(None):
                state, dtype = self._kbridge_state, self.dtype

                def first():
                    value = tf.numpy_function(lambda: state.first_value(self), [], dtype)
                    return tf.ensure_shape(value, self.shape)

                value = tf.cond(self.is_initialized(), self.read_value, first)
                self._kbridge_first = self.assign(value, read_value=False)
        return self._kbridge_first

    def eval(self, session=None):
        """The value, as an array."""
        return value_of(self) if session is None else session.run(self._kbridge_read)

    def get_value(self, borrow=False):
        """A copy of the value, whatever ``borrow`` says."""
        return value_of(self)

    def set_value(self, value, borrow=False):
        """Store a copy of ``value``."""
        self._kbridge_state.assign(assignments(self, value))


def checked_value(variable: Any, value: Any) -> np.ndarray:
    """A copy of ``value`` as ``variable`` stores it. ValueError for another shape."""
    array = np.array(host_value(value)).astype(variable.dtype.as_numpy_dtype)
    if not variable.shape.is_compatible_with(array.shape):
        name = f" {variable._kbridge_name!r}" if variable._kbridge_name else ""
        shape = tuple(variable.shape.as_list())
        raise ValueError(f"The variable{name} has shape {shape}, got a value of shape {array.shape}.")
    return array


# ------------------------------------------------------------------ sparse ones


def sparse_parts(value: Any, dtype: Any) -> list[np.ndarray]:
    """Indices (row by row), values and shape of a scipy sparse matrix, or of an array."""
    if not hasattr(value, "tocoo"):
        array = np.asarray(value, dtype)
        indices = np.argwhere(array).astype(np.int64)
        return [indices, array[tuple(indices.T)], np.array(array.shape, np.int64)]
    coo = value.tocsr().tocoo()
    return [np.stack([coo.row, coo.col], 1).astype(np.int64), coo.data.astype(dtype), np.array(coo.shape, np.int64)]


def make_sparse_variable(state: State, matrix: Any, dtype: str, name: str | None) -> Any:
    """A sparse tensor whose indices and values are variables."""
    indices, values, shape = sparse_parts(matrix, np.dtype(dtype))
    parts = (
        make_variable(state, indices, None, [None, len(shape)]),
        make_variable(state, values, name, [None]),
    )
    sparse = tf.SparseTensor(parts[0]._kbridge_read, parts[1]._kbridge_read, shape)
    sparse._kbridge_name = name
    sparse._kbridge_parts = parts
    return sparse


def assignments(variable: Any, value: Any) -> list[tuple[Any, np.ndarray]]:
    """Pairs of dense variables and arrays that together give ``variable`` the ``value``."""
    if not hasattr(variable, "_kbridge_parts"):
        return [(variable, checked_value(variable, value.toarray() if hasattr(value, "toarray") else value))]
    indices, values, shape = sparse_parts(host_value(value), variable.dtype.as_numpy_dtype)
    wanted = tuple(variable.shape.as_list())
    if tuple(shape) != wanted:
        name = f" {variable._kbridge_name!r}" if variable._kbridge_name else ""
        raise ValueError(f"The sparse variable{name} has shape {wanted}, got a value of shape {tuple(map(int, shape))}.")
    return list(zip(variable._kbridge_parts, (indices, values)))


def value_of(variable: Any) -> np.ndarray:
    """A copy of the value, dense for sparse variables."""
    if not hasattr(variable, "_kbridge_parts"):
        return variable._kbridge_state.values([variable])[0]
    parts = variable._kbridge_parts
    indices, values = parts[0]._kbridge_state.values(list(parts))
    array = np.zeros(variable.shape.as_list(), values.dtype)
    np.add.at(array, tuple(indices.T), values)
    return array
