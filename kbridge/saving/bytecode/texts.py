"""The entry of a config for a function: its code as a text, its defaults and the contents of its closure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from .records import MAX_BYTES, Unreadable


def parts_of(value: Any) -> tuple[bytes, Any, Any]:
    """The bytes of the code, the defaults and the closure in a config's ``value``. Raises Unreadable.

    Keras 1 and 2 wrote a list of the three, the first Keras 1 the code alone, later tf.keras and Keras 3 a record of a class ``__lambda__``.
    """
    if isinstance(value, Mapping):
        inner = value.get("config")
        value = [inner.get(key) for key in ("code", "defaults", "closure")] if isinstance(inner, Mapping) else None
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, (list, tuple)) or not value or not isinstance(value[0], str):
        raise Unreadable("it isn't stored as a function")
    defaults, closure = [*value[1:3], None, None][:2]
    return _bytes(value[0]), defaults, closure


def _bytes(text: str) -> bytes:
    """Keras 1 wrote the bytes as characters, by ``raw_unicode_escape``; later versions in base64."""
    if len(text) > 2 * MAX_BYTES:
        raise Unreadable(f"its bytecode has more than {MAX_BYTES} bytes")
    try:
        # a code record begins with 'c', with or without its highest bit
        if text[:1] in ("c", "\xe3"):
            return text.encode("raw_unicode_escape")
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Unreadable("its bytecode is damaged") from None
