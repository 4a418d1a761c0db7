"""The parity harness: runs rows of the op specs on a backend and says what is off.

For each case it compares with the NumPy reference: values, dtype, static shape, the same call on an
empty batch, and gradients with central differences of the reference. Many cases go into one backend
function, because compiling costs more than running. This module knows no backend.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np

from ..backends import settings
from ..backends.interface import Backend
from . import TABLE
from .spec import Case, In, Op

#: dtype under test -> (rtol, atol) of values; None: the row's own
TOLERANCE: dict[str, tuple[float, float] | None] = {"float32": None, "float64": (1e-10, 1e-11), "float16": (1e-2, 1e-2)}
GRADIENT_TOLERANCE = {"float32": (2e-4, 2e-5), "float64": (1e-6, 1e-8)}
STEP = 1e-5


@dataclass
class Result:
    """The result of one case or check on one backend in one dtype."""

    op: str
    #: index of the case (5#2: its draw 2), or name of the check
    case: int | str
    backend: str
    dtype: str
    problems: list[str] = field(default_factory=list)
    outputs: list = field(default_factory=list)
    forward_error: tuple[float, float] | None = None
    gradient_error: tuple[float, float] | None = None

    @property
    def ok(self) -> bool:
        return not self.problems

    @property
    def id(self) -> str:
        return f"{self.op}[{self.case}]"

    def __str__(self) -> str:
        return f"{self.id} on {self.backend} in {self.dtype}: " + ("ok" if self.ok else "; ".join(self.problems))


@contextmanager
def floatx(dtype: str) -> Iterator[None]:
    """Set the default float dtype for a while."""
    before = settings.floatx()
    settings.set_floatx(dtype)
    try:
        yield
    finally:
        settings.set_floatx(before)


# ---------------------------------------------------------------------- what a case must give


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


# ---------------------------------------------------------------------- one case on one backend


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


def brief(array: np.ndarray) -> str:
    return np.array2string(array, threshold=12, precision=4).replace("\n", "")


def worst(errors: list[tuple[float, float]]) -> tuple[float, float] | None:
    return (max(e[0] for e in errors), max(e[1] for e in errors)) if errors else None


# ---------------------------------------------------------------------- many cases on one backend


def run(
    K: Backend,
    ops: Iterable[Op],
    dtype: str = "float32",
    gradients: bool = True,
    most: int | None = None,
    draw: int = 0,
) -> list[Result]:
    """The cases of ``ops`` on ``K`` (at most ``most`` of each), in one function where that works. ``draw`` 1, 2, 3 ...
    repeats them with other random values and batch sizes; cases that have neither are left out then.

    Checks (rows' behaviour beyond cases) are run by :func:`run_checks`.
    """
    results, trials = [], []
    with floatx(dtype):
        for op in ops:
            for index in range(len(op.cases[:most])):
                if dtype == "float16" and not op.cases[index].float16:
                    continue
                if draw and same_arrays(arrays_of(op, index, dtype), arrays_of(op, index, dtype, draw)):
                    continue
                try:
                    trial = Trial(K, op, index, dtype, gradients and dtype in GRADIENT_TOLERANCE, draw)
                except Exception as error:
                    case = f"{index}#{draw}" if draw else index
                    results.append(Result(op.name, case, K.name, dtype, [f"building: {describe(error)}"]))
                else:
                    trials.append(trial)
                    results.append(trial.result)
        _run_together(K, trials)
    return results


def _run_together(K: Backend, trials: list[Trial]) -> None:
    jobs = [Job(t.symbolic_inputs(), t.symbolic_outputs(), (t.feed(False), t.feed(t.can_be_empty))) for t in trials]
    for trial, answer in zip(trials, evaluate(K, jobs)):
        if isinstance(answer, Exception):
            trial.problem(f"running: {describe(answer)}")
            continue
        trial.judge(answer[0])
        if trial.can_be_empty:
            trial.judge_empty(answer[1])


@dataclass
class Job:
    """Symbolic inputs and outputs, and the values to feed for each of a number of calls."""

    inputs: list
    outputs: list
    feeds: tuple[list, ...] = ([],)


def evaluate(K: Backend, jobs: list[Job]) -> list[list[list] | Exception]:
    """Each job's outputs for each of its feeds, from one function for all jobs (compiling costs more than
    running). Where that fails: from two functions of half the jobs, down to the job at fault, which
    gives its exception. All jobs have the same number of feeds."""
    if not jobs:
        return []
    try:
        function = K.function([i for j in jobs for i in j.inputs], [o for j in jobs for o in j.outputs])
        calls = [function([v for j in jobs for v in j.feeds[n]]) for n in range(len(jobs[0].feeds))]
    except Exception as error:
        if len(jobs) == 1:
            return [error]
        middle = len(jobs) // 2
        return evaluate(K, jobs[:middle]) + evaluate(K, jobs[middle:])
    answers: list[list[list] | Exception] = []
    start = 0
    for job in jobs:
        answers.append([values[start : start + len(job.outputs)] for values in calls])
        start += len(job.outputs)
    return answers


def fresh(K: Backend) -> Backend:
    """Another backend of the same kind with nothing in its graph: some grow slow, or are spoilt by one bad op."""
    return type(K)()


def quick(K: Backend) -> AbstractContextManager:
    """A context in which ``K`` compiles fast rather than runs fast, if it can tell the two apart."""
    return K.quick_compilation() if hasattr(K, "quick_compilation") else nullcontext()


def run_checks(K: Backend, ops: Iterable[Op], dtype: str = "float32") -> list[Result]:
    """The rows' named checks, each on its own."""
    results = []
    with floatx(dtype):
        for op in ops:
            for check in op.checks:
                if check.backends is not None and K.name not in check.backends:
                    continue
                result = Result(op.name, check.name, K.name, dtype)
                try:
                    check.run(K)
                except Exception as error:
                    result.problems.append(describe(error))
                results.append(result)
    return results


def describe(error: BaseException) -> str:
    """Type and first lines of an error."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:300]}"


def differences(a: Result, b: Result, rtol: float = 2e-5, atol: float = 5e-6) -> list[str]:
    """Where two backends' results of one case differ."""
    found = []
    for i, (x, y) in enumerate(zip(a.outputs, b.outputs)):
        x, y = np.asarray(x), np.asarray(y)
        if x.shape != y.shape or x.dtype != y.dtype:
            found.append(f"result {i}: {x.dtype} {x.shape} and {y.dtype} {y.shape}")
        elif is_float(x):
            finite = np.isfinite(x)
            scale = max(1.0, float(np.abs(x[finite]).max())) if finite.any() else 1.0
            if not np.allclose(x, y, rtol=rtol, atol=atol * scale, equal_nan=True):
                found.append(f"result {i} differs by {np.nanmax(np.abs(x - y)):.3g}")
        elif not np.array_equal(x, y):
            found.append(f"result {i} differs: {brief(x)} and {brief(y)}")
    return found
