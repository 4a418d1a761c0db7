"""Recorder: what ops append the calls of a loop's turn to. Arguments that lie in stand-ins become views that move."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .emitter import Emitter
from .stand_ins import StandIns, address_of
from .threads import multiplications
from .turns import Moving, Parameter, Turns, View


class Recorder(Emitter):
    """Collects the calls of a turn."""

    def __init__(self, outer: Emitter, stand_ins: StandIns):
        super().__init__(outer.pool, outer.fed)
        self.outer = outer
        self.stand_ins = stand_ins
        self._scalars = outer._scalars

    def call(self, function: Callable, *args: Any) -> None:
        owner = getattr(function, "__self__", None)
        if isinstance(owner, np.ndarray):
            # a method of an array, which may move
            function, args = getattr(np.ndarray, function.__name__), (owner, *args)
        self.instructions.append((function, list(args)))

    def moves(self, array: Any) -> bool:
        return self.stand_ins.find(array) is not None or self.outer.moves(array)

    def program(self, length: int) -> tuple[Turns, list[np.ndarray]]:
        """The turns, and the arrays that they are called with."""
        params: list[np.ndarray] = []
        places: dict[int, int] = {}
        views: dict[View, int] = {}

        def parameter(array: np.ndarray) -> int:
            if id(array) not in places:
                places[id(array)] = len(params)
                params.append(array)
            return places[id(array)]

        def argument(arg: Any) -> Any:
            found = self.stand_ins.find(arg)
            if found is not None:
                offset = found.first + address_of(arg) - found.origin
                view = View(parameter(found.source), offset, found.step, found.ring, arg.shape, arg.strides, arg.dtype)
                return Moving(views.setdefault(view, len(views)))
            return Parameter(parameter(arg)) if isinstance(arg, np.ndarray) and self.outer.moves(arg) else arg

        instructions = [(function, [argument(a) for a in args]) for function, args in self.instructions]
        large, total = multiplications(self.instructions)
        return Turns(length, instructions, list(views), (large * length, total * length)), params
