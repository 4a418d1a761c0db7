"""Smaller programs that still fail, and how a failure prints as a test."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

from .generator import drop_unused
from .program import LOOPS, Program, references


def shrunk(program: Program, fails: Callable[[Program], bool], attempts: int = 400) -> Program:
    """The smallest program found that ``fails``; ``fails`` must be false for programs without an expected result."""
    progress = True
    while progress and attempts > 0:
        progress = False
        for candidate in _smaller(program):
            attempts -= 1
            if attempts <= 0:
                break
            if fails(candidate):
                program, progress = candidate, True
                break
    return program


def _smaller(program: Program) -> Iterator[Program]:
    """Programs with one thing less, large cuts first."""
    for n in range(len(program.calls)):
        if len(program.calls) > 1:
            yield _with(program, lambda p, n=n: p.calls.pop(n))
    for name in program.updates:
        yield _with(program, lambda p, name=name: p.updates.pop(name))
    for field in ("outputs", "gradients", "fed", "loss"):
        for n in range(len(getattr(program, field))):
            if field != "outputs" or len(program.outputs) > 1:
                yield _with(program, lambda p, field=field, n=n: getattr(p, field).pop(n))
    # a step's readers read one of its own arguments instead
    for n, step in enumerate(program.steps):
        for source in sorted(references(step[2]) | references(step[3])):
            if any(source in names for names in (program.placeholders, program.variables, [s[0] for s in program.steps])):
                yield _with(program, lambda p, n=n, source=source: _replace(p, n, source))
    for n, step in enumerate(program.steps):
        if step[1] in LOOPS:
            yield from _smaller_bodies(program, n)
    for call in range(len(program.calls)):
        for letter, length in program.calls[call].items():
            if isinstance(length, int) and letter != "phase" and length > 1:
                yield _with(program, lambda p, call=call, letter=letter: p.calls[call].update({letter: p.calls[call][letter] - 1}))
            if letter == "layout" and length != "C":
                yield _with(program, lambda p, call=call: p.calls[call].update(layout="C"))


def _smaller_bodies(program: Program, n: int) -> Iterator[Program]:
    body = program.steps[n][3]["body"]
    for k, (name, _, args, kwargs) in enumerate(body):
        for source in sorted(references(args) | references(kwargs)):

            def change(p: Program, k=k, name=name, source=source) -> None:
                parts = p.steps[n][3]
                rest = [s for i, s in enumerate(parts["body"]) if i != k]
                renamed = _renamed({**parts, "body": rest}, name, source)
                p.steps[n] = (p.steps[n][0], p.steps[n][1], p.steps[n][2], renamed)

            yield _with(program, change)


def _with(program: Program, change: Callable[..., object]) -> Program:
    smaller = copy.deepcopy(program)
    change(smaller)
    used = {*smaller.outputs, *smaller.gradients, *smaller.updates, *smaller.updates.values(), *(n for n, _ in smaller.loss)}
    smaller.loss = [pair for pair in smaller.loss if pair[0] in smaller.outputs]
    if not smaller.loss:
        smaller.gradients = []
    drop_unused(smaller, used)
    return smaller


def _replace(program: Program, n: int, source: str) -> None:
    name = program.steps[n][0]
    del program.steps[n]
    program.steps = _renamed(program.steps, name, source)
    program.outputs = list(dict.fromkeys(source if o == name else o for o in program.outputs))
    program.loss = [(source if o == name else o, kind) for o, kind in program.loss]
    program.gradients = list(dict.fromkeys(source if o == name else o for o in program.gradients))
    program.updates = {v: source if o == name else o for v, o in program.updates.items()}


def _renamed(value, old: str, new: str):
    if value == f"@{old}":
        return f"@{new}"
    if isinstance(value, (list, tuple)):
        return type(value)(_renamed(v, old, new) for v in value)
    if isinstance(value, dict):
        return {k: _renamed(v, old, new) for k, v in value.items()}
    return value


def as_test(program: Program, backend: str, dtype: str) -> str:
    """A pytest test of the program."""
    body = program.source().replace("\n", "\n    ")
    return (
        "from kbridge.backends import registry\n"
        "from kbridge.conformance.random_programs import Program, problems\n\n\n"
        f"def test_random_program_{program.seed}_on_{backend}():\n"
        f"    program = {body}\n"
        f'    assert not problems(registry.load("{backend}"), program, "{dtype}")\n'
    )
