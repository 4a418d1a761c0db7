"""Upsampling, zero padding and cropping of sequences, images and volumes; ``Resizing`` itself is in ``image_layers.py``."""

from __future__ import annotations

from .cropping import Cropping1D, Cropping2D, Cropping3D
from .up_sampling import UpSampling1D, UpSampling2D, UpSampling3D
from .zero_padding import ZeroPadding1D, ZeroPadding2D, ZeroPadding3D

__all__ = [
    "Cropping1D",
    "Cropping2D",
    "Cropping3D",
    "UpSampling1D",
    "UpSampling2D",
    "UpSampling3D",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "ZeroPadding3D",
]
