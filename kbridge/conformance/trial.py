"""One case on one backend: its tensors and gradients, and the judgement of what they give."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backends.interface import Backend
from .expectations import expected, first, is_float, outputs_of, reference
from .results import Result, brief, worst
from .spec import Op

#: dtype under test -> (rtol, atol) of values; None: the row's own
TOLERANCE: dict[str, tuple[float, float] | None] = {"float32": None, "float64": (1e-10, 1e-11), "float16": (1e-2, 1e-2)}
GRADIENT_TOLERANCE = {"float32": (2e-4, 2e-5), "float64": (1e-6, 1e-8)}


class Trial:
    """A case built on a backend: its placeholders, tensors and gradients."""

    def __init__(self, K: Backend, op: Op, index: int, dtype: str, gradients: bool, draw: int = 0):
        self.K, self.op, self.index, self.dtype = K, op, index, dtype
        self.case = op.cases[index]
        self.inputs = self.case.inputs()
        self.expected = expected(op.name, index, dtype, draw)
        self.result = Result(op.name, f"{index}#{draw}" if draw else index, K.name, dtype)
        self.tensors: list = []
        self.placeholders: list = []
        self.grads: dict[int, Any] = {}
        self.fed: list[int] = []
        self._build(gradients)

    def _build(self, gradients: bool) -> None:
        K, arrays = self.K, self.expected.arrays
        given = []
        for j, (x, array) in enumerate(zip(self.inputs, arrays)):
            if x.fed:
                tensor = K.placeholder(x.static_shape, dtype=str(array.dtype), name=f"in{j}")
                self.placeholders.append(tensor)
                self.fed.append(j)
            else:
                tensor = array if x.kind == "array" else K.variable(array, dtype=str(array.dtype))
            given.append(tensor)
        args, kwargs = self.case.fill(given)
        value = self.op.call(K, *args, **kwargs) if self.op.call else getattr(K, self.op.name)(*args, **kwargs)
        self.tensors = outputs_of(value)
        if len(self.tensors) != len(self.expected.outputs):
            raise AssertionError(f"{len(self.tensors)} results, expected {len(self.expected.outputs)}")
        self._check_static()
        wanted = list(self.expected.gradients) if gradients else []
        if wanted:
            self._build_gradients(given, wanted)

    def _build_gradients(self, given: list, wanted: list[int]) -> None:
        """The weights are fed, so that the same function serves the empty batch."""
        K = self.K
        loss = 0.0
        self.weights = []
        for tensor, output in zip(self.tensors, self.expected.outputs):
            if is_float(output):
                weight = K.placeholder(ndim=output.ndim, dtype=K.dtype(tensor), name="weight")
                self.weights.append(weight)
                loss = loss + K.cast(K.sum(tensor * weight), self.dtype)
        self.grads = dict(zip(wanted, K.gradients(loss, [given[j] for j in wanted])))

    def _check_static(self) -> None:
        for i, (tensor, output) in enumerate(zip(self.tensors, self.expected.outputs)):
            K = self.K
            if not K.is_tensor(tensor):
                self.problem(f"result {i} is no tensor: {tensor!r}")
                continue
            static = tuple(K.int_shape(tensor))
            if len(static) != output.ndim or any(s is not None and s != n for s, n in zip(static, output.shape)):
                self.problem(f"int_shape {static} of a result of shape {output.shape}")
            elif self.expected.constant_axes is not None:
                known = self.expected.constant_axes[i]
                if any(k and s is None for k, s in zip(known, static)):
                    self.problem(f"int_shape {static} could be {tuple(n if k else None for k, n in zip(known, output.shape))}")
            dtype = self.expected_dtype(output)
            if K.dtype(tensor) != dtype:
                self.problem(f"K.dtype is {K.dtype(tensor)}, expected {dtype}")

    def expected_dtype(self, output: np.ndarray) -> str:
        if self.case.dtype is not None:
            return self.case.dtype
        return self.dtype if is_float(output) else str(output.dtype)

    def problem(self, text: str) -> None:
        if text not in self.result.problems:
            self.result.problems.append(text)

    # What goes into the batch's function and how its answers are judged.

    def symbolic_inputs(self) -> list:
        return self.placeholders + (self.weights if self.grads else [])

    def symbolic_outputs(self) -> list:
        return self.tensors + [g for g in self.grads.values() if g is not None]

    @property
    def can_be_empty(self) -> bool:
        return self.case.empty and any(x.kind in ("placeholder", "unknown") and a.ndim for x, a in self._pairs())

    def _pairs(self):
        return zip(self.inputs, self.expected.arrays)

    def feed(self, empty: bool) -> list[np.ndarray]:
        arrays = first(self.inputs, self.expected.arrays, -1) if empty else self.expected.arrays
        values = [arrays[j] for j in self.fed]
        if self.grads:
            outputs = reference(self.op, self.case, arrays) if empty else self.expected.outputs
            pairs = [(o, w) for o, w in zip(outputs, self.expected.weights) if is_float(o)]
            values += [np.ones(o.shape) if o.shape != w.shape else w for o, w in pairs]
        return values

    def tolerance(self) -> tuple[float, float]:
        """rtol and atol of values; a case that fixes its own dtype is judged by that."""
        dtype = self.case.dtype if self.case.dtype in TOLERANCE else self.dtype
        return TOLERANCE[dtype] or (self.case.rtol or self.op.rtol, self.op.atol)

    def judge(self, values: list) -> None:
        n = len(self.tensors)
        self.result.outputs = list(values[:n])
        tolerance = self.tolerance()
        errors = []
        for i, (got, want) in enumerate(zip(values, self.expected.outputs)):
            got = np.asarray(got)
            if str(got.dtype) != self.expected_dtype(want):
                self.problem(f"result {i} has dtype {got.dtype}, expected {self.expected_dtype(want)}")
            errors.append(self._compare(f"result {i}", got, want, tolerance))
        self.result.forward_error = worst(errors)
        rest, errors = iter(values[n:]), []
        for j, grad in self.grads.items():
            slope = self.expected.gradients[j]
            if (grad is None) != (slope is None):
                self.problem(f"the gradient of input {j} is {'None' if grad is None else 'not None'}")
            if grad is None:
                continue
            got = np.asarray(next(rest))
            if slope is not None:
                errors.append(self._compare(f"gradient of input {j}", got, slope, GRADIENT_TOLERANCE[self.dtype]))
                if str(got.dtype) != str(self.expected.arrays[j].dtype):
                    self.problem(f"the gradient of input {j} has dtype {got.dtype}")
        self.result.gradient_error = worst(errors)

    def judge_empty(self, values: list) -> None:
        arrays = first(self.inputs, self.expected.arrays, -1)
        outputs = reference(self.op, self.case, arrays)
        for i, (got, want) in enumerate(zip(values, outputs)):
            self._compare(f"empty batch: result {i}", np.asarray(got), want, self.tolerance())
        rest = iter(values[len(self.tensors) :])
        for j, grad in self.grads.items():
            if grad is not None and np.asarray(got := next(rest)).shape != arrays[j].shape:
                self.problem(f"empty batch: gradient of input {j} has shape {np.shape(got)}, expected {arrays[j].shape}")
            elif grad is not None and all(o.size == 0 for o in outputs) and np.any(np.asarray(got) != 0):
                self.problem(f"empty batch: gradient of input {j} isn't 0")

    def _compare(self, what: str, got: np.ndarray, want: np.ndarray, tolerance: tuple[float, float]) -> tuple[float, float]:
        """Note a difference as a problem; returns (largest absolute, largest relative error)."""
        if got.shape != want.shape:
            self.problem(f"{what} has shape {got.shape}, expected {want.shape}")
            return float("inf"), float("inf")
        if not is_float(want):
            if not np.array_equal(got, want):
                self.problem(f"{what} differs: got {brief(got)}, expected {brief(want)}")
                return float("inf"), float("inf")
            return 0.0, 0.0
        got = got.astype("float64")
        finite = np.isfinite(want)
        if not np.array_equal(got[~finite], want[~finite], equal_nan=True) or not np.isfinite(got[finite]).all():
            self.problem(f"{what}: not the same NaN and infinities: got {brief(got)}, expected {brief(want)}")
            return float("inf"), float("inf")
        got, want = got[finite], want[finite]
        if not want.size:
            return 0.0, 0.0
        rtol, atol = tolerance
        difference = np.abs(got - want)
        scale = max(1.0, float(np.abs(want).max()))
        if np.any(difference > atol * scale + rtol * np.abs(want)):
            worst_at = int(difference.argmax())
            self.problem(f"{what} is off by {difference[worst_at]:.3g}: got {got[worst_at]:.8g}, expected {want[worst_at]:.8g}")
        return float(difference.max()), float(difference.max() / scale)
