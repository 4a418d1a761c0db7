"""Tells a server's answer in JSON from a model in JSON."""

from __future__ import annotations

import re

#: bytes that are looked at: the config of a model with a layer is found within them
_LOOKED_AT = 65536


def without_model(path: str) -> str | None:
    """Say what a file of JSON is that holds no model: mostly a server's answer; None if it may hold one."""
    with open(path, "rb") as file:
        text = file.read(_LOOKED_AT)
    if b'"class_name"' in text or len(text) == _LOOKED_AT:
        return None
    keys = re.findall(rb'[{,]\s*"(\w{1,30})"\s*:', text)[:4]
    shown = f" Its keys are {', '.join(key.decode() for key in keys)}." if keys else ""
    return (
        f"There is no model in it: no 'class_name'.{shown} A server may have sent an error in place of the file. Open the link in a browser, and "
        "download the file itself."
    )
