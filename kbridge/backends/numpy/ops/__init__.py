"""The ops of the NumPy backend, one family a module. Importing this package registers the operators."""

from . import elementwise, indexing, linalg, nn, random, reductions, shapes  # noqa: F401
