"""Python operators on tensors, as calls of the backend's ops.

The ops register themselves here by name, so that the graph needs to know none of them.
"""

from __future__ import annotations

from collections.abc import Callable

#: operator name -> function of tensors and numbers; filled by the ops modules
IMPLEMENTATIONS: dict[str, Callable] = {}


def _binary(name: str) -> tuple[Callable, Callable]:
    def forward(self, other):
        return IMPLEMENTATIONS[name](self, other)

    def reflected(self, other):
        return IMPLEMENTATIONS[name](other, self)

    return forward, reflected


def _unary(name: str) -> Callable:
    return lambda self: IMPLEMENTATIONS[name](self)


class Operators:
    """The operators of a tensor. ``==`` and ``!=`` stay identity, so that tensors can be dict keys;
    ``K.equal`` compares values."""

    __add__, __radd__ = _binary("add")
    __sub__, __rsub__ = _binary("subtract")
    __mul__, __rmul__ = _binary("multiply")
    __truediv__, __rtruediv__ = _binary("divide")
    __floordiv__, __rfloordiv__ = _binary("floor_divide")
    __mod__, __rmod__ = _binary("remainder")
    __pow__, __rpow__ = _binary("power")
    __matmul__, __rmatmul__ = _binary("dot")
    __and__, __rand__ = _binary("logical_and")
    __or__, __ror__ = _binary("logical_or")
    __lt__ = _binary("less")[0]
    __le__ = _binary("less_equal")[0]
    __gt__ = _binary("greater")[0]
    __ge__ = _binary("greater_equal")[0]
    __neg__ = _unary("negative")
    __abs__ = _unary("absolute")
    __invert__ = _unary("logical_not")

    def __getitem__(self, key):
        return IMPLEMENTATIONS["getitem"](self, key)

    @property
    def T(self):
        """The tensor with its axes reversed."""
        return IMPLEMENTATIONS["transpose"](self)
