"""Products of few rows with a large matrix go through BLAS in parts: the same values, in loops too."""

import numpy as np
import pytest

from kbridge.backends import registry
from kbridge.backends.numpy.ops import linalg

K = registry.load("numpy")


@pytest.mark.parametrize("seed", range(30))
def test_values_and_gradients_of_any_shape(seed, monkeypatch):
    rng = np.random.RandomState(seed)
    monkeypatch.setattr(linalg, "SMALL_PRODUCT", int(rng.choice([500, 2000, 8000])))
    monkeypatch.setattr(linalg, "MIN_COLUMNS", 16)
    rows, inner, columns = rng.randint(1, 36), rng.randint(1, 40), rng.randint(1, 90)
    x, y = (rng.uniform(-1, 1, shape).astype("float32") for shape in ((rows, inner), (inner, columns)))
    w = rng.uniform(-1, 1, (rows, columns)).astype("float32")
    a, b = K.placeholder((None, inner)), K.variable(y)
    product = K.dot(a, b)
    got, dx, dy = K.function([a], [product, *K.gradients(K.sum(product * w), [a, b])])([x])
    np.testing.assert_allclose(got, x @ y, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(dx, w @ y.T, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(dy, x.T @ w, rtol=1e-5, atol=1e-5)


def test_a_part_covers_each_column_once():
    parted = 0
    for seed in range(300):
        rng = np.random.RandomState(seed)
        x, y = np.zeros((rng.randint(0, 70), rng.randint(0, 700)), "float32"), np.zeros((1, rng.randint(0, 1500)), "float32")
        y = np.broadcast_to(y, (x.shape[1], y.shape[1])) if seed % 5 == 0 else np.zeros((x.shape[1], y.shape[1]), "float32")
        parts = linalg.column_parts(x, y)
        if parts != [None]:
            parted += 1
            assert [i for part in parts for i in range(part.start, part.stop)] == list(range(y.shape[1]))
    assert parted > 20


@pytest.mark.parametrize("inner", ["sigmoid", "softmax"])
def test_a_gru_of_parts_is_that_of_whole_products(inner, monkeypatch):
    from kbridge.layers import GRU
    from kbridge.models import Sequential

    x = np.random.RandomState(0).uniform(-1, 1, (4, 5, 3)).astype("float32")
    results = []
    for limit in (1 << 30, 1200):
        monkeypatch.setattr(linalg, "SMALL_PRODUCT", limit)
        monkeypatch.setattr(linalg, "MIN_COLUMNS", 16)
        np.random.seed(1)
        model = Sequential([GRU(12, reset_after=True, inner_activation=inner, return_sequences=True, input_shape=(5, 3))])
        model.compile("sgd", "mse")
        model.train_on_batch(x, np.ones((4, 5, 12)))
        results.append(model.predict(x))
    np.testing.assert_allclose(*results, rtol=1e-5, atol=1e-6)
