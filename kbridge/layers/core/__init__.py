"""Core layers: activations, dropout, reshaping, Lambda, masking; the dense ones are in ``dense.py``."""

from __future__ import annotations

import copy
import inspect
import types as python_types
import warnings

import numpy as np

from ... import activations, constraints, initializations, regularizers
from ... import backend as K
from ...engine.topology import InputSpec, Layer, Merge
from ...utils.generic_utils import func_dump, func_load, get_from_module
from ..dense import Dense, Highway, MaxoutDense, TimeDistributedDense
from .activation import Activation
from .activity_regularization import ActivityRegularization
from .dropout import Dropout, SpatialDropout1D, SpatialDropout2D, SpatialDropout3D
from .lambda_layer import Lambda
from .masking import Masking
from .reshaping import Flatten, Permute, RepeatVector, Reshape

# a star import brings the modules that Keras 1 imported, too: programs rely on it
__all__ = [
    "Activation",
    "ActivityRegularization",
    "Dense",
    "Dropout",
    "Flatten",
    "Highway",
    "InputSpec",
    "K",
    "Lambda",
    "Layer",
    "Masking",
    "MaxoutDense",
    "Merge",
    "Permute",
    "RepeatVector",
    "Reshape",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "TimeDistributedDense",
    "activations",
    "constraints",
    "copy",
    "func_dump",
    "func_load",
    "get_from_module",
    "initializations",
    "inspect",
    "np",
    "python_types",
    "regularizers",
    "warnings",
]
