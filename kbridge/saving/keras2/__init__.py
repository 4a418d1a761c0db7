"""Configs, weights and training state of files that Keras 2 (2.0 to 2.x, tf.keras included) wrote, as those of Keras 1.

Nothing is dropped silently: an option that kbridge's layers don't have is a ModelFileError that names the layer.
"""

from .detection import is_of_tensorflow, major_version, speaks_keras2
from .models import to_keras1, translated_layer
from .values import read_option

__all__ = ["is_of_tensorflow", "major_version", "read_option", "speaks_keras2", "to_keras1", "translated_layer"]
