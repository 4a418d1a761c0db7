"""Fusion: what follows a convolution becomes part of it, and what stays the same from run to run is computed before.

Behind a convolution may come a bias, a batch normalization by running statistics, the sum with a residual, and an activation
that bounds; behind the gradient of a convolution's input that of a relu. Numbers for each filter that scale go into the kernel where the kernel can't change in a run (``prepared.py``); those that
shift, the residual and the bounds are applied to the results of the convolution while they are in the cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from ....config import exact_convolutions
from ..ops.elementwise import BINARY, UNARY
from ..ops.fused import FUSED_CONV, FUSED_WINOGRAD, Finish
from ..ops.linalg import IN_PANELS, MATMUL
from ..ops.panels import PANELS, width_kept, width_of
from ..ops.shapes import RESHAPE
from ..ops.winograd import TRANSFORM_KERNEL
from .costs import FUSED, blas_shares, multiplications
from .lowering import Lowering
from .ordering import ordered
from .prepared import Prepared, prepare
from .scan import mark
from .threads import LARGE
from .values import Value

ADD, SUBTRACT, MULTIPLY, DIVIDE = (BINARY[name] for name in ("add", "subtract", "multiply", "divide"))
NEGATIVE = UNARY["negative"]
#: names of what can be fused with what follows it
STARTS = frozenset(("conv", "winograd_conv"))
#: rows, times the square of BLAS's threads, up to which a product in panels takes no longer than one that these share
FEW = 64


class _Chain:
    """The steps that have been found behind a convolution so far: its ``scale`` and ``shift`` for each filter, and the last value."""

    def __init__(self, lowering: Lowering, root: Value):
        self.lowering, self.root, self.end = lowering, root, root
        self.scale: Value | None = None
        self.shift: Value | None = None
        self.residual: Value | None = None
        self.low: float | None = None
        self.high: float | None = None
        #: what comes behind the bounds
        self.late_scale: Value | None = None
        self.late_shift: Value | None = None

    def _call(self, op, *values: Value) -> Value:
        return self.lowering.value(op, values, None)

    def takes(self, value: Value) -> bool:
        """Whether ``value``, the only reader of the end, is part of the chain now."""
        if value.shape != self.root.shape or value.dtype != self.root.dtype:
            return False
        bounded = self.low is not None or self.high is not None
        if value.op.name == "clip":
            return not bounded and self._bounds(value)
        if (self.residual is not None and not bounded) or len(value.inputs) != 2:
            return False
        x, y = value.inputs
        if x is y:
            return False
        other = y if x is self.end else x
        vector = self._vector(other)
        if vector is not None and bounded:
            return self._late(value, vector, y is other)
        if vector is None:
            if value.op.name == "add" and not bounded and other.shape == value.shape:
                self.residual = other
                return True
            return False
        if value.op.name == "add":
            self.shift = vector if self.shift is None else self._call(ADD, self.shift, vector)
        elif value.op.name == "subtract" and y is other:
            self.shift = self._call(NEGATIVE, vector) if self.shift is None else self._call(SUBTRACT, self.shift, vector)
        elif value.op.name == "multiply" or (value.op.name == "divide" and y is other):
            if not (vector.steady and self.kernel.steady):
                return False
            if self.shift is not None:
                self.shift = self._call(value.op, self.shift, vector)
            one = self.lowering.constant(np.ones((), vector.dtype))
            self.scale = self._call(value.op, one if self.scale is None else self.scale, vector)
        else:
            return False
        return True

    def _late(self, value: Value, vector: Value, right: bool) -> bool:
        """The same behind the bounds, where what scales needn't be known before a run."""
        one, nothing = (self.lowering.constant(np.array(n, vector.dtype)) for n in (1, 0))
        if value.op.name == "add" or (value.op.name == "subtract" and right):
            self.late_shift = self._call(value.op, self.late_shift or nothing, vector)
        elif value.op.name == "multiply" or (value.op.name == "divide" and right):
            self.late_scale = self._call(value.op, self.late_scale or one, vector)
            if self.late_shift is not None:
                self.late_shift = self._call(value.op, self.late_shift, vector)
        else:
            return False
        return True

    def _bounds(self, value: Value) -> bool:
        bounds = [v.const for v in value.inputs[1:]]
        if value.inputs[0] is not self.end or any(b is None or np.isnan(b).any() for b in bounds):
            return False
        low, high = (float(b) for b in bounds)
        self.low = low if low > -np.inf else None
        self.high = high if high < np.inf else None
        return True

    def _vector(self, value: Value) -> Value | None:
        """One number for each filter, or None if it is something else."""
        filters = self.root.shape[-1]
        if value.dtype != self.root.dtype or len(value.shape) > len(self.root.shape):
            return None
        if value.size == 1:
            return self.lowering.value(RESHAPE, (value,), ())
        if value.size != filters or value.shape[-1] != filters:
            return None
        return value if value.shape == (filters,) else self.lowering.value(RESHAPE, (value,), (filters,))

    @property
    def kernel(self) -> Value:
        """The kernel before any transform."""
        second = self.root.inputs[1]
        return second.inputs[0] if second.op.name == "winograd_kernel" else second

    def _whole(self, vector: Value) -> Value:
        """A number for each filter, where it may be one for all."""
        filters = self.root.shape[-1]
        if vector.shape == (filters,):
            return vector
        return self._call(ADD, vector, self.lowering.constant(np.zeros(filters, vector.dtype)))

    def fuse(self) -> None:
        """Let the last value of the chain compute all of it."""
        x, second = self.root.inputs
        if self.scale is not None:
            scaled = self._call(MULTIPLY, self.kernel, self.scale)
            second = self.lowering.value(TRANSFORM_KERNEL, (scaled,), second.attrs) if second.op.name == "winograd_kernel" else scaled
        inputs = [x, second]
        for value in (self.shift, self.residual, self.late_scale, self.late_shift):
            if value is not None:
                inputs.append(value if value is self.residual else self._whole(value))
        late = self.late_scale is not None, self.late_shift is not None
        finish = Finish(self.shift is not None, self.residual is not None, self.low, self.high, *late)
        op = FUSED_CONV if self.root.op.name == "conv" else FUSED_WINOGRAD
        self.end.become(op, tuple(inputs), (self.root.attrs, finish))


