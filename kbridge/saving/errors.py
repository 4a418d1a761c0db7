"""The one error for files and configs that can't be read."""

from __future__ import annotations


class ModelFileError(ValueError):
    """A model file, a weights file or a stored config is damaged, unsafe or doesn't fit; the message says what and where."""
