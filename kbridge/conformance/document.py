"""``docs/backend.md`` from the op specs: every function of ``K`` with its backends.

Write it with ``python -m kbridge.conformance.document docs/backend.md``; a test checks that the file
in the repository is what this module gives.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable
from pathlib import Path

from ..backends import registry
from ..backends.interface import Backend
from . import FAMILIES, TABLE
from .spec import Op

INTRODUCTION = """\
# The backend functions: `K`

<!-- Written by `python -m kbridge.conformance.document docs/backend.md`; don't edit by hand. -->

This page is for people who write layers, losses or functions of tensors. `from kbridge import backend as K` gives
the functions of the backend in use. They compute the same on every backend.

- **kind**: a *primitive* is written separately for each backend, a *composite* once for all, with primitives.
- **grad**: *yes* if gradients flow through the function.
- **numpy, tensorflow, theano**: *yes* if the function works on this backend. *error* means that it raises a
  `NotImplementedError`, which names the backend that it needs.

The conventions for dtypes, axes, NaN, ties and kinks are at the top of
`kbridge/backends/interface/__init__.py`. Every row is
tested on every backend: `kbridge parity` prints the differences from plain NumPy references.
"""

DTYPES = """\
## Dtypes

If a function takes tensors, arrays and numbers of different dtypes, one rule decides the dtype of the result. It is the same on every backend:

| arguments | dtype of the result |
|---|---|
| tensors of the same dtype | that dtype |
| two float tensors, two integer tensors | the wider (`uint8` and `int32`: `int32`) |
| a float tensor and an integer or bool tensor | the float tensor's dtype |
| an integer tensor and a bool tensor | the integer tensor's dtype |
| a tensor and an array or number | the tensor's dtype, with two exceptions: |
| an integer or bool tensor and a float array or number | floatx; fractions are never cut off |
| a bool tensor and an integer array or number | `int32` |

Comparisons and logic give `bool`. True division of integers gives floatx, and so do functions that are only defined for floats (`exp`, `sqrt`, `mean` ...).

Python's operators follow the same rule. There is one exception: if both sides have the same dtype, TensorFlow's own operators compute. They give `float64`
for true division of integers, and raise a TypeError for arithmetic and `<` of two bool tensors.
"""

TENSORS = """\
## Operators and indexing

A tensor is the backend's own object. These operations on tensors are tested on every backend, with their gradients if they have one:

"""


def markdown() -> str:
    """The page."""
    parts = [INTRODUCTION, DTYPES]
    for name, family in FAMILIES.items():
        title = (inspect.getdoc(family) or name).splitlines()[0].rstrip(".")
        if name == "tensors":
            continue
        parts.append(f"## {title}\n\n{head()}" + "".join(row(op) for op in family.OPS))
    parts.append(TENSORS + "".join(f"- `{op.name}`{only(op)}\n" for op in FAMILIES["tensors"].OPS))
    parts.append(f"{len(TABLE)} rows, {sum(len(op.cases) + len(op.checks) for op in TABLE.values())} cases and checks.\n")
    return "\n".join(parts)


def head() -> str:
    backends = list(registry.BUILT_IN)
    return f"| function | what | kind | grad | {' | '.join(backends)} |\n|{'---|' * (4 + len(backends))}\n"


def row(op: Op) -> str:
    function = getattr(Backend, op.name, None)
    if function is None or op.name in COMMON:
        kind, function = "setting", COMMON[op.name]
    else:
        kind = "primitive" if op.name in Backend.__abstractmethods__ else "composite"
    backends = " | ".join("yes" if op.backends is None or e in op.backends else "error" for e in registry.BUILT_IN)
    gradient = "yes" if op.gradient and op.cases else ""
    return f"| `{op.name}{signature(function)}` | {what(op, function)} | {kind} | {gradient} | {backends} |\n"


def signature(function: Callable) -> str:
    parameters = [p.replace(annotation=p.empty) for p in inspect.signature(function).parameters.values() if p.name != "self"]
    return str(inspect.Signature(parameters))


def what(op: Op, function: Callable) -> str:
    """The first sentence of the docstring, and the row's note."""
    text = " ".join((function.__doc__ or "").split())
    sentence = re.split(r"(?<!\.)\.(?= )", text)[0]
    return ". ".join(s.rstrip(".") for s in (sentence, op.note) if s).replace("|", "\\|").replace("``", "`")


def only(op: Op) -> str:
    return "" if op.backends is None else f" (on {' and '.join(op.backends)}, as on Theano's variables)"


def _common() -> dict[str, Callable]:
    """The functions of ``kbridge.backend.common``, which belong to no backend."""
    from ..backend import common

    return {name: getattr(common, name) for name in common.__all__}


COMMON = _common()

if __name__ == "__main__":
    Path(sys.argv[1]).write_text(markdown(), encoding="utf-8")
