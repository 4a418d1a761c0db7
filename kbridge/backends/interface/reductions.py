"""Primitives that reduce axes: sums, means, extremes and their places."""

from __future__ import annotations

from abc import ABC, abstractmethod

from .types import Tensor


class Reductions(ABC):
    """Reductions."""

    @abstractmethod
    def sum(self, x, axis=None, keepdims: bool = False) -> Tensor:
        """The sum of the elements of ``x`` over ``axis``; ``keepdims`` leaves the reduced axes with length 1. Booleans are counted in ``int32``; other dtypes stay."""

    @abstractmethod
    def prod(self, x, axis=None, keepdims: bool = False) -> Tensor:
        """The product of the elements of ``x`` over ``axis``; ``keepdims`` leaves the reduced axes with length 1."""

    @abstractmethod
    def mean(self, x, axis=None, keepdims: bool = False) -> Tensor:
        """The mean of the elements of ``x`` over ``axis``; ``keepdims`` leaves the reduced axes with length 1. That of integers and booleans is ``floatx``."""

    @abstractmethod
    def max(self, x, axis=None, keepdims: bool = False) -> Tensor:
        """The largest element of ``x`` over ``axis``; ``keepdims`` leaves the reduced axes with length 1. Ties share the gradient."""

    @abstractmethod
    def min(self, x, axis=None, keepdims: bool = False) -> Tensor:
        """The smallest element of ``x`` over ``axis``; ``keepdims`` leaves the reduced axes with length 1. Ties share the gradient."""

    @abstractmethod
    def any(self, x, axis=None, keepdims: bool = False) -> Tensor:
        """Bool: whether an element of ``x`` over ``axis`` is true; numbers count as ``x != 0``. ``keepdims`` leaves the reduced axes with length 1."""

    @abstractmethod
    def all(self, x, axis=None, keepdims: bool = False) -> Tensor:
        """Bool: whether all elements of ``x`` over ``axis`` are true; ``keepdims`` leaves the reduced axes with length 1."""

    @abstractmethod
    def argmax(self, x, axis: int = -1) -> Tensor:
        """The first place of the largest element of ``x`` along ``axis``, or of the first NaN; int64."""

    @abstractmethod
    def argmin(self, x, axis: int = -1) -> Tensor:
        """The first place of the smallest element of ``x`` along ``axis``, or of the first NaN; int64."""

    @abstractmethod
    def cumsum(self, x, axis: int = 0) -> Tensor:
        """The running sum of ``x`` along ``axis``; booleans are counted in int32."""
