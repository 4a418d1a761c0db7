"""The base of layers under its import path in Keras 2."""

from .topology import InputSpec, Layer, Node

__all__ = ["InputSpec", "Layer", "Node"]
