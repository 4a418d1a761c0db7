"""Primitives that give tensors other shapes, join them, repeat them, and take parts of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from .types import Tensor


class Shapes(ABC):
    """Shapes and indices."""

    @abstractmethod
    def reshape(self, x, shape) -> Tensor:
        """``x`` in another ``shape``, in row-major order: ints, scalar int tensors, one -1; or an integer vector tensor."""

    @abstractmethod
    def permute_dimensions(self, x, pattern: Sequence[int]) -> Tensor:
        """``x`` with its axes in the order of ``pattern``, which names each axis once."""

    @abstractmethod
    def expand_dims(self, x, dim: int = -1) -> Tensor:
        """``x`` with a new axis of length 1 at place ``dim`` of the result; -1 is behind the last."""

    @abstractmethod
    def squeeze(self, x, axis: int) -> Tensor:
        """``x`` without its axis ``axis``, which has length 1."""

    @abstractmethod
    def concatenate(self, tensors: Sequence, axis: int = -1) -> Tensor:
        """The ``tensors`` behind each other along ``axis``; their other dimensions are equal."""

    @abstractmethod
    def pad(self, x, padding: Sequence[tuple[int, int]]) -> Tensor:
        """``x`` with zeros around it: ``padding`` is a list of (before, after), a pair for every axis."""

    @abstractmethod
    def tile(self, x, n) -> Tensor:
        """``x`` repeated as a whole along each axis; ``n`` is an int or one int (or scalar tensor) an axis."""

    @abstractmethod
    def repeat_elements(self, x, rep: int, axis: int) -> Tensor:
        """``x`` with each slice repeated ``rep`` times along ``axis``, like ``numpy.repeat``."""

    @abstractmethod
    def reverse(self, x, axes) -> Tensor:
        """``x`` with the order along ``axes`` (an int or a list) reversed."""

    @abstractmethod
    def gather(self, reference, indices) -> Tensor:
        """``reference[indices]`` along the first axis: shape of indices + shape of reference[0].
        Its gradient adds up over repeated indices. An index below 0 or too large is a ValueError (``_in_range``)
        when it is evaluated."""

    @abstractmethod
    def arange(self, start, stop=None, step=1, dtype: str = "int32") -> Tensor:
        """Numbers at equal distances, like ``numpy.arange``; the arguments may be scalar tensors.

        Args:
            start: the first number; the end, if ``stop`` isn't given, with 0 as the first.
            stop: the end, which isn't among them.
            step: the distance.
            dtype: the dtype of the result.
        """

    @abstractmethod
    def zeros_like(self, x, dtype: str | None = None, name: str | None = None) -> Tensor:
        """A tensor of zeros of the shape of ``x``, and of its dtype unless ``dtype`` is given; ``name`` is accepted on every backend."""

    @abstractmethod
    def ones_like(self, x, dtype: str | None = None, name: str | None = None) -> Tensor:
        """A tensor of ones of the shape of ``x``, and of its dtype unless ``dtype`` is given; ``name`` is accepted on every backend."""
