"""The TensorFlow engine: a private graph and session beside the eager execution of the user's process.

``state`` holds the graph, its session and the values that variables get before the first run;
``scope`` makes every backend function build into that graph; ``function`` compiles and runs.
"""

from .backend import TensorflowBackend

__all__ = ["TensorflowBackend"]
