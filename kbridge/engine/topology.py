"""The layer graph under its Keras 1 import path."""

import sys

from .. import backend as K
from .. import initializations
from ..utils.generic_utils import func_dump, func_load
from ..utils.io_utils import ask_to_proceed_with_overwrite
from .container import Container
from .input_layer import Input, InputLayer
from .input_spec import InputSpec
from .layer import Layer
from .merge import Merge, merge
from .node import Node, object_list_uid, to_list
from .sources import get_source_inputs

__all__ = [
    "Container",
    "Input",
    "InputLayer",
    "InputSpec",
    "K",
    "Layer",
    "Merge",
    "Node",
    "ask_to_proceed_with_overwrite",
    "func_dump",
    "func_load",
    "get_source_inputs",
    "initializations",
    "merge",
    "object_list_uid",
    "to_list",
]

# in Keras 1 ``keras.engine.merge`` is the function; importing the module of that name has put it there
sys.modules[__package__].merge = merge  # type: ignore[attr-defined]
