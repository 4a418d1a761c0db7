"""All layers. A star import brings every layer class and, as in Keras 1, ``K`` and ``Layer``."""

from ..engine.topology import Input, InputLayer, InputSpec, Layer, Merge, merge
from .core import *  # noqa: F403
from .wrappers import *  # noqa: F403
