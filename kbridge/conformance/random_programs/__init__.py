"""Random programs of backend functions, run on any backend and judged by NumPy in float64 and finite differences.

The method is NNSmith's (arXiv 2207.13066): valid programs are grown from what calls take, values near kinks are avoided, results are
compared. A program is data (``program``); ``generator`` and ``choices`` grow it, ``interpreter`` computes it in NumPy, ``build`` makes it
on a backend, ``judge`` compares, ``shrink`` makes a failure small and prints it as a test.
"""

from . import campaign
from .generator import generate
from .judge import Expected, problems
from .program import Program
from .shrink import as_test, shrunk

__all__ = ["Expected", "Program", "as_test", "campaign", "generate", "problems", "shrunk"]
