"""Compare a model on several engines: starts the workers, finds where the engines part, and asks each again there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UsageError
from .report import Cause, Comparison, Row, difference, judged_backward, judged_forward
from .settled import settled_copy

#: NumPy in float64 decides which engine is right
JUDGE = "numpy"


def compare(
    model: Any,
    backends: Sequence[str] = ("numpy", "tensorflow", "theano"),
    data: Any = None,
    targets: Any = None,
    loss: str | None = None,
    train_steps: int = 0,
    atol: float = 1e-4,
    rtol: float = 1e-4,
    custom: str | os.PathLike | None = None,
    original_backend: str | None = None,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> Comparison:
    """Run ``model`` (or a model file) on the same data on each of ``backends`` and compare layer by layer.

    The first of ``backends`` is what the others are compared with. ``data`` and ``targets``: an array, or a list of one
    for each input and output; drawn with ``seed`` where not given. ``loss``: a loss's name; the model's own by default,
    or 'mse'. ``custom``: a Python file that defines the model's own layers and functions; it is run on each engine.
    A difference is within tolerance if it is at most ``atol + rtol * |value|`` everywhere. Dropout and noise are off.

    Raises UsageError where an engine can't run the model; its message is the engine's.
    """
    if len(backends) < 2 or len(set(backends)) < len(backends):
        raise UsageError(f"compare needs two different engines or more, got {', '.join(backends) or 'none'}.")
    with tempfile.TemporaryDirectory() as folder:
        work = _Work(Path(folder), model, custom, original_backend, loss, progress or (lambda text: None))
        return work.compare(list(backends), data, targets, train_steps, atol, rtol, seed)


class _Work:
    """The files and processes of one comparison."""

    def __init__(self, folder: Path, model, custom, original_backend, loss, progress):
        self.folder, self.loss, self.progress = folder, loss, progress
        self.custom = os.path.abspath(custom) if custom else None
        self.original_backend = original_backend
        source = Path(model) if isinstance(model, (str, os.PathLike)) else folder / "given.h5"
        if not isinstance(model, (str, os.PathLike)):
            model.save(str(source))
        elif not source.is_file():
            raise UsageError(f"There is no model file {source}.")
        self.title = str(model) if isinstance(model, (str, os.PathLike)) else model.name
        settled_copy(source, folder / "float32.h5")
        settled_copy(source, folder / "float64.h5", "float64")
        self.data = ""

    def run(self, engine: str, task: str, floatx: str = "float32", **more) -> tuple[dict, dict[str, np.ndarray]]:
        """What a worker answers: facts and arrays."""
        out = str(self.folder / f"{task}-{engine}-{floatx}-{more.get('call', '')}")
        job = {"task": task, "model": str(self.folder / f"{floatx}.h5"), "out": out, "floatx": floatx, "loss": self.loss}
        job |= {"custom": self.custom, "original_backend": self.original_backend, "data": self.data, **more}
        path = Path(out + ".job")
        path.write_text(json.dumps(job))
        package = str(Path(__file__).resolve().parents[2])
        paths = os.pathsep.join(p for p in (package, os.environ.get("PYTHONPATH")) if p)
        done = subprocess.run(
            [sys.executable, "-m", "kbridge.comparison.worker", str(path)],
            env=os.environ | {"KBRIDGE_BACKEND": engine, "PYTHONPATH": paths},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
        )
        if done.returncode:
            lines = done.stderr.strip().splitlines() or [f"it ended with status {done.returncode}"]
            hint = "" if self.custom else " Layers and functions of your own come from a file: --custom FILE.py."
            unknown = "custom_objects" in lines[-1] or "Unknown layer" in lines[-1] or "Unknown" in lines[-1]
            raise UsageError(f"{engine} can't run {self.title}: {lines[-1]}{hint if unknown else ''}")
        with np.load(out + ".npz", allow_pickle=False) as arrays:
            return json.loads(Path(out + ".json").read_text()), {name: arrays[name] for name in arrays.files}

    def compare(self, backends, data, targets, steps, atol, rtol, seed) -> Comparison:
        self._give(data, targets)
        self.progress("drawing inputs")
        _, drawn = self.run(JUDGE, "draw", seed=seed)
        self._store("data.npz", drawn)
        found = {}
        for engine in backends:
            self.progress(f"layers on {engine}")
            facts, found[engine] = self.run(engine, "layers")
        self.progress("layers in float64, as judge")
        _, judge = self.run(JUDGE, "layers", "float64")
        rows = [Row.of(i, fact, found, atol, rtol) for i, fact in enumerate(facts["layers"])]
        loss = {engine: float(arrays["loss"]) for engine, arrays in found.items()}
        comparison = Comparison(self.title, backends, rows, loss, atol, rtol)
        comparison.loss_difference = difference([a["loss"] for a in found.values()], atol, rtol)
        self._causes(comparison, judge)
        if steps:
            self._train(comparison, steps)
        return comparison

    def _give(self, data, targets) -> None:
        given: dict[str, np.ndarray] = {}
        for prefix, value in (("x", data), ("y", targets)):
            listed = [] if value is None else list(value) if isinstance(value, (list, tuple)) else [value]
            given |= {f"{prefix}/{i}": np.asarray(v) for i, v in enumerate(listed)}
        if given:
            self._store("given.npz", given)

    def _store(self, name: str, arrays: dict) -> None:
        self.data = str(self.folder / name)
        np.savez(self.data, **arrays)

    def _causes(self, comparison: Comparison, judge: dict) -> None:
        """Run layers alone at the first difference, forward and backward, until one makes an error of its own."""
        rows = comparison.layers
        forward = next((row for row in rows if not row.output.ok), None)
        if forward is not None:
            comparison.causes.append(self._alone(comparison, forward, judge, "output", judged_forward))
        for row in reversed(rows):
            above = [rows[s] for s in row.sources if rows[s].gradient is not None]
            suspicious = [d for d in [row.weights, *(a.gradient for a in above)] if d is not None and not d.ok]
            if suspicious and (row.gradient is None or row.gradient.ok):
                cause = self._alone(comparison, row, judge, "gradient", judged_backward)
                if cause.engines or not any(c.kind == "gradient" for c in comparison.causes):
                    comparison.causes = [c for c in comparison.causes if c.kind != "gradient"] + [cause]
                if cause.engines:
                    break

    def _alone(self, comparison: Comparison, row: Row, judge: dict, kind: str, verdict) -> Cause:
        """Each engine's own error in one layer, from the judge's input."""
        self.progress(f"{row.name} alone")
        if not row.sources:
            return Cause(row.name, row.class_name, kind, {}, [])
        order = self._inputs_of(row, judge)
        arrays = {f"x/{j}": judge[key] for j, key in enumerate(order)}
        masks = sorted((k for k in judge if k.startswith(f"mask/{row.index}/")), key=lambda k: int(k.rsplit("/", 1)[1]))
        arrays |= {f"mask/{j}": judge[key] for j, key in enumerate(masks)}
        ups: list[np.ndarray] = []
        while f"gradient/{row.index}/{len(ups)}" in judge:
            ups.append(judge[f"gradient/{row.index}/{len(ups)}"])
        arrays |= {f"upstream/{j}": u for j, u in enumerate(ups)}
        before = self.data
        self._store("alone.npz", arrays)
        _, right = self.run(JUDGE, "again", "float64", call=row.index)
        errors = {}
        for engine in comparison.backends:
            _, own = self.run(engine, "again", call=row.index)
            errors[engine] = verdict(own, right, comparison.atol, comparison.rtol)
        self.data = before
        wrong = [engine for engine, d in errors.items() if not d.ok]
        return Cause(row.name, row.class_name, kind, {e: d.abs for e, d in errors.items()}, wrong)

    @staticmethod
    def _inputs_of(row: Row, judge: dict) -> list[str]:
        return [f"output/{s}/{p}" for s, p in zip(row.sources, row.positions, strict=True)]

    def _train(self, comparison: Comparison, steps: int) -> None:
        losses, weights = {}, []
        for engine in comparison.backends:
            self.progress(f"{steps} training steps on {engine}")
            facts, arrays = self.run(engine, "train", steps=steps)
            losses[engine] = facts["losses"]
            weights.append([arrays[f"trained/{i}"] for i in range(len(arrays))])
        together = [np.concatenate([np.ravel(w) for w in ws]) if ws else np.zeros(0) for ws in weights]
        comparison.train_losses = losses
        comparison.trained = difference(together, comparison.atol, comparison.rtol)
        comparison.train_loss_difference = difference([np.array(v) for v in losses.values()], comparison.atol, comparison.rtol)
