"""What takes part in a benchmark."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, field

#: one unit of work; returns a number (a loss, say) that all contenders must agree on
Step = Callable[[], float]


@dataclass(frozen=True)
class Contender:
    """One way to run a workload. ``make`` is called in a process of its own and returns the step."""

    name: str
    make: Callable[[], Step]
    #: packages without which it can't take part
    needs: tuple[str, ...] = ()
    #: variables of its process
    environment: dict[str, str] = field(default_factory=dict)
    #: what it computes, in a workload of several things: results are compared among those with the same
    does: str = ""

    def missing(self) -> list[str]:
        """The packages that it needs and that aren't installed."""
        return [name for name in self.needs if importlib.util.find_spec(name) is None]


@dataclass(frozen=True)
class Goal:
    """What the project promises of a contender.

    ``measure``: 'cpu', 'wall', 'first' or 'memory', a column of the table, 'first_cpu', which is 'first' in processor time, or 'raised', by how much the steps raised the peak of memory; ``threads``: with how many threads it holds. With ``other``, at most ``limit`` times the other's,
    or, with ``over``, at most ``limit`` more than the other's; without it, at most ``limit``. Seconds and bytes.
    """

    name: str
    limit: float
    other: str = ""
    measure: str = "cpu"
    over: bool = False
    threads: int = 1

    def check(self, values: dict[str, dict[str, float]]) -> tuple[bool, str] | None:
        """(whether it is met, what to print) from {contender: {measure: value}}; None where one didn't take part."""
        if self.name not in values or (self.other and self.other not in values):
            return None
        value = values[self.name][self.measure]
        base = values[self.other][self.measure] if self.other else 1.0
        if self.over:
            return value - base <= self.limit, f"{self.title}: {1e6 * (value - base):.1f} us, {self.promise}"
        got = f"{value / base:.3g}" if self.other else f"{value:.2f}"
        return value <= self.limit * base, f"{self.title}: {got}, {self.promise}"

    @property
    def title(self) -> str:
        """What is measured."""
        if not self.other:
            return f"{self.name}, {self.measure}"
        return f"{self.name} {'-' if self.over else '/'} {self.other}" + ("" if self.measure == "cpu" else f", {self.measure}")

    @property
    def promise(self) -> str:
        """The limit as text."""
        return f"goal <= {1e6 * self.limit if self.over else self.limit:g}"


@dataclass(frozen=True)
class Workload:
    """A task, who does it, and whom the others are compared with."""

    title: str
    contenders: list[Contender]
    #: names of the contenders that ratios are given to
    against: tuple[str, ...] = ()
    #: how far the results may differ, relatively; None where contenders do different things
    tolerance: float | None = 1e-4
    goals: tuple[Goal, ...] = ()
    #: steps before the result that is compared, and before anything is timed
    warm_up: int = 20
    #: what a step does so many of, and what one of them is called: times are given for one
    units: int = 1
    unit: str = "step"
