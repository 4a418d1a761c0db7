"""The second half of a step: the optimizer's updates, from gradients and new values that are fed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from .. import backend as K


class Update:
    """Called with the loss, the gradients of ``params`` and the new values of ``shared``, pairs of layers' updates.

    The optimizer sees the gradients of the whole batch, so that what it does with all of them (clipnorm) is right.
    """

    def __init__(self, model, params: list, shared: list):
        loss = K.placeholder(shape=())
        grads = [K.placeholder(shape=K.get_variable_shape(p), dtype=K.dtype(p)) for p in params]
        news = [K.placeholder(shape=K.get_variable_shape(v), dtype=K.dtype(v)) for v, _ in shared]
        updates: list = [(variable, new) for (variable, _), new in zip(shared, news, strict=True)]
        if params:
            with gradients_given(loss, params, grads):
                updates = [*model.optimizer.get_updates(params, model.constraints, loss), *updates]
        self._function = K.function([loss, *grads, *news], [], updates=updates, **model._function_kwargs)

    def __call__(self, values: list) -> None:
        self._function(values)


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

    K.gradients = gradients
    try:
        yield
    finally:
        K.gradients = real


def optimizer_variables(optimizer) -> list:
    """The variables of an optimizer: hyperparameters (the learning rate) and moments, each once."""
    found = list(getattr(optimizer, "weights", None) or [])
    for value in vars(optimizer).values():
        found += [v for v in (value if isinstance(value, (list, tuple)) else [value]) if _is_variable(v)]
    for update in getattr(optimizer, "updates", None) or []:
        if isinstance(update, (list, tuple)) and len(update) == 2 and _is_variable(update[0]):
            found.append(update[0])
    return list({id(v): v for v in found}.values())


def _is_variable(value: Any) -> bool:
    return not isinstance(value, (int, float, str, tuple, list, dict, type(None))) and K.is_variable(value)
