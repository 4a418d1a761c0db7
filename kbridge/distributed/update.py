"""The second half of a step: sums of the workers' gradients, and the optimizer's updates from them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from .. import backend as K
from .exchange import Exchange
from .flat import Flat


class Update:
    """Every worker adds up all gradients and makes all updates.

    Called with the loss, the new values of ``shared`` (pairs of layers' updates) and the gradients of ``params``, each of this
    worker's part. The optimizer sees the gradients of the whole batch, so that what it does with all of them (clipnorm) is right.

    Args:
        exchange: between the workers.
        model: whose optimizer makes the updates.
        half: whether gradients are sent in float16.
    """

    #: whether a worker has a part of the optimizer's state only
    divides = False

    def __init__(self, exchange: Exchange, model, params: list, shared: list, half: bool = False):
        self._exchange, self._half = exchange, half
        loss, grads, news = inputs_for(params, shared)
        updates: list = [(variable, new) for (variable, _), new in zip(shared, news, strict=True)]
        if params:
            with gradients_given(loss, params, grads):
                updates = [*model.optimizer.get_updates(params, model.constraints, loss), *updates]
        self._function = K.function([loss, *news, *grads], [], updates=updates, **model._function_kwargs)

    @property
    def pieces(self) -> int:
        """Of how many equal parts the gradients' buffer must be made."""
        return self._exchange.size if self._half else 1

    def begin(self) -> None:
        """Called when all workers have the weights and the state of worker 0."""

    def sum(self, flat: Flat, logged: int) -> None:
        """Add up what the workers have, and make the updates. ``logged`` values of the head are no updates' (but the loss)."""
        if self._half:
            self._exchange.all_reduce(flat.head)
            self._exchange.all_reduce_half(flat.tail)
        else:
            self._exchange.all_reduce(flat.buffer)
        views, first = flat.views(), flat.arrays_in_head
        # a variable may keep what it is given, and the buffer is used again
        self._function([views[0], *(view.copy() for view in views[logged:first]), *views[first:]])

    def gather(self, everywhere: bool) -> None:
        """See that the optimizer's weights are whole: on worker 0, or everywhere."""


def inputs_for(params: list, shared: list) -> tuple[Any, list, list]:
    """Placeholders for the loss, the gradients of ``params`` and the new values of ``shared``."""
    grads = [K.placeholder(shape=K.get_variable_shape(p), dtype=K.dtype(p)) for p in params]
    news = [K.placeholder(shape=K.get_variable_shape(v), dtype=K.dtype(v)) for v, _ in shared]
    return K.placeholder(shape=()), grads, news


@contextlib.contextmanager
def gradients_given(loss: Any, params: list, grads: list) -> Iterator[None]:
    """Have ``K.gradients`` of ``loss`` with respect to any of ``params`` give ``grads``, whatever the optimizer's class."""
    known = {id(p): g for p, g in zip(params, grads, strict=True)}
    real = K.gradients

    def gradients(of, variables, *args, **kwargs):
        listed = variables if isinstance(variables, (list, tuple)) else [variables]
        if of is loss and all(id(v) in known for v in listed):
            return [known[id(v)] for v in listed]
        return real(of, variables, *args, **kwargs)

    given: Any = gradients
    given.of_all_workers = True
    K.gradients = given
    try:
        yield
    finally:
        K.gradients = real


class Divided(list):
    """Stands for an optimizer's weights while the workers have a part of each: what reads it gets an error, not old numbers."""

    def _refuse(self, *args):
        raise RuntimeError(
            "The optimizer's state is divided among the workers while they train. Save in on_epoch_end of a callback on "
            "worker 0 (with the class attribute on_one_worker = True, as ModelCheckpoint has it), save after fit, or call "
            "kbridge.distributed.gather(model) on all workers before you save. KBRIDGE_DISTRIBUTED_UPDATE=whole switches the "
            "division off."
        )

    __iter__ = __len__ = __getitem__ = __reversed__ = __contains__ = __add__ = __eq__ = _refuse  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


def optimizer_variables(optimizer, state: bool = True) -> list:
    """The variables of an optimizer, each once: hyperparameters (the learning rate), and with ``state`` its moments."""
    found = [v for v in vars(optimizer).values() if not isinstance(v, (list, tuple)) and _is_variable(v)]
    if not state:
        return found
    for value in vars(optimizer).values():
        if isinstance(value, (list, tuple)):
            found += [v for v in value if _is_variable(v)]
    for update in getattr(optimizer, "updates", None) or []:
        if isinstance(update, (list, tuple)) and len(update) == 2 and _is_variable(update[0]):
            found.append(update[0])
    return list({id(v): v for v in found}.values())


def _is_variable(value: Any) -> bool:
    return not isinstance(value, (int, float, str, tuple, list, dict, type(None))) and K.is_variable(value)
