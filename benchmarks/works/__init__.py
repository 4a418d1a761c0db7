"""The works, each a module with a ``WORK``, or several."""

from . import cnn, lstm, mlp, ops, tiny_mlp

WORKS = {"tiny_mlp": tiny_mlp.WORK, "mlp": mlp.WORK, "cnn": cnn.WORK, "lstm": lstm.WORK, **ops.WORKS}
