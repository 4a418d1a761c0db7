"""Primitives that work element by element, and comparisons."""

from __future__ import annotations

from abc import ABC, abstractmethod

from .types import Tensor


class Elementwise(ABC):
    """Functions of each element."""

    @abstractmethod
    def cast(self, x, dtype: str) -> Tensor:
        """``x`` as ``dtype``: float to int truncates towards zero, to bool is ``x != 0``."""

    @abstractmethod
    def abs(self, x) -> Tensor:
        """The absolute value of each element of ``x``. Gradient at 0: 0."""

    @abstractmethod
    def sign(self, x) -> Tensor:
        """-1, 0 or 1 in the dtype of ``x``."""

    @abstractmethod
    def round(self, x) -> Tensor:
        """Each element of ``x`` to the nearest integer, halves to even. Integers and booleans as they are."""

    @abstractmethod
    def floor(self, x) -> Tensor:
        """The largest whole number that is not above ``x``, in the dtype of ``x``; gradient 0."""

    @abstractmethod
    def ceil(self, x) -> Tensor:
        """The smallest whole number that is not below ``x``, in the dtype of ``x``; gradient 0."""

    @abstractmethod
    def exp(self, x) -> Tensor:
        """e to the power of each element of ``x``."""

    @abstractmethod
    def expm1(self, x) -> Tensor:
        """exp(x) - 1, exact near 0."""

    @abstractmethod
    def log(self, x) -> Tensor:
        """The natural logarithm of each element of ``x``; NaN below 0, -infinity at 0."""

    @abstractmethod
    def log1p(self, x) -> Tensor:
        """log(1 + x), exact near 0."""

    @abstractmethod
    def erf(self, x) -> Tensor:
        """The error function: 2 / sqrt(pi) times the integral of exp(-t ** 2) from 0 to x."""

    @abstractmethod
    def sqrt(self, x) -> Tensor:
        """Square root of max(x, 0); its gradient at or below 0 is 0."""

    @abstractmethod
    def square(self, x) -> Tensor:
        """Each element of ``x`` times itself."""

    @abstractmethod
    def sin(self, x) -> Tensor:
        """The sine of each element of ``x``, in radians."""

    @abstractmethod
    def cos(self, x) -> Tensor:
        """The cosine of each element of ``x``, in radians."""

    @abstractmethod
    def tan(self, x) -> Tensor:
        """The tangent of each element of ``x``, in radians."""

    @abstractmethod
    def arcsin(self, x) -> Tensor:
        """The inverse sine of each element of ``x``, in radians from -pi/2 to pi/2; NaN outside of [-1, 1]."""

    @abstractmethod
    def arccos(self, x) -> Tensor:
        """The inverse cosine of each element of ``x``, in radians from 0 to pi; NaN outside of [-1, 1]."""

    @abstractmethod
    def arctan(self, x) -> Tensor:
        """The inverse tangent of each element of ``x``, in radians from -pi/2 to pi/2."""

    @abstractmethod
    def arctan2(self, y, x) -> Tensor:
        """The angle of the point (x, y) to the positive x axis, in [-pi, pi]."""

    @abstractmethod
    def sinh(self, x) -> Tensor:
        """The hyperbolic sine of each element of ``x``."""

    @abstractmethod
    def cosh(self, x) -> Tensor:
        """The hyperbolic cosine of each element of ``x``."""

    @abstractmethod
    def tanh(self, x) -> Tensor:
        """The hyperbolic tangent of each element of ``x``, from -1 to 1."""

    @abstractmethod
    def arcsinh(self, x) -> Tensor:
        """The inverse hyperbolic sine of each element of ``x``."""

    @abstractmethod
    def arccosh(self, x) -> Tensor:
        """The inverse hyperbolic cosine of each element of ``x``; NaN below 1."""

    @abstractmethod
    def arctanh(self, x) -> Tensor:
        """The inverse hyperbolic tangent of each element of ``x``; NaN outside of [-1, 1]."""

    @abstractmethod
    def sigmoid(self, x) -> Tensor:
        """1 / (1 + exp(-x)) without overflow."""

    @abstractmethod
    def softplus(self, x) -> Tensor:
        """log(1 + exp(x)) without overflow."""

    @abstractmethod
    def pow(self, x, a) -> Tensor:
        """``x ** a``, ``a`` a number or a tensor."""

    @abstractmethod
    def maximum(self, x, y) -> Tensor:
        """The larger of ``x`` and ``y``, element by element; shapes broadcast. The gradient at a tie goes to ``x``."""

    @abstractmethod
    def minimum(self, x, y) -> Tensor:
        """The smaller of ``x`` and ``y``, element by element; shapes broadcast. The gradient at a tie goes to ``x``."""

    @abstractmethod
    def clip(self, x, min_value, max_value) -> Tensor:
        """max(min(x, max_value), min_value): a lower bound above the upper one wins. The bounds are numbers, None for no bound,
        or tensors that broadcast, which get the gradient of what they cut off; at a bound the gradient goes to ``x``."""

    @abstractmethod
    def where(self, condition, x, y) -> Tensor:
        """``x`` where ``condition`` (bool), else ``y``, broadcast; the side not taken gets gradient 0."""

    @abstractmethod
    def equal(self, x, y) -> Tensor:
        """Bool: whether ``x == y``, element by element; shapes broadcast."""

    @abstractmethod
    def not_equal(self, x, y) -> Tensor:
        """Bool: whether ``x != y``, element by element; shapes broadcast."""

    @abstractmethod
    def greater(self, x, y) -> Tensor:
        """Bool: whether ``x > y``, element by element; shapes broadcast."""

    @abstractmethod
    def greater_equal(self, x, y) -> Tensor:
        """Bool: whether ``x >= y``, element by element; shapes broadcast."""

    @abstractmethod
    def lesser(self, x, y) -> Tensor:
        """Bool: whether ``x < y``, element by element; shapes broadcast."""

    @abstractmethod
    def lesser_equal(self, x, y) -> Tensor:
        """Bool: whether ``x <= y``, element by element; shapes broadcast."""

    @abstractmethod
    def logical_and(self, x, y) -> Tensor:
        """Bool: whether both ``x`` and ``y`` are true, element by element; shapes broadcast."""

    @abstractmethod
    def logical_or(self, x, y) -> Tensor:
        """Bool: whether ``x`` or ``y`` is true, element by element; shapes broadcast."""

    @abstractmethod
    def logical_not(self, x) -> Tensor:
        """Bool: whether ``x`` is false, element by element."""
