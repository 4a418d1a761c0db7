"""Primitives that make tensors and tell what they are: variables, constants, placeholders, values, shapes, dtypes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from .types import Shape, Tensor


class Tensors(ABC):
    """Tensors and their values."""

    @abstractmethod
    def is_tensor(self, x: Any) -> bool:
        """Whether ``x`` is one of the backend's own symbolic objects: a placeholder, variable, constant or result."""

    @abstractmethod
    def is_variable(self, x: Any) -> bool:
        """Whether ``x`` is a variable, as ``variable`` returns it."""

    @abstractmethod
    def variable(self, value, dtype: str | None = None, name: str | None = None) -> Tensor:
        """A tensor with a stored value. It is called ``name``, if that is given.

        ``value`` is copied: an array, a number, or a scipy sparse matrix, which stays sparse where the backend can. ``dtype=None`` is ``floatx``.
        """

    @abstractmethod
    def constant(self, value, dtype: str | None = None, name: str | None = None) -> Tensor:
        """A tensor whose value never changes; ``name`` is accepted on every backend.

        ``dtype=None`` keeps the dtype of an array or NumPy scalar ``value`` and gives ``floatx``, ``int32`` or ``bool`` to Python values.
        """

    @abstractmethod
    def placeholder(
        self, shape=None, ndim: int | None = None, dtype: str | None = None, sparse: bool = False, name: str | None = None
    ) -> Tensor:
        """An input of a function.

        Args:
            shape: the lengths of its axes, None for unknown ones.
            ndim: the number of axes, all of unknown length, in place of ``shape``.
            dtype: the dtype of the result; floatx if left out.
            sparse: whether it takes scipy sparse matrices.
            name: a name for the tensor, or None.

        Raises:
            ValueError: neither ``shape`` nor ``ndim``.
        """

    @abstractmethod
    def get_value(self, x) -> np.ndarray:
        """A copy of the value of the variable ``x`` as an array (0-d for scalars); of another tensor what ``eval`` gives."""

    @abstractmethod
    def set_value(self, x, value) -> None:
        """Store ``value`` in the variable ``x``, cast to its dtype. A different shape: ValueError with both."""

    @abstractmethod
    def int_shape(self, x) -> Shape:
        """The static shape of ``x``, None where unknown; inferred through operators on every backend."""

    @abstractmethod
    def shape(self, x) -> Tensor:
        """The shape of ``x`` at run time: an int32 vector that can be indexed and passed to ``reshape`` etc."""

    @abstractmethod
    def dtype(self, x) -> str:
        """The dtype of ``x`` as a text: 'float32', 'int64', 'bool' ..."""

    @abstractmethod
    def tensor_name(self, x) -> str | None:
        """The name that ``x`` got from ``variable`` or ``placeholder``, free of what the backend adds to it."""

    @abstractmethod
    def is_sparse(self, tensor) -> bool:
        """Whether ``tensor`` is a sparse placeholder or variable."""

    @abstractmethod
    def to_dense(self, tensor) -> Tensor:
        """A dense tensor of a sparse one; a dense one as it is."""
