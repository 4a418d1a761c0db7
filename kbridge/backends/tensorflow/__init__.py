"""The TensorFlow backend: a private graph and session beside the eager execution of the user's process.

``state`` holds the graph, its session and the values that variables get before the first run;
``scope`` makes every backend function build into that graph; ``function`` compiles and runs.
"""

from .. import registry
from . import python_names
from .backend import TensorflowBackend
from .quiet import tf
from .state import share_default_graph

python_names.complete(tf)
registry.tell_loaded("tensorflow", tf, share_default_graph)

__all__ = ["TensorflowBackend"]
