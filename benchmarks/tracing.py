"""What each thread does in a step on the NumPy backend, and what more cores would give.

``python -m benchmarks --trace FOLDER lstm resnet`` writes, for each workload, ``NAME.json`` (for chrome://tracing or Perfetto), a picture (``NAME.svg``) and
a table: the work and the waits of each thread, and the time of a step on 1 to 16 cores by a simulation. There is one where the plan has lanes, so a
trace takes two threads unless ``--threads`` says otherwise.

The simulation takes what each part took of the processor. Calls between forks run one after the other. In L lanes each makes all of the fork's
calls, each of which holds Python's lock for a moment, on ceil(n / L) of n samples; the fork takes the time of such a lane, or that of all
lanes' turns at the lock if that is longer, and the handover to other threads. L is what serves best, up to the number of cores. Lanes that can't be cut are
spread over L cores as they are. The simulation knows nothing of memory bandwidth, which cores share.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

CORES = (1, 2, 4, 8, 16)
#: seconds that it takes to hand lanes to other threads and to wait for the last
HANDOVER = 60e-6
#: seconds for which a call holds Python's lock
LOCKED = 0.4e-6


def simulated(events: Sequence[Any], cores: int) -> float:
    """Seconds that the recorded events would take on ``cores`` cores."""
    total = sum(e.work for e in events if e.kind == "serial")
    lanes = [e for e in events if e.kind == "lane"]
    for fork in (e for e in events if e.kind == "fork"):
        own = [e for e in lanes if fork.begin <= e.begin and e.end <= fork.end]
        locked = LOCKED * max(e.calls for e in own)
        computed = max(0.0, sum(e.work for e in own) - len(own) * locked)
        # lanes that can't be cut further: a loop and the products beside it, say
        whole = fork.samples == len(own)
        # of as many lanes as serve best: more of them may only wait for each other
        times = [sum(e.work for e in own) if whole else locked + computed]
        for lanes_then in range(2, min(cores, fork.samples) + 1):
            if whole:
                part, turns = longest([e.work for e in own], lanes_then), LOCKED * sum(e.calls for e in own)
            else:
                part, turns = locked + computed * -(-fork.samples // lanes_then) / fork.samples, lanes_then * locked
            times.append(max(part, turns) + HANDOVER)
        total += min(times)
    return total


def longest(works: Sequence[float], cores: int) -> float:
    """Seconds until all works have ended, each on the core that is free first, long ones before short ones."""
    loads = [0.0] * cores
    for work in sorted(works, reverse=True):
        loads[loads.index(min(loads))] += work
    return max(loads)


def by_thread(events: Sequence[Any]) -> list[dict[str, float]]:
    """For each thread, the first being that which runs plans: seconds of work (of the processor), of waiting in forks, tasks."""
    forks = [e for e in events if e.kind == "fork"]
    threads = dict.fromkeys([*(e.thread for e in forks), *(e.thread for e in events)])
    found = []
    for thread in threads:
        own = [e for e in events if e.thread == thread and e.kind != "fork"]
        inside = sum(e.end - e.begin for e in own if e.kind == "lane")
        found.append({
            "work": sum(e.work for e in own),
            "wait": sum(f.end - f.begin for f in forks) - inside,
            "tasks": len(own),
        })  # fmt: skip
    return found


def chrome(events: Sequence[Any]) -> dict:
    """The events in the format of chrome://tracing."""
    start = min(e.begin for e in events)
    threads = {t: i for i, t in enumerate(dict.fromkeys([*(e.thread for e in events if e.kind == "fork"), *(e.thread for e in events)]))}
    rows: list[dict[str, Any]] = [
        {
            "name": e.name,
            "cat": e.kind,
            "ph": "X",
            "pid": 1,
            "tid": threads[e.thread],
            "ts": 1e6 * (e.begin - start),
            "dur": 1e6 * (e.end - e.begin),
        }
        for e in events
        if e.kind != "fork"
    ]
    rows += [{"name": "thread_name", "ph": "M", "pid": 1, "tid": i, "args": {"name": f"thread {i}"}} for i in threads.values()]
    return {"traceEvents": rows, "displayTimeUnit": "ms"}


COLORS = {"serial": "#b0b7c3", "lane": "#3b7dd8"}
WIDTH, ROW, LEFT = 1200, 34, 80


