"""Images: files and arrays, random changes, and batches for training."""

import os
import re
import threading
import warnings

import numpy as np

from ... import backend as K
from .files import array_to_img, img_to_array, list_pictures, load_img
from .generator import ImageDataGenerator
from .iterators import DirectoryIterator, Iterator, NumpyArrayIterator
from .transforms import (
    apply_transform,
    flip_axis,
    random_channel_shift,
    random_rotation,
    random_shear,
    random_shift,
    random_zoom,
    transform_matrix_offset_center,
)

# a star import brings the modules too, as programs of Keras 1 expect
__all__ = [
    "DirectoryIterator",
    "ImageDataGenerator",
    "Iterator",
    "K",
    "NumpyArrayIterator",
    "apply_transform",
    "array_to_img",
    "flip_axis",
    "img_to_array",
    "list_pictures",
    "load_img",
    "np",
    "os",
    "random_channel_shift",
    "random_rotation",
    "random_shear",
    "random_shift",
    "random_zoom",
    "re",
    "threading",
    "transform_matrix_offset_center",
    "warnings",
]
