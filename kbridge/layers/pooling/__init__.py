"""Pooling over time, images and volumes, and over all of them at once."""

from __future__ import annotations

from ... import backend as K
from ...engine.topology import InputSpec, Layer
from ...utils.np_utils import conv_output_length
from .average_pooling import AveragePooling1D, AveragePooling2D, AveragePooling3D
from .global_pooling import (
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    GlobalMaxPooling3D,
)
from .max_pooling import MaxPooling1D, MaxPooling2D, MaxPooling3D

__all__ = [
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAveragePooling3D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GlobalMaxPooling3D",
    "InputSpec",
    "K",
    "Layer",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
    "conv_output_length",
]
