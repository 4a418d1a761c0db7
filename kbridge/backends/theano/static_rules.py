"""How each of Theano's operations makes its outputs' shapes (and small values) from its inputs'."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import theano.ifelse
import theano.printing
import theano.sparse
import theano.tensor as T
from theano.compile.ops import DeepCopyOp, Rebroadcast, Shape, Shape_i, ViewOp
from theano.gradient import DisconnectedGrad, ZeroGrad
from theano.graph.basic import Apply
from theano.scalar.basic import Cast, Switch
from theano.scan.op import Scan
from theano.tensor import basic, elemwise, extra_ops, nnet, opt, subtensor
from theano.tensor.blas import BatchedDot

from .static import MAX_FOLLOWED, Known, of_type

Rule = Callable[[Apply, list[Known]], "list[Known | None]"]
RULES: dict[type, Rule] = {}


def rule(*ops: type) -> Callable[[Rule], Rule]:
    """Register a rule for operations of these classes and those derived from them."""

    def register(function: Rule) -> Rule:
        for op in ops:
            RULES[op] = function
        return function

    return register


def outputs_of(node: Apply, inputs: list[Known]) -> list[Known | None]:
    """Return the facts that are known of each output of a node; None for nothing."""
    for cls in type(node.op).__mro__:
        if cls in RULES:
            return RULES[cls](node, inputs)
    return by_infer_shape(node, inputs)


def by_infer_shape(node: Apply, inputs: list[Known]) -> list[Known | None]:
    """For all other operations: ask Theano for expressions of the outputs' shapes, and evaluate what is known
    of them."""
    from .static import known

    if not hasattr(node.op, "infer_shape"):
        return [None] * len(node.outputs)
    symbols: list = []
    for variable, k in zip(node.inputs, inputs):
        if not hasattr(variable, "ndim"):
            symbols.append(None)
            continue
        symbols.append(tuple(T.lscalar() if n is None else T.constant(n, dtype="int64") for n in k.shape))
    try:
        shapes = node.op.infer_shape(None, node, symbols)
        return [Known(tuple(_as_int(known(T.as_tensor_variable(n)).value) for n in shape)) for shape in shapes]
    except Exception:  # noqa: BLE001 -- an operation that can't say so: its shape is simply unknown
        return [None] * len(node.outputs)


def _as_int(value) -> int | None:
    return value if isinstance(value, int) else None


# ---------------------------------------------------------------------- the same shape as an input


@rule(
    Rebroadcast, DeepCopyOp, ViewOp, DisconnectedGrad, ZeroGrad, theano.printing.Print, opt.Assert,
    basic.TensorFromScalar, basic.ScalarFromTensor, nnet.Softmax, nnet.LogSoftmax, theano.sparse.DenseFromSparse,
)  # fmt: skip
def same(node, inputs):
    return [inputs[0]]


@rule(subtensor.IncSubtensor, subtensor.AdvancedIncSubtensor1, subtensor.AdvancedIncSubtensor)
def changed(node, inputs):
    return [Known(inputs[0].shape)]


@rule(extra_ops.CumOp)
def cumulated(node, inputs):
    return [None if node.op.axis is None else Known(inputs[0].shape)]


# ---------------------------------------------------------------------- elementwise


@rule(elemwise.Elemwise)
def elementwise(node, inputs):
    patterns = [i.type.broadcastable for i in node.inputs]
    shape = tuple(_axis([k.shape[a] for k in inputs], [p[a] for p in patterns]) for a in range(node.outputs[0].ndim))
    value = _elementwise_value(node, inputs) if len(shape) <= 1 and node.outputs[0].dtype in _FOLLOWED else None
    return [Known(shape, value)] * len(node.outputs)


_FOLLOWED = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool")


def _axis(lengths, broadcastable) -> int | None:
    """The length of an output's axis: that of an input which doesn't broadcast there."""
    full = [n for n, b in zip(lengths, broadcastable) if not b]
    if not full:
        return 1
    return next((n for n in full if n is not None), None)


def _elementwise_value(node, inputs):
    op = node.op.scalar_op
    values = [k.value for k in inputs]
    dtypes = [i.dtype for i in node.inputs]
    size = max((len(v) for v in values if isinstance(v, list)), default=None)
    if size is None:
        return _scalar_value(op, values, dtypes)
    columns = [v if isinstance(v, list) else [v] * size for v in values]
    columns = [c * size if len(c) == 1 else c for c in columns]
    if any(len(c) != size for c in columns):
        return None
    return [_scalar_value(op, list(items), dtypes) for items in zip(*columns)]


def _scalar_value(op, values, dtypes) -> int | None:
    """The operation on NumPy's numbers of these dtypes, which count as tensors do: ``not True`` is no -2."""
    if isinstance(op, Switch):
        condition, then, otherwise = values
        if condition is None:
            return then if then == otherwise else None
        return then if condition else otherwise
    if any(v is None for v in values):
        return None
    if isinstance(op, Cast):
        return values[0]
    try:
        with np.errstate(all="raise", over="ignore"):
            result = op.impl(*(np.dtype(d).type(v) for v, d in zip(values, dtypes)))
        return int(result) if result == int(result) else None
    except Exception:  # noqa: BLE001 -- division by zero and the like: not known
        return None


