"""The one error for files and configs that can't be read."""

from ..errors import ModelFileError

__all__ = ["ModelFileError"]
