"""The processes of a comparison: one for each backend, which keeps its model and its compiled code between questions."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..errors import UsageError

#: seconds after which a silent backend is said to be at work still
_PATIENCE = 10.0

#: what a task is called while it runs
_TASKS = {"draw": "inputs", "layers": "all layers", "alone": "each layer alone", "train": "training"}

Progress = Callable[[str], None]
Answer = tuple[dict, dict[str, np.ndarray]]


class BackendError(UsageError):
    """The error of a backend's process that could not do its part.

    ``missing`` names custom objects that it needs; ``usage``: whether what was given is at fault, not the backend.
    """

    def __init__(self, backend: str, message: str, missing: Iterable[str] = (), usage: bool = False):
        super().__init__(message)
        self.backend, self.missing, self.usage = backend, list(missing), usage


class Backends:
    """Backends in processes of their own, started when they are first asked; a context manager that ends them."""

    def __init__(self, progress: Progress | None = None, variables: Mapping[str, str] | None = None):
        """``progress`` is called with lines of text; ``variables`` are added to the processes' environment."""
        self.progress = progress or (lambda text: None)
        self._variables = dict(variables or {})
        self._folder = tempfile.TemporaryDirectory(prefix="kbridge-compare-")
        self.folder = Path(self._folder.name)
        self._workers: dict[str, _Worker] = {}

    def __enter__(self) -> Backends:
        return self

    def __exit__(self, *_) -> None:
        for worker in self._workers.values():
            worker.end()
        self._folder.cleanup()

    def ask(self, backend: str, job: dict) -> Answer:
        """One backend's answer: facts and arrays. BackendError if it has none."""
        return self.ask_all([backend], job)[backend]

    def ask_all(self, backends: Iterable[str], job: dict) -> dict[str, Answer]:
        """Every backend's answer to the same job, at which they work at the same time."""
        backends = list(backends)
        for backend in backends:
            if backend not in self._workers:
                self._workers[backend] = _Worker(backend, self.folder / f"worker-{len(self._workers)}", self._variables)
        asked = [self._workers[backend] for backend in backends]
        told = job.get("told") or _TASKS[job["task"]]
        self.progress(f"{told}: {', '.join(backends)}")
        threads = [threading.Thread(target=worker.work, args=(job,), daemon=True) for worker in asked]
        for thread in threads:
            thread.start()
        self._wait(threads, asked, told)
        return {worker.backend: worker.answer() for worker in asked}

    def _wait(self, threads: list[threading.Thread], workers: list[_Worker], task: str) -> None:
        """Until all are done; tells who is done, and what the others do."""
        start = told = time.monotonic()
        busy = list(zip(threads, workers, strict=True))
        while busy:
            busy[0][0].join(0.1)
            now = time.monotonic()
            for _, worker in [pair for pair in busy if not pair[0].is_alive()]:
                if now - start > 1:
                    self.progress(f"{task}: {worker.backend} done after {now - start:.0f} s")
            busy = [pair for pair in busy if pair[0].is_alive()]
            if busy and now - told >= _PATIENCE:
                told = now
                doing = ", ".join(f"{worker.backend} ({worker.doing})" for _, worker in busy)
                self.progress(f"{task}: {now - start:.0f} s, still {doing}")


class _Worker:
    """One backend's process, and its last answer."""

    def __init__(self, backend: str, base: Path, variables: Mapping[str, str]):
        self.backend, self.base, self.doing = backend, base, "starting"
        package = str(Path(__file__).resolve().parents[2])
        paths = os.pathsep.join(p for p in (package, os.environ.get("PYTHONPATH")) if p)
        self._errors = open(base.with_suffix(".log"), "w+", encoding="utf-8", errors="replace")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "kbridge.comparison.worker"],
            env=os.environ | variables | {"KBRIDGE_BACKEND": backend, "PYTHONPATH": paths},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            encoding="utf-8",
        )
        self._message: dict[str, Any] | None = None
        self._number = 0

    def work(self, job: dict) -> None:
        """Ask, and wait for the answer."""
        self._number += 1
        self._out = Path(f"{self.base}-{self._number}.npz")
        self._message = None
        try:
            asked, answers = self._pipes()
            asked.write(json.dumps({**job, "out": str(self._out)}) + "\n")
            asked.flush()
            for line in answers:
                message = json.loads(line)
                if "progress" not in message:
                    self._message = message
                    return
                self.doing = message["progress"]
        except OSError:
            # the process is gone: answer() says so
            return

    def _pipes(self) -> tuple[IO[str], IO[str]]:
        """Return the pipes that the process reads from and writes to."""
        assert self._process.stdin is not None and self._process.stdout is not None
        return self._process.stdin, self._process.stdout

    def answer(self) -> Answer:
        """Facts and arrays of the last job."""
        if self._message is None:
            status = self._process.wait()
            self._errors.seek(0)
            said = [line for line in self._errors.read().splitlines() if line.strip()][-5:]
            how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
            raise BackendError(self.backend, "\n".join([f"its process {how}", *said]))
        if "error" in self._message:
            raise BackendError(self.backend, self._message["error"], self._message["missing"], self._message["usage"])
        with np.load(self._out, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in arrays.files}
        self._out.unlink()
        return self._message["facts"], found

    def end(self) -> None:
        """Stop the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        asked, answers = self._pipes()
        with contextlib.suppress(OSError):
            # what a process that was gone already never read
            asked.close()
        answers.close()
        self._errors.close()
