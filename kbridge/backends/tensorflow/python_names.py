"""``tf.python``, which TensorFlow 2 dropped: one program of ten of Keras 1's years sets ``tf.python.control_flow_ops = tf``."""

from __future__ import annotations

import importlib
from types import ModuleType


class PythonNames(ModuleType):
    """``tf.python``: what a program sets in it stays here; the rest is ``tensorflow.python``."""

    def __getattr__(self, name: str):
        for place in ("tensorflow.python", "tensorflow.python.ops", "tensorflow.python.framework"):
            try:
                return importlib.import_module(f"{place}.{name}")
            except ModuleNotFoundError:
                continue
        return getattr(importlib.import_module("tensorflow.python"), name)


def complete(tf: ModuleType) -> None:
    """Give TensorFlow its ``tf.python``."""
    if not hasattr(tf, "python"):
        tf.python = PythonNames("tensorflow.python")  # type: ignore[attr-defined]
