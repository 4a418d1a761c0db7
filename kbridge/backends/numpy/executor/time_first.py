"""Sequences lie time first where loops read and write them, if that takes a copy of fewer numbers.

A recurrent layer multiplies all steps of its input by a matrix at once, before its loop: (samples, time, k) becomes (samples, time, n). The loop takes a step at
a time, whose rows then lie far apart; and what it sends back is copied for the gradient of the matrix. With the time first in the product's
input, which has fewer numbers, neither is needed. Sums over samples and time come in another order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..ops.elementwise import BINARY
from ..ops.linalg import MATMUL
from ..ops.shapes import PERMUTE, RESHAPE
from .lowering import Lowering
from .ordering import ordered
from .scan import mark
from .values import Value

ADD, EXCHANGED = BINARY["add"], (1, 0, 2)


def time_first(lowering: Lowering, wanted: Sequence[Value]) -> None:
    """Exchange the axes of what products read instead of what they make, where ``wanted`` needs it, and order the values anew."""
    if not any([v.op.permutes and _exchanged(v) for v in lowering.order]):
        return
    needed = set(wanted)
    mark(reversed(lowering.order), needed)
    reads = Counter(wanted)
    values = [v for v in lowering.order if v in needed]
    for v in values:
        reads.update(v.operands())
    found = False
    for v in values:
        if _exchanged(v):
            found |= _product_before(lowering, v, reads)
        elif v.op.name in ("matmul", "product_sum"):
            found |= _gradient_of_matrix(lowering, v)
        elif v.op.name == "reshape":
            found |= _gradient_of_input(lowering, v, reads)
    if found:
        lowering.order = ordered(lowering.order, wanted)


def _exchanged(value: Value) -> bool:
    return value.op.permutes and value.attrs == EXCHANGED


def _product_before(lowering: Lowering, value: Value, reads: Counter) -> bool:
    """permute(reshape(x @ matrix) + bias) as reshape(permute(x) @ matrix) + bias."""
    x, added = value.inputs[0], []
    while x.op.name == "add" and reads[x] == 1:
        inner = next((v for v in x.inputs if v.shape == x.shape), None)
        if inner is None:
            return False
        other = x.inputs[x.inputs[0] is inner]
        if other.size > x.shape[-1]:
            return False
        added.append(other)
        x = inner
    product = x.inputs[0] if x.op.name == "reshape" else x
    if product.op.name != "matmul" or len(product.shape) != 2 or reads[x] != 1 or reads[product] != 1:
        return False
    rows, matrix = product.inputs
    source = _steps(rows)
    if source is None or source.shape[:2] != x.shape[:2] or 2 * source.shape[2] > x.shape[2]:
        return False
    result = lowering.value(RESHAPE, (lowering.value(MATMUL, (_first(lowering, source), matrix), None),), value.shape)
    for vector in reversed(added[1:]):
        result = lowering.value(ADD, (result, vector), None)
    if added:
        value.become(ADD, (result, added[0]), None)
    else:
        value.become(RESHAPE, result.inputs, value.shape)
    return True


def _gradient_of_matrix(lowering: Lowering, value: Value) -> bool:
    """x.T @ reshape(permute(z)) as permute(x).T @ reshape(z)."""
    turned, right, *rest = value.inputs
    z, source = _sequence(right), _steps(turned.inputs[0]) if turned.op.permutes and len(turned.shape) == 2 else None
    if z is None or source is None or source.shape[:2] != z.shape[1::-1] or source.shape[2] >= z.shape[2]:
        return False
    left = lowering.value(PERMUTE, (_first(lowering, source),), (1, 0))
    value.become(value.op, (left, lowering.value(RESHAPE, (z,), right.shape), *rest), value.attrs)
    return True


def _gradient_of_input(lowering: Lowering, value: Value, reads: Counter) -> bool:
    """reshape(reshape(permute(z)) @ matrix) as permute(reshape(z @ matrix))."""
    product = value.inputs[0]
    if product.op.name != "matmul" or len(product.shape) != 2 or reads[product] != 1:
        return False
    left, matrix = product.inputs
    z = _sequence(left)
    if z is None or value.shape != (z.shape[1], z.shape[0], product.shape[1]) or product.shape[1] >= z.shape[2]:
        return False
    rows = lowering.value(MATMUL, (lowering.value(RESHAPE, (z,), left.shape), matrix), None)
    value.become(PERMUTE, (lowering.value(RESHAPE, (rows,), (*z.shape[:2], product.shape[1])),), EXCHANGED)
    return True


def _steps(rows: Value) -> Value | None:
    """The sequence (a, b, k) that ``rows`` (a * b, k) are."""
    source = rows.inputs[0] if rows.op.name == "reshape" else None
    return source if source is not None and len(source.shape) == 3 and rows.shape == (rows.shape[0], source.shape[2]) else None


def _sequence(rows: Value) -> Value | None:
    """The sequence (b, a, n) whose exchange ``rows`` (a * b, n) are."""
    source = _steps(rows)
    return source.inputs[0] if source is not None and _exchanged(source) else None


def _first(lowering: Lowering, source: Value) -> Value:
    """The rows of a sequence, with its axes exchanged."""
    exchanged = lowering.value(PERMUTE, (source,), EXCHANGED)
    return lowering.value(RESHAPE, (exchanged,), (source.shape[0] * source.shape[1], source.shape[2]))
