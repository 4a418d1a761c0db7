"""The running numeric settings that all backends of a process share: floatx, epsilon, dim ordering.

They start from :mod:`kbridge.config` and change through ``K.set_floatx`` and the like.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..config import DIM_ORDERINGS, FLOATX, startup

_state: dict[str, Any] = {}


def _get(key: str):
    if key not in _state:
        _state[key] = startup().value(key)
    return _state[key]


def floatx() -> str:
    """The default float dtype: 'float16', 'float32' or 'float64'."""
    return _get("floatx")


def set_floatx(floatx: str) -> None:
    """Make ``floatx`` the default float dtype: 'float16', 'float32' or 'float64'. ValueError for any other name."""
    if floatx not in FLOATX:
        raise ValueError(f"Unknown floatx: {floatx!r}. Allowed: {', '.join(FLOATX)}.")
    _state["floatx"] = str(floatx)


def epsilon() -> float:
    """The fuzz factor that keeps logarithms and divisions finite."""
    return _get("epsilon")


def set_epsilon(e: float) -> None:
    """Make ``e`` the fuzz factor. ValueError unless it is a number above 0."""
    if isinstance(e, bool) or not isinstance(e, (int, float, np.number)) or not e > 0:
        raise ValueError(f"epsilon must be a number above 0, got {e!r}.")
    _state["epsilon"] = float(e)


def image_dim_ordering() -> str:
    """'th' (channels first) or 'tf' (channels last)."""
    return _get("image_dim_ordering")


def set_image_dim_ordering(dim_ordering: str) -> None:
    """Make ``dim_ordering`` the default order of image axes: 'th' (channels first) or 'tf' (channels last). ValueError for any other name."""
    if dim_ordering not in DIM_ORDERINGS:
        raise ValueError(f"Unknown dim_ordering: {dim_ordering!r}. Allowed: {', '.join(DIM_ORDERINGS)}.")
    _state["image_dim_ordering"] = str(dim_ordering)


def cast_to_floatx(x) -> np.ndarray:
    """``x`` as a NumPy array of the default float dtype."""
    return np.asarray(x, dtype=floatx())


def resolve_dim_ordering(dim_ordering: str) -> str:
    """'default' gives the running setting; anything but 'th' or 'tf' is a ValueError."""
    if dim_ordering == "default":
        return image_dim_ordering()
    if dim_ordering not in DIM_ORDERINGS:
        raise ValueError(f"Unknown dim_ordering: {dim_ordering!r}. Allowed: 'default', {', '.join(map(repr, DIM_ORDERINGS))}.")
    return dim_ordering
