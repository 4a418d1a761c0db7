"""A process that runs models on one backend: a JSON line asks, a JSON line answers with the name of an .npz file.

KBRIDGE_BACKEND=theano python -m random_models.worker
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import traceback
import warnings
from pathlib import Path

import numpy as np

TESTS = Path(__file__).resolve().parent.parent
ROOT = TESTS.parent


class Failed(Exception):
    """What a backend raised on a model."""


class Worker:
    """Asks a process of its own; a context manager that ends it."""

    def __init__(self, backend: str, floatx: str = "float32", compiled: bool = False):
        self.backend, self.floatx, self.compiled = backend, floatx, compiled
        self._folder = tempfile.TemporaryDirectory(prefix="random-models-")
        self._process: subprocess.Popen | None = None

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_) -> None:
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process.wait()
            self._process = None
        self._folder.cleanup()

    def _start(self) -> subprocess.Popen:
        env = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(TESTS), os.environ.get("PYTHONPATH", "")]),
            "KBRIDGE_BACKEND": self.backend,
            "KBRIDGE_THEANO_CACHE": os.environ.get("KBRIDGE_THEANO_CACHE", str(ROOT / ".cache" / "theano")),
            "HOME": self._folder.name,
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }
        env["THEANO_FLAGS"] = "optimizer=fast_run" if self.compiled else "cxx=,optimizer=fast_compile"
        command = [sys.executable, "-m", "random_models.worker", self.floatx]
        quiet = None if os.environ.get("RANDOM_MODELS_VERBOSE") else subprocess.DEVNULL
        return subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=quiet, text=True)

    def _ask(self, question: dict) -> dict:
        if self._process is None:
            self._process = self._start()
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({**question, "folder": self._folder.name}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            status = self._process.wait()
            self._process = None
            raise Failed(f"{self.backend}: the process ended with status {status}.")
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(f"{self.backend}: {answer['error']}")
        return answer

    def run(self, spec: dict, **options) -> dict[str, np.ndarray]:
        """The numbers of the model's scenario."""
        path = self._ask({"run": spec, "options": options})["path"]
        with np.load(path) as arrays:
            return dict(arrays)

    def generate(self, seed: int) -> dict:
        """The model of ``seed``."""
        return self._ask({"generate": seed})["spec"]


def _answer(question: dict) -> dict:
    from . import generator, scenario

    if "generate" in question:
        return {"spec": generator.generate(question["generate"])}
    found = scenario.run(question["run"], **question["options"])
    path = os.path.join(question["folder"], "result.npz")
    np.savez(path, **found)
    return {"path": path}


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    from kbridge import backend as K

    K.set_floatx(sys.argv[1])
    for line in sys.stdin:
        try:
            answer = _answer(json.loads(line))
        except Exception as error:
            frames = traceback.extract_tb(error.__traceback__)
            own = [f for f in frames if "kbridge" in f.filename] or frames
            place = f"{Path(own[-1].filename).name}:{own[-1].lineno}"
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error} ({place})"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