@rule(elemwise.DimShuffle)
def dimshuffle(node, inputs):
    (k,) = inputs
    order = node.op.new_order
    shape = tuple(1 if a == "x" else k.shape[a] for a in order)
    value = k.value
    if value is not None and len(shape) != len(k.shape):
        value = [value] if len(shape) == 1 else (value[0] if len(shape) == 0 and len(value) == 1 else None)
    return [Known(shape, value if len(shape) <= 1 else None)]


# ---------------------------------------------------------------------- reductions


@rule(elemwise.CAReduce)
def reduction(node, inputs):
    (k,) = inputs
    axes = range(len(k.shape)) if node.op.axis is None else [a % len(k.shape) for a in node.op.axis]
    shape = tuple(n for a, n in enumerate(k.shape) if a not in axes)
    value = None
    if not shape and isinstance(k.value, list) and None not in k.value:
        combine: Any = {"add": sum, "mul": math.prod}.get(node.op.scalar_op.name)
        value = combine(k.value) if combine else None
    return [Known(shape, value)]


@rule(basic.MaxAndArgmax, basic.Argmax)
def arguments(node, inputs):
    shape = inputs[0].shape
    axes = range(len(shape)) if node.op.axis is None else [a % len(shape) for a in node.op.axis]
    return [Known(tuple(n for a, n in enumerate(shape) if a not in axes))] * len(node.outputs)


# ---------------------------------------------------------------------- shapes as tensors


@rule(Shape)
def shape_vector(node, inputs):
    n = len(inputs[0].shape)
    return [Known((n,), list(inputs[0].shape))]


@rule(Shape_i)
def shape_element(node, inputs):
    return [Known((), inputs[0].shape[node.op.i])]


@rule(opt.MakeVector)
def vector(node, inputs):
    return [Known((len(inputs),), [k.value for k in inputs] if len(inputs) <= MAX_FOLLOWED else None)]


@rule(basic.Reshape)
def reshape(node, inputs):
    x, target = inputs
    wanted = target.value if isinstance(target.value, list) else [None] * node.op.ndim
    shape = [None if n is None or n < 0 else n for n in wanted]
    if wanted.count(-1) == 1 and None not in x.shape and all(n is not None for i, n in enumerate(wanted)):
        rest = math.prod(n for n in wanted if n is not None and n != -1)
        if rest:
            shape[wanted.index(-1)] = math.prod(x.shape) // rest
    elif shape.count(None) == 1 and None not in x.shape and (-1 in wanted or None in wanted):
        rest = math.prod(n for n in shape if n is not None)
        if rest:
            shape[shape.index(None)] = math.prod(x.shape) // rest
    value = x.value if node.op.ndim == 1 and isinstance(x.value, list) else None
    return [Known(tuple(shape), value)]


@rule(basic.Alloc)
def alloc(node, inputs):
    return [Known(tuple(_as_int(k.value) for k in inputs[1:]))]


@rule(basic.AllocEmpty)
def alloc_empty(node, inputs):
    return [Known(tuple(_as_int(k.value) for k in inputs))]


@rule(basic.ARange)
def arange(node, inputs):
    start, stop, step = (k.value for k in inputs)
    if not all(isinstance(v, int) for v in (start, stop, step)) or step == 0:
        return [None]
    values = list(range(start, stop, step))
    return [Known((len(values),), values if len(values) <= MAX_FOLLOWED else None)]


