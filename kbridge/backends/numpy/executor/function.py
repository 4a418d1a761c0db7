"""Compiled functions: from fed values to outputs, with a small cache of plans."""

from __future__ import annotations

import os
import threading
import weakref
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...garbage import paused
from ...ones import Ones
from ..graph import Placeholder, Tensor, Variable
from .lowering import Lowering
from .plan import Plan
from .storage import Arenas
from .workers import lanes_of_plans

#: plans kept for one function: this many; fewer, but some, if they have more calls than this; all are dropped with their
#: storage, which they share, when that has more bytes than this
MAX_PLANS = 64
FEW_PLANS = 16
MAX_CALLS = 1 << 15
MAX_BYTES = 1 << 29

#: all that there are, for forked children
_FUNCTIONS: weakref.WeakSet = weakref.WeakSet()


class Function:
    """The object that ``K.function`` returns: call it with one value for each input.

    A plan is made for each combination of input shapes and learning phase, and kept in a bounded
    cache. Calls from several threads take turns.
    """

    def __init__(self, inputs: Sequence[Tensor], outputs: Sequence[Tensor], updates: Sequence = (), phase: Tensor | None = None):
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        self.updates = [(variable, new) for variable, new in updates]
        self._phase = phase
        self._phase_at = self.inputs.index(phase) if phase is not None and any(i is phase for i in self.inputs) else None
        self._feeds = [t for i, t in enumerate(self.inputs) if i != self._phase_at]
        self._dtypes = [t.dtype for t in self._feeds]
        #: the weights of samples: a plan for nothing but ones does without them
        self._weights_at = [i for i, t in enumerate(self._feeds) if getattr(t, "_often_ones", False)]
        self._ones = Ones()
        self._plans: OrderedDict[Any, Plan] = OrderedDict()
        #: fed tensors and variables whose values, not only shapes, decide the plan
        self._peeked: list[Tensor] = []
        self._last: tuple[Any, Plan | None] = (None, None)
        #: storage of the plans
        self._arenas = Arenas()
        #: for each learning phase, the tensors that a plan needs, in order
        self._orders: dict[int | None, list[Tensor]] = {}
        self._lock = threading.Lock()
        _FUNCTIONS.add(self)

    def __call__(self, inputs: Sequence[Any]) -> list[Any]:
        if len(inputs) != len(self.inputs):
            raise ValueError(f"The function takes {len(self.inputs)} inputs, got {len(inputs)}.")
        phase = None
        if self._phase_at is not None:
            inputs = list(inputs)
            phase = int(inputs.pop(self._phase_at))
        arrays = [
            v if type(v) is np.ndarray and v.dtype == d and v.flags.c_contiguous else self._convert(v, i)
            for i, (v, d) in enumerate(zip(inputs, self._dtypes))
        ]
        key: tuple = (phase, *[a.shape for a in arrays])
        fed = arrays
        ones: tuple[int, ...] = ()
        if self._weights_at:
            ones = tuple([i for i in self._weights_at if self._ones.fill(arrays[i])])
            if ones:
                key, fed = (ones, *key), [a for i, a in enumerate(arrays) if i not in ones]
        with self._lock, np.errstate(all="ignore"):
            if self._peeked:
                key = (*key, *[self._peek(t, arrays).tobytes() for t in self._peeked])
            last_key, plan = self._last
            if plan is None or key != last_key:
                plan = self._plan(key, phase, arrays, ones)
            return plan.run(fed)

    def _convert(self, value: Any, i: int) -> np.ndarray:
        if hasattr(value, "toarray"):  # a scipy sparse matrix
            value = value.toarray()
        tensor = self._feeds[i]
        try:
            return np.ascontiguousarray(value, dtype=tensor.dtype).reshape(np.shape(value))
        except (TypeError, ValueError) as error:
            raise ValueError(f"{_describe(tensor, i)} can't take {type(value).__name__} {value!r:.80}: {error}") from None

    def _plan(self, key: tuple, phase: int | None, arrays: list[np.ndarray], ones: tuple[int, ...]) -> Plan:
        plan = self._plans.get(key)
        if plan is None:
            known = len(self._peeked)
            for i, (tensor, array) in enumerate(zip(self._feeds, arrays)):
                _check_shape(tensor, array, i)
            with paused():
                plan = self._build(phase, arrays, ones)
            if len(self._peeked) > known:
                key = (*key, *[self._peek(t, arrays).tobytes() for t in self._peeked[known:]])
            self._plans[key] = plan
            self._limit()
        else:
            self._plans.move_to_end(key)
        if self._last[1] is not None and self._last[1] is not plan:
            self._last[1].release()
        self._last = (key, plan)
        return plan

    def _limit(self) -> None:
        """Forget plans, oldest first. What is left when storage is short is the plan that has just been made."""
        calls = sum(plan.calls for plan in self._plans.values())
        while len(self._plans) > MAX_PLANS or (len(self._plans) > FEW_PLANS and calls > MAX_CALLS):
            calls -= self._plans.popitem(last=False)[1].calls
        if self._arenas.total > MAX_BYTES:
            while len(self._plans) > 1:
                self._plans.popitem(last=False)
            self._arenas = Arenas()

    def _build(self, phase: int | None, arrays: list[np.ndarray], ones: tuple[int, ...]) -> Plan:
        def learning_phase() -> int:
            if phase is None:
                raise ValueError(
                    "The function depends on the learning phase. Put K.learning_phase() among its inputs, and feed 0 (test) or 1 "
                    "(training)."
                )
            return phase

        def peek(tensor: Tensor) -> np.ndarray:
            if not any(t is tensor for t in self._peeked):
                self._peeked.append(tensor)
            return self._peek(tensor, arrays)

        feeds = {t: (a.shape, t.dtype) for t, a in zip(self._feeds, arrays)}
        lowering = Lowering(feeds, learning_phase, peek, phase, {variable for variable, _ in self.updates})
        if self._phase is not None and phase is not None:
            lowering.preset(self._phase, np.array(phase, self._phase.dtype))
        for i in ones:
            lowering.preset(self._feeds[i], np.ones(arrays[i].shape, arrays[i].dtype))
        fed = [t for i, t in enumerate(self._feeds) if i not in ones]
        plan = Plan(lowering, fed, self.outputs, self.updates, self._arenas, self._orders.get(phase, ()), lanes_of_plans())
        self._orders.setdefault(phase, lowering.order_of())
        lowering.forget()
        return plan

    def _peek(self, tensor: Tensor, arrays: list[np.ndarray]) -> np.ndarray:
        """Return the value of ``tensor`` in a call: what was fed, also for a variable that is an input of the function."""
        for fed, array in zip(self._feeds, arrays):
            if fed is tensor:
                return array
        assert isinstance(tensor, Variable)
        return tensor.value.copy()


def _forked() -> None:
    """A forked child can call the functions that other threads were in when it was made: they keep nothing between calls."""
    for function in list(_FUNCTIONS):
        function._lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


def _describe(tensor: Tensor, i: int) -> str:
    kind = "placeholder" if isinstance(tensor, Placeholder) else "tensor"
    name = f" {tensor.name!r}" if tensor.name else ""
    return f"Input {i}, the {kind}{name} with shape {tensor.shape} and dtype {tensor.dtype},"


def _check_shape(tensor: Tensor, array: np.ndarray, i: int) -> None:
    fits = len(tensor.shape) == array.ndim and all(n is None or n == m for n, m in zip(tensor.shape, array.shape))
    if not fits:
        raise ValueError(f"{_describe(tensor, i)} can't take a value of shape {array.shape}.")
