"""Whether a backend gives what the judge gives: values, gradients, new values of variables, and nothing that changes afterwards."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import harness
from .build import Built
from .calls import Unsafe
from .interpreter import gradient, run
from .program import Program

#: dtype -> relative tolerance (of the largest number) of values and of gradients
TOLERANCE = {"float32": (2e-3, 6e-3), "float64": (1e-8, 1e-5)}


class Expected:
    """The judge's answers to all calls of a program; Unsafe if there are none."""

    def __init__(self, program: Program):
        variables = {name: program.value(name, -1) for name in program.variables}
        self.values: list[dict[str, Any]] = []
        self.gradients: list[dict[str, np.ndarray]] = []
        self.variables: list[dict[str, np.ndarray]] = []
        for call in range(len(program.calls)):
            values = run(program, call, variables)
            self.gradients.append({name: gradient(program, call, variables, name) for name in program.gradients})
            if any(g.size and np.abs(g).max() > 1e3 for g in self.gradients[-1].values()):
                raise Unsafe("large gradients")
            self.values.append({name: values[name] for name in program.outputs})
            new = {name: np.asarray(values[source]) for name, source in program.updates.items()}
            if any(np.shape(new[name]) != np.shape(variables[name]) for name in new):
                raise Unsafe("an update of another shape")
            variables = {**variables, **new}
            self.variables.append(variables)


def problems(K: Any, program: Program, dtype: str = "float64", expected: Expected | None = None, compiled: bool = False) -> list[str]:
    """Return a list of what is wrong on a backend; it is empty if all is right."""
    expected = expected or Expected(program)
    if not compiled:
        with harness.quick(K):
            return problems(K, program, dtype, expected, compiled=True)
    with harness.floatx(dtype):
        try:
            return _problems(Built(K, program), program, dtype, expected)
        except Exception as error:
            return [f"{type(error).__name__}: {error}"[:400]]


def _problems(built: Built, program: Program, dtype: str, expected: Expected) -> list[str]:
    found: list[str] = []
    tolerance, wide = TOLERANCE[dtype]
    kept: list[tuple[int, list, list]] = []
    for call in range(len(program.calls)):
        arrays = built.fed(call)
        before = [np.array(a) for a in arrays]
        results = built.function(arrays)
        if any(not np.array_equal(a, b) for a, b in zip(arrays, before)):
            found.append(f"call {call}: a fed array was written to")
        kept.append((call, results, [np.array(r) for r in results]))
        values, gradients = built.named(results)
        for name, shape in zip(program.outputs, built.shapes):
            found += _differences(f"call {call}: {name}", values[name], expected.values[call][name], tolerance)
            if shape is not None and not _fits(shape, np.shape(expected.values[call][name])):
                found.append(f"call {call}: {name} is announced with shape {shape}, and has {np.shape(expected.values[call][name])}")
        for name, g in gradients.items():
            right = expected.gradients[call][name]
            if g is None:
                if np.abs(right).max(initial=0) > 1e-6:
                    found.append(f"call {call}: gradient by {name} is None, expected {_text(right)}")
            else:
                found += _differences(f"call {call}: gradient by {name}", g, right, wide)
        for name, variable in built.variables.items():
            found += _differences(f"call {call}: variable {name}", built.K.get_value(variable), expected.variables[call][name], tolerance)
        for a in arrays:
            if isinstance(a, np.ndarray) and a.flags.writeable:
                a.fill(7)
    for call, results, copies in kept:
        if any(not np.array_equal(r, c, equal_nan=np.asarray(c).dtype.kind == "f") for r, c in zip(results, copies)):
            found.append(f"results of call {call} changed in later calls")
    return found


def _fits(shape: tuple, actual: tuple) -> bool:
    return len(shape) == len(actual) and all(n in (None, m) for n, m in zip(shape, actual))


def _differences(what: str, result: Any, right: Any, tolerance: float) -> list[str]:
    result, right = np.asarray(result), np.asarray(right)
    if result.shape != right.shape:
        return [f"{what} has shape {result.shape}, expected {right.shape}"]
    if right.size and not np.allclose(result, right, rtol=0, atol=tolerance * (1 + np.abs(right).max())):
        return [f"{what} is {_text(result)}, expected {_text(right)}"]
    return []


def _text(array: Any) -> str:
    return np.array2string(np.asarray(array), precision=5, threshold=12, separator=",").replace("\n", "")
