"""Convolutions over time, images and volumes; upsampling, padding and cropping: the names of Keras 1's module."""

from __future__ import annotations

import functools

from ... import activations, constraints, initializations, regularizers
from ... import backend as K
from ...engine.topology import InputSpec, Layer
from ...utils.np_utils import conv_input_length, conv_output_length
from ..pooling import (
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
)
from ..resizing import (
    Cropping1D,
    Cropping2D,
    Cropping3D,
    UpSampling1D,
    UpSampling2D,
    UpSampling3D,
    ZeroPadding1D,
    ZeroPadding2D,
    ZeroPadding3D,
)
from .atrous import AtrousConv1D, AtrousConv2D, AtrousConvolution1D, AtrousConvolution2D
from .conv1d import Conv1D, Convolution1D
from .conv2d import Conv2D, Convolution2D
from .conv3d import Conv3D, Convolution3D
from .deconvolution import Deconv2D, Deconvolution2D
from .separable import SeparableConv2D, SeparableConvolution2D

__all__ = [
    "AtrousConv1D",
    "AtrousConv2D",
    "AtrousConvolution1D",
    "AtrousConvolution2D",
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "Conv1D",
    "Conv2D",
    "Conv3D",
    "Convolution1D",
    "Convolution2D",
    "Convolution3D",
    "Cropping1D",
    "Cropping2D",
    "Cropping3D",
    "Deconv2D",
    "Deconvolution2D",
    "InputSpec",
    "K",
    "Layer",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
    "SeparableConv2D",
    "SeparableConvolution2D",
    "UpSampling1D",
    "UpSampling2D",
    "UpSampling3D",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "ZeroPadding3D",
    "activations",
    "constraints",
    "conv_input_length",
    "conv_output_length",
    "functools",
    "initializations",
    "regularizers",
]
