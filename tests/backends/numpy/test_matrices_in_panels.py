"""Matrices that don't change in a run come in panels: values against float64 for random sizes, changed variables, and which products it is done for."""

import gc

import numpy as np
import pytest

from kbridge.backends import registry
from kbridge.backends.numpy import blas
from kbridge.backends.numpy.executor import beside, costs, fusion, plan, prepared, threads, workers
from kbridge.backends.numpy.ops import panels

K = registry.load("numpy")


@pytest.fixture(autouse=True)
def small(small_products, monkeypatch):
    """Small panels."""
    monkeypatch.setattr(panels, "WIDTHS_KEPT", ((8, 6), (4, 3)))
    monkeypatch.setattr(panels, "LEAST_KEPT", 64)


def in_panels(function):
    """The panels (number, k, columns) that the function's last plan multiplies by."""
    found = function._last[1]
    calls = [*found.body, *(call for fork in found.forks for call in fork.calls())]
    products = [args for f, args in calls if f is np.matmul and args[1].ndim > 3]
    # NumPy gives no others to BLAS
    assert all(x.strides[-1] == x.itemsize for x, _, _ in products)
    return [matrix.shape[-3:] for _, matrix, _ in products]


def uniform(rng, *shape, dtype="float32"):
    return rng.uniform(-1, 1, shape).astype(dtype)


def close(got, want):
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=2e-5 * max(1.0, np.abs(want).max(initial=0)))


