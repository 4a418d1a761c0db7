"""Training on many workers: processor time and exchange of a step, and a model of what many machines would gain.

    python -m benchmarks.workers [--steps 10] [--json FILE] [--picture FILE.svg]

Each worker's processor time is taken without what it waits in exchanges, which on a busy machine with few processors says
nothing of a network. The cost model has the constants that the measured times give, and those of networks.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from .workers_picture import picture

STEP = Path(__file__).with_name("workers_step.py")
MODELS = ("mlp", "large mlp", "cnn", "lstm")
WORKERS = (1, 2, 4)
BATCH = 128
UPDATES = ("whole", "divided")
#: networks: bytes a second, and seconds until a message arrives
NETWORKS = {"1 Gb/s": (1e9 / 8, 50e-6), "10 Gb/s": (10e9 / 8, 20e-6), "100 Gb/s": (100e9 / 8, 5e-6)}
MACHINES = (8, 64, 512)


def measured(name: str, workers: int, update: str, steps: int, batch: int = BATCH) -> dict:
    """Milliseconds of processor time and bytes sent of a step."""
    env = {**os.environ, "KBRIDGE_DISTRIBUTED_UPDATE": update, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    env["PYTHONPATH"] = os.pathsep.join([str(STEP.parent.parent), env.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "kbridge", "run", "--workers", str(workers), str(STEP), name, str(batch), str(steps)]
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{name} on {workers} workers failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def fitted(name: str, alone: dict[int, dict], shared: dict) -> dict:
    """Constants, in seconds: T = c rows + fixed in one process; T = c rows + shared + update on workers, divided updates a + b / p.

    ``alone``: of one process, by rows of a batch; ``shared``: of workers, by (update, workers).
    """
    rows = sorted(alone)
    c, fixed = np.polyfit(rows, [alone[n]["ms"] / 1000 for n in rows], 1)
    rest = [(cell["ms"] - cell["update"]) / 1000 - c * BATCH / p for (_, p), cell in shared.items()]
    whole = float(np.mean([shared["whole", p]["update"] for p in WORKERS[1:]])) / 1000
    first, last = WORKERS[1], WORKERS[-1]
    at_first, at_last = (shared["divided", p]["update"] / 1000 for p in (first, last))
    b = max((at_first - at_last) / (1 / first - 1 / last), 0.0)
    divided = max(at_last - b / last, 0.0), b
    constants = {"c": float(c), "fixed": max(float(fixed), 0.0), "shared": max(float(np.mean(rest)), 0.0)}
    return {"name": name, **constants, "updates": {"whole": (whole, 0.0), "divided": divided}, "bytes": 4 * alone[BATCH]["weights"]}


def sum_rate() -> float:
    """Seconds for each byte of a sum in memory."""
    a, b = np.ones(1 << 22, np.float32), np.ones(1 << 22, np.float32)
    best = math.inf
    for _ in range(7):
        start = time.process_time()
        np.add(a, b, out=a)
        best = min(best, time.process_time() - start)
    return best / a.nbytes


def exchange_time(p: int, size: float, network: str, gamma: float) -> float:
    """A(n) of an all-reduce, or of a reduce-scatter and an all-gather, which are its halves."""
    rate, alpha = NETWORKS[network]
    return 2 * math.ceil(math.log2(p)) * alpha + 2 * (p - 1) / p * size / rate + (p - 1) / p * size * gamma


def step_time(model: dict, p: int, network: str, update: str, gamma: float, rows: int = BATCH) -> float:
    """Seconds of a step in which each of ``p`` machines has ``rows`` rows."""
    if p == 1:
        return model["c"] * rows + model["fixed"]
    a, b = model["updates"][update]
    return (
        model["c"] * rows
        + model["shared"]
        + a
        + b / p
        + exchange_time(p, 256, network, gamma)
        + exchange_time(p, model["bytes"], network, gamma)
    )


def efficiencies(models: list[dict], gamma: float) -> dict:
    """{(model, network, update): [part of the ideal speed on each number of machines]}, with as many rows on each machine."""
    return {
        (model["name"], network, update): [
            step_time(model, 1, network, update, gamma) / step_time(model, p, network, update, gamma) for p in MACHINES
        ]
        for model in models
        for network in NETWORKS
        for update in UPDATES
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--picture", type=Path)
    parser.add_argument("models", nargs="*", default=list(MODELS), metavar="MODEL")
    args = parser.parse_args()
    gamma = sum_rate()
    print("A step with Adam: ms of processor time of the slowest worker, and MB that each sends\n")
    print(f"{'':12}{'weights':>9}{'':>9}" + "".join(f"{f'{BATCH // n} rows':>18}" for n in WORKERS))
    models, raw = [], {}
    for name in args.models:
        alone = {BATCH // n: measured(name, 1, "whole", args.steps, BATCH // n) for n in WORKERS}
        print(
            f"{name:12}{alone[BATCH]['weights']:9}{'alone':>9}" + "".join(f"{cell['ms']:15.1f} ms" for cell in alone.values()), flush=True
        )
        shared = {}
        for update in UPDATES:
            for p in WORKERS[1:]:
                shared[update, p] = measured(name, p, update, args.steps)
            cells = "".join(f"{shared[update, p]['ms']:7.1f} {shared[update, p]['sent'] / 1e6:5.1f} MB /{p}" for p in WORKERS[1:])
            print(f"{'':12}{'':9}{update:>9}{'':18}{cells}", flush=True)
        models.append(fitted(name, alone, shared))
        raw[name] = {"alone": alone, **{f"{update} {p}": cell for (update, p), cell in shared.items()}}
    print(
        "\nT = c rows + fixed in one process; on workers T = c rows + shared + update + A(256 B) + A(n), where\nA(n) = 2 ceil(log2 p) alpha + 2 (p-1)/p n beta + (p-1)/p n gamma"
    )
    print(f"gamma {gamma * 1e9:.2f} ns a byte")
    for model in models:
        (whole, _), (a, b) = model["updates"]["whole"], model["updates"]["divided"]
        print(f"{model['name']:12}c {model['c'] * 1e6:5.0f} us  fixed {model['fixed'] * 1000:5.1f} ms  shared {model['shared'] * 1000:5.1f} ms  "
              f"update {whole * 1000:5.1f} ms, divided {a * 1000:4.1f} + {b * 1000:4.1f} / p ms  n {model['bytes'] / 1e6:5.1f} MB")  # fmt: skip
    found = efficiencies(models, gamma)
    print(f"\nPart of the ideal speed with {BATCH} rows on each machine, by the model\n")
    print(f"{'':34}" + "".join(f"{f'{n} machines':>14}" for n in MACHINES))
    for (name, network, update), values in found.items():
        print(f"{name:12}{network:>10}{update:>12}" + "".join(f"{value:14.2f}" for value in values))
    if args.json:
        args.json.write_text(json.dumps({"measured": raw, "models": models, "gamma": gamma}, indent=1))
    if args.picture:
        args.picture.write_text(picture(found, MACHINES))


if __name__ == "__main__":
    main()
