"""One backend's part of a comparison: ``python -m kbridge.comparison.worker``, a process that answers until its input ends.

A line of input is a job as JSON: what to compute of which model file, and where to write it. A line of output is
``{"progress": ...}`` or the answer: ``{"facts": ...}`` or ``{"error": ...}``. Arrays go through .npz files without pickles.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any, TextIO

import numpy as np

from ..errors import UsageError


def serve() -> None:
    """Answer each line; what the model prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        job = json.loads(line)
        try:
            answer: dict[str, Any] = {"facts": _do(job, lambda text: _send(answers, {"progress": text}))}
        except UsageError as error:
            answer = {"error": str(error), "missing": [], "usage": True}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}", "missing": _missing(job), "usage": False}
        _send(answers, answer)


def _send(answers: TextIO, message: dict) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()


def _do(job: dict, progress: Callable[[str], None]) -> dict:
    from .. import backend as K
    from . import tasks

    K.set_floatx(job["floatx"])
    facts, arrays = getattr(tasks, job["task"])(job, progress)
    np.savez(job["out"], **arrays)
    return facts


def _missing(job: dict) -> list[str]:
    """Names of custom objects that the model needs and the file of them lacks, if that may be why it failed."""
    try:
        from .. import inspection
        from ..custom_file import objects_in

        needs = inspection.inspect_file(job["model"], custom_objects=objects_in(job["custom"]))["needs"]
    except Exception:
        # the first error tells more than one about its reasons
        return []
    functions = [f"{f['give'][-1]} (the {f['key']} of layer {f['layer']})" for f in needs["functions"]]
    return [*functions, *needs["classes"], *needs["names"], *needs["training"]]


if __name__ == "__main__":
    serve()
