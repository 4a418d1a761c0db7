"""The shares by which losses divide: the part of a batch's samples, or of their steps, that counts."""

from __future__ import annotations

from typing import Any

from .. import backend as K
from ..backends.ones import note_share


class Shares:
    """Puts numbers that are fed in the place of shares: the part of a batch's samples or steps that counts.

    A mean over what counts is a mean over all, divided by the share. Many workers' means add up if all divide by the same.

    Attributes:
        found: (what it is the share of, the share as computed here, the placeholder that stands for it) of each.
    """

    def __init__(self):
        self.found: list[tuple[Any, Any, Any]] = []

    def instead(self, of: Any, share: Any) -> Any:
        """Return what the loss divides by."""
        placeholder = K.placeholder(shape=())
        self.found.append((of, share, placeholder))
        return placeholder

    def __enter__(self) -> Shares:
        global _shares
        self._before, _shares = _shares, self
        return self

    def __exit__(self, *exception) -> None:
        global _shares
        _shares = self._before


_shares: Shares | None = None


def share(kept, of):
    """The mean of ``kept``, zeros and ones; ``of``: the weights or the mask that they come from. Never 0."""
    mean = K.mean(kept)
    note_share(of, mean)
    if _shares is not None:
        mean = _shares.instead(of, mean)
    # so that a batch with nothing kept gives a loss of 0, not NaN
    return K.maximum(mean, K.epsilon())
