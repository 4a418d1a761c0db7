"""Names of a model's classes, and which of them are likely."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UsageError
from .signature import Tensor, all_layers

#: the file beside a model that Teachable Machine writes
BESIDE = "labels.txt"


def read_labels(path: Path) -> list[str]:
    """The class names of a text file, one a line; numbers in front that count the lines from 0 are left out.

    Raises:
        UsageError: the file has no names or can't be read as text.
    """
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError:
        raise UsageError(f"{str(path)!r} should be a text file in UTF-8 with a label in each line.") from None
    if not lines:
        raise UsageError(f"{str(path)!r} holds no labels. It should hold one in each line.")
    numbered = [re.fullmatch(r"(\d+)[\s,:;]+(.+)", line) for line in lines]
    if all(found and int(found[1]) == number for number, found in enumerate(numbered)):
        return [found[2] for found in numbered if found]
    return lines


def beside(model_path: str) -> Path | None:
    """``labels.txt`` in the model's folder, if there is one."""
    found = Path(model_path).resolve().parent / BESIDE
    return found if found.is_file() else None


def fitting(labels: list[str], outputs: list[Tensor]) -> bool:
    """Whether there is a label for each value of some output; two may name the sides of a single value."""
    return any(
        len(output.shape) == 1 and output.shape[0] in (len(labels), len(labels) - 1 if len(labels) == 2 else None) for output in outputs
    )


def gives_classes(model: Any) -> bool:
    """Whether the model ends with a softmax or a sigmoid, so that its values are probabilities of classes."""
    last = list(all_layers(model))[-1]
    name = getattr(getattr(last, "activation", None), "__name__", "")
    return name in ("softmax", "sigmoid") or type(last).__name__ == "Softmax"


def independent(model: Any) -> bool:
    """Whether the model ends with a sigmoid, so that the probabilities of its classes don't sum to 1."""
    return getattr(getattr(list(all_layers(model))[-1], "activation", None), "__name__", "") == "sigmoid"


def probabilities(values: np.ndarray, apart: bool = False) -> bool:
    """Whether a row's values can be probabilities: from 0 to 1 and, unless they stand ``apart`` or alone, of the sum 1."""
    inside = bool(np.all((values >= 0) & (values <= 1 + 1e-6)))
    return inside and (apart or len(values) == 1 or abs(float(np.sum(values, dtype="float64")) - 1) < 0.01)


def top(values: np.ndarray, labels: list[str] | None, count: int) -> list[tuple[str, float]]:
    """The ``count`` likeliest classes of a vector of probabilities with their probabilities, the likeliest first.

    A single value is the probability of the second of two classes.
    """
    if len(values) == 1:
        values = np.array([1 - values[0], values[0]])
    names = labels if labels and len(labels) == len(values) else [str(i) for i in range(len(values))]
    order = np.argsort(-values, kind="stable")[:count]
    return [(names[i], values[i]) for i in order]
