"""The NumPy backend: a symbolic graph with graph-to-graph gradients and a planned executor.

``graph`` and ``ops`` build nodes, ``gradients`` differentiates them, ``values`` specialises them to
shapes, ``plan`` and ``program`` turn them into a flat list of NumPy calls, ``function`` caches plans.
"""

from .backend import NumpyBackend

__all__ = ["NumpyBackend"]
