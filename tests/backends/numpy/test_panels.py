"""Products in parts that BLAS doesn't copy: values against float64 for random sizes, kernels in panels, and the rule that chooses them."""

import numpy as np
import pytest

from kbridge.backends import registry
from kbridge.backends.numpy import blas
from kbridge.backends.numpy.executor import plan, strips, workers
from kbridge.backends.numpy.ops import panels

K = registry.load("numpy")


@pytest.fixture(autouse=True)
def small(small_products, monkeypatch):
    """Small panels."""
    monkeypatch.setattr(panels, "WIDTHS", ((8, 12), (4, 3)))
    monkeypatch.setattr(panels, "ROWS_OF_A_RUN", 20)


def parts(function):
    """(products of a call, panels that it multiplies by) of the calls that multiply in parts."""
    found = function._last[1]
    calls = [*found.body, *(call for fork in found.forks for call in fork.calls())]
    some = [args for f, args in calls if f is np.matmul and args[1].ndim > 3]
    return [(args[2].size // (args[2].shape[-1] * args[2].shape[-2]), args[1].shape[-3]) for args in some]


def expected(x, kernel, strides, mode):
    """The convolution in float64, place by place."""
    size = kernel.shape[:2]
    lengths = [-(-n // s) if mode == "same" else (n - k) // s + 1 for n, k, s in zip(x.shape[1:3], size, strides)]
    total = [max((m - 1) * s + k - n, 0) if mode == "same" else 0 for n, k, s, m in zip(x.shape[1:3], size, strides, lengths)]
    padded = np.pad(x, [(0, 0), *((t // 2, t - t // 2) for t in total), (0, 0)])
    out = np.zeros((len(x), *lengths, kernel.shape[3]))
    for i in range(size[0]):
        for j in range(size[1]):
            some = padded[:, i : i + (lengths[0] - 1) * strides[0] + 1 : strides[0], j : j + (lengths[1] - 1) * strides[1] + 1 : strides[1]]
            out += some @ kernel[i, j]
    return out


def sample(seed):
    rng = np.random.default_rng(seed)
    size = [(1, 1), (3, 3), (1, 3), (5, 5), (2, 2)][seed % 5]
    strides = (1, 1) if rng.random() < 0.7 else (2, 1)
    channels, filters = (int(n) for n in (rng.choice([16, 18, 24, 31]), rng.choice([16, 20, 24, 40, 42])))
    x = rng.uniform(-1, 1, (int(rng.integers(1, 4)), *rng.integers(5, 15, 2), channels))
    return (
        rng,
        x.astype("float32"),
        rng.uniform(-1, 1, (*size, channels, filters)).astype("float32"),
        strides,
        str(rng.choice(["same", "valid"])),
    )


@pytest.mark.parametrize("fed", [False, True], ids=["kernels that are arranged once", "kernels that are arranged at each run"])
def test_convolutions_of_random_sizes(fed):
    used = 0
    for seed in range(40):
        rng, x, kernel, strides, mode = sample(seed)
        a, k = K.placeholder(x.shape), K.placeholder(kernel.shape) if fed else K.variable(kernel)
        bias = rng.uniform(-1, 1, kernel.shape[3]).astype("float32")
        y = K.conv2d(a, k, strides, mode, "tf")
        y = y if seed % 3 == 0 else K.relu(y + K.variable(bias))
        function = K.function([a, k] if fed else [a], [y])
        for turn in range(2):
            value = kernel * (turn + 1)
            if turn and not fed:
                K.set_value(k, value)
            want = expected(x.astype("float64"), value.astype("float64"), strides, mode)
            want = want if seed % 3 == 0 else np.maximum(want + bias, 0)
            (got,) = function([x, value] if fed else [x])
            np.testing.assert_allclose(got, want, rtol=1e-4, atol=2e-4 * np.abs(want).max())
        used += any(count > 1 for _, count in parts(function))
    assert used > 20


def test_gradients_are_those_of_whole_products(monkeypatch):
    used = 0
    for seed in range(12):
        rng, x, kernel, strides, mode = sample(seed)
        results = []
        for limit in (2000, 1 << 40):
            monkeypatch.setattr(panels, "SMALL_PRODUCT", limit)
            a, k = K.placeholder(x.shape), K.variable(kernel)
            y = K.conv2d(a, k, strides, mode, "tf")
            function = K.function([a], [*K.gradients(K.sum(y * y), [a, k])])
            results.append(function([x]))
            used += bool(parts(function))
            assert limit == 2000 or not parts(function)
        for got, want in zip(*results):
            np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4 * np.abs(want).max())
    assert used > 6


def test_products_of_random_sizes():
    used = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        rows, inner, columns = (int(n) for n in (rng.integers(1, 90), rng.integers(1, 60), rng.integers(1, 90)))
        columns = columns if seed % 4 else -(-columns // 8) * 8
        x, y = (rng.uniform(-1, 1, shape).astype("float32") for shape in ((rows, inner), (inner, columns)))
        a, b = K.placeholder((None, inner)), K.placeholder(y.shape)
        function = K.function([a, b], [K.dot(a, b)])
        for sign in (1, -1):
            np.testing.assert_allclose(function([sign * x, y])[0], sign * (x.astype("float64") @ y), rtol=1e-5, atol=1e-5)
        used += bool(parts(function))
    assert used > 8


def test_float64_and_processors_without_small_products_are_left_as_they_are(monkeypatch):
    def used(dtype):
        x = K.placeholder((4, 6, 6, 16), dtype=dtype)
        function = K.function([x], [K.conv2d(x, K.variable(np.ones((1, 1, 16, 16)), dtype=dtype), dim_ordering="tf")])
        function([np.ones((4, 6, 6, 16), dtype)])
        return bool(parts(function))

    assert used("float32") and not used("float64")
    monkeypatch.setattr(blas, "small_products", lambda: False)
    assert not used("float32")
    monkeypatch.setattr(blas, "small_products", lambda: True)
    # the threads of BLAS share large products only
    monkeypatch.setattr(plan, "alone", lambda: False)
    with workers.using(1):
        x = K.placeholder((40, 30))
        function = K.function([x], [K.dot(x, K.variable(np.ones((30, 32))))])
        function([np.ones((40, 30), "float32")])
        assert not parts(function)


@pytest.mark.parametrize("places", [0.0, 100.0], ids=["rows", "filters"])
def test_strips_of_kernels_in_panels(places, cheap_lanes, monkeypatch):
    monkeypatch.setattr(strips, "PLACES", places)
    monkeypatch.setattr(strips, "FILTERS", 4)
    for seed in range(10):
        rng, x, kernel, strides, mode = sample(seed)
        a, k = K.placeholder((1, *x.shape[1:])), K.variable(kernel)
        y = K.relu(K.conv2d(a, k, strides, mode, "tf") + K.variable(rng.uniform(-1, 1, kernel.shape[3])))
        found = []
        for count in (1, 2, 3):
            with workers.using(count):
                function = K.function([a], [y])
                found.append(function([x[:1]])[0])
                np.testing.assert_array_equal(found[-1], function([x[:1].copy()])[0])
                assert count == 1 or function._last[1].forks
        for other in found[1:]:
            np.testing.assert_allclose(other, found[0], rtol=1e-4, atol=1e-4 * np.abs(found[0]).max())


def test_each_part_is_a_small_product(monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(blas, "small_products", lambda: True)
    rng, found = np.random.default_rng(0), set()
    for _ in range(2000):
        rows, inner, columns = int(2 ** rng.uniform(0, 13)), int(2 ** rng.uniform(0, 13)), 16 * int(rng.integers(1, 80))
        width = panels.width_of(rows, inner, columns, np.dtype("float32"))
        if width is not None:
            found.add(width)
            assert columns % width == 0 and rows * inner * columns > panels.SMALL_PRODUCT
            step = panels.rows_of_part(rows, inner, width)
            assert 1 <= step <= rows + panels.UNIT and step * inner * width <= panels.SMALL_PRODUCT
            assert step >= min(rows, 6)
    assert found == {width for width, _ in panels.WIDTHS}


def test_small_products_by_the_name_of_the_processor(monkeypatch):
    def library(core):
        function = lambda: core  # noqa: E731
        return type("Library", (), {"openblas_get_corename": staticmethod(function)})()

    monkeypatch.undo()
    for core, there in ((b"SkylakeX", True), (b"Haswell", False), (b"", False)):
        monkeypatch.setattr(blas, "library", lambda core=core: library(core))
        assert blas.small_products.__wrapped__() is there
    monkeypatch.setattr(blas, "library", lambda: None)
    assert blas.small_products.__wrapped__() is False
