"""Rewrites: what a plan computes in place of a value, with the same result and less work.

Each is a row of ``TABLE``. ``rewritten`` tries those of a value's op, in the order of the modules' imports here. A plan gives the same numbers
without any of them, up to rounding; those that are ``needed`` turn into calls what has none of its own.
"""

from . import arithmetic, convolutions, pooling, slices, views  # noqa: F401  (fill the table)
from .table import TABLE, Rewrite, rewritten, without

__all__ = ["TABLE", "Rewrite", "rewritten", "without"]