def fuse(lowering: Lowering, wanted: Sequence[Value]) -> list[Prepared]:
    """Fuse the convolutions that ``wanted`` needs, and order the values anew; what must be prepared before a run."""
    roots = [v for v in lowering.order if v.op.name in STARTS and _starts(v)]
    if not roots or exact_convolutions():
        return []
    needed = set(wanted)
    mark(reversed(lowering.order), needed)
    readers: dict[Value, list[Value | None]] = {}
    for v in wanted:
        readers.setdefault(v, []).append(None)
    for v in lowering.order:
        if v in needed:
            for operand in v.operands():
                readers.setdefault(operand, []).append(v)
    done = []
    taken: set[Value] = set()
    for root in roots:
        if root not in needed:
            continue
        chain = _Chain(lowering, root)
        while len(found := readers[chain.end]) == 1 and (reader := found[0]) is not None and reader not in taken and chain.takes(reader):
            chain.end = reader
            taken.add(chain.end)
        if chain.end is not root:
            chain.fuse()
        done.append(chain.end)
    for value in [v for v in lowering.order if v in needed and v.op.name == "relu_gradient"]:
        _slope(value, readers)
    prepared = [p for value in done if (p := _prepared(lowering, value)) is not None]
    lowering.order = ordered(lowering.order, wanted)
    return [p for found in prepared for p in found]


def arrange(lowering: Lowering, wanted: Sequence[Value], threads: int) -> list[Prepared]:
    """Let matrices that don't change in a run come in panels, in the products that ``wanted`` needs; what must be prepared before it.

    ``threads``: those of BLAS. Two take 0.5 to 0.6 of the time of large products, and panels, on one thread, as little with up to 16 rows only.
    """
    steady = [v for v in lowering.order if v.op.name == "matmul" and v.inputs[1].steady]
    found = [(v, width) for v in steady if (width := _width(v)) is not None]
    if not found:
        return []
    needed = set(wanted)
    mark(reversed(lowering.order), needed)
    shared = threads > 1 and blas_shares([v for v in lowering.order if v in needed])
    prepared = []
    for value, width in found:
        x, matrix = value.inputs
        if value in needed and not (shared and x.shape[0] * threads**2 > FEW and multiplications(value) >= LARGE):
            one = prepare(lowering.value(PANELS, (matrix,), (width, 0)))
            prepared.append(one)
            value.become(MATMUL, (x, lowering.variable(one.variable)), IN_PANELS)
    lowering.order = ordered(lowering.order, wanted)
    return prepared


def _width(product: Value) -> int | None:
    """The columns of a panel, if the second matrix of a product is to be arranged."""
    x, matrix = product.inputs
    if len(matrix.shape) != 2 or x.steady:
        return None
    inner, columns = matrix.shape
    return width_kept(x.shape[0], inner, columns, product.dtype)


def _starts(value: Value) -> bool:
    """Whether this is a convolution that can be fused."""
    fits = value.op.name == "conv" or (value.op.name == "winograd_conv" and not value.attrs.turned)
    return fits and value.size > 0 and value.dtype == np.float32


def _slope(value: Value, readers: dict[Value, list[Value | None]]) -> None:
    """Let the gradient of a convolution's input be that of the relu before it, too, if nothing else reads it."""
    g, y = value.inputs
    if g.op.name == "winograd_conv" and g.attrs.turned and g.dtype == np.float32 and len(readers[g]) == 1 and y is not g:
        value.become(FUSED_WINOGRAD, (*g.inputs, y), (g.attrs, Finish(slope=True)))


def _arrange(lowering: Lowering, value: Value) -> None:
    """Let a kernel that doesn't change come in panels, where that is faster."""
    x, kernel, *extra = value.inputs
    if not kernel.steady:
        return
    fused = value.op.name in FUSED
    first, finish = value.attrs if fused else (value.attrs, Finish())
    tiles = value.op.name in ("winograd_conv", "fused_winograd")
    # products of all points have the tiles of an image at least; blocks of these differ little
    rows = prod(first.counts(first.shape(x)[1:3])) * x.shape[0] if tiles else prod(value.shape[:-1])
    inner, columns = (kernel.shape[1] if tiles else prod(kernel.shape[:-1])), kernel.shape[-1]
    width = width_of(rows, inner, columns, value.dtype)
    if width not in (None, columns):
        panels = lowering.value(PANELS, (kernel,), (width, 0 if tiles else len(kernel.shape) - 2))
        value.become(FUSED_WINOGRAD if tiles else FUSED_CONV, (x, panels, *extra), (first, finish._replace(panels=True)))


def _prepared(lowering: Lowering, value: Value) -> list[Prepared]:
    """Put what is known before a run in place of the inputs of ``value`` that are computed from variables that don't change in it."""
    _arrange(lowering, value)
    found, inputs = [], list(value.inputs)
    for i, v in enumerate(inputs[1:], 1):
        if v.steady and v.inputs and not v.op.view:
            one = prepare(v)
            found.append(one)
            inputs[i] = lowering.variable(one.variable)
    value.become(value.op, tuple(inputs), value.attrs)
    return found
