"""TensorFlow for programs from the years of its versions 0 and 1.

A module takes TensorFlow's place that has the names of versions 0.7 to 1.15, and the program's and the backend's graph are
one: what ``tf.placeholder`` makes and what layers make compute together. The backend itself keeps the real one.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

NAME = "tensorflow"

#: names of version 0 -> of version 1
RENAMED = {
    "all_variables": "global_variables",
    "batch_cholesky": "cholesky",
    "batch_matmul": "matmul",
    "batch_matrix_diag": "matrix_diag",
    "batch_matrix_inverse": "matrix_inverse",
    "complex_abs": "abs",
    "histogram_summary": "summary.histogram",
    "image_summary": "summary.image",
    "initialize_all_variables": "global_variables_initializer",
    "initialize_local_variables": "local_variables_initializer",
    "initialize_variables": "variables_initializer",
    "inv": "reciprocal",
    "listdiff": "setdiff1d",
    "merge_all_summaries": "summary.merge_all",
    "merge_summary": "summary.merge",
    "mul": "multiply",
    "neg": "negative",
    "pack": "stack",
    "scalar_summary": "summary.scalar",
    "select": "where",
    "sub": "subtract",
    "unpack": "unstack",
}


def complete(tf: ModuleType, share_default_graph: Callable[[], None]) -> None:
    """Called when the backend has loaded TensorFlow, where programs want the names of version 1."""
    tf.compat.v1.disable_eager_execution()
    # x.get_shape()[1].value
    tf.compat.v1.disable_v2_tensorshape()
    share_default_graph()
    sys.modules[NAME] = _Version1(tf)


class _Version1(ModuleType):
    """TensorFlow as a program of version 0 or 1 knew it."""

    def __init__(self, real: ModuleType):
        super().__init__(NAME, real.__doc__)
        v1 = real.compat.v1
        self.__dict__.update(
            __spec__=real.__spec__,
            __path__=real.__path__,
            __file__=real.__file__,
            __version__=real.__version__,
            _real=real,
            _v1=v1,
            python=real.python,
            concat=_concat(v1.concat),
            split=_split(v1.split),
            train=_Train(v1.train),
        )

    def __getattr__(self, name: str):
        value: Any
        if name in RENAMED and not hasattr(self._v1, name):
            value = self._v1
            for part in RENAMED[name].split("."):
                value = getattr(value, part)
            return value
        if not name.startswith("__") and hasattr(self._v1, name):
            return getattr(self._v1, name)
        if name == "contrib":
            raise AttributeError("TensorFlow 2 doesn't have tf.contrib, and kbridge run --tf1 can't bring it back.")
        return getattr(self._real, name)

    def __dir__(self):
        return sorted({*self.__dict__, *dir(self._v1), *RENAMED})


class _Train(ModuleType):
    """``tf.train`` with the writer that was in it."""

    def __init__(self, real: ModuleType):
        super().__init__("tensorflow.train")
        self._real = real

    def __getattr__(self, name: str):
        if name == "SummaryWriter":
            return importlib.import_module(NAME).summary.FileWriter
        return getattr(self._real, name)


def _concat(concat: Callable) -> Callable:
    def either(values, axis=None, name="concat", concat_dim=None):
        """Version 1's (values, axis), and version 0's (concat_dim, values)."""
        if concat_dim is not None:
            values, axis = (values if axis is None else axis), concat_dim
        elif isinstance(axis, (list, tuple)):
            values, axis = axis, values
        return concat(values, axis, name)

    return either


def _split(split: Callable) -> Callable:
    def either(value, num_or_size_splits=None, axis=0, num=None, name="split", **old):
        """Version 1's (value, num_or_size_splits, axis), and version 0's (split_dim, num_split, value)."""
        if old.keys() == {"split_dim", "num_split"}:
            return split(value, old["num_split"], old["split_dim"], name=name)
        if old:
            raise TypeError(f"split got unknown arguments: {', '.join(old)}.")
        if isinstance(value, int):
            value, axis = axis, value
        return split(value, num_or_size_splits, axis, num, name)

    return either
