"""Options that several families have: those of kernels and biases, of axes, and those that have only another name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..options import Options
from ..values import activation, constraint, initializer, regularizer, zeros

#: What a translation gives: the class's name in Keras 1, and its config without what all layers have.
Translated = tuple[str, dict[str, Any]]
Translation = Callable[[Options], Translated]


def affine(options: Options, places: Sequence[int] | None = None, usual_activation: str = "linear") -> dict[str, Any]:
    """Return the options of layers with a kernel, a bias and an activation. ``places``: where the kernel's axes are here, as for ``constraint``."""
    zeros(options)
    return {
        "init": initializer(options, "kernel_initializer", "glorot_uniform"),
        "activation": activation(options, default=usual_activation),
        "W_regularizer": regularizer(options, "kernel_regularizer"),
        "b_regularizer": regularizer(options, "bias_regularizer"),
        "activity_regularizer": regularizer(options, "activity_regularizer"),
        "W_constraint": constraint(options, "kernel_constraint", places),
        "b_constraint": constraint(options, "bias_constraint"),
        "bias": bool(options.take("use_bias", True)),
    }


def features_first(dim_ordering: str) -> dict[str, str]:
    """The option of layers over time, which have the features last without it."""
    return {"dim_ordering": "th"} if dim_ordering == "th" else {}


def kernel_lengths(size: list[int]) -> dict[str, int]:
    names = ("nb_row", "nb_col") if len(size) == 2 else ("kernel_dim1", "kernel_dim2", "kernel_dim3")
    return dict(zip(names, size, strict=True))


def renamed(name: str, **keys: str) -> Translation:
    """A layer whose options (Keras 1 name=Keras 2 name) differ at most by their names."""

    def translate(options: Options) -> Translated:
        return name, {new: options.need(old) for new, old in keys.items()}

    return translate
