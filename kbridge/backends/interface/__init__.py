"""The contract between ``K`` and a backend: the primitives every backend implements.

A tensor is always the backend's own object. Everything that can be written from these primitives
without losing speed, stability or gradients is a composite (``kbridge.backends.composites``),
written once; a backend may override a composite with a faster kernel. The primitives stand in a file for each family;
nothing here knows a backend.

Conventions, the same on every backend
-------------------------------------
* ``x``, ``y`` may be a tensor, a variable, a NumPy array or a Python number; arrays and numbers take
  the dtype of the tensor they meet. Native operators work on tensors
  (``+ - * / ** // % < <= > >= & | ~ @``, unary ``-``, ``abs``, indexing).
* Two float or two integer tensors of different width give the wider; a float tensor with an integer
  or boolean one keeps the float dtype; true division of integers gives ``floatx``
  (float64 by TensorFlow's own operator).
* Comparisons give ``bool``; ``argmax`` and ``argmin`` give ``int64``; ``shape`` gives ``int32``.
* ``axis`` is an int, a list of ints, or None for all axes; negative values count from the end.
* Gradients at kinks: relu(0), abs(0), sign and round: 0. ``maximum``/``minimum`` at a tie: all of it
  to the first argument. ``max``/``min`` over an axis at ties: split evenly. ``clip``: 1 from
  ``min_value`` to ``max_value`` inclusive, 0 outside. ``sqrt`` at or below 0: 0.
* NaN goes through ``maximum``, ``minimum``, ``clip``, ``max``, ``min`` and ``relu``; 0 times NaN or infinity is NaN.
* argmax and argmin at ties: the first index. Zero-size batches work.
* Convolution is cross-correlation: kernels are never flipped.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import FunctionType
from typing import Any, ClassVar

from ..composites import Composites
from ..contributed import channels_last
from .elementwise import Elementwise
from .functions import Functions
from .linalg import LinearAlgebra
from .loops import Loops
from .neural import NeuralNetworks
from .randomness import Randomness
from .reductions import Reductions
from .shapes import Shapes
from .tensors import Tensors
from .types import Shape, Tensor

__all__ = ["GATHERED", "Backend", "Shape", "Tensor"]

#: what ``gather``'s error is about
GATHERED = "K.gather (of an Embedding, say): the index"


def _with_shape(make: Callable) -> Callable:
    """Wrap a method that makes placeholders or variables, so that these carry the attributes that programs of Keras 1 read from them."""

    @wraps(make)
    def described(self, *args, **kwargs):
        tensor = make(self, *args, **kwargs)
        tensor._keras_shape, tensor._uses_learning_phase = self.int_shape(tensor), False
        return tensor

    return described


def _describe(backend: type[Backend]) -> None:
    """Give the backend's functions that have no docstring that of the contract, so that ``K.dot.__doc__`` is one."""
    contracts = set(Backend.__mro__)
    for cls in backend.__mro__:
        if cls in contracts:
            continue
        for name, own in vars(cls).items():
            contract = getattr(Backend, name, None)
            if isinstance(own, FunctionType) and own.__doc__ is None and isinstance(contract, FunctionType):
                own.__doc__ = contract.__doc__


class Backend(
    Tensors,
    Functions,
    Elementwise,
    Reductions,
    Shapes,
    LinearAlgebra,
    NeuralNetworks,
    Loops,
    Randomness,
    Composites,
):
    """A backend. Constructing a subclass that misses a primitive raises TypeError naming it."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        for name in ("placeholder", "variable"):
            if name in cls.__dict__:
                setattr(cls, name, _with_shape(cls.__dict__[name]))
        _describe(cls)

    #: The name in ``keras.json`` and ``K.backend()``.
    name: ClassVar[str]

    @property
    def libraries(self) -> dict[str, Any]:
        """The parts of the backend's own library that programs reach through ``K``, by name: ``K.tf``, ``K.T``."""
        return {}

    @property
    def keras1_helpers(self) -> dict[str, Any]:
        """The helpers that layers contributed to Keras 1 import from its backend modules, by name: ``_preprocess_conv2d_input`` ..."""
        return channels_last(self)
