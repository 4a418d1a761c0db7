"""The answers that a case must give: inputs' values, the reference's answers, and gradients by central differences of the reference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from . import TABLE
from .spec import Case, In, Op

#: how far to both sides of a value its central difference is taken
STEP = 1e-5


def outputs_of(value: Any) -> list:
    """A call's result as a flat list."""
    return [v for item in value for v in outputs_of(item)] if isinstance(value, (tuple, list)) else [value]


def is_float(array: Any) -> bool:
    return np.asarray(array).dtype.kind == "f"


@dataclass
class Expected:
    """The reference's answers for one case."""

    arrays: list[np.ndarray]
    outputs: list[np.ndarray]
    weights: list[np.ndarray]
    #: for each input: the gradient of sum(weights * outputs), None for no gradient, or absent
    gradients: dict[int, np.ndarray | None]
    #: for each output: True where the dimension doesn't depend on the batch size
    constant_axes: list[tuple[bool, ...]] | None


#: batch sizes of draws 1, 2, 3 ... of a case
BATCHES = (1, 2, 7, 16)


def arrays_of(op: Op, index: int, dtype: str, draw: int = 0) -> list[np.ndarray]:
    """The inputs' values. Draw 0 is the row as it stands; others have other random values and, where the call has a
    meaning for any number of samples, another batch size."""
    case = op.cases[index]
    inputs = case.inputs()
    resized = draw and case.empty and case.grads is None
    arrays = []
    for j, x in enumerate(inputs):
        if resized and x.kind in ("placeholder", "unknown") and x.static_shape:
            x = with_batch(x, BATCHES[(draw - 1) % len(BATCHES)])
        arrays.append(x.array(f"{op.name}[{index}].{j}" + (f"#{draw}" if draw else ""), dtype))
    return arrays


def with_batch(x: In, size: int) -> In:
    """``x`` with ``size`` samples; given values are repeated or cut."""
    if x.values is None:
        return replace(x, shape=(size, *x.shape[1:]))
    return replace(x, values=np.take(np.asarray(x.values), range(size), axis=0, mode="wrap"))


def same_arrays(a: list[np.ndarray], b: list[np.ndarray]) -> bool:
    return all(np.array_equal(x, y, equal_nan=is_float(x)) for x, y in zip(a, b))


def first(inputs: list[In], arrays: list[np.ndarray], count: int) -> list[np.ndarray]:
    """The arrays with the batch cut by ``count`` samples (all of them for -1)."""
    return [
        a[: len(a) - count if count >= 0 else 0] if x.kind in ("placeholder", "unknown") and a.ndim else a for x, a in zip(inputs, arrays)
    ]


def reference(op: Op, case: Case, arrays: list[np.ndarray]) -> list[np.ndarray]:
    """The outputs in float64, whatever the inputs' float width."""
    wide = [a.astype("float64") if is_float(a) else a for a in arrays]
    args, kwargs = case.fill(wide)
    assert op.reference is not None
    with np.errstate(all="ignore"):
        return [np.asarray(o) for o in outputs_of(op.reference(*args, **kwargs))]


@cache
def expected(name: str, index: int, dtype: str, draw: int = 0) -> Expected:
    """Computed once for all backends."""
    op = TABLE[name]
    case = op.cases[index]
    inputs = case.inputs()
    arrays = arrays_of(op, index, dtype, draw)
    outputs = reference(op, case, arrays)
    rng = np.random.RandomState(0)
    explicit = case.grads is not None
    weights = [np.ones(o.shape) if explicit else rng.uniform(0.5, 1.5, o.shape) for o in outputs]
    gradients: dict[int, np.ndarray | None] = {}
    if not any(is_float(o) for o in outputs):
        pass
    elif explicit:
        floats = [j for j, a in enumerate(arrays) if is_float(a) and inputs[j].kind != "array"]
        gradients = {j: None if g is None else np.asarray(g, "float64") for j, g in zip(floats, case.grads or ())}
    elif op.gradient and dtype == "float32":
        gradients = expected(name, index, "float64", draw).gradients
    elif op.gradient and dtype == "float64":
        for j in gradient_inputs(case, arrays):
            gradients[j] = central_differences(op, case, arrays, weights, j)
    return Expected(arrays, outputs, weights, gradients, constant_axes(op, case, arrays, outputs))


def gradient_inputs(case: Case, arrays: list[np.ndarray]) -> list[int]:
    chosen = range(len(arrays)) if case.grad is None else case.grad
    return [j for j in chosen if is_float(arrays[j]) and case.inputs()[j].kind != "array"]


def central_differences(op: Op, case: Case, arrays: list, weights: list, j: int) -> np.ndarray:
    """d sum(weights * outputs) / d arrays[j], element by element, in float64."""
    arrays = [a.astype("float64") if is_float(a) else a for a in arrays]
    result = np.zeros(arrays[j].shape)

    def total() -> float:
        outputs = reference(op, case, arrays)
        return sum(float(np.sum(w * o)) for w, o in zip(weights, outputs) if is_float(o))

    for at in np.ndindex(*arrays[j].shape):
        value = arrays[j][at]
        arrays[j][at] = value + STEP
        above = total()
        arrays[j][at] = value - STEP
        result[at] = (above - total()) / (2 * STEP)
        arrays[j][at] = value
    return result


def constant_axes(op: Op, case: Case, arrays: list, outputs: list) -> list[tuple[bool, ...]] | None:
    """Which output dimensions stay when a sample is left out; None where that can't be tried."""
    inputs = case.inputs()
    if not case.static or any(x.kind == "unknown" for x in inputs):
        return None
    if not any(x.kind == "placeholder" for x in inputs):
        return [(True,) * o.ndim for o in outputs]
    if any(x.kind == "placeholder" and len(a) < 2 for x, a in zip(inputs, arrays) if a.ndim):
        return None
    fewer = reference(op, case, first(inputs, arrays, 1))
    return [tuple(m == n for m, n in zip(o.shape, f.shape)) for o, f in zip(outputs, fewer)]
