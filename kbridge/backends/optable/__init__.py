"""The op table: one row for each backend function, with example inputs and a plain NumPy reference.

The parity matrix (``tests/parity``, ``kbridge parity``) and the docs page of ``K`` are made from it.
"""

from . import elementwise
from .table import Case, In, Op

#: every row, by name
TABLE: dict[str, Op] = {op.name: op for family in (elementwise,) for op in family.OPS}

__all__ = ["TABLE", "Case", "In", "Op"]
