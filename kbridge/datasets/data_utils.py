"""Where Keras 0.x had ``get_file``."""

from ..utils.data_utils import get_file

__all__ = ["get_file"]
