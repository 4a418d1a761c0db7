"""Compiled functions: a prepared call of the session."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .loops import as_value_error
from .phases import Phase
from .quiet import tf
from .state import building, unfinished
from .steps import steps_among
from .tensors import as_tensor, host_value, is_sparse
from .threads import CALLERS, by_caller, in_callers_thread
from .variables import sparse_parts


@dataclass
class NativeStep:
    """An update that a TensorFlow 1 optimizer makes: one step along ``grads`` of ``params``."""

    optimizer: Any
    grads: Sequence
    params: Sequence


class Function:
    """The object that ``K.function`` returns. All outputs and new values are computed before any variable is assigned.

    ``on_phase``: whether what it computes depends on the learning phase.
    """

    def __init__(self, state: Any, inputs: Sequence, outputs: Sequence, updates: Sequence, on_phase: bool):
        self._state = state
        self.inputs = [x if is_sparse(x) else as_tensor(x) for x in inputs]
        self.outputs = list(outputs)
        #: which input is the learning phase. Each of its values has a prepared call of its own, without what only the other needs
        self._phase = next((i for i, x in enumerate(self.inputs) if x is state.phase), None)
        self._on_phase = on_phase
        self._phase_missing = on_phase and self._phase is None
        # plain tuples: TensorShape's own comparison takes a tenth of a small model's step
        self._shapes = [None if x.shape.rank is None else tuple(x.shape.as_list()) for x in self.inputs]
        self._dtypes = [None if is_sparse(x) else np.dtype(x.dtype.as_numpy_dtype) for x in self.inputs]
        #: for each input a shape that fits it: batches mostly have one
        self._fitting: list[tuple | None] = [None] * len(self.inputs)
        self._sources = [tf.sparse.to_dense(o) if is_sparse(o) else o for o in outputs]
        steps = [u for u in updates if isinstance(u, NativeStep)]
        self._fused, self._pairs = steps_among([u for u in updates if isinstance(u, tuple)], inputs)
        self._raw = [u for u in updates if not isinstance(u, (tuple, NativeStep))]
        self._moves = [(s.optimizer, [(tf.identity(g), v) for g, v in zip(s.grads, s.params) if g is not None]) for s in steps]
        self._names = {x.name for x in self.inputs if not is_sparse(x)}
        #: fetches and targets of runs, by learning phase
        self._built: dict[int | None, tuple[list, list]] = {}
        if steps or self._phase is None or not on_phase:
            self._built[None] = self._build()
        # functions that change variables take turns: each shall see what the one before has stored
        self._turn = state.updating if updates else contextlib.nullcontext()
        #: prepared calls by learning phase: 0, 1, or None where any value is fed
        self._runs: dict[int | None, Any] = {}
        #: that they were prepared for
        self._session: Any = None

    def __call__(self, inputs: Sequence) -> list:
        if len(inputs) != len(self.inputs):
            raise ValueError(f"The function takes {len(self.inputs)} inputs, got {len(inputs)}.")
        if self._phase_missing:
            raise ValueError(
                "The function depends on the learning phase. Put K.learning_phase() among its inputs, and feed 0 (test) or 1 (training)."
            )
        values: list = []
        phase = None
        for i, (value, dtype, fitting) in enumerate(zip(inputs, self._dtypes, self._fitting)):
            if type(value) is np.ndarray and value.dtype == dtype and value.shape == fitting:
                values.append(value)
            elif i == self._phase:
                given = value if type(value) in (int, float) else self._converted(i, value)
                if given in (0, 1):
                    phase = int(given)
                else:
                    values.append(self._converted(i, given))
            elif dtype is None:
                values += self._sparse(i, value)
            else:
                values.append(self._converted(i, value))
        session = self._state.session
        if self._session is not session:
            self._runs, self._session = {}, session
        run = self._runs.get(phase)
        if run is None:
            run = self._runs[phase] = self._prepare(session, phase)
        try:
            with self._turn:
                results = run(*values)
        except tf.errors.InvalidArgumentError as error:
            raise as_value_error(error) or self._state.as_value_error(error) or error from None
        # results may share memory with variables, constants and each other
        return [r.copy() if isinstance(r, np.ndarray) else r for r in results]

    def _converted(self, i: int, value: Any) -> np.ndarray:
        """The array to feed. The prepared call checks nothing: a wrong shape would run silently."""
        shape, dtype = self._shapes[i], self._dtypes[i]
        if type(value) is not np.ndarray or value.dtype != dtype:
            if hasattr(value, "toarray"):
                value = value.toarray()
            try:
                value = np.asarray(host_value(value), dtype=dtype)
            except (TypeError, ValueError) as error:
                raise ValueError(f"{_describe(self.inputs[i], i)} can't take {type(value).__name__} {value!r:.80}: {error}") from None
        if shape is not None and value.shape != shape:
            if len(shape) != value.ndim or any(n is not None and n != m for n, m in zip(shape, value.shape)):
                raise ValueError(f"{_describe(self.inputs[i], i)} can't take a value of shape {value.shape}.")
        if i != self._phase:
            self._fitting[i] = value.shape
        return value

    def _sparse(self, i: int, value: Any) -> list[np.ndarray]:
        tensor = self.inputs[i]
        parts = sparse_parts(host_value(value), tensor.dtype.as_numpy_dtype)
        if not tensor.shape.is_compatible_with(tuple(parts[2])):
            raise ValueError(f"{_describe(tensor, i)} can't take a value of shape {tuple(map(int, parts[2]))}.")
        return parts

    def _build(self, resolve: Callable = lambda tensor: tensor) -> tuple[list, list]:
        """Make what a run fetches, and the operations that it runs besides.

        ``resolve`` gives the tensor to compute in place of one. What waits for a tensor is no use of it that the session could connect elsewhere.
        """
        with tf.control_dependencies(None):
            fetches = [tf.identity(resolve(o)) for o in self._sources]
            new_values = [_own(tf.cast(resolve(new), v.dtype), self._names) for v, new in self._pairs]
            operands = {id(t): resolve(t) for step in self._fused for t in step.operands}
            with tf.control_dependencies([*fetches, *new_values, *operands.values(), *(g for _, move in self._moves for g, _ in move)]):
                # one node between them, or n values and n assignments would make n * n edges
                computed = tf.no_op()
            with tf.control_dependencies([computed]):
                assigned = [v.assign(new, read_value=False) for (v, _), new in zip(self._pairs, new_values)]
                assigned += [step.apply(*(operands[id(t)] for t in step.operands)) for step in self._fused]
                assigned += [_apply(self._state, optimizer, move) for optimizer, move in self._moves]
            # a call needs something to run
            run = [*assigned, *self._raw]
            return fetches, [tf.group(*run)] if run or not fetches else []

    def _built_for(self, phase: int | None, feeds: Sequence) -> tuple[list, list, list]:
        """Fetches, targets, and pairs of tensors (the one to compute, the one that it stands for) of a run."""
        graph = self._state.graph
        with building(graph), unfinished(graph):
            if phase is None or not self._on_phase:
                if None not in self._built:
                    self._built[None] = self._build()
                return *self._built[None], []
            sources = [*self._sources, *(new for _, new in self._pairs), *(t for step in self._fused for t in step.operands)]
            ready = self._built.get(None)
            wanted = [t.op for t in sources] + self._raw if ready is None else [*(t.op for t in ready[0]), *ready[1]]
            known = Phase(graph, phase, self.inputs[self._phase or 0], feeds, wanted)
            if ready is None and phase not in self._built:
                self._built[phase] = self._build(known.resolve)
            fetches, targets = self._built[phase] if ready is None else ready
            return fetches, targets, known.connections([*(t.op for t in fetches), *targets])

    def _prepare(self, session: Any, phase: int | None) -> Any:
        """Return what runs the function: for the learning phase 0 or 1, which is not fed then, or (None) for one that is fed like any other input."""
        feeds: list = []
        for i, tensor in enumerate(self.inputs):
            if i != self._phase or phase is None:
                feeds += [tensor.indices, tensor.values, tensor.dense_shape] if is_sparse(tensor) else [tensor]
        if not hasattr(session, "_make_callable_from_options"):
            fetches, targets, _ = self._built_for(None, feeds)
            fixed = {} if phase is None else {self.inputs[self._phase or 0]: phase}
            return lambda *values: session.run([fetches, targets], {**fixed, **dict(zip(feeds, values))})[0]
        from tensorflow.core.protobuf import config_pb2

        fetches, targets, connected = self._built_for(phase, feeds)
        options = config_pb2.CallableOptions(
            feed=[t.name for t in feeds], fetch=[t.name for t in fetches], target=[t.name for t in targets]
        )
        for source, place in connected:
            options.tensor_connection.add(from_tensor=source.name, to_tensor=place.name)
        if not by_caller([*(t.op for t in fetches), *targets]):
            return session._make_callable_from_options(options)
        options.run_options.inter_op_thread_pool = CALLERS
        return in_callers_thread(session._make_callable_from_options(options))


#: operations whose result may be their input's own memory: those that leave values as they are, or do for some shapes
FORWARDING = {
    "AddN", "Bitcast", "BroadcastTo", "Cast", "CheckNumerics", "ConcatV2", "ExpandDims", "Identity", "IdentityN", "If", "Max", "Mean", "Merge",
    "Min", "MirrorPad", "Pad", "PadV2", "PreventGradient", "Prod", "Reshape", "ReverseV2", "Select", "SelectV2", "Slice", "Snapshot", "Split",
    "SplitV", "Squeeze", "StatelessIf", "StatelessWhile", "StopGradient", "StridedSlice", "Sum", "Switch", "Tile", "Transpose", "Unpack", "While",
}  # fmt: skip


def _own(new: Any, fed: set[str]) -> Any:
    """A variable's new value in memory of its own.

    An array at an address that TensorFlow likes is fed without a copy. What was handed on to a variable from there would
    change with the array, which is the caller's.
    """
    seen: set[str] = set()
    waiting = [new]
    while waiting:
        tensor = waiting.pop()
        if tensor.name in fed:
            return tf.raw_ops.DeepCopy(x=new)
        if tensor.name not in seen and tensor.op.type in FORWARDING:
            seen.add(tensor.name)
            waiting += list(tensor.op.inputs)
    return tf.identity(new)


def _apply(state: Any, optimizer: Any, move: Sequence) -> Any:
    """The operation of an optimizer's step. The variables that it makes for itself get their values before the next run."""
    before = {id(v) for v in tf.compat.v1.global_variables()}
    operation = optimizer.apply_gradients(move)
    state.initialize([v.initializer for v in tf.compat.v1.global_variables() if id(v) not in before])
    return operation


def _describe(tensor: Any, i: int) -> str:
    name = getattr(tensor, "_kbridge_name", None)
    shape = tuple(tensor.shape.as_list()) if tensor.shape.rank is not None else "unknown"
    fed = tensor.values if is_sparse(tensor) else tensor
    kind = "placeholder" if fed.op.type == "Placeholder" else "tensor"
    return f"Input {i}, the {kind}{f' {name!r}' if name else ''} with shape {shape} and dtype {tensor.dtype.name},"
