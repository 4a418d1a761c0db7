"""The base of callbacks that watch one value: which way is better, and what happens if it is missing."""

from __future__ import annotations

import warnings

import numpy as np

from .direction import larger_is_better


class Monitor:
    """Compares values of ``name``. ``mode``: 'min', 'max', or 'auto' to tell from the name.

    A value is better by more than ``min_delta`` only (negative: also if it is worse by less). ``used``: whether values are compared at all.
    """

    def __init__(self, owner: str, name: str, mode: str = "auto", min_delta: float = 0.0, used: bool = True, margin_on_best=False):
        if mode not in ("auto", "min", "max"):
            warnings.warn(f"{owner}: the mode {mode!r} is unknown; using 'auto'.", RuntimeWarning, stacklevel=4)
            mode = "auto"
        self.owner = owner
        self.name = name
        self.larger = mode == "max"
        if mode == "auto":
            self.larger, sure = larger_is_better(name)
            if used and not sure:
                warnings.warn(
                    f"{owner}: mode 'auto' takes {'larger' if self.larger else 'smaller'} values of {name!r} as better, because of "
                    "its name. Set mode='max' or mode='min'. [differences: monitor-mode]",
                    UserWarning,
                    stacklevel=3,
                )
        # a negative one is a tolerance: slightly worse values count as better, as in Keras 1
        self.min_delta = min_delta
        self.margin_on_best = margin_on_best
        self.worst = -np.inf if self.larger else np.inf

    def better(self, value, than) -> bool:
        """Whether ``value`` beats ``than``."""
        margin = self.min_delta if self.larger else -self.min_delta
        # which side the margin is on decides ties of floats
        value, than = (value, than + margin) if self.margin_on_best else (value - margin, than)
        return bool(value > than if self.larger else value < than)

    def read(self, logs):
        """The value in ``logs``, or None with a warning."""
        value = (logs or {}).get(self.name)
        if value is None:
            warnings.warn(
                f"{self.owner} requires {self.name} available! Logged are: {', '.join(sorted(logs or {})) or 'none'}.",
                RuntimeWarning,
                stacklevel=3,
            )
        return value