def picture(name: str, events: Sequence[Any]) -> str:
    """An SVG: a row for each thread, gray for calls that run alone, blue for lanes, white for waits."""
    start, end = min(e.begin for e in events), max(e.end for e in events)
    scale = (WIDTH - LEFT - 10) / max(end - start, 1e-9)
    threads = {t: i for i, t in enumerate(dict.fromkeys([*(e.thread for e in events if e.kind == "fork"), *(e.thread for e in events)]))}
    bottom = 36 + ROW * len(threads)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{bottom + 24}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{bottom + 24}" fill="white"/>',
        f'<text x="10" y="20">{name}: a step of {1e3 * (end - start):.2f} ms; gray: alone, blue: lanes, white: waiting</text>',
    ]
    step = between_ticks(1e3 * (end - start))
    for i in range(int(1e3 * (end - start) / step) + 1):
        x = LEFT + scale * 1e-3 * i * step
        parts.append(
            f'<line x1="{x:.2f}" x2="{x:.2f}" y1="30" y2="{bottom}" stroke="#dddddd"/><text x="{x:.2f}" y="{bottom + 14}">{i * step:g} ms</text>'
        )
    for i in threads.values():
        parts.append(f'<text x="10" y="{52 + ROW * i}">thread {i}</text>')
    for e in events:
        if e.kind in COLORS and e.end > e.begin:
            x, width = LEFT + scale * (e.begin - start), max(scale * (e.end - e.begin), 0.3)
            title = f"<title>{e.name}: {1e6 * (e.end - e.begin):.0f} us</title>"
            at = f'x="{x:.2f}" y="{36 + ROW * threads[e.thread]}" width="{width:.2f}" height="{ROW - 8}"'
            parts.append(f'<rect {at} fill="{COLORS[e.kind]}" stroke="white" stroke-width="0.3">{title}</rect>')
    return "\n".join([*parts, "</svg>\n"])


def between_ticks(whole: float) -> float:
    """1, 2 or 5 times a power of ten, of which at most ten fit into ``whole``."""
    power = 10.0 ** math.floor(math.log10(max(whole, 1e-6) / 10))
    return next(step for step in (power, 2 * power, 5 * power, 10 * power) if whole <= 10 * step)


def table(events: Sequence[Any], blas: bool = False) -> str:
    """Work and waits of threads, and steps on more cores, as text. ``blas``: whether threads of BLAS took part, of which events know nothing."""
    lines = [f"{'thread':8}{'work ms':>10}{'wait ms':>10}{'tasks':>8}"]
    for i, row in enumerate(by_thread(events)):
        lines.append(f"{i:<8}{1e3 * row['work']:>10.3f}{1e3 * row['wait']:>10.3f}{row['tasks']:>8.0f}")
    if blas:
        lines.append(
            "Threads of the BLAS library share the products of this plan. A trace can't see them, so there is no estimate for other numbers of cores."
        )
    elif not any(e.kind == "fork" for e in events):
        lines.append("This plan runs on one thread: nothing in it is estimated to gain from more (or there was --threads 1).")
    else:
        times = {cores: simulated(events, cores) for cores in CORES}
        lines.append("simulated ms on cores: " + ", ".join(f"{c}: {1e3 * t:.3f} ({times[1] / t:.2f}x)" for c, t in times.items()))
    return "\n".join(lines)


def record(step: Any, repeats: int = 5) -> Any:
    """The trace of the shortest of some steps."""
    from kbridge.backends.numpy.executor.trace import recording

    found = []
    for _ in range(repeats):
        with recording() as trace:
            step()
        found.append(trace)
    return min(found, key=lambda trace: max((e.end for e in trace.events), default=0.0) - min((e.begin for e in trace.events), default=0.0))


def write(name: str, found: Any, folder: Path) -> None:
    """Write both files and print the table."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(chrome(found.events)))
    (folder / f"{name}.svg").write_text(picture(name, found.events))
    print(f"\n{name}: {folder / name}.json, .svg\n{table(found.events, found.blas)}", flush=True)


def trace(names: Iterable[str], folder: Path, threads: int) -> list[str]:
    """Trace workloads, each in a process of its own, with ``threads`` lanes. Return those that failed, each of which said why."""
    failed = []
    for name in names:
        variables = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "KBRIDGE_NUM_THREADS"), str(threads))
        env = {**os.environ, **variables, "KBRIDGE_BACKEND": "numpy"}
        command = [sys.executable, "-m", "benchmarks.tracing", name, str(folder.resolve())]
        if subprocess.run(command, env=env, cwd=Path(__file__).resolve().parent.parent).returncode:
            failed.append(name)
    return failed


def main() -> None:
    from .workloads import WORKLOADS

    name, folder = sys.argv[1], Path(sys.argv[2])
    # other libraries' contenders, too, may have kbridge on NumPy build the model that they run
    contender = next((c for c in WORKLOADS[name].contenders if c.name.startswith("kbridge numpy") and not c.missing()), None)
    if contender is None:
        raise SystemExit(f"{name} has no contender on the NumPy backend")
    step = contender.make()
    for _ in range(3):
        step()
    found = record(step)
    if not found.events:
        raise SystemExit(f"a step of {name} runs no plan in its process, so there is nothing to trace")
    try:
        write(name, found, folder)
    except OSError as error:
        raise SystemExit(f"can't write to {folder}: {error}") from None


if __name__ == "__main__":
    main()
