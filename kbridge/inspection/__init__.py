"""``kbridge inspect``: what a model file holds, whether it is safe, and whether it will load here. Nothing is built or run."""

from .facts import inspect_file
from .table import as_text

__all__ = ["as_text", "inspect_file"]
