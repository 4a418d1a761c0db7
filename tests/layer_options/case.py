"""What a case is: a layer, its options and its inputs, as data."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

#: modules of this package with tables of cases
FAMILIES = (
    "attention",
    "convolutions",
    "merging",
    "normalization",
    "penalties",
    "pooling",
    "recurrent",
    "recurrent_dropout",
    "recurrent_states",
    "reversible",
    "spectrograms",
    "training",
    "wrappers",
)
LIBRARIES = ("tf_keras", "keras3")

#: names of inputs -> their shapes without the samples; those that start with 'whole' are whole numbers below 7, with 'batch' have two samples
INPUTS: dict[str, tuple[int | None, ...]] = {
    "vector": (6,), "series": (7, 4), "other_series": (5, 4), "image": (5, 4, 4), "volume": (3, 4, 3, 2), "whole_series": (5,),
    "whole_vector": (3,), "narrow_series": (7, 1), "series_of_6": (5, 6), "other_features": (7, 2),
    "steps": (4, 3), "film1": (3, 5, 2), "film2": (2, 4, 5, 2), "film3": (2, 3, 4, 3, 1), "batch_steps": (4, 3), "batch_film1": (3, 5, 2),
    "batch_film2": (2, 4, 5, 2), "batch_film3": (2, 3, 4, 3, 1), "state": (2,), "other_state": (2,), "wide_state": (3,), "map1": (5, 2), "map2": (4, 5, 2),
    "map3": (3, 4, 3, 2), "sound": (60,), "sounds": (2, 60), "vectors": (5, 3),
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One call of one layer.

    Attributes:
        layer: the class in ``keras.layers``.
        options: its arguments.
        inputs: names of INPUTS; several are given as a list.
        masked: the inputs come through a Masking layer, or an Embedding for whole numbers.
        call: arguments of the call.
        library: 'tf_keras' or 'keras3' for what only one of them has.
        twin: the library computes it with the channels last between two Permute layers, as a CPU has no kernels for channels first.
        spread: the inputs are arguments by themselves, not a list.
        drawn: training draws numbers.
        states: how many of the inputs, the last ones, are initial states.
        refused: 'onnx' or 'keras3' -> the id of the refusal, where that format can't hold it.
        wrapped: the layer around which this one is a wrapper, as (class, options).
        parts: arguments that are layers themselves, as (class, options), or lists of such.
    """

    layer: str
    options: dict[str, Any] = field(default_factory=dict)
    inputs: tuple[str, ...] = ("vector",)
    masked: bool = False
    call: dict[str, Any] = field(default_factory=dict)
    library: str | None = None
    twin: bool = False
    spread: bool = False
    drawn: bool = False
    states: int = 0
    refused: dict[str, str] = field(default_factory=dict)
    wrapped: tuple[str, dict[str, Any]] | None = None
    parts: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """What an error shows."""
        shown = ", ".join(f"{k}={v!r}" for k, v in (self.options | self.parts | self.call).items())
        return f"{self.layer}({shown}) of {'masked ' if self.masked else ''}{', '.join(self.inputs)}"


def cases(family: str, library: str) -> list[Case]:
    """The cases of a family that a library has."""
    table = importlib.import_module(f"layer_options.{family}").CASES
    return [case for case in table if case.library in (None, library)]


def names_of_inputs(table: list[Case]) -> list[str]:
    """The inputs that these cases need, each once."""
    return list(dict.fromkeys(name for case in table for name in case.inputs))


def samples(name: str) -> int | None:
    """How many samples an input has, where it says so."""
    return 2 if name.startswith("batch") else None


def values(name: str) -> np.ndarray:
    """Two samples of an input; the second ends in steps of zeros."""
    draw = np.random.RandomState(sum(map(ord, name)))
    shape = (2, *INPUTS[name])
    if name.startswith("whole"):
        x = draw.randint(0, 7, shape).astype("int32")
    else:
        x = np.round(draw.normal(size=shape), 2).astype("float32")
    if len(shape) > 2:
        x[1, -(shape[1] // 2) :] = 0
    return x


def targets(results: list[np.ndarray], places: list[int] | None = None) -> list[np.ndarray]:
    """What the models are trained towards for one step: for all outputs, or those at ``places``."""
    draw = np.random.RandomState(7)
    found = [np.round(draw.normal(size=y.shape), 2).astype("float32") for y in results]
    return found if places is None else [found[place] for place in places]
