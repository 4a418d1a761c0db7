"""Rewrites of products of whole sequences, which loops read with the time first.

A recurrent layer multiplies its input, samples first, by a matrix before its loop, which then reads one time after the other. The product is the larger
one of the two most often: so the input is turned round instead, and what loops read and write lies densely.
"""

from __future__ import annotations

from typing import Any

from ..ops.elementwise import BINARY
from ..ops.linalg import MATMUL
from ..ops.shapes import PERMUTE, RESHAPE
from .table import rewrite

#: the permutation that exchanges samples and times
TURNED = (1, 0, 2)


def _turned(value: Any) -> Any:
    return value.planner.value(PERMUTE, (value,), TURNED)


def _rows(value: Any) -> Any:
    return value.planner.value(RESHAPE, (value,), (-1, value.shape[-1]))


def _sequence(rows: Any) -> Any:
    """The (samples, times, features), features last, that ``rows`` are all the rows of; None if they aren't."""
    if rows.op.name != "reshape" or len(rows.shape) != 2:
        return None
    found = rows.inputs[0]
    return found if len(found.shape) == 3 and found.shape[-1] == rows.shape[-1] else None


@rewrite("permute")
def turned_product(value: Any) -> Any:
    """A product of all elements of a sequence, and what is added to it, with samples and times exchanged."""
    inner, bias, planner = value.inputs[0], None, value.planner
    if value.attrs != TURNED:
        return None
    if inner.op.name == "add" and inner.inputs[0].shape == inner.shape and len(inner.inputs[1].shape) == 1:
        inner, bias = inner.inputs
    product = inner.inputs[0] if inner.op.name == "reshape" else None
    if product is None or product.op.name != "matmul" or len(product.shape) != 2 or inner.shape[-1] != product.shape[-1]:
        return None
    x, matrix = _sequence(product.inputs[0]), product.inputs[1]
    if x is None or x.shape[:2] != inner.shape[:2] or x.shape[-1] >= inner.shape[-1]:
        return None
    turned = planner.value(MATMUL, (_rows(_turned(x)), matrix), None)
    turned = planner.value(RESHAPE, (turned,), value.shape)
    return turned if bias is None else planner.value(BINARY["add"], (turned, bias), None)


@rewrite("matmul")
def sum_in_another_order(value: Any) -> Any:
    """x.T @ g, the sum over all elements of two sequences: where g is turned round and larger, x is turned round instead."""
    left, right = value.inputs
    if not left.op.permutes or len(left.shape) != 2:
        return None
    x, g = _sequence(left.inputs[0]), _sequence(right)
    if x is None or g is None or g.op.name != "permute" or g.attrs != TURNED or x.shape[:2] != g.shape[:2] or x.shape[-1] >= g.shape[-1]:
        return None
    planner = value.planner
    return planner.value(MATMUL, (planner.value(PERMUTE, (_rows(_turned(x)),), (1, 0)), _rows(g.inputs[0])), None)


@rewrite("reshape")
def product_of_turned(value: Any) -> Any:
    """A product of all elements of a sequence that is turned round: the smaller result is turned round instead."""
    product = value.inputs[0]
    if product.op.name != "matmul" or len(product.shape) != 2 or len(value.shape) != 3 or value.shape[-1] != product.shape[-1]:
        return None
    g = _sequence(product.inputs[0])
    if g is None or g.op.name != "permute" or g.attrs != TURNED or g.shape[:2] != value.shape[:2] or value.shape[-1] >= g.shape[-1]:
        return None
    planner = value.planner
    turned = planner.value(MATMUL, (_rows(g.inputs[0]), product.inputs[1]), None)
    return _turned(planner.value(RESHAPE, (turned,), (value.shape[1], value.shape[0], value.shape[2])))
