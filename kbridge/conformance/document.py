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

`from kbridge import backend as K` gives the functions of the backend in use. All of them do the same on
every backend: the columns tell where they work, *error* means a `NotImplementedError` that names the
backend they need. **grad** says whether gradients flow through the function. A *primitive* is written for
each backend, a *composite* once, from primitives.

Conventions for dtypes, axes, NaN, ties and kinks stand at the top of
`kbridge/backends/interface/__init__.py`. Every row is checked on every backend:
`kbridge parity` prints the errors against plain NumPy references.
"""

DTYPES = """\
## Dtypes

One rule decides the dtype where tensors, arrays and numbers meet in a function of two or more, the same on every backend:

| what meets | gives |
|---|---|
| tensors of one dtype | that dtype |
| two float tensors, two integer tensors | the wider (`uint8` and `int32`: `int32`) |
| a float tensor and an integer or bool tensor | the float tensor's dtype |
| an integer tensor and a bool tensor | the integer tensor's dtype |
| a tensor and an array or number | the tensor's dtype, except: |
| an integer or bool tensor and a float array or number | floatx; nothing is cut to whole numbers |
| a bool tensor and an integer array or number | `int32` |

Comparisons and logic give `bool`. Functions that only floats have (`exp`, `sqrt`, `mean` ...) and true division give floatx for integers.

Python's operators follow the same rule. The exceptions are TensorFlow's own where both sides have one dtype already: true division of
integers gives `float64`, and arithmetic and `<` of two bool tensors are its TypeError.
"""

TENSORS = """\
## Operators and indexing

A tensor is the backend's own object. Checked on every backend, with gradients where the operation has one:

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
