"""The works, each a module with a ``WORK``."""

from . import tiny_mlp

WORKS = {"tiny_mlp": tiny_mlp.WORK}
