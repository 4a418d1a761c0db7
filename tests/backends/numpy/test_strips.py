"""One image on several threads: its convolutions in strips of rows, products of one row in strips of columns."""

import numpy as np
import pytest

from kbridge.backends import registry
from kbridge.backends.numpy.executor import strips, workers
from kbridge.backends.numpy.executor.strips import Rows, _parts, _reached

K = registry.load("numpy")


@pytest.fixture(autouse=True)
def eager(cheap_lanes):
    """Strips wherever they are possible, however small."""


def kinds(function):
    return [fork.name for fork in function._last[1].forks]


def random_network(seed, dtype="float32"):
    """(placeholder, result, ops that must come in strips): convolutions of one image with what may follow them."""
    rng = np.random.default_rng(seed)
    channels = int(rng.choice([1, 3, 16, 20]))
    spatial = [int(n) for n in rng.integers(5, 24, 2)]
    x = y = K.placeholder((1, *spatial, channels), dtype=dtype)
    for _ in range(int(rng.integers(1, 4))):
        size = [int(n) for n in (rng.choice([1, 3, 3, 5, 2], 2) if rng.random() < 0.4 else [rng.choice([1, 3])] * 2)]
        filters = int(rng.choice([8, 16, 24]))
        shape = K.int_shape(y)
        mode = "same" if rng.random() < 0.6 or min(shape[1:3]) < 12 else "valid"
        strides = (1, 1) if rng.random() < 0.7 else tuple(int(n) for n in rng.integers(1, 3, 2))
        dilation = (2, 2) if strides == (1, 1) and mode == "same" and rng.random() < 0.2 else (1, 1)
        kernel = K.variable(rng.uniform(-0.3, 0.3, (*size, shape[-1], filters)), dtype=dtype)
        before = y
        y = K.conv2d(y, kernel, strides, mode, "tf", filter_dilation=dilation)
        if rng.random() < 0.7:
            y = y + K.variable(rng.uniform(-1, 1, filters), dtype=dtype)
        if rng.random() < 0.4:
            y = y * K.variable(rng.uniform(0.5, 1, filters), dtype=dtype) - 0.25
        if K.int_shape(before) == K.int_shape(y) and rng.random() < 0.7:
            y = y + before
        if rng.random() < 0.6:
            y = K.relu(y)
        if min(K.int_shape(y)[1:3]) > 6 and rng.random() < 0.3:
            size = tuple(int(n) for n in rng.integers(1, 4, 2))
            y = K.pool2d(y, size, tuple(int(n) for n in rng.integers(1, 3, 2)), "valid", "tf", pool_mode=rng.choice(["max", "avg"]))
    return x, y


@pytest.mark.parametrize("seed", range(60))
def test_random_networks_give_the_same_for_any_number_of_threads(seed, monkeypatch):
    # for every other one by filters, which is for small images
    monkeypatch.setattr(strips, "PLACES", 100.0 if seed % 2 else 0.0)
    monkeypatch.setattr(strips, "FILTERS", 4)
    dtype = "float64" if seed % 6 == 5 else "float32"
    x, y = random_network(seed, dtype)
    values = [np.random.default_rng(seed + k).uniform(-1, 1, K.int_shape(x)).astype(dtype) for k in (1, 2)]
    found = {}
    for count in (1, 2, 3, 4):
        with workers.using(count):
            function = K.function([x], [y])
            found[count] = [function([v])[0] for v in values]
            again = [function([v.copy()])[0] for v in values]
        np.testing.assert_array_equal(found[count], again)
        assert (count > 1) == any("in strips" in name for name in kinds(function)), kinds(function)
        tolerance = 1e-4 if dtype == "float32" else 1e-12
        np.testing.assert_allclose(found[count], found[1], rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("columns", [1, 15, 16, 17, 40, 64])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_product_of_one_row(columns, dtype):
    rng = np.random.default_rng(columns)
    x, matrix = K.placeholder((1, 30), dtype=dtype), K.variable(rng.uniform(-1, 1, (30, columns)), dtype=dtype)
    value = rng.uniform(-1, 1, (1, 30)).astype(dtype)
    for count in (2, 3):
        # of a fed array, and of one that the plan computes
        for computed in (False, True):
            with workers.using(count):
                function = K.function([x], [K.dot(K.exp(x) if computed else x, matrix)])
                found = [function([v])[0] for v in (value, 0.5 * value)]
            assert any("matmul in strips" in name for name in kinds(function)) == (columns > 16)
            for got, v in zip(found, (value, 0.5 * value), strict=True):
                v = np.exp(v) if computed else v
                np.testing.assert_allclose(got, v.astype("float64") @ K.get_value(matrix), rtol=1e-4, atol=1e-4)


def test_several_images_are_cut_by_images():
    x = K.placeholder((4, 12, 12, 3))
    kernel = K.variable(np.ones((3, 3, 3, 4)))
    with workers.using(2):
        function = K.function([x], [K.conv2d(x, kernel, border_mode="same")])
        function([np.ones((4, 12, 12, 3), "float32")])
    assert kinds(function)
    assert not any("in strips" in name for name in kinds(function))


def test_small_values_stay_whole(monkeypatch):
    monkeypatch.undo()
    x = K.placeholder((1, 12, 12, 3))
    with workers.using(2):
        function = K.function([x], [K.conv2d(x, K.variable(np.ones((3, 3, 3, 4))), border_mode="same")])
        function([np.ones((1, 12, 12, 3), "float32")])
    assert not kinds(function)


def test_parts_and_what_they_reach():
    assert list(_parts(10, 4, 2)) == [(0, 4), (4, 10)]
    assert list(_parts(3, 4, 2)) == [(0, 3)]
    assert list(_parts(7, 1, 3)) == [(0, 2), (2, 4), (4, 7)]
    # 3 rows of a window, one of zeros around
    assert _reached((0, 4), 1, 3, 1, 10) == ((0, 5), (1, 0))
    assert _reached((4, 10), 1, 3, 1, 10) == ((3, 10), (0, 1))
    # stride 2
    assert _reached((2, 5), 2, 3, 0, 11) == ((4, 11), (0, 0))
    assert Rows((3, 3), (1, 1), (1, 1), ((1, 0), (0, 2))).padding(1, 50) == (0, 2)
