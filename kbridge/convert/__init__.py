"""Models in the formats of others: Keras 3 (``.keras``, ``.h5``), ONNX, JSON with weights, and Keras 1's own ``.h5``."""

from .files import FORMATS, convert, format_of, save_keras3, save_onnx, weights_beside
from .problems import NotConvertible

__all__ = ["FORMATS", "NotConvertible", "convert", "format_of", "save_keras3", "save_onnx", "weights_beside"]
