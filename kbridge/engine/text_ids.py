"""Texts on their way to a layer. Strings never enter a backend; whole numbers that stand for them do.

An input of the dtype 'string' is a placeholder of whole numbers. Before a function of the backend is called, each text is looked up here, and gets the
next number if it is new. The layer that needs the texts finds them again by these numbers, on the host.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .node import to_list

#: the dtype of the placeholder
DTYPE = "int32"

_ids: dict[str, int] = {}
_texts: list[str] = []


def ids_of(texts: Any, name: str) -> np.ndarray:
    """Numbers for an array of texts (str, or bytes in UTF-8), in its shape. ValueError names the input if something is no text."""
    array = texts if isinstance(texts, np.ndarray) else np.asarray(texts, dtype=object)
    found = np.empty(array.shape, DTYPE)
    flat = found.reshape(-1)
    for i, text in enumerate(array.reshape(-1)):
        if isinstance(text, bytes):
            text = text.decode("utf8", "surrogateescape")
        if not isinstance(text, str):
            raise ValueError(f"The input {name!r} takes texts, got {text!r:.80}.")
        number = _ids.setdefault(str(text), len(_texts))
        if number == len(_texts):
            _texts.append(str(text))
        flat[i] = number
    return found


def texts_of(ids: np.ndarray) -> np.ndarray:
    """The texts that numbers stand for, as an array of objects."""
    found = np.empty(ids.shape, object)
    flat = found.reshape(-1)
    for i, number in enumerate(ids.reshape(-1)):
        flat[i] = _texts[int(number)] if 0 <= number < len(_texts) else ""
    return found


def placeholder_shape(shape: tuple) -> tuple:
    """The placeholder's shape: behind one text for each sample there is room for as many columns as its words become."""
    return (shape[0], None) if len(shape) == 2 and shape[1] == 1 else shape


def with_room(arrays: list, dtypes: list[str | None], layers: list[Any]) -> list:
    """Arrays of numbers for texts, those of one text for each sample as wide as the longest row that a layer makes of them."""
    if "string" not in dtypes:
        return arrays
    open_layers = [layer for layer in _all(layers) if hasattr(layer, "longest")]
    found = []
    for array, dtype in zip(arrays, dtypes, strict=True):
        if dtype == "string" and array is not None and array.ndim == 2 and array.shape[1] == 1:
            length = max((layer.longest(texts_of(array)) for layer in open_layers), default=1)
            array = np.pad(array, [(0, 0), (0, max(length, 1) - 1)], constant_values=-1)
        found.append(array)
    return found


def _all(layers: Any) -> list[Any]:
    """Layers, and those in models among them."""
    return [inner for layer in to_list(layers) for inner in [layer, *_all(getattr(layer, "layers", []))]]


def with_ids(arrays: Any, names: list[str], dtypes: list[str | None]) -> Any:
    """Return the arrays that a model is given for its inputs, with numbers for the texts of those of the dtype 'string'."""
    if "string" not in dtypes:
        return arrays
    if isinstance(arrays, dict):
        return {k: ids_of(v, k) if k in names and dtypes[names.index(k)] == "string" else v for k, v in arrays.items()}
    if len(names) == 1:
        one = isinstance(arrays, (list, tuple)) and len(arrays) == 1 and isinstance(arrays[0], (np.ndarray, list, tuple))
        return ids_of(arrays[0] if one else arrays, names[0])
    if not isinstance(arrays, (list, tuple)) or len(arrays) != len(names):
        return arrays  # an error of its own says what is wrong with it
    return [ids_of(a, n) if d == "string" else a for a, n, d in zip(arrays, names, dtypes, strict=True)]
