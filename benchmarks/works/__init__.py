"""The works, each a module with a ``WORK``."""

from . import cnn, lstm, mlp, tiny_mlp

WORKS = {"tiny_mlp": tiny_mlp.WORK, "mlp": mlp.WORK, "cnn": cnn.WORK, "lstm": lstm.WORK}
