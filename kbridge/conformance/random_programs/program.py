"""Random programs: plain data that prints as Python.

A step is ``(name, call, args, kwargs)``. ``"@x"`` among the arguments stands for the tensor of that name, ``("at", ...)`` is described
in ``calls``. The loops (``foldl``, ``foldr``, ``map_fn``, ``rnn``) hold the steps of one turn under ``"body"``; what these read from
outside is captured.
"""

from __future__ import annotations

import pprint
import zlib
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

#: calls that hold steps of their own
LOOPS = ("foldl", "foldr", "map_fn", "rnn")


@dataclass
class Program:
    """Inputs, steps, what is asked for, and the calls of the one function that is made of them."""

    #: name -> shape: ints, or letters for lengths that are unknown until a call
    placeholders: dict[str, tuple] = field(default_factory=dict)
    #: name -> shape
    variables: dict[str, tuple] = field(default_factory=dict)
    steps: list[tuple] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    #: names of outputs that the loss is made of, and how: 'sum', 'sin' or 'square'
    loss: list[tuple[str, str]] = field(default_factory=list)
    #: names of inputs, variables and steps
    gradients: list[str] = field(default_factory=list)
    #: variable -> name of its new value
    updates: dict[str, str] = field(default_factory=dict)
    #: variables that are inputs of the function
    fed: list[str] = field(default_factory=list)
    #: for each call: letter -> length, and "phase": 0 or 1 and "layout": how arrays are fed
    calls: list[dict] = field(default_factory=list)
    seed: int = 0

    def source(self, indent: int = 4) -> str:
        """The program as a Python expression."""
        parts = []
        for f in fields(self):
            value = getattr(self, f.name)
            if value or f.name == "seed":
                text = pprint.pformat(value, width=110, sort_dicts=False)
                parts.append(f"{f.name}=" + text.replace("\n", "\n" + " " * (len(f.name) + 1)))
        inner = ",\n".join(parts)
        return "Program(\n" + "\n".join(" " * indent + line for line in (inner + ",").splitlines()) + "\n)"

    def uses_phase(self) -> bool:
        return any(step[1] == "in_train_phase" for step in all_steps(self.steps))

    def value(self, name: str, call: int) -> np.ndarray:
        """Return the value that is fed for a placeholder or a variable in a call; with ``call`` -1 the value that a variable holds at first."""
        shape = self.placeholders.get(name, self.variables.get(name, ()))
        sizes = self.calls[call] if call >= 0 else {}
        rng = np.random.RandomState(zlib.crc32(f"{self.seed} {name} {call}".encode()))
        return rng.uniform(-1.5, 1.5, [sizes[n] if isinstance(n, str) else n for n in shape])


def all_steps(steps: list[tuple]):
    """The steps and those inside of loops."""
    for step in steps:
        yield step
        if step[1] in LOOPS:
            yield from all_steps(step[3]["body"])


def references(value: Any) -> set[str]:
    """The names of tensors in an argument or a step."""
    if isinstance(value, str):
        return {value[1:]} if value.startswith("@") else set()
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return set().union(*map(references, value))
    return set()


def resolved(value: Any, tensors: dict[str, Any]) -> Any:
    """An argument with tensors in place of their names."""
    if isinstance(value, str) and value.startswith("@"):
        return tensors[value[1:]]
    if isinstance(value, list):
        return [resolved(v, tensors) for v in value]
    if isinstance(value, tuple):
        return tuple(resolved(v, tensors) for v in value)
    return value
