"""Kills a worker at each point of a run and looks at how the others end: a table of how long that took.

    PYTHONPATH=.:tests python -m workers.kills [--workers 3]

Every worker is killed at every point, and one is stopped first. In each run all processes must end, the signal and the
worker must be named, and what was written must be whole. The exit status is 1 where something of this isn't so.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from .comparison import environment, missing

VICTIM = Path(__file__).with_name("victim.py")
POINTS = ("start", "step", "between", "validation", "save", "callback", "epoch", "end")
#: seconds in which all must have ended; they should in 10
LIMIT, AIM = 60, 10
KILLED = 128 + 9


class Ending(NamedTuple):
    """How a run ended."""

    status: int
    errors: str
    #: seconds from the signal to the end of all, where the moment of the signal is known
    seconds: float
    left: list[str]


def run(point: str, worker: int, workers: int, folder: Path, signal: int = 9, **variables: str) -> Ending:
    """Run the program; ``worker`` gets the signal at ``point``. One that was only stopped is killed a second later."""
    mark = f"{folder}-{time.time()}"
    words = [sys.executable, "-m", "kbridge", "run", "--workers", str(workers), str(VICTIM), str(folder)]
    if point:
        words += [point, str(worker), str(signal)]
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            words,
            env=environment("numpy", MARK_OF_TEST=mark, **variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        stopped = ended = 0.0
        start = time.time()
        while process.poll() is None and time.time() - start < LIMIT + 30:
            time.sleep(0.05)
            errors.seek(0)
            text = errors.read()
            found = re.search(r"worker \d+ \(process (\d+) on .*\) was stopped", text)
            if found and not stopped:
                stopped = time.time()
            if found and stopped and time.time() - stopped > 1.0 and not ended:
                ended = time.time()
                os.kill(int(found[1]), 9)
            if "was ended by" in text and not ended:
                ended = time.time()
        seconds = time.time() - (ended or start)
        if process.poll() is None:
            process.kill()
        time.sleep(0.3)
        left = processes_with(mark)
        errors.seek(0)
        return Ending(process.wait(), errors.read(), seconds, left)


def processes_with(mark: str) -> list[str]:
    """Processes that have ``mark`` in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes() and (folder / "stat").read_text().split()[2] != "Z":
                found.append(f"{folder.name}: {(folder / 'cmdline').read_bytes()[:200]!r}")
        except OSError:
            continue
    return found


def faults(ending: Ending, worker: int, folder: Path) -> list[str]:
    """What is wrong with a run in which ``worker`` was killed."""
    found = []
    if ending.status != KILLED:
        found.append(f"exit status {ending.status} instead of {KILLED}")
    if not re.search(rf"worker {worker} \(process \d+ on .*\) was ended by signal 9 \(SIGKILL\)", ending.errors):
        found.append(f"the worker and the signal aren't named: {ending.errors[-500:]}")
    if ending.left:
        found.append(f"left: {ending.left}")
    if ending.seconds > LIMIT:
        found.append(f"{ending.seconds:.0f} s")
    for path in folder.glob("model-*.h5"):
        from kbridge.models import load_model

        try:
            load_model(str(path))
        except Exception as error:  # whatever is wrong with the file
            found.append(f"the checkpoint doesn't open: {error}")
    lines = (folder / "log.csv").read_text().splitlines() if (folder / "log.csv").exists() else []
    if any(line.count(",") != 2 for line in lines):
        found.append(f"half a line in the log: {lines}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=3)
    args = parser.parse_args()
    why = missing()
    if why:
        parser.error(f"nothing can be run on workers here: {why}")
    wrong, longest = 0, 0.0
    cases = [(point, worker, 9) for point in POINTS for worker in range(args.workers)]
    cases += [("between", worker, 19) for worker in range(args.workers)]
    for point, worker, signal in cases:
        with tempfile.TemporaryDirectory() as folder:
            ending = run(point, worker, args.workers, Path(folder), signal)
            problems = faults(ending, worker, Path(folder))
        longest = max(longest, ending.seconds)
        wrong += bool(problems)
        kind = "stopped, killed" if signal == 19 else "killed"
        print(f"worker {worker} {kind:16} {point:11} all ended after {ending.seconds:5.1f} s  {'; '.join(problems)}", flush=True)
    print(f"longest {longest:.1f} s (aim {AIM}, limit {LIMIT}); {wrong} of {len(cases)} runs with faults")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
