"""A program in NumPy: the judge's values, gradients by central differences, and the variables' new values."""

from __future__ import annotations

from typing import Any

import numpy as np

from .calls import Unsafe, refer
from .program import LOOPS, Program, references, resolved

STEP = 1e-5


def run_steps(steps: list[tuple], values: dict[str, Any], phase: int, changed: dict[str, np.ndarray] | None = None) -> dict[str, Any]:
    """``values`` with those of the steps; ``changed`` is added to the steps of these names."""
    for name, call, args, kwargs in steps:
        if call in LOOPS:
            value = _loop(call, kwargs, values, phase)
        else:
            value = refer(call, [resolved(a, values) for a in args], {k: resolved(v, values) for k, v in kwargs.items()}, phase)
        if changed and name in changed:
            value = value + changed[name]
        values[name] = value
    return values


def _loop(call: str, parts: dict, values: dict[str, Any], phase: int) -> np.ndarray:
    over = resolved(parts["over"], values)

    def turn(own: dict[str, Any]) -> dict[str, Any]:
        return run_steps(parts["body"], {**values, **own}, phase)

    if call == "map_fn":
        return np.stack([resolved(parts["result"], turn({"el": x})) for x in over])
    if call in ("foldl", "foldr"):
        elements = list(over if call == "foldl" else over[::-1])
        total = resolved(parts["start"], values) if parts["start"] else elements.pop(0)
        for x in elements:
            total = _kept(total, resolved(parts["result"], turn({"el": x, "acc": total})))
        return total
    return _rnn(parts, over, values, turn)


def _rnn(parts: dict, over: np.ndarray, values: dict[str, Any], turn: Any) -> np.ndarray:
    states = [resolved(s, values) for s in parts["states"]]
    mask = resolved(parts["mask"], values) if parts.get("mask") else None
    times = range(over.shape[1])
    first = states[0] if states and not parts.get("unroll") else None
    outputs: list[np.ndarray] = []
    for t in reversed(times) if parts.get("backwards") else times:
        found = turn({"el": over[:, t], **{f"state{n}": s for n, s in enumerate(states)}})
        output, new = resolved(parts["result"], found), [resolved(s, found) for s in parts["new_states"]]
        if mask is not None:
            kept = mask[:, t].astype(bool)
            # the contract: before the first step that isn't masked the outputs are the first state where it has their shape
            start = first if first is not None and first.shape == output.shape else np.zeros_like(output)
            previous = outputs[-1] if outputs else start
            output = np.where(_along(kept, output), output, previous)
            new = [np.where(_along(kept, n), n, s) for n, s in zip(new, states)]
        outputs.append(output)
        states = [_kept(old, s) for old, s in zip(states, new)]
    take = parts["take"]
    return outputs[-1] if take == "last" else np.stack(outputs, 1) if take == "outputs" else states[0]


def _kept(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """A state's new value. Unsafe if it has another shape, which backends refuse."""
    if np.shape(old) != np.shape(new):
        raise Unsafe("a state changes its shape")
    return new


def _along(mask: np.ndarray, like: np.ndarray) -> np.ndarray:
    return mask.reshape(mask.shape + (1,) * (like.ndim - mask.ndim))


def loss_of(program: Program, values: dict[str, Any]) -> float:
    """The loss."""
    total = 0.0
    for name, kind in program.loss:
        x = values[name]
        total += float(np.sum(np.sin(x)) if kind == "sin" else np.sum(np.square(x)) if kind == "square" else np.sum(x))
    return total


def inputs_of(program: Program, call: int, variables: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the values that the steps of a call start from."""
    values = {name: program.value(name, call) for name in program.placeholders}
    return {**values, **variables, **{name: program.value(name, call) for name in program.fed}}


def run(program: Program, call: int, variables: dict[str, np.ndarray]) -> dict[str, Any]:
    """All values of a call."""
    return run_steps(program.steps, inputs_of(program, call, variables), program.calls[call].get("phase", 0))


def gradient(program: Program, call: int, variables: dict[str, np.ndarray], name: str) -> np.ndarray:
    """d(loss)/d(name) by central differences in float64. Unsafe where two widths of the step disagree: at a kink."""
    inputs = inputs_of(program, call, variables)
    phase = program.calls[call].get("phase", 0)
    shape = np.shape(run(program, call, variables)[name])
    steps = program.steps if name in inputs else _needed(program, name)

    def loss(change: np.ndarray) -> float:
        values = dict(inputs)
        if name in inputs:
            values[name] = values[name] + change
            return loss_of(program, run_steps(steps, values, phase))
        return loss_of(program, run_steps(steps, values, phase, {name: change}))

    result = np.zeros(shape)
    for place in np.ndindex(*shape):
        change = np.zeros(shape)
        slopes = []
        for step in (STEP, 3 * STEP):
            change[place] = step
            slopes.append((loss(change) - loss(-change)) / (2 * step))
        if not abs(slopes[0] - slopes[1]) <= 1e-4 * (1 + abs(slopes[0])):
            raise Unsafe("finite differences")
        result[place] = slopes[0]
    return result


def _needed(program: Program, name: str) -> list[tuple]:
    """The steps without those that neither the loss nor ``name`` needs."""
    wanted = {name, *(n for n, _ in program.loss)}
    kept = []
    for step in reversed(program.steps):
        if step[0] in wanted:
            kept.append(step)
            wanted |= references(step[2]) | references(step[3])
    return kept[::-1]
