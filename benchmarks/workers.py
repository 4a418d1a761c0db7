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


def measured(name: str, workers: int, update: str, steps: int) -> dict:
    """Milliseconds of processor time and bytes sent of a step."""
    env = {**os.environ, "KBRIDGE_DISTRIBUTED_UPDATE": update, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    env["PYTHONPATH"] = os.pathsep.join([str(STEP.parent.parent), env.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "kbridge", "run", "--workers", str(workers), str(STEP), name, str(steps)]
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{name} on {workers} workers failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def fitted(name: str, found: dict) -> dict:
    """Constants of T = c rows + fixed + divided / p, in seconds, from the times of each number of workers."""
    rows, times = [], []
    for update in UPDATES:
        for workers in WORKERS:
            if (update, workers) not in found:
                continue
            part = 1.0 if update == "whole" or workers == 1 else 1.0 / workers
            # what sharing itself costs, beside the step of one process: buffers and new values, by their size
            rows.append([BATCH / workers, 1.0, part, 0.0 if workers == 1 else 1.0])
            times.append(found[update, workers]["ms"] / 1000)
    c, fixed, divided, shared = _not_negative(np.array(rows), np.array(times))
    return {"c": c, "fixed": fixed, "divided": divided, "shared": shared, "bytes": 4 * found["whole", 1]["weights"], "name": name}


def _not_negative(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The least squares solution without negative numbers, by leaving out the most negative until there is none."""
    kept = list(range(a.shape[1]))
    while True:
        found = np.linalg.lstsq(a[:, kept], b, rcond=None)[0]
        if not len(kept) or found.min() >= -1e-12:
            result = np.zeros(a.shape[1])
            result[kept] = found
            return result
        kept.pop(int(found.argmin()))


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
    alone = model["c"] * rows + model["fixed"] + model["divided"]
    if p == 1:
        return alone
    work = model["c"] * rows + model["fixed"] + model["shared"] + model["divided"] / (p if update == "divided" else 1)
    return work + exchange_time(p, 256, network, gamma) + exchange_time(p, model["bytes"], network, gamma)


def efficiencies(models: list[dict], gamma: float) -> dict:
    """{(model, network, update): [part of the ideal speed on each number of machines]}, with as many rows on each machine."""
    return {
        (model["name"], network, update): [step_time(model, 1, network, update, gamma) / step_time(model, p, network, update, gamma) for p in MACHINES]
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
    print(f"A step of batch {BATCH} with Adam: ms of processor time of the slowest worker, and MB that each sends\n")
    print(f"{'':12}{'weights':>10}{'update':>9}" + "".join(f"{f'{n} workers':>18}" for n in WORKERS))
    models, raw = [], {}
    for name in args.models:
        found = {}
        for update in UPDATES:
            for workers in WORKERS:
                if update == "whole" or workers > 1:
                    found[update, workers] = measured(name, workers, update, args.steps)
            cells = [found.get((update, n), found["whole", 1]) for n in WORKERS]
            shown = "".join(f"{cell['ms']:9.1f} {cell['sent'] / 1e6:5.1f} MB" for cell in cells)
            print(f"{name:12}{found['whole', 1]['weights']:10}{update:>9}{shown}", flush=True)
        models.append(fitted(name, found))
        raw[name] = {f"{update} {workers}": cell for (update, workers), cell in found.items()}
    print("\nT = c rows + fixed + updates + sharing + A(256 B) + A(n), A(n) = 2 ceil(log2 p) alpha + 2 (p-1)/p n beta + (p-1)/p n gamma")
    print(f"gamma {gamma * 1e9:.2f} ns a byte; where updates are divided, they take 1/p of their time")
    for model in models:
        print(f"{model['name']:12}c {model['c'] * 1e6:6.0f} us  fixed {model['fixed'] * 1000:5.1f} ms  "
              f"updates {model['divided'] * 1000:5.1f} ms  sharing {model['shared'] * 1000:5.1f} ms  n {model['bytes'] / 1e6:5.1f} MB")  # fmt: skip
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
