"""Updates of large models: each worker adds up and updates one part of all weights, and sends the others its new values.

The sum of the gradients takes half of an all-reduce (the reduce-scatter), and the new weights take the other half (the all-gather). So the workers send
as much as before, but the optimizer's work and its state are divided by their number (Rajbhandari et al., 2020).
"""

from __future__ import annotations

import os

import numpy as np

from .. import backend as K
from .. import optimizers
from ..config import ConfigError
from . import exchange as exchanges
from .exchange import Exchange
from .flat import Flat
from .update import Divided, Update, gradients_given, inputs_for

#: optimizers that treat each number of a weight by itself; what a program's own class does isn't known
BY_ELEMENT = (
    optimizers.SGD, optimizers.RMSprop, optimizers.Adagrad, optimizers.Adadelta, optimizers.Adam, optimizers.Adamax, optimizers.Nadam,
)  # fmt: skip
#: options of optimizers that need to know which numbers are one weight, or keep more than moments
OF_WEIGHTS = ("clipnorm_by_weight", "weight_decay", "use_ema", "gradient_accumulation_steps")
#: numbers in a model's weights, and workers, from which on it pays (``python -m benchmarks.workers``): with two workers what
#: is saved of an update and what it costs to put weights together are about the same
LARGE, MANY = 1_000_000, 4


def made_for(exchange: Exchange, model, params: list, shared: list) -> Update:
    """The update for ``model``, as its size and the environment say. ConfigError for another value than those allowed."""
    kind = _setting("KBRIDGE_DISTRIBUTED_UPDATE", ("auto", "whole", "divided"))
    half = _setting("KBRIDGE_DISTRIBUTED_COMPRESSION", ("none", "float16")) == "float16"
    why = _not_divisible(model, params)
    if kind == "divided" and why:
        raise ConfigError(f"KBRIDGE_DISTRIBUTED_UPDATE is 'divided', but the update of the model {model.name} can't be divided: {why}.")
    large = sum(int(np.prod(K.get_variable_shape(p))) for p in params) >= LARGE
    if not why and (kind == "divided" or kind == "auto" and large and exchange.size >= MANY):
        return DividedUpdate(exchange, model, params, shared, half)
    return Update(exchange, model, params, shared, half)


def _setting(name: str, allowed: tuple[str, ...]) -> str:
    value = os.environ.get(name, allowed[0])
    if value not in allowed:
        raise ConfigError(f"The environment variable {name} must be one of {', '.join(map(repr, allowed))}, got {value!r}.")
    return value


def _not_divisible(model, params: list) -> str | None:
    """Why the updates of the weights depend on each other."""
    if not params:
        return "no weights are trained"
    if type(model.optimizer) not in BY_ELEMENT:
        return f"{type(model.optimizer).__name__} isn't one of kbridge's optimizers"
    used = next((name for name in OF_WEIGHTS if getattr(model.optimizer, name, None)), None)
    if used:
        return f"its option {used} concerns whole weights"
    if any(any(q is p for q in model.constraints) for p in params):
        return "weights have constraints"
    if len({K.dtype(p) for p in params}) > 1 or K.dtype(params[0]) not in ("float32", "float64"):
        return "the weights' dtypes aren't all float32, or all float64"
    return None


