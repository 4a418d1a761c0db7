"""Functions of tensors as operators of ONNX: the primitives that all operations are composed of, in a file for each family."""

from . import elementwise, products, randomness, reductions, shapes  # noqa: F401  # they put their functions into the recorder's table
from .recorder import OnnxRecorder, operators

__all__ = ["OnnxRecorder", "operators"]