def sizes(seed):
    rng = np.random.default_rng(seed)
    rows, inner, columns = (int(n) for n in (rng.integers(1, 90), rng.integers(1, 80), rng.integers(1, 90)))
    return rng, rows, inner, columns if seed % 4 == 0 else -(-columns // 4) * 4


#: how a product is written -> (function of x and the variable, the variable's value from the matrix, the result in NumPy from x and the matrix)
FORMS = {
    "dense": (lambda x, w: K.relu(K.dot(x, w) + 0.25), lambda w: w, lambda x, w: np.maximum(x @ w + 0.25, 0)),
    "transposed matrix": (lambda x, w: K.dot(x, K.transpose(w)), lambda w: w.T, lambda x, w: x @ w),
    "computed matrix": (
        lambda x, w: K.dot(x, 2 * K.concatenate([w, -w], axis=1)),
        lambda w: w,
        lambda x, w: 2 * x @ np.concatenate([w, -w], 1),
    ),
    "sequences": (lambda x, w: K.dot(K.reshape(x, (-1, 1, x.shape[1])), w), lambda w: w, lambda x, w: (x @ w)[:, None]),
    "three axes": (
        lambda x, w: K.dot(x, K.permute_dimensions(K.reshape(w, (1, *w.shape)), (0, 1, 2))),
        lambda w: w,
        lambda x, w: (x @ w)[:, None],
    ),
    "transposed rows": (lambda x, w: K.dot(K.transpose(K.transpose(x) * 1.5), w), lambda w: w, lambda x, w: 1.5 * x @ w),
}


@pytest.mark.parametrize("form", FORMS)
def test_products_of_random_sizes(form):
    of_tensors, stored, of_arrays = FORMS[form]
    used = 0
    for seed in range(30):
        rng, rows, inner, columns = sizes(seed)
        x, w = uniform(rng, rows, inner), uniform(rng, inner, columns)
        a, variable = K.placeholder((None, inner)), K.variable(stored(w))
        function = K.function([a], [of_tensors(a, variable)])
        for turn in range(3):
            if turn == 2:
                w = uniform(rng, inner, columns)
                K.set_value(variable, stored(w))
            some = x[: max(1, rows // 2)] if turn == 1 else x
            close(function([some])[0], of_arrays(some.astype("float64"), w.astype("float64")))
        used += bool(in_panels(function))
        assert rows > 1 or not in_panels(function)
    assert used > 10


def test_other_products_are_left_as_they_are(monkeypatch):
    rng = np.random.default_rng(0)

    def used(dtype="float32", rows=8, inner=32, columns=64, update=False, fed=False):
        x, w = uniform(rng, rows, inner, dtype=dtype), uniform(rng, inner, columns, dtype=dtype)
        a, variable = K.placeholder(x.shape, dtype=dtype), K.variable(w, dtype=dtype)
        updates = [(variable, variable * 2)] if update else []
        function = K.function([a, variable] if fed else [a], [K.dot(a, variable)], updates)
        for turn in range(2):
            close(function([x, w * (1 + turn)] if fed else [x])[0], x.astype("float64") @ w * (1 + turn if fed or update else 1))
        return bool(in_panels(function))

    assert used()
    assert not used(dtype="float64") and not used(rows=1) and not used(update=True) and not used(fed=True)
    assert not used(inner=2, columns=24, rows=100) and not used(columns=61)
    monkeypatch.setattr(panels, "MOST_KEPT", 32 * 64 - 1)
    assert not used()
    monkeypatch.undo()
    monkeypatch.setattr(blas, "small_products", lambda: False)
    assert not used(rows=64, inner=512, columns=512)


def test_batches_of_matrices_are_multiplied_as_they_are():
    rng = np.random.default_rng(1)
    x, w = uniform(rng, 3, 10, 30), uniform(rng, 3, 30, 40)
    a = K.placeholder(x.shape)
    function = K.function([a], [K.batch_dot(a, K.variable(w))])
    close(function([x])[0], x.astype("float64") @ w)
    assert not in_panels(function)


def test_plans_for_all_sizes_of_a_batch_and_all_functions_share_the_panels():
    rng = np.random.default_rng(2)
    w = uniform(rng, 40, 64)
    variable, a = K.variable(w), K.placeholder((None, 40))
    before = set(prepared._KNOWN.values())
    functions = [K.function([a], [some]) for some in (K.dot(a, variable), K.relu(K.dot(a, variable)))]
    for function in functions:
        for rows in (2, 5, 17, 80):
            x = uniform(rng, rows, 40)
            close(function([x])[0], x.astype("float64") @ w if function is functions[0] else np.maximum(x.astype("float64") @ w, 0))
            assert in_panels(function)
    made = set(prepared._KNOWN.values()) - before
    assert len(made) == 1
    # they go with the functions
    known = len(prepared._KNOWN)
    del made, before, function, functions
    gc.collect()
    assert len(prepared._KNOWN) == known - 1


def test_training_between_predictions():
    from kbridge.layers import Dense
    from kbridge.models import Sequential

    rng = np.random.default_rng(3)
    model = Sequential([Dense(32, activation="relu", input_dim=24), Dense(16, activation="tanh"), Dense(3)])
    model.compile("sgd", "mse")
    x = uniform(rng, 20, 24)

    def check():
        (w0, b0, w1, b1, w2, b2) = (w.astype("float64") for w in model.get_weights())
        want = np.tanh(np.maximum(x @ w0 + b0, 0) @ w1 + b1) @ w2 + b2
        close(model.predict(x, batch_size=8), want)
        close(model.predict_on_batch(x), want)

    check()
    assert set(in_panels(model.model.predict_function)) == {(4, 24, 8), (2, 32, 8)}
    for _ in range(3):
        model.train_on_batch(x, uniform(rng, 20, 3))
        check()
    model.set_weights([uniform(rng, *w.shape) for w in model.get_weights()])
    check()


def test_frozen_layers_in_training():
    """The gradient of a layer's input is a product with the transposed matrix."""
    rng = np.random.default_rng(4)
    x, w, v = uniform(rng, 12, 24), uniform(rng, 24, 32), uniform(rng, 32, 16)
    a, first, second = K.placeholder(x.shape), K.variable(w), K.variable(v)
    loss = K.sum(K.square(K.dot(K.dot(a, first), second)))
    (gradient,) = K.gradients(loss, [first])
    function = K.function([a], [gradient], [(first, first - 0.01 * gradient)])
    for _ in range(3):
        g = 2 * ((x.astype("float64") @ w) @ v)
        want = x.astype("float64").T @ (g @ v.T.astype("float64"))
        close(function([x])[0], want)
        assert len(in_panels(function)) == 2
        w = (w - 0.01 * want).astype("float32")


def test_large_products_are_left_to_the_threads_of_blas(monkeypatch, schedules):
    monkeypatch.setattr(plan, "alone", lambda: False)
    for module in (threads, fusion):
        monkeypatch.setattr(module, "LARGE", 20_000)
    monkeypatch.setattr(costs, "LARGE", 20_000)
    rng = np.random.default_rng(5)
    w, a = K.variable(uniform(rng, 32, 64)), K.placeholder((None, 32))
    used = {}
    for count in (1, 2, 8):
        with workers.using(count):
            function = K.function([a], [K.dot(a, w)])
            for rows in (2, 9, 15, 16, 17, 40):
                x = uniform(rng, rows, 32)
                close(function([x])[0], x.astype("float64") @ K.get_value(w))
                if in_panels(function):
                    used.setdefault(count, []).append(rows)
                    assert costs.products(schedules[-1].live) == (0, rows * 32 * 64)
    # products of up to 9 rows aren't large
    assert used == {1: [2, 9, 15, 16], 2: [2, 9, 15, 16], 8: [2, 9]}


def test_threads_that_compute_some_samples_each(cheap_lanes):
    for seed in range(12):
        rng, rows, inner, columns = sizes(seed * 4 + 1)
        rows = max(rows, 8)
        x, w, v = uniform(rng, rows, inner), uniform(rng, inner, columns), uniform(rng, columns, 32)
        a, first, second = K.placeholder((None, inner)), K.variable(w), K.variable(v)
        y = K.dot(K.tanh(K.dot(a, first)), second)
        want = np.tanh(x.astype("float64") @ w) @ v
        found = []
        for count in (1, 2, 3):
            with workers.using(count):
                function = K.function([a], [y])
                found.append(function([x])[0])
                close(found[-1], want)
                np.testing.assert_array_equal(found[-1], function([x.copy()])[0])
                assert count == 1 or function._last[1].forks
                assert in_panels(function)


def test_a_matrix_with_a_row_for_each_sample(cheap_lanes):
    """Parts of the samples would need parts of all panels."""
    rng = np.random.default_rng(6)
    x, w = uniform(rng, 64, 12), uniform(rng, 64, 2048)
    a = K.placeholder(x.shape)
    with workers.using(2):
        function = K.function([a], [K.dot(K.transpose(K.tanh(a)), K.variable(w)), K.tanh(a)])
        got = function([x])[0]
    assert in_panels(function) == [(512, 64, 4)]
    close(got, np.tanh(x.astype("float64")).T @ w)


def test_a_matrix_with_a_row_for_each_turn_of_a_loop(cheap_lanes, monkeypatch):
    monkeypatch.setattr(beside, "MOST", 1e9)
    rng = np.random.default_rng(7)
    x, w, u = uniform(rng, 4, 16, 12), uniform(rng, 16, 32), uniform(rng, 12, 12)
    a = K.placeholder(x.shape)
    matrix = K.variable(u)

    def step(element, states):
        new = K.tanh(element + K.dot(states[0], matrix))
        return new, [new]

    with workers.using(2):
        _, outputs, _ = K.rnn(step, a, [K.zeros((4, 12))])
        turns = K.reshape(K.permute_dimensions(outputs, (1, 0, 2)), (16, 48))
        function = K.function([a], [K.dot(K.transpose(turns), K.variable(w))])
        got = function([x])[0]
    state, every = np.zeros((4, 12)), []
    for t in range(16):
        state = np.tanh(x[:, t].astype("float64") + state @ u)
        every.append(state)
    assert in_panels(function)
    close(got, np.stack(every).reshape(16, 48).T @ w)


def test_each_part_is_a_small_product(monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(blas, "small_products", lambda: True)
    rng, found = np.random.default_rng(0), set()
    for _ in range(4000):
        rows, inner, columns = int(2 ** rng.uniform(0, 11)), int(2 ** rng.uniform(0, 13)), int(rng.choice([10, 16]) * rng.integers(1, 80))
        width = panels.width_kept(rows, inner, columns, np.dtype("float32"))
        if width is not None:
            found.add(width)
            assert rows > 1 and columns % width == 0 and rows * inner * columns > panels.SMALL_PRODUCT
            assert panels.LEAST_KEPT <= inner * columns <= panels.MOST_KEPT
            assert min(rows, 6) <= panels.rows_of_part(rows, inner, width) <= panels.SMALL_PRODUCT // (inner * width)
            # plans for other sizes of a batch have the same
            assert panels.width_kept(rows + 1, inner, columns, np.dtype("float32")) == width
    assert found == {width for width, _ in panels.WIDTHS_KEPT}
