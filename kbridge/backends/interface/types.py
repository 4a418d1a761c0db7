"""Names for annotations of the contract."""

from __future__ import annotations

from typing import Any

Tensor = Any
#: lengths, None where one is unknown; said as Any, so that a program that knows its shapes may count with them
Shape = tuple[int | Any, ...]
