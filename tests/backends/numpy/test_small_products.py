"""Large products as many small ones: values and gradients against float64 for random sizes and layouts, in loops, and the rule that cuts them."""

import numpy as np
import pytest

from kbridge.backends import registry
from kbridge.backends.numpy import blas
from kbridge.backends.numpy.ops import linalg
from kbridge.backends.numpy.ops import small_products as rule
from kbridge.backends.numpy.ops.small_products import Cut, cut_of

K = registry.load("numpy")


@pytest.fixture
def processor(monkeypatch):
    """A processor with small products, as far as the rule is concerned."""
    monkeypatch.setattr(blas, "small_products", lambda: True)


@pytest.fixture
def cuts(monkeypatch, small_products):
    """Products of some hundred multiplications are cut; the cuts that are made."""
    monkeypatch.setattr("kbridge.backends.numpy.ops.panels.SMALL_PRODUCT", 400)
    for name, value in {"SMALL_PRODUCT": 400, "WIDTH": 8, "INNER": 10, "LEAST_INNER": 3, "LEAST_WORK": 100, "FEWEST_ROWS": 2}.items():
        monkeypatch.setattr(rule, name, value)
    monkeypatch.setattr(rule, "TRANSPOSED", ((8, 2), (4, 5), (3, 7)))
    found = []
    monkeypatch.setattr(linalg, "multiply_parts", lambda ctx, cut, *args: found.append(cut) or rule.multiply_parts(ctx, cut, *args))
    return found


@pytest.mark.parametrize("transposed", [(False, False), (False, True), (True, False), (True, True)])
@pytest.mark.parametrize("fed", [False, True], ids=["a variable", "a feed"])
def test_values_and_gradients_of_any_shape(transposed, fed, cuts):
    for seed in range(25):
        rng = np.random.RandomState(seed)
        rows, inner, columns = rng.randint(1, 36), rng.randint(1, 40), rng.randint(1, 40)
        x, y, w = (rng.uniform(-1, 1, shape).astype("float32") for shape in ((rows, inner), (inner, columns), (rows, columns)))
        lies = [np.ascontiguousarray(a.T) if turned else a for a, turned in zip((x, y), transposed)]
        a = K.placeholder((inner, None) if transposed[0] else (None, inner))
        b = K.placeholder(lies[1].shape) if fed else K.variable(lies[1])
        first, second = (K.transpose(t) if turned else t for t, turned in zip((a, b), transposed))
        product = K.dot(first, second)
        run = K.function([a, b] if fed else [a], [product, *K.gradients(K.sum(product * w), [first, second])])
        for factor in (1.0, 2.0):  # other arrays are fed the second time
            got, dx, dy = run([lies[0] * np.float32(factor), *([lies[1]] if fed else [])])
            np.testing.assert_allclose(got, factor * (x.astype("float64") @ y), rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(dx, w @ y.T.astype("float64"), rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(dy, factor * (x.T.astype("float64") @ w), rtol=1e-4, atol=1e-5)
    assert any(cut.inner <= 10 for cut in cuts) and len(cuts) > 20


@pytest.mark.parametrize("inner", ["sigmoid", "softmax"])
def test_a_gru_of_parts_is_that_of_whole_products(inner, cuts, monkeypatch):
    from kbridge.layers import GRU
    from kbridge.models import Sequential

    x = np.random.RandomState(0).uniform(-1, 1, (4, 5, 3)).astype("float32")
    results, made = [], []
    for least in (1 << 30, 100):
        monkeypatch.setattr(rule, "LEAST_WORK", least)
        np.random.seed(1)
        model = Sequential([GRU(12, reset_after=True, inner_activation=inner, return_sequences=True, input_shape=(5, 3))])
        model.compile("sgd", "mse")
        model.train_on_batch(x, np.ones((4, 5, 12)))
        results.append(model.predict(x))
        made.append(len(cuts))
    np.testing.assert_allclose(*results, rtol=1e-5, atol=1e-6)
    assert made[0] == 0 < made[1]


def test_what_is_cut(processor):
    def cut(rows, inner, columns, x_turned=False, y_turned=False, alone=True, dtype="float32"):
        x = np.zeros((inner, rows), dtype).T if x_turned else np.zeros((rows, inner), dtype)
        return cut_of(x, np.zeros((columns, inner), dtype).T if y_turned else np.zeros((inner, columns), dtype), alone)

    assert cut(32, 128, 512) == cut(32, 128, 512, alone=False) == cut(32, 128, 512, x_turned=True) == Cut(32, 128, 64)
    assert cut(128, 784, 512) == Cut(32, 392, 64)
    assert cut(32, 2048, 1000) == Cut(32, 410, 64)
    assert cut(128, 512, 512, y_turned=True) == Cut(64, 512, 16)
    assert cut(8, 512, 512, y_turned=True) == Cut(8, 512, 64)
    for small in ((8, 128, 512), (1, 1024, 1024), (1024, 1024, 1)):
        assert cut(*small) is None
    # too large for the cache; two threads of BLAS; both transposed; little to sum over; float64
    assert cut(64, 4096, 4096) is cut(128, 512, 512, alone=False) is cut(64, 512, 512, True, True) is None
    assert cut(128, 10, 512, y_turned=True) is cut(64, 512, 512, dtype="float64") is None
    assert cut_of(np.zeros((64, 1024), "float32")[:, ::2], np.zeros((512, 512), "float32"), True) is None


def test_parts_are_as_small_as_blas_wants_them(processor):
    made = 0
    for seed in range(2000):
        rng = np.random.RandomState(seed)
        rows, inner, columns = (int(n) for n in np.exp(rng.uniform(0, 8, 3)))
        lies = rng.randint(2, size=2)
        x, y = (np.broadcast_to(np.float32(0), shape) for shape in ((rows, inner), (inner, columns)))
        x, y = (
            np.lib.stride_tricks.as_strided(a, strides=(4, 4 * a.shape[0]) if turned else (4 * a.shape[1], 4), writeable=False)
            for a, turned in zip((x, y), lies)
        )
        cut = cut_of(x, y, True)
        if cut is not None:
            made += 1
            assert 0 < cut.rows <= rows and 0 < cut.inner <= min(inner, 512)
            assert cut.rows * cut.inner * cut.width <= 1_000_000
            assert not lies[1] or cut.rows * cut.width <= 1152
    assert made > 200


def test_other_processors_have_one_product(monkeypatch):
    monkeypatch.setattr(blas, "small_products", lambda: False)
    assert cut_of(np.zeros((32, 512), "float32"), np.zeros((512, 512), "float32"), True) is None
