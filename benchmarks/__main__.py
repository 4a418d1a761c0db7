"""Run workloads on all contenders that are installed, in turns, and print a table: ``python -m benchmarks``."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from .contender import Contender, Goal, Workload
from .tracing import trace
from .workloads import WORKLOADS

ROOT = Path(__file__).resolve().parent.parent
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "KBRIDGE_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
#: seconds before a turn: threads of OpenMP and of onnxruntime wait busily for the next call, and would take a core from who comes next
PAUSE = 0.05
#: workloads that are traced if none is named
TRACED = ("tiny_mlp", "mlp", "cnn", "lstm", "resnet")


class Failed(Exception):
    """A contender that could not do its workload, with what it wrote."""


@contextlib.contextmanager
def noted(failures: list[str]) -> Iterator[None]:
    """Print what fails within, and go on with the others."""
    try:
        yield
    except Failed as failure:
        print(failure, file=sys.stderr, flush=True)
        failures.append(str(failure))


class Worker:
    """A contender's process."""

    def __init__(self, work: str, number: int, contender: Contender, threads: int):
        env = {**os.environ, **dict.fromkeys(THREADS, str(threads)), "TF_CPP_MIN_LOG_LEVEL": "3", **contender.environment}
        # as installed: with the byte code of the time before
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        self.contender = contender
        self.rounds: list[dict] = []
        self.failed = False
        self.errors = tempfile.TemporaryFile("w+", errors="replace")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", work, str(number)],
            cwd=ROOT,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )
        self.start = self._answer()

    def round(self, seconds: float) -> None:
        """Let it work for about ``seconds`` while the others wait, whose threads may have waited busily for a while."""
        time.sleep(PAUSE)
        print(seconds, file=self.process.stdin, flush=True)
        self.rounds.append(self._answer())

    def numbers(self) -> dict:
        """Seconds of one unit ('wall', 'cpu': medians of the rounds), of the start ('first', 'first_cpu'), bytes ('memory', 'raised'), the 'result'."""
        times = {kind: median(r[kind] for r in self.rounds) for kind in ("wall", "cpu")}
        return {**times, **self.start, **{kind: self.rounds[-1][kind] for kind in ("memory", "raised")}, "rounds": self.rounds}

    def stop(self) -> None:
        """End the process."""
        self.process.communicate()
        self.errors.close()

    def _answer(self) -> dict:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            self.failed = True
            raise Failed(f"{self.contender.name} failed:\n{self.errors.read()}")
        return json.loads(line)


class Outcome:
    """What became of goals, and what went wrong."""

    def __init__(self):
        self.met = 0
        self.missed: list[str] = []
        self.unmeasured = 0
        self.failures: list[str] = []

    def check(self, goal: Goal, found: dict[str, dict], chosen: bool) -> None:
        """Print whether a goal is met. ``chosen``: only some contenders were asked for, so that nobody waits for goals of others."""
        checked = goal.check(found)
        if checked is None:
            self.unmeasured += 1
            if not chosen:
                print(f"not measured  {goal.title}: {goal.promise}")
        elif checked[0]:
            self.met += 1
            print(f"met     {checked[1]}")
        else:
            self.missed.append(checked[1])
            print(f"MISSED  {checked[1]}")

    def __str__(self) -> str:
        lines = [f"goals: {self.met} met, {len(self.missed)} MISSED, {self.unmeasured} not measured", *self.missed]
        return "\n        ".join(lines)


def measure(name: str, workload: Workload, args: argparse.Namespace, threads: int, outcome: Outcome) -> dict:
    """Run a workload, print its table, return the numbers of those who could do it; ``outcome`` gets goals and what went wrong."""
    failures = outcome.failures
    print(f"\n{name}: {workload.title}\n", flush=True)
    texts = (args.only or "").lower().split(";")
    wanted = [(i, c) for i, c in enumerate(workload.contenders) if any(text in c.name.lower() for text in texts)]
    chosen = [(i, c) for i, c in wanted if not c.missing()]
    if not chosen:
        raise SystemExit(f"No contender of {name} that is installed is called {args.only!r}")
    workers = []
    try:
        for i, contender in chosen:
            with noted(failures):
                workers.append(Worker(name, i, contender, threads))
        for _ in range(args.rounds):
            for worker in workers:
                if not worker.failed:
                    with noted(failures):
                        worker.round(args.seconds)
    finally:
        for worker in workers:
            worker.stop()
    found = {w.contender.name: w.numbers() for w in workers if not w.failed}
    show(workload, found)
    with noted(failures):
        agree(workload, found)
    for goal in workload.goals:
        if goal.threads == threads:
            outcome.check(goal, found, bool(args.only))
    for _, contender in wanted:
        if contender.missing():
            print(f"{contender.name} did not take part: {', '.join(contender.missing())} is not installed")
    return found


