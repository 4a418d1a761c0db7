"""One contender in a process of its own: ``python -m benchmarks.worker WORK NUMBER``.

Reads one line a request and answers in JSON, one line each. It starts with its result after some steps; then each
line ``SECONDS`` on stdin asks for a round of about that length.
"""

from __future__ import annotations

import json
import os
import sys
import time

from .contender import Step
from .works import WORKS

#: steps before the result that is compared, and before anything is timed
WARM_UP = 20


def timed(step: Step, count: int) -> tuple[float, float]:
    """(wall, CPU) seconds of ``count`` steps; CPU is that of all threads."""
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(count):
        step()
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    # an engine may print; the answers have a channel of their own
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    work, number = sys.argv[1:]

    def answer(content: dict) -> None:
        print(json.dumps(content), file=answers, flush=True)

    begin = time.perf_counter()
    step = WORKS[work].contenders[int(number)].make()
    step()
    first = time.perf_counter() - begin
    for _ in range(WARM_UP - 1):
        result = step()
    answer({"result": result, "first": first})
    once = timed(step, 10)[0] / 10
    for line in sys.stdin:
        count = max(1, round(float(line) / once))
        wall, cpu = timed(step, count)
        once = wall / count
        answer({"wall": wall / count, "cpu": cpu / count, "count": count})


if __name__ == "__main__":
    main()
