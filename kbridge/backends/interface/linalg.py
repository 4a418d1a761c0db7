"""Primitives of linear algebra."""

from __future__ import annotations

from abc import ABC, abstractmethod

from .types import Tensor


class LinearAlgebra(ABC):
    """Matrix products."""

    @abstractmethod
    def dot(self, x, y) -> Tensor:
        """The last axis of ``x`` with the last but one of ``y`` (the only one of a vector), for any
        number of axes: shape x[:-1] + y[:-2] + y[-1:]. ``x`` may be sparse."""

    @abstractmethod
    def batch_matmul(self, x, y) -> Tensor:
        """The matrix products of the samples of ``x`` and ``y``: (batch, n, k) with (batch, k, m) gives (batch, n, m)."""
