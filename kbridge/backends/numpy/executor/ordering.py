"""The order of values after a pass that gave some of them other inputs."""

from __future__ import annotations

from collections.abc import Iterable

from .values import Value


def ordered(order: Iterable[Value], wanted: Iterable[Value]) -> list[Value]:
    """Return values in their order, but none before what it reads."""
    placed: dict[Value, None] = {}
    for start in (*order, *wanted):
        if start in placed:
            continue
        for v in start.operands():
            if v not in placed:
                break
        else:
            # the most, at once
            placed[start] = None
            continue
        stack = [start]
        while stack:
            value = stack[-1]
            missing = [] if value in placed else [v for v in value.operands() if v not in placed]
            if missing:
                stack.extend(reversed(missing))
            else:
                placed[stack.pop()] = None
    return list(placed)
