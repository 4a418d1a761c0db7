"""Weights of 8 bits, which Keras 3 stores with a number for each column or row that they are to be divided by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .cudnn import Rearranged

#: how attention multiplies its inputs, and what its heads give
HEADS, FROM_HEADS = "abc,cde->abde", "abde,dec->abc"


def kernel_first(arrays: Sequence[Any]) -> list[Any]:
    """The arrays of a layer in the order of an archive: ``.h5`` files list what is trained, the bias, before the rest."""
    whole = [array for array in arrays if getattr(array, "dtype", None) == np.int8]
    if len(whole) != 1:
        return list(arrays)
    return sorted(arrays, key=lambda array: 0 if array is whole[0] else 2 if array.name.endswith("_scale") else 1)


def of_heads(arrays: Sequence[Any]) -> list[Any]:
    """The arrays of attention in an ``.h5`` file, which lists all biases before the rest, one multiplication after the other."""
    if not any(getattr(array, "dtype", None) == np.int8 for array in arrays):
        return list(arrays)
    parts: dict[str, list] = {}
    for array in arrays:
        parts.setdefault(array.name.rpartition("/")[0], []).append(array)
    equations = {part: FROM_HEADS if part.endswith("output") else HEADS for part in parts}
    return [array for part, found in parts.items() for array in in_equation(kernel_first(found), equations[part])]


def in_equation(arrays: Sequence[Any], equation: str) -> list[Any]:
    """The arrays of a layer that multiplies by a kernel as ``equation`` says ('abc,cd->abd').

    The scales have the axes of the output there: 1 where the kernel has none of that letter.
    """
    found = list(arrays)
    if len(found) < 2 or getattr(found[0], "dtype", None) != np.int8:
        return found
    kernel, output = equation.replace(" ", "").replace("...", "").partition(",")[2].split("->")
    whole, scales = found[0], found[-1]
    sizes = dict(zip(kernel, whole.shape, strict=False))
    if len(kernel) != len(whole.shape) or tuple(sizes.get(letter, 1) for letter in output) != scales.shape[-len(output) :]:
        return found
    kept = [letter for letter in output if letter in sizes]

    def read(value: np.ndarray) -> np.ndarray:
        factors = scales.read().reshape([sizes[letter] for letter in kept])
        factors = np.transpose(factors, [kept.index(letter) for letter in kernel if letter in kept])
        return value / factors.reshape([sizes[letter] if letter in kept else 1 for letter in kernel])

    return [Rearranged(whole, whole.shape, read), *found[1:-1]]


def unquantized(arrays: Sequence[Any], wanted: int) -> list[Any]:
    """``arrays`` with a kernel or embeddings of 8 bits and their scales as the numbers that they stand for."""
    found = list(arrays)
    if len(found) == wanted + 1 and getattr(found[0], "dtype", None) == np.int8 and len(found[0].shape) == 2 and len(found[-1].shape) == 1:
        whole, scales = found[0], found.pop()
        along_rows = wanted == 1 and scales.shape == whole.shape[:1]  # embeddings; a kernel has a scale for each column
        if along_rows or scales.shape == whole.shape[1:]:
            found[0] = Rearranged(whole, whole.shape, lambda value: value / (scales.read()[:, np.newaxis] if along_rows else scales.read()))
    return found
