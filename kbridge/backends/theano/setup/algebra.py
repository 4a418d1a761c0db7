"""Restricts Theano's algebra to numbers for which it holds.

Theano replaces ``x - x`` and ``x * 0`` by 0, ``x / x`` by 1 and ``x == x`` by true. That is wrong if x is NaN or infinite. Theano also changes the
order of products and divisions; a square of 1e20 can appear that way, which float32 can't hold. For integers (most of them are shapes) all
of this is right and stays. For floats, only factors and divisors of 1 and summands of 0 are removed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

#: rewrites that hold for integers only
INTEGERS_ONLY = (
    "local_mul_zero",
    "local_zero_div",
    "local_0_dot_x",
    "local_elemwise_sub_zeros",
    "local_greedy_distributor",
    "local_mul_switch_sink",
    "local_div_switch_sink",
    "local_sum_prod_mul_by_scalar",
    "local_sum_prod_div_dimshuffle",
)
#: rewrites of a comparison of a number with itself
COMPARISONS = ("local_useless_elemwise", "local_useless_elemwise_comparison")


def _of_floats(node: Any) -> bool:
    return any(getattr(x.type, "dtype", "").startswith(("float", "complex")) for x in (*node.inputs, *node.outputs))


def _unless(condition: Callable[[Any], bool], rewrite: Callable) -> Callable:
    return lambda fgraph, node: False if condition(node) else rewrite(fgraph, node)


def install() -> None:
    """Restrict the rewrites. Those that other modules hold are the same objects."""
    opt = sys.modules["theano.tensor.opt"]
    for name in INTEGERS_ONLY:
        rewrite = getattr(opt, name)
        rewrite.fn = _unless(_of_floats, rewrite.fn)
    for name in COMPARISONS:
        rewrite = getattr(opt, name)
        rewrite.fn = _unless(_compares_with_itself, rewrite.fn)
    product = opt.local_mul_specialize
    product.fn = _unless(lambda node: _of_floats(node) and _has_constant(node, 0), product.fn)
    _restrict_canonizer(opt)


def _compares_with_itself(node: Any) -> bool:
    from theano.scalar import basic
    from theano.tensor.elemwise import Elemwise

    compares = isinstance(node.op, Elemwise) and isinstance(node.op.scalar_op, (basic.EQ, basic.NEQ, basic.LE, basic.GE))
    return compares and node.inputs[0] is node.inputs[1] and _of_floats(node)


def _has_constant(node: Any, value: float) -> bool:
    return any(_constant(x) == value for x in node.inputs)


def _constant(x: Any) -> Any:
    """The number that a constant holds, or holds everywhere; None of a variable."""
    data = getattr(x, "data", None)
    if data is None or hasattr(x, "get_value"):
        return None
    data = np.asarray(data)
    return data.flat[0] if data.size == 1 or (data.size and (data == data.flat[0]).all()) else None


def _restrict_canonizer(opt: Any) -> None:
    canonizer = opt.Canonizer
    original = canonizer.transform

    def transform(self, fgraph, node):
        if node.op not in (self.main, self.inverse, self.reciprocal) or not _of_floats(node):
            return original(self, fgraph, node)
        neutral = self.calculate([], [], aslist=False)
        if node.op == self.main:
            rest = [x for x in node.inputs if self.get_constant(x) != neutral]
        elif node.op == self.inverse:
            rest = [x for i, x in enumerate(node.inputs) if i == 0 or self.get_constant(x) != neutral]
        else:
            return False
        if not rest or len(rest) == len(node.inputs):
            return False
        new = rest[0] if len(rest) == 1 else node.op(*rest)
        out = node.outputs[0]
        if new.type.dtype == out.type.dtype and new.type != out.type:
            new = opt._fill_chain(new, node.inputs)[0]
        return [new] if new.type == out.type else False

    canonizer.transform = transform
