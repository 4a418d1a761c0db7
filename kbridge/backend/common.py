"""The backend-independent part of ``K``: settings, unique names, what a Keras tensor is."""

from __future__ import annotations

import sys
from collections import defaultdict

from ..backends.settings import (
    cast_to_floatx,
    epsilon,
    floatx,
    image_dim_ordering,
    set_epsilon,
    set_floatx,
    set_image_dim_ordering,
)
from . import private

__all__ = [
    "cast_to_floatx",
    "epsilon",
    "floatx",
    "get_uid",
    "image_dim_ordering",
    "is_keras_tensor",
    "legacy_weight_ordering",
    "reset_uids",
    "set_epsilon",
    "set_floatx",
    "set_image_dim_ordering",
    "set_legacy_weight_ordering",
]

_uids: defaultdict[str, int] = defaultdict(int)
_legacy_weight_ordering = False


def get_uid(prefix: str = "") -> int:
    """1, 2, 3 ... for each ``prefix``, to make names unique."""
    _uids[prefix] += 1
    return _uids[prefix]


def reset_uids() -> None:
    """Let ``get_uid`` start from 1 again for every prefix."""
    _uids.clear()


def is_keras_tensor(x) -> bool:
    """Whether ``x`` came out of a layer (or ``Input``), so that a model can be built through it."""
    return hasattr(x, "_keras_history")


def legacy_weight_ordering() -> bool:
    """Whether weights are ordered as by Keras before 1.0.8."""
    return _legacy_weight_ordering


def set_legacy_weight_ordering(value: bool) -> None:
    """Choose the order of weights of Keras before 1.0.8. ValueError unless ``value`` is a bool."""
    global _legacy_weight_ordering
    if not isinstance(value, bool):
        raise ValueError(f"legacy_weight_ordering must be True or False, got {value!r}.")
    _legacy_weight_ordering = value


def __getattr__(name: str):
    return private.lookup(name, __name__, backend=False)


sys.modules[__name__].__class__ = private.PrivateNames
