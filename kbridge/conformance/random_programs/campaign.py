"""Many random programs on several backends, with a report of each that fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from .. import harness
from .generator import generate
from .judge import Expected, problems
from .program import Program
from .shrink import as_test, shrunk


def run(
    backends: Iterable[Any],
    seeds: Iterable[int],
    dtypes: Iterable[str],
    compiled: bool = False,
    shrink: bool = True,
    show: Callable = print,
) -> Counter:
    """Run the programs of ``seeds``; a failure is made small and shown as a test. How many were right ('ok') and wrong ('off').

    An interrupt ends the run with what there is until then.
    """
    counts: Counter[str] = Counter()
    backends, dtypes = list(backends), list(dtypes)
    try:
        for seed in seeds:
            program, expected = generate(seed)
            for K in backends:
                for dtype in dtypes:
                    found = problems(harness.fresh(K), program, dtype, expected, compiled)
                    counts[f"{K.name} {dtype} {'off' if found else 'ok'}"] += 1
                    if found:
                        show(f"\nProgram {seed} on {K.name} in {dtype}: " + "\n    ".join(found[:4]))
                        if shrink:
                            _show_small(K, dtype, compiled, program, found, show)
    except KeyboardInterrupt:
        show("Interrupted.")
    return counts


def _show_small(K: Any, dtype: str, compiled: bool, program: Program, found: list[str], show: Callable) -> None:
    small = shrunk(program, partial(fails, K, dtype, compiled, kind(found[0])))
    show("\n".join(problems(harness.fresh(K), small, dtype, compiled=compiled)[:3]))
    show(as_test(small, K.name, dtype))


def kind(problem: str) -> str:
    """Return the sort of a problem: a smaller program has to show the same sort."""
    if problem.partition(":")[0].endswith("Error"):
        return problem.partition(":")[0]
    for word in ("gradient", "announced", "variable", "changed", "written"):
        if word in problem:
            return word
    return "value"


def fails(K: Any, dtype: str, compiled: bool, wanted: str, program: Program) -> bool:
    """Whether a program has an expected result that the backend doesn't give."""
    try:
        expected = Expected(program)
    except Exception:
        return False
    return any(kind(p) == wanted for p in problems(harness.fresh(K), program, dtype, expected, compiled))
