"""Random valid programs: a step is tried on the values of all calls, and kept if NumPy takes it and nothing is near a kink."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from . import loops
from .calls import Unsafe
from .choices import CHOICES
from .interpreter import inputs_of, run_steps
from .judge import Expected
from .program import LOOPS, Program, references

#: elements of a tensor at most, as gradients are checked one by one
MAX_SIZE = 48
MAX_NDIM = 4
ATTEMPTS = 40

SHAPES: list[tuple] = [
    ("n", 3),
    ("n", "t", 2),
    ("n", 3, 2),
    ("n", 4),
    ("n", "t", 3),
    (3,),
    (2, 3),
    ("t",),
    ("n", 4, 3, 1),
    ("n", 1),
    ("n", "t"),
    (),
]
WEIGHTS: list[tuple] = [(3, 2), (3,), (2,), (2, 2), (3, 3), (), (1, 3), (4, 3), (2, 1), (2, 2, 2), (2, 2, 1, 2)]


class Generator:
    """The state of one program: what there is, with its values in each call."""

    def __init__(self, rng: random.Random, program: Program, values: list[dict[str, Any]], prefix: str = "t"):
        self.rng, self.program, self.values, self.prefix = rng, program, values, prefix
        self.count = 0
        self.steps: list[tuple] = []
        #: what depends on a loop: some backends can't take it for a size
        self.from_loops: set[str] = set()
        #: whether steps may be loops, and are those of a loop's turn
        self.loops, self.inside = True, False

    def names(self, *kinds: str) -> list[str]:
        """Tensors by the kind of their dtype ('f', 'i', 'b'), younger ones more often."""
        found = [name for name, value in self.values[0].items() if np.asarray(value).dtype.kind in (kinds or "f")]
        return found + found[-4:] + found[-2:]

    def pick(self, *kinds: str, ndim: range | None = None) -> str | None:
        """One of them."""
        names = [n for n in self.names(*kinds) if ndim is None or self.ndim(n) in ndim]
        return self.rng.choice(names) if names else None

    def sizes(self, *ndims: int) -> list[str]:
        """Whole numbers that may be sizes and bounds."""
        return [n for n in self.names("i") if self.ndim(n) in ndims and n not in self.from_loops]

    def ndim(self, name: str) -> int:
        return np.ndim(self.values[0][name])

    def shapes(self, name: str) -> list[tuple]:
        """The shape in each call."""
        return [np.shape(v[name]) for v in self.values]

    def lengths(self, name: str) -> list[int | None]:
        """For each axis its length, None where it differs between the calls."""
        return [n[0] if len(set(n)) == 1 else None for n in zip(*self.shapes(name))]

    def matching(self, test: Any) -> tuple[str, str] | None:
        """Two tensors whose shapes fit in each call."""
        for _ in range(12):
            a, b = self.pick(), self.pick()
            if a and b and all(test(m, n) for m, n in zip(self.shapes(a), self.shapes(b))):
                return a, b
        return None

    def new_name(self) -> str:
        self.count += 1
        return f"{self.prefix}{self.count}"

    def add(self, call: str, args: list, kwargs: dict) -> str | None:
        """Try a step; its name if it is kept."""
        step = (self.new_name(), call, args, kwargs)
        found = []
        try:
            for number, values in enumerate(self.values):
                phase = self.program.calls[number].get("phase", 0)
                # only what the step reads: it may not change the values of others
                found.append(run_steps([step], dict(values), phase)[step[0]])
        except Exception:
            return None
        arrays = [np.asarray(f) for f in found]
        if any(a.size > MAX_SIZE or a.size == 0 or a.ndim > MAX_NDIM for a in arrays):
            return None
        if any(a.ndim != arrays[0].ndim or a.dtype.kind != arrays[0].dtype.kind for a in arrays):
            return None
        for values, value in zip(self.values, found):
            values[step[0]] = value
        self.steps.append(step)
        if call != "size" and (call in LOOPS or self.from_loops & (references(args) | references(kwargs))):
            self.from_loops.add(step[0])
        return step[0]

    def grow(self, steps: int) -> None:
        """Add up to ``steps`` steps."""
        for _ in range(ATTEMPTS * steps):
            if len(self.steps) >= steps:
                return
            if self.loops and self.rng.random() < 0.15:
                loops.add(self)
                continue
            chosen = self.rng.choice(CHOICES)(self)
            if chosen is not None:
                self.add(*chosen)


def generate(seed: int) -> tuple[Program, Expected]:
    """The program of a seed, and what it must give."""
    for attempt in range(50):
        rng = random.Random(f"{seed} {attempt}")
        program = _start(rng, seed)
        variables = {name: program.value(name, -1) for name in program.variables}
        generator = Generator(rng, program, [inputs_of(program, call, variables) for call in range(len(program.calls))])
        generator.grow(rng.randint(2, 14))
        program.steps = generator.steps
        _finish(generator)
        try:
            if program.outputs:
                return program, Expected(program)
        except Exception:
            # near a kink in a later call, where updates have changed the variables
            continue
    raise Unsafe(f"no program for seed {seed}")


def _start(rng: random.Random, seed: int) -> Program:
    """Inputs, variables and calls: the first two calls differ in all lengths, a later one has them again."""
    program = Program(seed=seed)
    for k in range(rng.randint(1, 3)):
        program.placeholders[f"x{k}"] = rng.choice(SHAPES)
    for k in range(rng.randint(0, 3)):
        program.variables[f"w{k}"] = rng.choice(WEIGHTS)
    first = {"n": rng.choice([2, 3, 4]), "t": rng.choice([2, 3, 5])}
    second = {"n": rng.choice([n for n in (2, 3, 4) if n != first["n"]]), "t": rng.choice([t for t in (2, 3, 4) if t != first["t"]])}
    program.calls = [first, second]
    if rng.random() < 0.5:
        program.calls.append({"n": 1, "t": rng.choice([1, 2])} if rng.random() < 0.5 else dict(first))
    for call in program.calls:
        call["phase"] = rng.randint(0, 1)
        call["layout"] = rng.choice(["C", "C", "F", "strided", "float64"])
    if program.variables and rng.random() < 0.2:
        program.fed = [rng.choice(list(program.variables))]
    return program


def _finish(generator: Generator) -> None:
    """Choose outputs, loss, gradients and updates."""
    program, rng = generator.program, generator.rng
    made = [step[0] for step in program.steps]
    if not made:
        return
    last = made[-1]
    program.outputs = list(dict.fromkeys([last, *rng.choices(made, k=rng.randint(0, 2))]))
    floats = [n for n in program.outputs if np.asarray(generator.values[0][n]).dtype.kind == "f"]
    program.loss = [(name, rng.choice(["sum", "sin", "square"])) for name in floats]
    if floats:
        everything = [n for n in (*program.placeholders, *program.variables, *made) if np.asarray(generator.values[0][n]).dtype.kind == "f"]
        program.gradients = list(dict.fromkeys(rng.choices(everything, k=rng.randint(1, 3))))
    for name in program.variables:
        if name in program.fed or rng.random() < 0.6:
            continue
        fitting = [
            n for n in made if all(np.shape(v[n]) == np.shape(v[name]) and np.asarray(v[n]).dtype.kind == "f" for v in generator.values)
        ]
        if fitting:
            program.updates[name] = rng.choice(fitting)
    used = set(program.outputs) | set(program.gradients) | set(program.updates.values()) | set(program.updates)
    drop_unused(program, used)


def drop_unused(program: Program, used: set[str]) -> None:
    """Leave out steps, placeholders and variables that nothing needs."""
    kept = []
    for step in reversed(program.steps):
        if step[0] in used:
            kept.append(step)
            used |= references(step[2]) | references(step[3])
    program.steps = kept[::-1]
    program.placeholders = {n: s for n, s in program.placeholders.items() if n in used}
    program.variables = {n: s for n, s in program.variables.items() if n in used}
    program.fed = [n for n in program.fed if n in program.variables]
