"""Primitives that draw random numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod

from .types import Tensor


class Randomness(ABC):
    """Random numbers."""

    @abstractmethod
    def random_uniform(self, shape, low=0.0, high=1.0, dtype: str | None = None, seed: int | None = None) -> Tensor:
        """New values in [low, high) at each evaluation.

        Args:
            shape: the lengths of the axes, ints or scalar int tensors.
            low: the least value.
            high: the upper limit.
            dtype: the dtype of the result; floatx if left out.
            seed: a whole number that gives one sequence of draws on one backend; None draws it from NumPy's global state.
        """

    @abstractmethod
    def random_normal(self, shape, mean=0.0, std=1.0, dtype: str | None = None, seed: int | None = None) -> Tensor:
        """New values from a normal distribution at each evaluation.

        Args:
            shape: the lengths of the axes, ints or scalar int tensors.
            mean: the mean.
            std: the standard deviation.
            dtype: the dtype of the result; floatx if left out.
            seed: a whole number that gives one sequence of draws on one backend; None draws it from NumPy's global state.
        """
