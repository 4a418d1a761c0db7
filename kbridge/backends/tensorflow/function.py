"""Compiled functions: a prepared call of the session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .quiet import tf
from .tensors import is_sparse


class Function:
    """What ``K.function`` returns. All outputs and new values are computed before any variable is assigned."""

    def __init__(self, state: Any, inputs: Sequence, outputs: Sequence, updates: Sequence, phase_missing: bool):
        self._state = state
        self.inputs = list(inputs)
        self._phase_missing = phase_missing
        self._dtypes = [x.dtype.as_numpy_dtype for x in self.inputs]
        results = [tf.identity(tf.sparse.to_dense(o) if is_sparse(o) else o) for o in outputs]
        pairs = [u for u in updates if isinstance(u, tuple)]
        raw = [u for u in updates if not isinstance(u, tuple)]
        new_values = [tf.identity(tf.cast(new, v.dtype)) if not _same_dtype(new, v) else tf.identity(new) for v, new in pairs]
        with tf.control_dependencies([*results, *new_values]):
            # one node between them, or n values and n assignments would make n * n edges
            computed = tf.no_op()
        with tf.control_dependencies([computed]):
            assigned = [v.assign(new, read_value=False) for (v, _), new in zip(pairs, new_values)]
        self._results = results
        targets = [op for op in (*assigned, *raw) if op is not None]
        # a call needs something to run
        self._target = tf.group(*targets) if targets or not results else None
        self._run: Any = None

    def __call__(self, inputs: Sequence) -> list:
        if len(inputs) != len(self.inputs):
            raise ValueError(f"The function takes {len(self.inputs)} inputs, got {len(inputs)}.")
        if self._phase_missing:
            raise ValueError(
                "The function depends on the learning phase: put K.learning_phase() among its inputs and "
                "feed 0 (test) or 1 (training)."
            )
        values: list = []
        for i, (tensor, value, dtype) in enumerate(zip(self.inputs, inputs, self._dtypes)):
            if is_sparse(tensor):
                values += _sparse_parts(value, dtype)
            else:
                values.append(self._converted(i, tensor, value, dtype))
        session = self._state.session
        if self._run is None:
            self._run = self._prepare(session)
        return list(self._run(*values))

    def _converted(self, i: int, tensor: Any, value: Any, dtype: Any) -> np.ndarray:
        if type(value) is not np.ndarray or value.dtype != dtype:
            if hasattr(value, "toarray"):
                value = value.toarray()
            elif isinstance(value, (tf.Tensor, tf.Variable)):
                value = value.numpy()
            try:
                value = np.asarray(value, dtype=dtype)
            except (TypeError, ValueError) as error:
                raise ValueError(f"{_describe(tensor, i)} can't take {type(value).__name__} {value!r:.80}: {error}") from None
        # the prepared call checks nothing: a wrong shape would run silently
        if not tensor.shape.is_compatible_with(value.shape):
            raise ValueError(f"{_describe(tensor, i)} can't take a value of shape {value.shape}.")
        return value

    def _prepare(self, session: Any) -> Any:
        feeds: list = []
        for tensor in self.inputs:
            feeds += [tensor.indices, tensor.values, tensor.dense_shape] if is_sparse(tensor) else [tensor]
        fetches, target = self._results, self._target
        if hasattr(session, "_make_callable_from_options"):
            from tensorflow.core.protobuf import config_pb2

            spec = config_pb2.CallableOptions(
                feed=[t.name for t in feeds], fetch=[t.name for t in fetches], target=[target.name] if target is not None else []
            )
            return session._make_callable_from_options(spec)
        wanted = [*fetches, *([target] if target is not None else [])]
        return lambda *values: session.run(wanted, dict(zip(feeds, values)))[: len(fetches)]


def _same_dtype(new: Any, variable: Any) -> bool:
    return getattr(new, "dtype", None) is not None and new.dtype.base_dtype == variable.dtype.base_dtype


def _sparse_parts(value: Any, dtype: Any) -> list[np.ndarray]:
    """Indices (row by row), values and shape of a scipy sparse matrix, or of an array."""
    if not hasattr(value, "tocoo"):
        array = np.asarray(value, dtype)
        indices = np.argwhere(array).astype(np.int64)
        return [indices, array[tuple(indices.T)], np.array(array.shape, np.int64)]
    coo = value.tocsr().tocoo()
    return [np.stack([coo.row, coo.col], 1).astype(np.int64), coo.data.astype(dtype), np.array(coo.shape, np.int64)]


def _describe(tensor: Any, i: int) -> str:
    name = getattr(tensor, "_kbridge_name", None)
    shape = tuple(tensor.shape.as_list()) if tensor.shape.rank is not None else "unknown"
    kind = "placeholder" if tensor.op.type == "Placeholder" else "tensor"
    return f"Input {i}, the {kind}{f' {name!r}' if name else ''} with shape {shape} and dtype {tensor.dtype.name},"
