"""Functions that belonged to one backend's machinery in Keras 1, and helpers that Theano code used."""

import contextlib

from ._base import Family


class Session(Family):
    def get_session(self):
        """TensorFlow's session; on other backends NotImplementedError."""
        raise NotImplementedError(_only_tensorflow("get_session", self.name))

    def set_session(self, session):
        """Use ``session`` on TensorFlow; on other backends NotImplementedError."""
        raise NotImplementedError(_only_tensorflow("set_session", self.name))

    def graph_scope(self):
        """A context in which raw operations of the backend's framework build the graph that ``K`` builds.

        Layers, losses and the like run users' code in it. Backends whose framework has one graph only,
        or none, need nothing.
        """
        return contextlib.nullcontext()

    def manual_variable_initialization(self, value):
        """Accepted for Keras 1 code: a variable has its value as soon as it is made, on every backend."""
        if not isinstance(value, bool):
            raise ValueError(f"manual_variable_initialization takes a bool, got {value!r}.")

    def is_explicit_shape(self, shape):
        """Whether ``shape`` is a list or tuple of known lengths."""
        return isinstance(shape, (list, tuple)) and None not in shape

    def pattern_broadcast(self, x, broadcastable):
        """``x``; Theano marks the axes where ``broadcastable`` is True as having length 1."""
        return x


def _only_tensorflow(function: str, backend: str) -> str:
    return (
        f"K.{function} needs the tensorflow backend, this one is {backend}. Use K.eval and K.function to run tensors, "
        f"or choose tensorflow with KBRIDGE_BACKEND=tensorflow or in keras.json."
    )
