"""Transposed matrices are copied by BLAS, tile by tile."""

import numpy as np
import pytest

from kbridge.backends import registry
from kbridge.backends.numpy import blas
from kbridge.backends.numpy.executor.emitter import TRANSPOSED, Emitter

K = registry.load("numpy")


@pytest.mark.skipif(blas.omatcopy(np.dtype("float32")) is None, reason="this BLAS library has no omatcopy")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_copies_of_transposed_matrices(dtype):
    rng = np.random.default_rng(0)
    for shape, part in (((64, 200), slice(None)), ((300, 70), slice(3, 69)), ((2, 5000), slice(None)), ((5000, 3), slice(0, 2))):
        whole = rng.uniform(-1, 1, shape).astype(dtype)
        source = whole[:, part].T
        target = np.zeros(source.shape, dtype)
        ctx = Emitter()
        ctx.copy(target, source)
        ((function, args),) = ctx.instructions
        assert "omatcopy" in function.__name__
        for _ in range(2):
            function(*args)
            np.testing.assert_array_equal(target, source)
            whole *= 2


def test_other_copies_are_numpys():
    for source in (
        np.zeros((3, 4)).T,
        np.zeros((100, 100)),
        np.zeros((100, 100), "int32").T,
        np.zeros((100, 200)).T[::2],
        np.zeros((20, 20, 20)).T,
    ):
        ctx = Emitter()
        ctx.copy(np.zeros(source.shape, source.dtype), source)
        assert ctx.instructions[0][0] is np.copyto
    assert np.zeros((100, 200)).size >= TRANSPOSED


def test_a_loop_that_multiplies_by_a_transposed_matrix():
    """Its turns read a copy, which is made in each run: the matrix may have changed."""
    rng = np.random.default_rng(0)
    x, matrix = K.placeholder((4, 12, 80)), K.variable(rng.uniform(-0.1, 0.1, (80, 80)))

    def step(x_t, states):
        new = K.tanh(x_t + K.dot(states[0], K.transpose(matrix)))
        return new, [new]

    last, _, _ = K.rnn(step, x, [K.zeros((4, 80))])
    function = K.function([x], [last], [(matrix, matrix * 0.5)])
    fed = rng.uniform(-1, 1, (4, 12, 80)).astype("float32")
    for _ in range(3):
        u, h = K.get_value(matrix).astype("float64"), np.zeros((4, 80))
        for t in range(12):
            h = np.tanh(fed[:, t] + h @ u.T)
        np.testing.assert_allclose(function([fed])[0], h, rtol=1e-4, atol=1e-5)
