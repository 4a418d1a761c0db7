"""What takes part in a benchmark."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, field

#: one unit of work; returns a number (a loss, say) that all contenders must agree on
Step = Callable[[], float]


@dataclass(frozen=True)
class Contender:
    """One way to do a work. ``make`` is called in a process of its own and returns the step."""

    name: str
    make: Callable[[], Step]
    #: packages without which it can't take part
    needs: tuple[str, ...] = ()
    #: variables of its process
    environment: dict[str, str] = field(default_factory=dict)

    def missing(self) -> list[str]:
        """The packages that it needs and that aren't installed."""
        return [name for name in self.needs if importlib.util.find_spec(name) is None]


@dataclass(frozen=True)
class Work:
    """A task, who does it, and whom the others are compared with."""

    title: str
    contenders: list[Contender]
    #: names of the contenders that ratios are given to
    against: tuple[str, ...]
    #: how far the results may differ, relatively
    tolerance: float = 1e-4
    #: (contender, other, at most this multiple of the other's CPU time): what the project promises
    goals: tuple[tuple[str, str, float], ...] = ()
