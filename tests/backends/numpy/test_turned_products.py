"""Products with a transposed second matrix are made turned round where that is faster: the same values, gradients, fed and in loops."""

import numpy as np
import pytest

from kbridge.backends import registry
from kbridge.backends.numpy.ops import linalg

K = registry.load("numpy")


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(linalg, "LEAST_TURNED", 1)
    monkeypatch.setattr(linalg, "LEAST_WORK", 1)


@pytest.mark.parametrize("seed", range(30))
def test_values_and_gradients_of_any_shape(seed, small):
    rng = np.random.RandomState(seed)
    rows, inner, columns = rng.randint(1, 6), rng.randint(1, 90), rng.randint(1, 90)
    dtype = "float64" if seed % 5 == 0 else "float32"
    x, y, w = (rng.uniform(-1, 1, shape).astype(dtype) for shape in ((rows, inner), (columns, inner), (rows, columns)))
    a = K.placeholder((None, inner), dtype=dtype)
    b = K.placeholder((columns, inner), dtype=dtype) if seed % 3 else K.variable(y, dtype=dtype)
    if seed % 2:
        a, x = K.transpose(K.placeholder((inner, None), dtype=dtype)), np.ascontiguousarray(x.T)
    inputs = [a if not seed % 2 else a.inputs[0], *([b] if seed % 3 else [])]
    product = K.dot(a, K.transpose(b))
    run = K.function(inputs, [product, *K.gradients(K.sum(product * w), [a, b])])
    plain = x.T if seed % 2 else x
    # the second call feeds other arrays
    for factor in (1, 2):
        got, dx, dy = run([factor * x, *([factor * y] if seed % 3 else [])])
        of_y = factor if seed % 3 else 1
        np.testing.assert_allclose(got, factor * of_y * (plain @ y.T), rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(dx, w @ (of_y * y), rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(dy, w.T @ (factor * plain), rtol=1e-4, atol=1e-4)


def test_which_products_are_turned():
    x = np.zeros((128, 512), "float32")
    assert linalg.better_turned(x, np.zeros((512, 512), "float32").T)
    assert linalg.better_turned(np.zeros((512, 16), "float32").T, np.zeros((512, 512), "float32").T)
    for other in (
        (x, np.zeros((512, 512), "float32")),
        (x.astype("float64"), np.zeros((512, 512)).T),
        (np.zeros((512, 512), "float32"), np.zeros((512, 512), "float32").T),
        (np.zeros((1, 512), "float32"), np.zeros((512, 512), "float32").T),
        (np.zeros((2, 64), "float32"), np.zeros((64, 64), "float32").T),
    ):
        assert not linalg.better_turned(*other)
    # its rows lie apart: neither its rows nor its columns are dense
    assert not linalg.better_turned(x, np.zeros((512, 1024), "float32")[:, ::2].T)


def test_a_loop_whose_step_turns_its_products(small):
    rng = np.random.RandomState(0)
    x, U = rng.uniform(-1, 1, (3, 6, 40)).astype("float32"), rng.uniform(-0.2, 0.2, (40, 40)).astype("float32")
    a, u = K.placeholder((3, 6, 40)), K.variable(U)

    def step(x_t, states):
        h = K.tanh(x_t + K.dot(states[0], K.transpose(u)))
        return h, [h]

    last = K.rnn(step, a, [K.zeros((3, 40))])[0]
    h = np.zeros((3, 40), "float32")
    for t in range(6):
        h = np.tanh(x[:, t] + h @ U.T)
    np.testing.assert_allclose(K.function([a], [last])([x])[0], h, rtol=1e-4, atol=1e-5)
