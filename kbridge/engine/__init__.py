"""The layer graph and training."""

from .topology import Input, InputLayer, InputSpec, Layer, Merge, get_source_inputs, merge
from .training import Model

__all__ = ["Input", "InputLayer", "InputSpec", "Layer", "Merge", "Model", "get_source_inputs", "merge"]
