"""Functions from several threads, on every backend."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from parity import matrix

from kbridge.conformance import harness

BACKENDS = matrix.BACKENDS
WEIGHTS = np.random.RandomState(0).uniform(-1.0, 1.0, (4, 3))


def network(K):
    """A function of a batch, and its value in NumPy."""
    x, w = K.placeholder((None, 4)), K.variable(WEIGHTS)
    function = K.function([x], [K.softmax(K.dot(K.tanh(x), w)), K.sum(x)])
    return function


def reference(value):
    e = np.exp(np.tanh(value) @ WEIGHTS)
    return e / e.sum(axis=1, keepdims=True)


@pytest.fixture(autouse=True)
def compiles_fast(name):
    with harness.quick(matrix.backend(name)):
        yield


@pytest.mark.parametrize("name", BACKENDS)
def test_threads_that_call_one_function_get_their_own_answers(name):
    function = network(matrix.backend(name))

    def call(i):
        value = np.random.RandomState(i).uniform(-1.0, 1.0, (1 + i % 5, 4)).astype("float32")
        return value, function([value])

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(call, range(200)))
    for value, (probabilities, total) in answers:
        np.testing.assert_allclose(probabilities, reference(value), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(total, value.sum(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", BACKENDS)
def test_built_in_one_thread_and_called_in_another(name):
    K = matrix.backend(name)
    with ThreadPoolExecutor(1) as pool:
        function = pool.submit(network, K).result()
    value = np.ones((2, 4), dtype="float32")
    np.testing.assert_allclose(function([value])[0], reference(value), rtol=1e-5)
    with ThreadPoolExecutor(1) as pool:
        np.testing.assert_allclose(pool.submit(function, [value]).result()[0], reference(value), rtol=1e-5)


@pytest.mark.parametrize("name", BACKENDS)
def test_threads_that_build_and_call_functions_of_their_own(name):
    K = matrix.backend(name)

    def build_and_call(i):
        x = K.placeholder((None, 4))
        v = K.variable(np.full(4, float(i)))
        y = K.sum(x * v, axis=1)
        function = K.function([x], [y, *K.gradients(K.sum(y), [v])])
        return function([np.ones((3, 4), "float32")])

    with ThreadPoolExecutor(4) as pool:
        for i, (y, gradient) in enumerate(pool.map(build_and_call, range(12))):
            np.testing.assert_allclose(y, np.full(3, 4.0 * i))
            np.testing.assert_allclose(gradient, np.full(4, 3.0))


@pytest.mark.parametrize("name", BACKENDS)
def test_updates_from_several_threads_are_not_lost(name):
    K = matrix.backend(name)
    v = K.variable(0.0)
    function = K.function([], [], updates=[K.update_add(v, 1.0)])
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: function([]), range(100)))
    assert float(K.get_value(v)) == 100.0
