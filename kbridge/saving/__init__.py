"""Model files: the HDF5 layout of Keras 1, configs as JSON and YAML, safe reading and atomic writing.

Nothing here imports h5py or yaml before a file or a YAML text is touched.
"""

from __future__ import annotations

from ..utils.generic_utils import CustomObjectScope, custom_object_scope, get_custom_objects, register_keras_serializable

__all__ = ["CustomObjectScope", "custom_object_scope", "get_custom_objects", "register_keras_serializable"]
