"""The long comparison: all models, on 1 to 4 workers, on every backend, with a table of the worst differences.

    PYTHONPATH=.:tests python -m workers.matrix [--backends numpy,theano] [--workers 1,2,3,4] [--float64] [--equal]
        [--divided] [--float16] [CASE ...]

The table gives, for each model, the largest |difference| / (1 + |value|) of weights, the optimizer's state and the history
from those of one process as it is, and what differs most. The exit status is 1 where one is above the limit. ``--equal``
averages the workers' gradients with equal weights, which must be far off. ``--divided`` divides the updates among the workers,
``--float16`` sends gradients in float16, which has a limit of its own.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from .comparison import missing, train, worst

#: what rounding makes of a few steps: another order of sums, in which Adam divides small gradients by smaller ones
LIMITS = {"float32": 2e-5, "float64": 1e-12, "float16": 1e-3}
CASES = [
    "weighted_mlp", "last_row_alone", "masked_steps", "two_outputs", "penalties", "images", "steps_by_hand", "carried_states",
]  # fmt: skip


#: those whose updates can be divided: others have constraints, or states
DIVISIBLE = ["weighted_mlp", "masked_steps", "two_outputs", "penalties", "images", "steps_by_hand"]


def table(backend: str, counts: list[int], cases: list[str], options: list[str], variables: dict[str, str], show=print) -> float:
    """Print a row for each model; returns the worst of all."""
    largest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        start = time.time()
        alone = train(0, cases, Path(folder), *[o for o in options if o != "--equal"], backend=backend)
        rows: dict[str, list[str]] = {case: [] for case in cases}
        for count in counts:
            for case, (difference, where) in worst(
                alone, train(count, cases, Path(folder), *options, backend=backend, **variables)
            ).items():
                rows[case].append(f"{difference:8.1e} {where:22}")
                largest = max(largest, difference)
    show(f"{backend} ({time.time() - start:.0f} s)")
    show(" " * 18 + "  ".join(f"{f'{n} workers':31}" for n in counts))
    for case in cases:
        show(f"  {case:16}" + "  ".join(rows[case]))
    return largest


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backends", default="numpy,tensorflow,theano")
    parser.add_argument("--workers", default="1,2,3,4")
    parser.add_argument("--float64", action="store_true")
    parser.add_argument("--equal", action="store_true")
    parser.add_argument("--divided", action="store_true")
    parser.add_argument("--float16", action="store_true")
    parser.add_argument("cases", nargs="*", metavar="CASE")
    args = parser.parse_args()
    why = missing()
    if why:
        parser.error(f"nothing can be run on workers here: {why}")
    options = [f"--{name}" for name in ("float64", "equal") if getattr(args, name)]
    limit = LIMITS["float16" if args.float16 else "float64" if args.float64 else "float32"]
    variables = {"KBRIDGE_DISTRIBUTED_UPDATE": "divided"} if args.divided else {}
    variables |= {"KBRIDGE_DISTRIBUTED_COMPRESSION": "float16"} if args.float16 else {}
    counts = [int(n) for n in args.workers.split(",")]
    largest = max(
        table(backend, counts, args.cases or (DIVISIBLE if args.divided else CASES), options, variables)
        for backend in args.backends.split(",")
    )
    print(f"worst of all {largest:.1e}, allowed {limit:.0e}")
    return int(largest > limit)


if __name__ == "__main__":
    sys.exit(main())
