"""Primitives that compute: functions, gradients, the learning phase, calls on the host."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from .types import Tensor


class Functions(ABC):
    """Functions and gradients."""

    @abstractmethod
    def function(self, inputs: Sequence, outputs: Sequence, updates: Sequence = (), **kwargs) -> Callable[[Sequence], list]:
        """A callable from a list of arrays (one for each of ``inputs``) to the list of the outputs'
        values, as arrays or NumPy scalars that the caller owns. A variable or a result among
        ``inputs`` has the value that is given for it, in this call only.

        ``updates`` are ``(variable, new value)`` pairs as ``K.update`` makes them. All outputs and new
        values are computed from the old values; then the new ones are stored together. Of several updates of
        one variable, increments add up, moving averages follow each other, the last state of a stateful layer
        stays, and anything else is a ValueError that names it (``_one_for_each``). The learning
        phase may stand among ``inputs`` and takes 0 or 1. Values are converted to the placeholder's
        dtype; a wrong number of inputs or a shape that can't fit: ValueError that names the
        placeholder, its shape and what came. ``kwargs`` that say how Theano computes
        (``mode``, ``on_unused_input`` ...) give a warning elsewhere; unknown ones: ValueError.

        Example:
            >>> import numpy as np
            >>> from kbridge import backend as K
            >>> x, total = K.placeholder(shape=(None, 2)), K.variable(0.0)
            >>> f = K.function([x], [K.sum(x, axis=-1)], updates=[K.update_add(total, K.sum(x))])
            >>> f([np.array([[1, 2], [3, 4]])])[0].tolist(), float(K.get_value(total))
            ([3.0, 7.0], 10.0)
        """

    @abstractmethod
    def gradients(self, loss, variables) -> list:
        """d(sum of loss)/d(variable) for each of ``variables`` (tensor or list; always a list back),
        shaped like the variable; None where the loss doesn't depend on it through differentiable ops.
        May be applied to its own results.

        Example:
            >>> from kbridge import backend as K
            >>> x = K.variable([1.0, 2.0])
            >>> K.eval(K.gradients(K.sum(K.square(x)), x)[0]).tolist()
            [2.0, 4.0]
        """

    @abstractmethod
    def stop_gradient(self, variables) -> Tensor:
        """The same values as ``variables`` (a tensor, or a list for a list), constant for ``gradients``."""

    @abstractmethod
    def phase_placeholder(self) -> Tensor:
        """The scalar 0/1 placeholder behind ``learning_phase()``; made once for a backend state."""

    @abstractmethod
    def phase_switch(self, x, alt) -> Tensor:
        """``x`` when the learning phase placeholder is 1, ``alt`` when 0; only the chosen side runs
        where the backend can. Same shapes and dtypes."""

    @abstractmethod
    def uses_learning_phase(self, tensors) -> bool:
        """Whether any of ``tensors`` (one or a list) depends on the learning phase placeholder."""

    @abstractmethod
    def clear_session(self) -> None:
        """Forget the backend's graph and learning phase, free what they hold, reset the names' counters."""

    @abstractmethod
    def print_tensor(self, x, message: str = "") -> Tensor:
        """``x``, whose evaluation prints ``message`` and the value."""

    @abstractmethod
    def host_call(self, function: Callable, tensors: Sequence, dtype: str, shape: Callable) -> Tensor:
        """``function(*arrays)``, run on the host each time, as a tensor without a gradient.

        Args:
            function: a function of as many NumPy arrays as there are ``tensors``, which returns an array.
            tensors: the tensors whose values it gets, a list.
            dtype: the dtype of the array that it returns.
            shape: a function from the static shapes of ``tensors`` to that of the result, None where unknown.
        """
