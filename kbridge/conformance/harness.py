"""The parity harness: runs rows of the op specs on a backend and says what is off.

For each case it compares with the NumPy reference: values, dtype, static shape, the same call on an
empty batch, and gradients with central differences of the reference. Many cases go into one backend
function, because compiling costs more than running. ``expectations.py`` has what a case must give,
``trial.py`` judges one case, ``results.py`` tells the result. Nothing here knows a backend.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

from ..backends import settings
from ..backends.interface import Backend
from .expectations import BATCHES, arrays_of, reference, same_arrays
from .results import Result, describe, differences
from .spec import Op
from .trial import GRADIENT_TOLERANCE, TOLERANCE, Trial

__all__ = [
    "BATCHES",
    "GRADIENT_TOLERANCE",
    "TOLERANCE",
    "Job",
    "Result",
    "Trial",
    "arrays_of",
    "describe",
    "differences",
    "evaluate",
    "floatx",
    "fresh",
    "quick",
    "reference",
    "run",
    "run_checks",
]


@contextmanager
def floatx(dtype: str) -> Iterator[None]:
    """Set the default float dtype for a while."""
    before = settings.floatx()
    settings.set_floatx(dtype)
    try:
        yield
    finally:
        settings.set_floatx(before)


def run(
    K: Backend,
    ops: Iterable[Op],
    dtype: str = "float32",
    gradients: bool = True,
    most: int | None = None,
    draw: int = 0,
) -> list[Result]:
    """The cases of ``ops`` on ``K`` (at most ``most`` of each), in one function where that works. ``draw`` 1, 2, 3 ...
    repeats them with other random values and batch sizes; cases that have neither are left out then.

    Checks (rows' behaviour beyond cases) are run by :func:`run_checks`.
    """
    results, trials = [], []
    with floatx(dtype):
        for op in ops:
            for index in range(len(op.cases[:most])):
                if dtype == "float16" and not op.cases[index].float16:
                    continue
                if draw and same_arrays(arrays_of(op, index, dtype), arrays_of(op, index, dtype, draw)):
                    continue
                try:
                    trial = Trial(K, op, index, dtype, gradients and dtype in GRADIENT_TOLERANCE, draw)
                except Exception as error:
                    case = f"{index}#{draw}" if draw else index
                    results.append(Result(op.name, case, K.name, dtype, [f"building: {describe(error)}"]))
                else:
                    trials.append(trial)
                    results.append(trial.result)
        _run_together(K, trials)
    return results


def _run_together(K: Backend, trials: list[Trial]) -> None:
    jobs = [Job(t.symbolic_inputs(), t.symbolic_outputs(), (t.feed(False), t.feed(t.can_be_empty))) for t in trials]
    for trial, answer in zip(trials, evaluate(K, jobs)):
        if isinstance(answer, Exception):
            trial.problem(f"running: {describe(answer)}")
            continue
        trial.judge(answer[0])
        if trial.can_be_empty:
            trial.judge_empty(answer[1])


@dataclass
class Job:
    """Symbolic inputs and outputs, and the values to feed for each of a number of calls."""

    inputs: list
    outputs: list
    feeds: tuple[list, ...] = ([],)


def evaluate(K: Backend, jobs: list[Job]) -> list[list[list] | Exception]:
    """Each job's outputs for each of its feeds, from one function for all jobs (compiling costs more than
    running). Where that fails: from two functions of half the jobs, down to the job at fault, which
    gives its exception. All jobs have the same number of feeds."""
    if not jobs:
        return []
    try:
        function = K.function([i for j in jobs for i in j.inputs], [o for j in jobs for o in j.outputs])
        calls = [function([v for j in jobs for v in j.feeds[n]]) for n in range(len(jobs[0].feeds))]
    except Exception as error:
        if len(jobs) == 1:
            return [error]
        middle = len(jobs) // 2
        return evaluate(K, jobs[:middle]) + evaluate(K, jobs[middle:])
    answers: list[list[list] | Exception] = []
    start = 0
    for job in jobs:
        answers.append([values[start : start + len(job.outputs)] for values in calls])
        start += len(job.outputs)
    return answers


def fresh(K: Backend) -> Backend:
    """Another backend of the same kind with nothing in its graph: some grow slow, or are spoilt by one bad op."""
    return type(K)()


def quick(K: Backend) -> AbstractContextManager:
    """A context in which ``K`` compiles fast rather than runs fast, if it can tell the two apart."""
    return K.quick_compilation() if hasattr(K, "quick_compilation") else nullcontext()


def run_checks(K: Backend, ops: Iterable[Op], dtype: str = "float32") -> list[Result]:
    """The rows' named checks, each on its own."""
    results = []
    with floatx(dtype):
        for op in ops:
            for check in op.checks:
                if check.backends is not None and K.name not in check.backends:
                    continue
                result = Result(op.name, check.name, K.name, dtype)
                try:
                    check.run(K)
                except Exception as error:
                    result.problems.append(describe(error))
                results.append(result)
    return results
