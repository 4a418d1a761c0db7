"""A program on a backend."""

from __future__ import annotations

from typing import Any

import numpy as np

from .calls import build
from .program import LOOPS, Program, resolved


class Built:
    """The function of a program, its variables, and how arrays are fed."""

    def __init__(self, K: Any, program: Program):
        self.K, self.program = K, program
        tensors: dict[str, Any] = {}
        for name, shape in program.placeholders.items():
            tensors[name] = K.placeholder(tuple(None if isinstance(n, str) else n for n in shape), name=name)
        self.variables = {name: K.variable(program.value(name, -1), name=name) for name in program.variables}
        tensors.update(self.variables)
        build_steps(K, program.steps, tensors)
        outputs = [tensors[name] for name in program.outputs]
        self.shapes = [K.int_shape(t) for t in outputs]
        #: gradients by name; not for a call that gave its argument back, as the gradient is then that of the argument
        self.names = [n for n in program.gradients if sum(t is tensors[n] for t in tensors.values()) == 1]
        #: None where the loss doesn't depend on it
        self.gradients = _gradients(K, program, tensors, self.names)
        inputs = [tensors[name] for name in (*program.placeholders, *program.fed)]
        if program.uses_phase():
            inputs.append(K.learning_phase())
        updates = [K.update(tensors[name], tensors[new]) for name, new in program.updates.items()]
        wanted = [*outputs, *(g for g in self.gradients if g is not None)]
        self.function = K.function(inputs, wanted, updates=updates)

    def fed(self, call: int) -> list:
        """The arguments of a call."""
        program = self.program
        dtype = self.K.floatx()
        arrays = [
            _laid_out(program.value(name, call), program.calls[call].get("layout", "C"), dtype)
            for name in (*program.placeholders, *program.fed)
        ]
        return [*arrays, program.calls[call].get("phase", 0)] if program.uses_phase() else arrays

    def named(self, results: list) -> tuple[dict[str, Any], dict[str, Any]]:
        """The function's results as values and gradients by name."""
        count = len(self.program.outputs)
        rest = iter(results[count:])
        gradients = {n: None if g is None else next(rest) for n, g in zip(self.names, self.gradients)}
        return dict(zip(self.program.outputs, results[:count])), gradients


def _laid_out(array: np.ndarray, layout: str, dtype: str) -> np.ndarray:
    if layout == "float64":
        return array
    array = array.astype(dtype)
    if layout == "F" and array.ndim:
        return np.asfortranarray(array)
    if layout == "strided" and array.ndim:
        return np.repeat(array, 2, axis=-1)[..., ::2]
    return array


def _gradients(K: Any, program: Program, tensors: dict[str, Any], names: list[str]) -> list:
    if not names:
        return []
    total = None
    for name, kind in program.loss:
        x = tensors[name]
        term = K.sum(K.sin(x) if kind == "sin" else K.square(x) if kind == "square" else x)
        total = term if total is None else total + term
    return K.gradients(total, [tensors[name] for name in names])


def build_steps(K: Any, steps: list[tuple], tensors: dict[str, Any]) -> None:
    """Add the tensors of ``steps``."""
    for name, call, args, kwargs in steps:
        if call in LOOPS:
            tensors[name] = _loop(K, call, kwargs, tensors)
        else:
            tensors[name] = build(K, call, [resolved(a, tensors) for a in args], {k: resolved(v, tensors) for k, v in kwargs.items()})


def _loop(K: Any, call: str, parts: dict, tensors: dict[str, Any]) -> Any:
    over = resolved(parts["over"], tensors)

    def turn(own: dict[str, Any]) -> dict[str, Any]:
        inner = {**tensors, **own}
        build_steps(K, parts["body"], inner)
        return inner

    if call == "map_fn":
        return K.map_fn(lambda x: resolved(parts["result"], turn({"el": x})), over)
    if call in ("foldl", "foldr"):
        start = resolved(parts["start"], tensors) if parts["start"] else None
        return getattr(K, call)(lambda acc, x: resolved(parts["result"], turn({"el": x, "acc": acc})), over, start)
    count = len(parts["states"])

    def step(x, states):
        found = turn({"el": x, **{f"state{n}": s for n, s in enumerate(states[:count])}})
        return resolved(parts["result"], found), [resolved(s, found) for s in parts["new_states"]]

    last, outputs, states = K.rnn(
        step,
        over,
        [resolved(s, tensors) for s in parts["states"]],
        go_backwards=bool(parts.get("backwards")),
        mask=resolved(parts["mask"], tensors) if parts.get("mask") else None,
        unroll=bool(parts.get("unroll")),
    )
    return last if parts["take"] == "last" else outputs if parts["take"] == "outputs" else states[0]
