"""The tags that PyYAML's dumper wrote for values of NumPy and TensorFlow in configs, read as data: numbers and lists.

Keras dumped its configs with the dumper that can store any Python object, so that a NumPy number became the calls that make it. Here no call
is made and no name looked up: a few known names stand for a way to read what follows, every other one is refused.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

_PREFIX = "tag:yaml.org,2002:python/"
#: what a class of TensorFlow that holds a list is called, wherever it lies
_LISTS = ("ListWrapper", "TrackableListWrapper", "_TupleWrapper", "TensorShape")
_DICTS = ("_DictWrapper",)
_TYPES = frozenset(f"{kind}{size}" for kind in "fiu" for size in (1, 2, 4, 8)) - {"f1"} | {"b1"}
_MAX_NUMBERS = 65_536


class _Type(str):
    """The name of a NumPy type in a text."""


def add_tags(loader: Any) -> None:
    """Let a class of safe loaders read the tags."""
    loader.add_multi_constructor(_PREFIX + "object/apply:", _applied)
    loader.add_multi_constructor(_PREFIX + "object/new:", _applied)
    # numpy's own calls name it; it tells nothing
    loader.add_constructor(_PREFIX + "name:numpy.ndarray", lambda loader, node: None)


def _applied(loader: Any, name: str, node: Any) -> Any:
    last = name.rpartition(".")[2]
    if last in (*_LISTS, *_DICTS) and name.startswith(("tensorflow.", "tensorflow_core.", "keras.", "tf_keras.")):
        return _wrapped(loader, node, last)
    if name in (
        "numpy.dtype",
        "numpy.core.multiarray.scalar",
        "numpy._core.multiarray.scalar",
        "numpy.core.multiarray._reconstruct",
        "numpy._core.multiarray._reconstruct",
    ):
        called = _call(loader, node)
        if last == "dtype":
            if ">" in (str(called["args"][0])[:1], *called["state"][1:2]):
                raise ValueError("numbers that are stored with the highest byte first")
            return _Type(called["args"][0])
        if last == "scalar":
            kind, data = called["args"]
            return _numbers(kind, data, 1)[0]
        # version, shape, type, whether in Fortran's order, bytes
        _, shape, kind, fortran, data = called["state"]
        values = _numbers(kind, data, math.prod(shape))
        return np.reshape(values, tuple(shape), order="F" if fortran else "C").tolist()
    raise ValueError(f"the tag of {name!r} is unknown; kbridge calls nothing that a text names")


def _call(loader: Any, node: Any) -> dict[str, Any]:
    """The arguments and the state of a call."""
    if hasattr(node, "value") and node.value and isinstance(node.value[0], tuple):
        found = loader.construct_mapping(node, deep=True)
    else:
        found = {"args": loader.construct_sequence(node, deep=True)}
    return {"args": found.get("args", ()), "state": found.get("state", ())}


def _wrapped(loader: Any, node: Any, name: str) -> Any:
    """The list or dict that a class of TensorFlow wrapped."""
    called = _call(loader, node)
    args = called["args"]
    inner = args[0] if args else {} if name in _DICTS else []
    if isinstance(inner, (list, tuple, Mapping)) and isinstance(inner, Mapping) == (name in _DICTS):
        return inner
    raise ValueError(f"a {name} that holds a {type(inner).__name__}")


def _numbers(kind: Any, data: Any, count: int) -> list:
    if not isinstance(kind, _Type) or kind.lstrip("<=|") not in _TYPES or not isinstance(data, bytes):
        raise ValueError(f"numbers of the type {kind!r} in {type(data).__name__}")
    found = np.dtype(kind.lstrip("<=|")).newbyteorder("<")
    if count > _MAX_NUMBERS or len(data) != count * found.itemsize:
        raise ValueError(f"{count} numbers of the type {kind} in {len(data)} bytes")
    return np.frombuffer(data, found).tolist()