class DividedUpdate(Update):
    """Worker r updates the r-th of equal parts of all weights, one after the other in a flat array.

    ``optimizer.weights`` has the whole state before training and when it was gathered; in between it is ``Divided``.
    """

    divides = True

    def __init__(self, exchange: Exchange, model, params: list, shared: list, half: bool):
        self._exchange, self._half, self._params = exchange, half, params
        self._optimizer = model.optimizer
        self._shapes = [K.get_variable_shape(p) for p in params]
        self._dtype = K.dtype(params[0])
        sizes = [int(np.prod(shape)) for shape in self._shapes]
        self._ends = np.cumsum(sizes)
        self._count = -(-int(self._ends[-1]) // exchange.size)
        self._build(model, shared)
        self._whole = self._whole_state()
        self._optimizer.weights = list(self._whole)
        # by name, for files that store them so
        places = {id(variable): i for i, variable in enumerate(self._state)}
        starts = np.cumsum([0, *(len(self._params) if self._is_part(v) else 1 for v in self._state)])
        self._optimizer.moments = {
            name: self._whole[starts[places[id(part)]] : starts[places[id(part)]] + len(self._params)]
            for name, (part,) in self._optimizer.moments.items()
        }

    @property
    def pieces(self) -> int:
        return self._exchange.size

    def _build(self, model, shared: list) -> None:
        optimizer = self._optimizer
        mine = K.variable(np.zeros(self._count), dtype=self._dtype)
        grad = K.placeholder(shape=(self._count,), dtype=self._dtype)
        loss, values, news = inputs_for(self._params, shared)
        self._clipnorm = getattr(optimizer, "clipnorm", None) or 0
        if self._clipnorm:
            optimizer.clipnorm = 0  # a norm of all gradients: applied before
        try:
            with gradients_given(loss, [mine], [grad]):
                updates = list(optimizer.get_updates([mine], {}, loss))
        finally:
            if self._clipnorm:
                optimizer.clipnorm = self._clipnorm
        self._state = list(optimizer.weights)
        optimizer.updates = []
        options = model._function_kwargs
        # an update of a variable, rather than a function of its value: backends do it in place
        self._mine, self._step = mine, K.function([loss, grad], [], updates=updates, **options)
        pairs = [*zip(self._params, values, strict=True), *((v, n) for (v, _), n in zip(shared, news, strict=True))]
        self._store = K.function([*values, *news], [], updates=pairs, **options)

    # ------------------------------------------------------------------ a step

    def sum(self, flat: Flat, logged: int) -> None:
        exchange = self._exchange
        exchange.all_reduce(flat.head)
        grad = (exchange.reduce_scatter_half if self._half else exchange.reduce_scatter)(flat.tail)
        if self._clipnorm > 0:
            squares = np.array([float(np.dot(grad, grad))])
            exchange.all_reduce(squares)
            norm = float(np.sqrt(squares[0]))
            if norm >= self._clipnorm:
                grad *= self._clipnorm / norm
        head = flat.views(0, flat.arrays_in_head)
        # the program may have set the weights since the last step
        K.set_value(self._mine, self._mine_of([K.get_value(p) for p in self._overlapping()]))
        self._step([head[0], grad])
        self._store([*self._views(self._gathered(self._mine)), *(view.copy() for view in head[logged:])])
        self._optimizer.weights = Divided()

    def _overlapping(self) -> list:
        """The weights of which this worker has a part."""
        first, last = self._bounds()
        return [p for p, start, end in zip(self._params, self._starts(), self._ends, strict=True) if start < last and end > first]

    def _bounds(self) -> tuple[int, int]:
        return self._exchange.rank * self._count, (self._exchange.rank + 1) * self._count

    def _starts(self) -> list[int]:
        return [0, *(int(end) for end in self._ends[:-1])]

    def _mine_of(self, overlapping: list[np.ndarray]) -> np.ndarray:
        """This worker's part of the values of the weights that it has a part of."""
        first, last = self._bounds()
        own, at, values = np.zeros(self._count, self._dtype), 0, iter(overlapping)
        for start, end in zip(self._starts(), self._ends, strict=True):
            if start < last and end > first:
                piece = next(values).reshape(-1)[max(first - start, 0) : last - start]
                own[at : at + piece.size] = piece
                at += piece.size
        return own

    def _gathered(self, variable) -> np.ndarray:
        """The workers' values of ``variable``, one after the other, in an array of its own: variables may keep what they are given."""
        found = np.empty(self._count * self._exchange.size, self._dtype)
        self._exchange.all_gather(np.ascontiguousarray(K.get_value(variable)), found)
        return found

    def _views(self, flat: np.ndarray) -> list[np.ndarray]:
        return [flat[start:end].reshape(shape) for start, end, shape in zip(self._starts(), self._ends, self._shapes, strict=True)]

    # ------------------------------------------------------------------ the state

    def _is_part(self, variable) -> bool:
        return tuple(K.get_variable_shape(variable)) == (self._count,)

    def _whole_state(self) -> list:
        """Variables for the whole state, in the order of the optimizer's weights: of moments one for each weight."""
        whole: list = []
        for variable in self._state:
            if self._is_part(variable):
                whole += [K.zeros(shape, dtype=self._dtype) for shape in self._shapes]
            else:
                whole.append(variable)
        return whole

    def begin(self) -> None:
        """Take this worker's parts of the state, and let go of the rest but on worker 0."""
        whole = list(self._whole)
        for variable in self._state:
            if self._is_part(variable):
                values, whole = whole[: len(self._params)], whole[len(self._params) :]
                kept = {id(p): v for p, v in zip(self._params, values, strict=True)}
                K.set_value(variable, self._mine_of([K.get_value(kept[id(p)]) for p in self._overlapping()]))
            else:
                whole = whole[1:]
        if self._exchange.rank:
            self._whole = []
            self._optimizer.weights, self._optimizer.moments = Divided(), {}

    def gather(self, everywhere: bool) -> None:
        exchange = self._exchange
        exchange.meet(exchanges.GATHERING, same=(int(everywhere),))
        here = everywhere or exchange.rank == 0
        if here and not self._whole:
            self._whole = self._whole_state()
        at = 0
        for variable in self._state:
            if not self._is_part(variable):
                at += 1
                continue
            values = self._views(self._gathered(variable))
            if here:
                K.batch_set_value(list(zip(self._whole[at : at + len(self._params)], values, strict=True)))
            at += len(self._params)
        self._optimizer.weights = list(self._whole) if here else Divided()
