"""The NumPy backend: a symbolic graph with graph-to-graph gradients and a planned executor.

``graph`` and ``ops`` build nodes, ``gradients`` differentiates them. In ``executor``, ``lowering`` specialises them to shapes, with the
``rewrites``; ``schedule``, ``allocation`` and ``emission`` turn the values into a flat list of NumPy calls; ``function`` caches plans.
"""

from .backend import NumpyBackend

__all__ = ["NumpyBackend"]