def show(workload: Workload, found: dict[str, dict]) -> None:
    """The table: times, memory, and ratios of CPU time."""
    against = [name for name in workload.against if name in found]
    ratios = "".join(f"{'/ ' + name:>20}" for name in against)
    print(f"{'of one ' + workload.unit:36}{'CPU us':>10}{'wall us':>10}{'first s':>9}{'peak MB':>9}{ratios}")
    for name, n in found.items():
        ratios = "".join(f"{n['cpu'] / found[other]['cpu']:>20.3g}" for other in against)
        times = f"{1e6 * n['cpu']:>10.1f}{1e6 * n['wall']:>10.1f}{n['first']:>9.2f}{n['memory'] / 1e6:>9.0f}"
        print(f"{name:36}{times}{ratios}")
    print()


def agree(workload: Workload, found: dict[str, dict]) -> None:
    """All contenders that do the same must have done the same computation."""
    if workload.tolerance is None:
        return
    does = {c.name: c.does for c in workload.contenders}
    first: dict[str, str] = {}
    for name, n in found.items():
        other = first.setdefault(does[name], name)
        expected = found[other]["result"]
        if abs(n["result"] - expected) > workload.tolerance * abs(expected):
            raise Failed(f"{name} got {n['result']}, {other} {expected}")


def count(text: str) -> int:
    """A whole number of at least 1, of a command line."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, got {text!r}")
    return int(text)


def duration(text: str) -> float:
    """Seconds, of a command line."""
    with contextlib.suppress(ValueError):
        if 0 < (seconds := float(text)) < float("inf"):
            return seconds
    raise argparse.ArgumentTypeError(f"must be a number above 0, got {text!r}")


def runs(args: argparse.Namespace) -> dict[int, list[str]]:
    """The workloads to run, by the number of threads."""
    names = args.workloads or list(WORKLOADS)
    found = {args.threads or 1: names}
    if not (args.workloads or args.threads or args.only):
        found[2] = [name for name in names if any(goal.threads == 2 for goal in WORKLOADS[name].goals)]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Run workloads on all contenders that are installed, in turns, and print a table."
    )
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=f"which (default: all): {', '.join(WORKLOADS)}")
    parser.add_argument("--rounds", type=count, default=9, help="turns of each contender (default: %(default)s)")
    parser.add_argument("--seconds", type=duration, default=0.2, help="length of a turn (default: %(default)s)")
    parser.add_argument(
        "--threads",
        type=count,
        help="threads that libraries may use (default: 1; if all workloads run, then also 2 for those that have goals for 2; for traces 2)",
    )
    parser.add_argument("--only", metavar="TEXT", help="only contenders whose name contains this, or one of several with ; between")
    parser.add_argument("--trace", type=Path, metavar="FOLDER", help="write what each thread of the NumPy backend does, with a picture")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers")
    args = parser.parse_args()
    unknown = [name for name in args.workloads if name not in WORKLOADS]
    if unknown:
        parser.error(f"no such workload: {', '.join(unknown)}; there are: {', '.join(WORKLOADS)}")
    if args.trace:
        failed = trace(args.workloads or TRACED, args.trace, args.threads or 2)
        if failed:
            raise SystemExit(f"no trace of {', '.join(failed)}, see above")
        return
    machine = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    forced = "".join(f", {name}={os.environ[name]}" for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE") if name in os.environ)
    found: dict[int, dict[str, dict]] = {}
    outcome = Outcome()
    try:
        for threads, names in runs(args).items():
            print(f"\n{machine}, {threads} thread(s) each, median of {args.rounds} rounds{forced}")
            found[threads] = {}
            for name in names:
                found[threads][name] = measure(name, WORKLOADS[name], args, threads, outcome)
    finally:
        # also what was measured before something went wrong
        if args.json:
            parts = [{"threads": threads, "workloads": numbers} for threads, numbers in found.items()]
            everything = {"machine": machine + forced, **parts[0], "further": parts[1:], "failures": outcome.failures}
            args.json.write_text(json.dumps(everything, indent=1))
    print(f"\n{outcome}")
    if outcome.failures:
        raise SystemExit(f"{len(outcome.failures)} failed, see above")


if __name__ == "__main__":
    main()
