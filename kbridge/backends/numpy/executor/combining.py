"""Combining: sums of products with numbers become one call, one pass over memory (``ops/scaled.py``).

An optimizer's moments are such sums, and so are its steps. ``momentum * velocity - rate * gradient`` took three calls, and takes one. A step of Adam
takes two thirds of the time. The gradient of a layer's weights that momentum adds up is a product; BLAS adds it to the velocity itself, and it takes no storage.

A number that is 0 in a run counts as nothing at all: it leaves out what it multiplies, and with it NaN and infinity. So numbers that are always 0 stay
as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from ..blas import axpby, gemm
from ..graph import Variable
from ..ops.elementwise import BINARY, UNARY
from ..ops.scaled import PRODUCT_SUM, SCALED_SUM
from .lowering import Lowering
from .ordering import ordered
from .scan import mark
from .values import Value

DIVIDE, NEGATIVE = BINARY["divide"], UNARY["negative"]


def combine(lowering: Lowering, wanted: Sequence[Value]) -> None:
    """Let the sums that ``wanted`` needs be single calls, where their products have no other reader, and order the values anew."""
    if not any(axpby(dtype) for dtype in {v.dtype for v in wanted if v.dtype.kind == "f"}):
        return
    needed = set(wanted)
    mark(reversed(lowering.order), needed)
    reads = dict(Counter(wanted))
    for v in lowering.order:
        if v in needed:
            for i in v.operands():
                reads[i] = reads.get(i, 0) + 1
    found = False
    for v in [v for v in lowering.order if v in needed and v.leaf is None and v.op.name in ("add", "subtract")]:
        found |= _combined(lowering, v, reads)
    if found:
        lowering.order = ordered(lowering.order, wanted)


def _combined(lowering: Lowering, value: Value, reads: Mapping[Value, int]) -> bool:
    x, y = value.inputs
    if axpby(value.dtype) is None or x is y or not x.shape == y.shape == value.shape or not value.shape:
        return False
    parts = [_scaled(lowering, v, reads) for v in (x, y)]
    if parts == [None, None]:
        return False
    one = lowering.constant(np.ones((), value.dtype))
    (x, a), (y, b) = (part or (v, one) for part, v in zip(parts, (x, y)))
    if value.op.name == "subtract":
        b = lowering.value(NEGATIVE, (b,), None)
    if x is y:
        return False
    for (product, factor), (other, of_other) in (((x, a), (y, b)), ((y, b), (x, a))):
        if _adds_product(value, product, other, reads):
            value.become(PRODUCT_SUM, (*product.inputs, factor, other, of_other), None)
            return True
    value.become(SCALED_SUM, (x, a, y, b), None)
    return True


def _adds_product(value: Value, product: Value, other: Value, reads: Mapping[Value, int]) -> bool:
    """Whether a product that nothing else reads is added to a variable, and its operands take less storage than itself: they are kept for the commit part."""
    return (
        product.leaf is None
        and product.op.name == "matmul"
        and len(product.shape) == 2
        and reads.get(product) == 1
        and isinstance(other.leaf, Variable)
        and gemm(value.dtype) is not None
        and sum(v.size for v in product.inputs) <= value.size
        and all(v.shape != value.shape for v in product.inputs)
    )


def _scaled(lowering: Lowering, value: Value, reads: Mapping[Value, int]) -> tuple[Value, Value] | None:
    """(x, a) of a * x that only one sum reads, also of (a * x) / y, where x / y takes the place of x."""
    # what is fed may be the result of an op, too
    if reads.get(value) != 1 or value.const is not None or value.leaf is not None:
        return None
    if value.op.name == "divide":
        inner = _scaled(lowering, value.inputs[0], reads)
        if inner is None or inner[0].shape != value.shape or value.inputs[1].shape != value.shape:
            return None
        return lowering.value(DIVIDE, (inner[0], value.inputs[1]), None), inner[1]
    if value.op.name != "multiply":
        return None
    for x, a in (value.inputs, value.inputs[::-1]):
        if a.shape == () and x.shape == value.shape and not a.is_constant(0):
            return x, a
    return None
