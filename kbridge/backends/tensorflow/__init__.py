"""The TensorFlow engine: a private graph and session beside the eager execution of the user's process.

``state`` holds the graph, its session and the values that variables get before the first run;
``scope`` makes every backend function build into that graph; ``function`` compiles and runs.
"""

from ...compat import tensorflow_v1
from .backend import TensorflowBackend
from .quiet import tf
from .state import share_default_graph

tensorflow_v1.complete(tf, share_default_graph)

__all__ = ["TensorflowBackend"]
