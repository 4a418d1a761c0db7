"""Functions of tensors as operations of Keras 3: a functional model of them, in the place of the layer. The operations stand in a file for each family."""

from . import elementwise, products, reductions, shapes  # noqa: F401  # they put their functions into the recorder's table
from .recorder import Keras3Recorder, as_model

__all__ = ["Keras3Recorder", "as_model"]
