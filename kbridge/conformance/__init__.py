"""The op specs: one row for each backend function, with example inputs and a plain NumPy reference.

The parity matrix (``tests/parity``, ``kbridge parity``) and ``docs/backend.md`` are made from it.
"""

from . import (
    activations,
    comparisons,
    control,
    convolution,
    ctc,
    elementwise,
    indexing,
    linalg,
    losses,
    normalization,
    pooling,
    randomness,
    recurrent,
    reductions,
    resizing,
    session,
    settings,
    shapes,
    sparse,
    steps,
    tensors,
    values,
)
from .spec import Case, Check, In, Op

#: family name -> module with ``OPS``; the module's docstring is the family's title
FAMILIES = {
    module.__name__.rpartition(".")[2]: module
    for module in (
        values, control, elementwise, comparisons, reductions, shapes, indexing, linalg, activations, losses, normalization,
        convolution, pooling, resizing, recurrent, ctc, randomness, sparse, steps, session, settings, tensors,
    )
}  # fmt: skip

#: every row, by name
TABLE: dict[str, Op] = {op.name: op for family in FAMILIES.values() for op in family.OPS}

if len(TABLE) != sum(len(family.OPS) for family in FAMILIES.values()):
    raise ValueError("Two rows of the op specs have one name.")

__all__ = ["FAMILIES", "TABLE", "Case", "Check", "In", "Op"]