@rule(basic.Join)
def join(node, inputs):
    axis, parts = inputs[0].value, inputs[1:]
    if not isinstance(axis, int):
        return [None]
    ndim = len(parts[0].shape)
    axis %= ndim
    lengths = [p.shape[axis] for p in parts]
    shape = [next((p.shape[a] for p in parts if p.shape[a] is not None), None) for a in range(ndim)]
    shape[axis] = None if None in lengths else sum(lengths)
    value = None
    if ndim == 1 and all(isinstance(p.value, list) for p in parts):
        value = [v for p in parts for v in p.value]
    return [Known(tuple(shape), value)]


@rule(basic.Split)
def split(node, inputs):
    x, axis, sizes = inputs
    if not isinstance(axis.value, int) or not isinstance(sizes.value, list):
        return [None] * len(node.outputs)
    at = axis.value % len(x.shape)
    return [Known((*x.shape[:at], n, *x.shape[at + 1 :])) for n in sizes.value]


# ---------------------------------------------------------------------- indices


@rule(subtensor.Subtensor)
def basic_index(node, inputs):
    x = inputs[0]
    values = iter(k.value for k in inputs[1:])
    shape: list[int | None] = []
    value = x.value
    for axis, index in enumerate(node.op.idx_list):
        if not isinstance(index, slice):
            at = next(values)
            value = _element(value, at) if axis == 0 else None
            continue
        start, stop, step = (
            part if part is None or isinstance(part, int) else _Unknown.of(next(values)) for part in (index.start, index.stop, index.step)
        )
        shape.append(_slice_length(x.shape[axis], start, stop, step))
        unknown = any(isinstance(p, _Unknown) for p in (start, stop, step))
        value = value[start:stop:step] if isinstance(value, list) and not unknown else None
    return [Known((*shape, *x.shape[len(node.op.idx_list) :]), value)]


class _Unknown:
    """A bound of a slice that only a call knows."""

    @classmethod
    def of(cls, value):
        return value if isinstance(value, int) else cls()


def _element(values, at) -> int | None:
    if isinstance(values, list) and isinstance(at, int) and -len(values) <= at < len(values):
        return values[at]
    return None


def _slice_length(n: int | None, start, stop, step) -> int | None:
    if any(isinstance(p, _Unknown) for p in (start, stop, step)):
        return None
    if n is not None:
        return len(range(*slice(start, stop, step).indices(n)))
    if start is None and stop is None and step in (None, 1, -1):
        return n
    return None


@rule(subtensor.AdvancedSubtensor1)
def rows(node, inputs):
    x, index = inputs
    return [Known((*index.shape, *x.shape[1:]))]


# ---------------------------------------------------------------------- products, choices


@rule(basic.Dot)
def dot(node, inputs):
    x, y = (k.shape for k in inputs)
    return [Known((*x[:-1], *y[1:]) if len(y) == 1 else (*x[:-1], y[-1]))]


@rule(BatchedDot)
def batched_dot(node, inputs):
    x, y = (k.shape for k in inputs)
    batch = x[0] if x[0] is not None else y[0]
    return [Known((batch, *x[1:-1], *y[2:]))]


@rule(Scan)
def loop(node, inputs):
    """States that are carried keep their shape; of the rest, the number of turns is known. Theano's own rule would describe the
    shapes by further loops."""
    op = node.op
    carried = op.n_mit_mot + op.n_mit_sot + op.n_sit_sot
    known_states: list[Known | None] = list(inputs[1 + op.n_seqs : 1 + op.n_seqs + carried])
    known_of = dict(zip(node.inputs, inputs))
    lengths = [_as_int(known_of[n].value) for n in op.outer_nitsot(node)]
    turns = [Known((n, *of_type(o)[1:])) for n, o in zip(lengths, node.outputs[carried : carried + op.n_nit_sot])]
    return [*known_states, *turns, *[None] * (len(node.outputs) - carried - op.n_nit_sot)]


@rule(theano.ifelse.IfElse)
def if_else(node, inputs):
    n = len(node.outputs)
    pairs = zip(inputs[1 : 1 + n], inputs[1 + n :])
    return [Known(tuple(a if a == b else None for a, b in zip(x.shape, y.shape))) for x, y in pairs]
