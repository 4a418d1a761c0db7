"""Run works on all contenders that are installed, in turns, and print a table: ``python -m benchmarks``."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from .contender import Contender, Work
from .works import WORKS

ROOT = Path(__file__).resolve().parent.parent
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


class Worker:
    """A contender's process."""

    def __init__(self, work: str, number: int, contender: Contender, threads: int):
        env = {**os.environ, **dict.fromkeys(THREADS, str(threads)), "TF_CPP_MIN_LOG_LEVEL": "3", **contender.environment}
        self.contender = contender
        self.rounds: list[dict] = []
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
        """Let it work for about ``seconds`` while the others wait."""
        print(seconds, file=self.process.stdin, flush=True)
        self.rounds.append(self._answer())

    def time(self, kind: str) -> float:
        """The median of all rounds, in seconds a step; kind: 'wall' or 'cpu'."""
        return median(r[kind] for r in self.rounds)

    def stop(self) -> None:
        """End the process."""
        self.process.communicate()
        self.errors.close()

    def _answer(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            raise SystemExit(f"{self.contender.name} failed:\n{self.errors.read()}")
        return json.loads(line)


def measure(name: str, work: Work, args: argparse.Namespace) -> dict:
    """Run a work, print its table, return the numbers."""
    print(f"\n{work.title}\n")
    wanted = [(i, c) for i, c in enumerate(work.contenders) if (args.only or "").lower() in c.name.lower()]
    chosen = [(i, c) for i, c in wanted if not c.missing()]
    if not chosen:
        raise SystemExit(f"No contender of {name} that is installed is called {args.only!r}")
    workers = [Worker(name, i, c, args.threads) for i, c in chosen]
    try:
        for _ in range(args.rounds):
            for worker in workers:
                worker.round(args.seconds)
    finally:
        for worker in workers:
            worker.stop()
    times = {w.contender.name: w for w in workers}
    show(work, times)
    agree(work, workers)
    goals(work, times)
    for _, contender in wanted:
        if contender.missing():
            print(f"{contender.name} did not take part: {', '.join(contender.missing())} is not installed")
    return {
        w.contender.name: {"cpu": w.time("cpu"), "wall": w.time("wall"), **w.start, "rounds": w.rounds} for w in workers
    }


def show(work: Work, times: dict[str, Worker]) -> None:
    """The table: time of a step and ratios of CPU time."""
    against = [name for name in work.against if name in times]
    print(f"{'':34}{'CPU us':>10}{'wall us':>10}{'first s':>9}" + "".join(f"{'/ ' + name:>18}" for name in against))
    for name, worker in times.items():
        ratios = "".join(f"{worker.time('cpu') / times[other].time('cpu'):>18.2f}" for other in against)
        print(
            f"{name:34}{1e6 * worker.time('cpu'):>10.1f}{1e6 * worker.time('wall'):>10.1f}{worker.start['first']:>9.2f}{ratios}"
        )
    print()


def agree(work: Work, workers: list[Worker]) -> None:
    """All contenders must have done the same work."""
    expected = workers[0].start["result"]
    for worker in workers:
        if abs(worker.start["result"] - expected) > work.tolerance * abs(expected):
            raise SystemExit(f"{worker.contender.name} got {worker.start['result']}, {workers[0].contender.name} {expected}")


def goals(work: Work, times: dict[str, Worker]) -> None:
    """Say which promises hold here."""
    for name, other, limit in work.goals:
        if name in times and other in times:
            ratio = times[name].time("cpu") / times[other].time("cpu")
            print(f"{'met ' if ratio <= limit else 'MISSED'}  {name} / {other}: {ratio:.2f}, goal <= {limit:g}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("works", nargs="*", metavar="WORK", help=f"which (default: all): {', '.join(WORKS)}")
    parser.add_argument("--rounds", type=int, default=9, help="turns of each contender (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=0.2, help="length of a turn (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="threads that libraries may use (default: %(default)s)")
    parser.add_argument("--only", metavar="TEXT", help="only contenders whose name contains this")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers")
    args = parser.parse_args()
    unknown = [name for name in args.works if name not in WORKS]
    if unknown:
        parser.error(f"no such work: {', '.join(unknown)}; there are: {', '.join(WORKS)}")
    machine = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    forced = "".join(f", {name}={os.environ[name]}" for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE") if name in os.environ)
    print(f"{machine}, {args.threads} thread(s) each, median of {args.rounds} rounds{forced}")
    found = {name: measure(name, WORKS[name], args) for name in args.works or WORKS}
    if args.json:
        args.json.write_text(json.dumps({"machine": machine + forced, "threads": args.threads, "works": found}, indent=1))


if __name__ == "__main__":
    main()
