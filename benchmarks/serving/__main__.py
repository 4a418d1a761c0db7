"""``python -m benchmarks.serving``: requests a second and latency of model servers at several numbers of connections."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .load import Run, ask, questions
from .models import NAMES, make

ROOT = Path(__file__).resolve().parents[2]
#: server -> the module that it needs
SERVERS = {"kbridge": "uvicorn", "kbridge, no batches": "uvicorn", "FastAPI, PyTorch": "torch", "FastAPI, onnxruntime": "onnxruntime"}

#: seconds within which a server must listen
PATIENCE = 300


def main() -> int:
    """Print a table for each model and number of processes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__)
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"default: {', '.join(NAMES)}")
    parser.add_argument("--connections", default="1,8,64,256", help="default: %(default)s")
    parser.add_argument("--workers", default="1,2", help="processes; default: %(default)s")
    parser.add_argument("--seconds", type=float, default=5.0, help="for each measurement; default: %(default)s")
    parser.add_argument("--rounds", type=int, default=3, help="measurements, of which the median counts; default: %(default)s")
    parser.add_argument("--only", help="servers whose name has this")
    parser.add_argument("--check", type=int, metavar="N", help="ask kbridge N times over 64 connections, check all answers, and end")
    parser.add_argument("--json", type=Path, help="write all numbers")
    args = parser.parse_args()
    found: dict[str, dict] = {}
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for name in args.models or NAMES:
            path, samples, expected = make(name, Path(folder))
            others = {"FastAPI, PyTorch": _weights(path), "FastAPI, onnxruntime": _onnx(path)}
            if args.check:
                with server("kbridge", path, None, 1) as port:
                    asked = questions(f"/v1/models/{name}:predict", samples, expected)
                    run = asyncio.run(ask(port, asked, 64, 1e9, -(-args.check // 64)))
                print(f"{name}: {len(run.seconds)} answers, {len(run.wrong)} wrong or lost {run.wrong[:3] or ''}")
                failed = failed or bool(run.wrong)
                continue
            for workers in map(int, args.workers.split(",")):
                runs: dict[tuple[str, int], list[Run]] = {}
                with contextlib.ExitStack() as stack:
                    # all run, and one is asked at a time, so that a machine that gets slower for a while gets slower for all
                    ports = {
                        title: stack.enter_context(server(title, path, others.get(title), workers))
                        for title, module in SERVERS.items()
                        if importlib.util.find_spec(module) is not None and (args.only or "") in title
                    }
                    asked_of = {
                        title: questions("/predict" if "FastAPI" in title else f"/v1/models/{name}:predict", samples, expected)
                        for title in ports
                    }
                    for title, port in ports.items():
                        asyncio.run(ask(port, asked_of[title], 8, 1.0))
                    for connections in map(int, args.connections.split(",")):
                        for _ in range(args.rounds):
                            for title, port in ports.items():
                                run = asyncio.run(ask(port, asked_of[title], connections, args.seconds))
                                runs.setdefault((title, connections), []).append(run)
                failed = show(name, workers, runs) or failed
                found[f"{name}, {workers} processes"] = {
                    f"{title}, {connections}": {
                        "per_second": _median(some, Run.per_second),
                        **{f"p{q}": _median(some, lambda run, q=q: run.percentile(q)) for q in (50, 95, 99)},
                    }
                    for (title, connections), some in runs.items()
                }
    if args.json:
        args.json.write_text(json.dumps(found, indent=1))
    return int(failed)


def _median(runs: list[Run], what) -> float:
    return float(np.median([what(run) for run in runs]))


def show(name: str, workers: int, runs: dict[tuple[str, int], list[Run]]) -> bool:
    """Print one table; whether an answer was wrong."""
    print(f"\n{name}, {workers} process{'es' if workers > 1 else ''}")
    print(f"{'server':24} {'connections':>11} {'requests/s':>11} {'p50 ms':>8} {'p95 ms':>8} {'p99 ms':>8}")
    wrong = 0
    for (title, connections), some in runs.items():
        numbers = [_median(some, lambda run, q=q: run.percentile(q)) for q in (50, 95, 99)]
        wrong += sum(len(run.wrong) for run in some)
        print(f"{title:24} {connections:11} {_median(some, Run.per_second):11.0f} " + " ".join(f"{n:8.2f}" for n in numbers))
    for (title, connections), some in runs.items():
        peer = runs.get(("FastAPI, PyTorch", connections))
        if title == "kbridge" and peer:
            rate = _median(some, Run.per_second) / _median(peer, Run.per_second)
            late = _median(some, lambda run: run.percentile(99)) / _median(peer, lambda run: run.percentile(99))
            print(f"{connections:4} connections: {rate:.2f} of FastAPI with PyTorch's requests (goal >= 1), {late:.2f} of its p99 (goal <= 1): "
                  f"{'met' if rate >= 1 and late <= 1 else 'MISSED'}")  # fmt: skip
    alone, together = runs.get(("kbridge, no batches", 64)), runs.get(("kbridge", 64))
    if alone and together and name == "digits_cnn":
        gain = _median(together, Run.per_second) / _median(alone, Run.per_second)
        print(
            f"  64 connections: batches answer {gain:.2f} times as many requests as none (goal >= 1.5): {'met' if gain >= 1.5 else 'MISSED'}"
        )
    if wrong:
        print(f"{wrong} answers were wrong or lost")
    return bool(wrong)


@contextlib.contextmanager
def server(title: str, model: Path, other: Path | None, workers: int) -> Iterator[int]:
    """A server as a process; gives its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    threads = str(max((os.cpu_count() or 1) // workers // 2, 1))
    env = {**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads, "KBRIDGE_NUM_THREADS": threads}
    if other is not None:
        env |= {"KBRIDGE_PEER": "pytorch" if "PyTorch" in title else "onnxruntime", "KBRIDGE_PEER_MODEL": str(other)}
        command = ["uvicorn", "benchmarks.serving.peers:app", "--port", str(port), "--workers", str(workers), "--log-level", "warning"]
    else:
        command = ["kbridge", "serve", str(model), "--port", str(port), "--workers", str(workers), "--poll", "0"]
        if "no batches" in title:
            command += ["--max-batch", "1"]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=log)
        try:
            end = time.monotonic() + PATIENCE
            while time.monotonic() < end and process.poll() is None:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.1)
            else:
                log.seek(0)
                raise SystemExit(f"{title} did not start: {' '.join(command)}\n{log.read()[-2000:]}")
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _weights(path: Path) -> Path:
    from kbridge.models import load_model

    target = path.with_suffix(".npz")
    np.savez(target, *[np.asarray(w, "float32") for w in load_model(path, compile=False).get_weights()])
    return target


def _onnx(path: Path) -> Path:
    from kbridge.convert import convert

    target = path.with_suffix(".onnx")
    convert(path, target)
    return target


if __name__ == "__main__":
    sys.exit(main())
