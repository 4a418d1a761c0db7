"""Utilities, under their Keras 1 import paths; each module is loaded when it is first used."""

import importlib

_MODULES = ("data_utils", "generic_utils", "io_utils", "layer_utils", "np_utils", "test_utils", "theano_utils", "visualize_util")


#: names that later Keras has here -> their modules
_NAMES = {
    **dict.fromkeys(("CustomObjectScope", "custom_object_scope", "get_custom_objects", "register_keras_serializable"), "generic_utils"),
    "to_categorical": "np_utils",
}


def __getattr__(name: str):
    if name in _NAMES:
        return getattr(importlib.import_module(f"{__name__}.{_NAMES[name]}"), name)
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
