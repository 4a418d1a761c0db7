"""``keras.ops.nn``: functions of Keras 3 of this module, by their names there; see ``kbridge.ops``."""

from __future__ import annotations

from typing import Any

from . import function


def __getattr__(name: str) -> Any:
    return function(f"keras.ops.nn.{name}")
