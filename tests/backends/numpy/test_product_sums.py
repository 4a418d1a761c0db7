"""Gradients of weights that are added to a velocity by the product itself: it applies, and the numbers stay."""

from _ctypes import FUNCFLAG_PYTHONAPI

import numpy as np
import pytest

from kbridge.backends import registry
from kbridge.backends.numpy import blas
from kbridge.backends.numpy.executor import combining, threads, workers

K = registry.load("numpy")
pytestmark = pytest.mark.skipif(blas.gemm(np.dtype("float32")) is None, reason="this BLAS library has no gemm that can be called")

INPUTS, UNITS = 40, 30


def products(function):
    """How many calls of gemm the function's plan makes."""
    plan = function._last[1]
    return sum("gemm" in getattr(call, "__name__", "") for call, _ in (*plan.body, *plan.commit))


def layers(kind, dtype, units=(UNITS, 50, 1)):
    """A training function of dense layers, and its variables."""
    rng = np.random.default_rng(0)
    x = y = K.placeholder((None, INPUTS), dtype=dtype)
    weights, n = [], INPUTS
    for m in units:
        weights.append(K.variable(rng.uniform(-0.3, 0.3, (n, m)), dtype=dtype))
        y, n = K.tanh(K.dot(y, weights[-1])), m
    loss = K.mean(K.square(y))
    rate = K.variable(0.1, dtype=dtype)
    updates, velocities = [], []
    for w, g in zip(weights, K.gradients(loss, weights)):
        v = K.variable(rng.uniform(-0.1, 0.1, K.int_shape(w)), dtype=dtype)
        if kind == "plain":
            updates.append((w, w - rate * g))
            continue
        velocities.append(v)
        new = 0.9 * v - rate * g
        updates += [(v, new), (w, w + (new if kind == "momentum" else 0.9 * new - rate * g))]
    return K.function([x], [loss, *(v * 2.0 for v in velocities)], updates), [*weights, *velocities]


@pytest.fixture
def apart(monkeypatch):
    def stop():
        monkeypatch.setattr(combining, "gemm", lambda dtype: None)

    return stop


def run(kind, dtype, batches):
    function, variables = layers(kind, dtype)
    rng = np.random.default_rng(1)
    outputs = [function([rng.uniform(-1, 1, (n, INPUTS)).astype(dtype)]) for n in batches]
    return function, outputs, [K.get_value(v) for v in variables]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", ["plain", "momentum", "nesterov"])
@pytest.mark.parametrize("batches", [(4, 4, 4), (8, 3, 8, 1, 3), (5, 16, 5)])
def test_steps_on_batches_of_several_sizes(kind, dtype, batches, apart):
    function, outputs, values = run(kind, dtype, batches)
    # a gradient that two updates read isn't part of either
    assert products(function) == (0 if kind == "nesterov" else 2)
    for a, b in zip(values, run(kind, dtype, batches)[2], strict=True):
        np.testing.assert_array_equal(a, b)
    apart()
    other, others, expected = run(kind, dtype, batches)
    assert not products(other)
    tolerance = 1e-5 if dtype == "float32" else 1e-13
    for a, b in zip(values, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)
    for found, wanted in zip(outputs, others, strict=True):
        for a, b in zip(found, wanted, strict=True):
            np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def test_large_batches_keep_the_gradient_apart():
    function, _, _ = run("momentum", "float32", (64,))
    assert not products(function)


@pytest.mark.parametrize("threads_of_plans", [1, 2])
def test_the_same_with_several_threads(threads_of_plans):
    with workers.using(threads_of_plans):
        _, _, values = run("momentum", "float32", (8, 8))
    _, _, expected = run("momentum", "float32", (8, 8))
    for a, b in zip(values, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("seed", range(20))
def test_random_products(seed):
    """Operands that are fed, computed, transposed, parts of others."""
    rng = np.random.default_rng(seed)
    rows, inner, columns = int(rng.integers(20, 40)), int(rng.integers(1, 6)), int(rng.integers(20, 40))
    x, y = K.placeholder((None, None)), K.placeholder((None, None))
    ways = {
        "fed": (lambda x: x, lambda a: a),
        "computed": (K.exp, np.exp),
        "turned": (lambda x: K.transpose(K.permute_dimensions(K.sin(K.transpose(x)), (1, 0)) * 1.0), lambda a: np.sin(a).T),
        "part": (lambda x: K.concatenate([x, x], axis=1)[:, 1:], lambda a: np.concatenate([a, a], 1)[:, 1:]),
    }
    way, other = (list(ways)[k] for k in rng.integers(len(ways), size=2))

    def fed(shape, way):
        if way == "turned":
            shape = shape[::-1]
        if way == "part":
            shape = (shape[0], (shape[1] + 1) // 2)
        return rng.uniform(-1, 1, shape).astype("float32")

    if way == "part":
        inner += 1 - inner % 2
    if other == "part":
        columns += 1 - columns % 2
    values = fed((rows, inner), way), fed((inner, columns), other)
    z = K.variable(rng.uniform(-1, 1, (rows, columns)))
    start = K.get_value(z)
    product = K.dot(ways[way][0](x), ways[other][0](y))
    new = 0.5 * z + 2.0 * product if seed % 2 else z - product * K.variable(0.3)
    function = K.function([x, y], [z + 0.0], [(z, new)])
    exact = ways[way][1](values[0].astype("float64")) @ ways[other][1](values[1].astype("float64"))
    for _ in range(2):
        (before,) = function([v.copy() for v in values])
        np.testing.assert_allclose(before, start, rtol=1e-5, atol=1e-5)
        start = 0.5 * start + 2 * exact if seed % 2 else start - 0.3 * exact
        np.testing.assert_allclose(K.get_value(z), start, rtol=1e-4, atol=1e-4)
    assert products(function) == 1


def test_updates_that_read_each_other():
    """The old value of a velocity is what the other one is made of."""
    rng = np.random.default_rng(0)
    x, y = (rng.uniform(-1, 1, shape).astype("float32") for shape in ((30, 2), (2, 30)))
    a, b = (K.variable(rng.uniform(-1, 1, (30, 30))) for _ in range(2))
    before = K.get_value(a), K.get_value(b)
    p, q = K.placeholder((30, 2)), K.placeholder((2, 30))
    function = K.function([p, q], [], [(a, 0.5 * b + 2.0 * K.dot(p, q)), (b, 0.25 * a - 3.0 * K.dot(K.exp(p), q))])
    function([x, y])
    np.testing.assert_allclose(K.get_value(a), 0.5 * before[1] + 2 * x @ y, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(K.get_value(b), 0.25 * before[0] - 3 * np.exp(x) @ y, rtol=1e-4, atol=1e-4)


def test_its_multiplications_count_when_threads_are_chosen():
    function, _, _ = run("momentum", "float32", (8,))
    calls = (*function._last[1].body, *function._last[1].commit)
    with_gemm = threads.multiplications(calls)[1]
    assert with_gemm >= 3 * 8 * (INPUTS * UNITS + UNITS * 50) - 8 * INPUTS * UNITS
    assert not any(blas.multiplications_of(call, args) for call, args in calls if call is np.dot)


def test_other_threads_run_while_a_large_product_does():
    """Calls that take long let go of Python's lock, as NumPy's own do; short ones keep it."""
    assert not blas.gemm(np.dtype("float32"))._flags_ & FUNCFLAG_PYTHONAPI
    assert not blas.axpby(np.dtype("float32"), True)._flags_ & FUNCFLAG_PYTHONAPI
    assert blas.axpby(np.dtype("float32"))._flags_ & FUNCFLAG_PYTHONAPI
