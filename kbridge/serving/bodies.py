"""Bodies of requests: read within limits, JSON, and JSON as arrays of a model's inputs."""

from __future__ import annotations

import asyncio
import base64
import binascii
import gzip
import zlib
from typing import Any

import numpy as np
import orjson
from starlette.requests import ClientDisconnect, Request

from ..prediction.pictures import Fitting, picture
from ..prediction.signature import Tensor, shown
from .problems import Problem, bad
from .settings import Settings


async def read(request: Request, settings: Settings) -> bytes:
    """The body, unpacked if it is gzip. Problem 413 where it is longer than allowed, whatever its header said, 408 where it is too slow."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > settings.max_bytes:
        raise _too_long(settings)
    parts, size = [], 0
    try:
        async with asyncio.timeout(settings.timeout):
            async for part in request.stream():
                size += len(part)
                if size > settings.max_bytes:
                    raise _too_long(settings)
                parts.append(part)
    except TimeoutError:
        text = f"The request wasn't complete after {settings.timeout:g} seconds."
        raise Problem(408, text, {"connection": "close"}) from None
    except ClientDisconnect:
        raise Problem(499, "the client closed the connection before its request was complete") from None
    body = b"".join(parts)
    encoding = request.headers.get("content-encoding", "identity").lower()
    if encoding in ("gzip", "deflate"):
        return unpacked(body, encoding, settings)
    if encoding != "identity":
        raise Problem(415, f"Content-Encoding {encoding!r} is unknown; use identity, gzip or deflate")
    return body


def unpacked(body: bytes, encoding: str, settings: Settings) -> bytes:
    """The body behind gzip or deflate, of at most as many bytes as any other body."""
    machine = zlib.decompressobj(31 if encoding == "gzip" else 15)
    try:
        found = machine.decompress(body, settings.max_bytes + 1)
    except zlib.error as error:
        raise bad(f"the body isn't valid {encoding}: {error}") from None
    if len(found) > settings.max_bytes:
        raise _too_long(settings)
    if not machine.eof:
        raise bad(f"the end of the {encoding} body is missing")
    return found


def packed(body: bytes) -> bytes:
    """As gzip."""
    return gzip.compress(body, 1)


def parsed(body: bytes, settings: Settings) -> dict[str, Any]:
    """The JSON object of a body. Its numbers are counted by its commas before it is parsed: each costs more than its text."""
    if body.count(b",") >= settings.max_values:
        raise Problem(413, f"The request has more than {settings.max_values:,} values.")
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise bad(f"JSON Parse error: {error}") from None
    if not isinstance(found, dict):
        raise bad(f"Malformed request: a JSON object was expected, got {_kind(found)}.")
    return found


def has_words(body: bytes) -> bool:
    """Whether ``true`` or ``false`` may stand among the values: NumPy takes them for 1 and 0 where numbers stand beside them."""
    return b"true" in body or b"false" in body


def rows(values: Any, tensor: Tensor, fitting: Fitting, settings: Settings, words: bool = True) -> np.ndarray:
    """A list of samples as a batch of the input ``tensor``; ``words``: see :func:`has_words`.

    Raises:
        Problem: 400 for what is empty, ragged, not a number, not finite, or of another shape.
    """
    if not isinstance(values, list):
        raise bad(f"Input {tensor} takes a list of samples, got {_kind(values)}.")
    if not values:
        raise bad(f"Input {tensor}: the request holds no samples.")
    if any(isinstance(value, dict) for value in values):
        return np.stack(_pictures(values, tensor, fitting))
    return batch(array_of(values, str(tensor), tensor.dtype, words), tensor, settings)


def batch(array: np.ndarray, tensor: Tensor, settings: Settings) -> np.ndarray:
    """An array with the samples first as a batch of the input ``tensor``; Problem 400 where it doesn't fit."""
    if array.ndim < 1 or not tensor.fits(array.shape[1:]):
        raise bad(f"Input {tensor} takes samples of this shape, got {shown(array.shape[1:]) if array.ndim else 'a number'}.")
    if not len(array):
        raise bad(f"Input {tensor}: the request holds no samples.")
    if array.size > settings.max_values:
        raise Problem(413, f"The request has more than {settings.max_values:,} values.")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise bad(f"Input {tensor}: a value is NaN or infinite.")
    if tensor.dtype.startswith(("int", "uint")) and array.dtype.kind == "f" and (array % 1 != 0).any():
        raise bad(f"Input {tensor} takes whole numbers ({tensor.dtype}), got a number with a fraction.")
    with np.errstate(over="ignore"):
        found = array.astype(tensor.dtype, copy=False)
    if found.dtype.kind == "f" and not np.isfinite(found).all():
        raise bad(f"Input {tensor}: a value is too large for {tensor.dtype}.")
    return found


def array_of(values: Any, name: str, dtype: str, words: bool) -> np.ndarray:
    """Nested lists of numbers, or of ``true`` and ``false`` for a bool ``dtype``, as an array. Problem 400 for anything else."""
    try:
        array = np.asarray(values)
    except (ValueError, OverflowError):
        raise bad(f"Input {name}: all samples and all lists inside them must have the same lengths.") from None
    if array.dtype.kind == "b" and dtype == "bool":
        return array
    odd = _first_odd(values) if words or array.dtype.kind not in "iuf" else ""
    if odd or array.dtype.kind not in "iuf":
        raise bad(f"Input {name} takes {'true and false' if dtype == 'bool' else 'numbers'}, got {odd or 'no value'}.")
    return array


def _pictures(values: list, tensor: Tensor, fitting: Fitting) -> list[np.ndarray]:
    found = []
    for value in values:
        if not isinstance(value, dict) or set(value) != {"b64"} or not isinstance(value["b64"], str):
            raise bad(f'Input {tensor} takes numbers, or pictures as {{"b64": "..."}}, got {_kind(value)}.')
        try:
            found.append(picture(base64.b64decode(value["b64"], validate=True), tensor, fitting))
        except binascii.Error as error:
            raise bad(f"Input {tensor}: b64 isn't valid base64: {error}") from None
        except (OSError, ValueError) as error:
            raise bad(f"Input {tensor}: {error}") from None
        if found[-1].shape != found[0].shape:
            raise bad(
                f"Input {tensor}: all pictures of a request must have the same size, got {shown(found[0].shape)} and "
                f"{shown(found[-1].shape)}."
            )
    return found


def _too_long(settings: Settings) -> Problem:
    return Problem(413, f"The body is longer than {settings.max_bytes:,} bytes.")


def _first_odd(values: Any) -> str:
    """The first entry that is no number."""
    if isinstance(values, list):
        return next((told for value in values if (told := _first_odd(value))), "")
    return "" if isinstance(values, (int, float)) and not isinstance(values, bool) else _kind(values)


def _kind(value: Any) -> str:
    names = {
        dict: "an object",
        list: "a list",
        str: "a text",
        bool: "true or false",
        type(None): "null",
        int: "a number",
        float: "a number",
    }
    return names.get(type(value), type(value).__name__)
