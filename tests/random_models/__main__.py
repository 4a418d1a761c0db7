"""Any number of random models:

python -m random_models 1000 --seed 7 --backends numpy,tensorflow,theano     (from tests/, or with it on PYTHONPATH)
"""

from __future__ import annotations

import argparse
import contextlib
import time
from collections import Counter

from . import judge
from .worker import Failed, Worker


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m random_models", description="Random models on every backend.")
    parser.add_argument("count", type=int, help="models")
    parser.add_argument("--seed", type=int, default=0, help="of the first (default: %(default)s)")
    parser.add_argument("--backends", default="numpy,tensorflow,theano", help="(default: %(default)s)")
    parser.add_argument("--compiled", action="store_true", help="Theano with its compiler and all its optimisations")
    parser.add_argument("--no-shrink", action="store_true", help="report failures as they are")
    args = parser.parse_args()
    counts: Counter[str] = Counter()
    start = time.time()
    with contextlib.ExitStack() as stack:
        numpy64 = stack.enter_context(Worker("numpy", "float64"))
        backends = [stack.enter_context(Worker(name, compiled=args.compiled)) for name in args.backends.split(",") if name]
        for seed in range(args.seed, args.seed + args.count):
            try:
                spec = numpy64.generate(seed)
            except Failed as error:
                counts["not generated"] += 1
                print(f"seed {seed}: not generated: {error}", flush=True)
                continue
            for backend in backends:
                found = judge.problems(numpy64, backend, spec)
                counts[f"{backend.backend} {'off' if found else 'ok'}"] += 1
                if found:
                    _report(seed, spec, numpy64, backend, found, not args.no_shrink)
    print(f"{args.count} models, {time.time() - start:.0f} s: " + ", ".join(f"{n} {name}" for name, n in sorted(counts.items())))
    return int(any(name.endswith("off") or name == "not generated" for name in counts))


def _report(seed: int, spec: dict, numpy64: Worker, backend: Worker, found: list[str], shrink: bool) -> None:
    print(f"\nseed {seed}, {backend.backend}: " + "\n    ".join(found[:5]), flush=True)
    if shrink:
        kind = judge.kind(found[0])
        spec = judge.shrunk(spec, lambda s: any(judge.kind(p) == kind for p in judge.problems(numpy64, backend, s)))
        print("\n    ".join(judge.problems(numpy64, backend, spec)[:3]))
        print(judge.as_test(spec, backend.backend), flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
