"""One contender in a process of its own: ``python -m benchmarks.worker WORKLOAD NUMBER``.

Reads one line a request and answers in JSON, one line each. It starts with its result after some steps; then each
line ``SECONDS`` on stdin asks for a round of about that length.
"""

from __future__ import annotations

import json
import os
import sys
import time

from .clock import cpu, peak_memory
from .contender import Step
from .workloads import WORKLOADS


def timed(step: Step, count: int) -> tuple[float, float]:
    """(wall, CPU) seconds of ``count`` steps; CPU is that of all threads and of processes that a step starts."""
    wall, busy = time.perf_counter(), cpu()
    for _ in range(count):
        step()
    return time.perf_counter() - wall, cpu() - busy


def main() -> None:
    # a backend may print; the answers have a channel of their own
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    name, number = sys.argv[1:]
    workload = WORKLOADS[name]

    def answer(content: dict) -> None:
        print(json.dumps(content), file=answers, flush=True)

    begin, begin_cpu = time.perf_counter(), cpu()
    step = workload.contenders[int(number)].make()
    built, before = time.perf_counter(), peak_memory()
    result = step()
    done, done_cpu = time.perf_counter(), cpu()
    for _ in range(workload.warm_up - 1):
        result = step()
    answer({"result": result, "first": done - begin, "first_cpu": done_cpu - begin_cpu, "first_step": done - built})
    once = timed(step, 1)[0]
    for line in sys.stdin:
        count = max(1, round(float(line) / once))
        wall, busy = timed(step, count)
        once = wall / count
        peak = peak_memory()
        answer(
            {"wall": once / workload.units, "cpu": busy / count / workload.units, "count": count, "memory": peak, "raised": peak - before}
        )


if __name__ == "__main__":
    main()
