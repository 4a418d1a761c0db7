"""Primitives that call a function again and again: recurrence, maps, folds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from .types import Tensor


class Loops(ABC):
    """Loops."""

    @abstractmethod
    def rnn(
        self,
        step_function: Callable,
        inputs,
        initial_states: Sequence,
        go_backwards: bool = False,
        mask=None,
        constants: Sequence | None = None,
        unroll: bool = False,
        input_length: int | None = None,
    ) -> tuple:
        """Apply a step along axis 1 of ``inputs``.

        A state keeps one shape and dtype, to which its start is broadcast and cast (``loop_states.py``). No time steps, now or in a call of a function:
        ValueError.

        Args:
            step_function: ``step_function(x_t, states + constants) -> (output_t, new states)``.
            inputs: (samples, time, ...).
            initial_states: the states before the first step, a list.
            go_backwards: whether the steps run from the last to the first; outputs stand in the order in which they were computed.
            mask: (samples, time), (samples, time, 1), or (samples, time, ...) with the first axes of the states: where it is 0 the output repeats the previous one and the states stay. Before the first unmasked
                step ``outputs`` holds the initial state (the first one; zeros where its shape or dtype differs from the output's, and with ``unroll``).
            constants: tensors that each step gets behind its states, a list.
            unroll: whether the steps are written out instead of a loop, which needs a known number of them.
            input_length: the number of time steps, for a backend that can't read it from ``inputs``.

        Returns:
            The last output, the outputs (samples, time, ...), and a list of the last states.

        Example:
            >>> import numpy as np
            >>> from kbridge import backend as K
            >>> x = K.constant(np.array([[[1.0], [2.0], [3.0]]]))
            >>> last, sums, states = K.rnn(lambda x_t, states: (x_t + states[0], [x_t + states[0]]), x, [K.zeros((1, 1))])
            >>> K.eval(sums).ravel().tolist()
            [1.0, 3.0, 6.0]
        """

    @abstractmethod
    def map_fn(self, fn: Callable, elems, name: str | None = None) -> Tensor:
        """Stack ``fn(elem)`` over the first axis of ``elems``; ``name`` is accepted on every backend."""

    @abstractmethod
    def foldl(self, fn: Callable, elems, initializer=None, name: str | None = None) -> Tensor:
        """``fn(accumulator, elem)`` over the first axis of a tensor. The accumulator keeps one shape and dtype, as a state of ``rnn``.

        Args:
            fn: a function of two tensors that returns the new accumulator.
            elems: the tensor.
            initializer: the accumulator before the first element; the first element itself if left out.
            name: accepted on every backend, and not used.
        """
