"""What is computed as part of a convolution, against the same calls one by one; and kernels kept until a variable changes."""

import numpy as np
import pytest

from kbridge.backends import registry
from kbridge.backends.numpy.executor import fusion, prepared

K = registry.load("numpy")
KERNELS = [(1, 1), (3, 3), (1, 3), (5, 5), (2, 2)]


def chain(rng, x, variables):
    """A convolution and up to seven calls on it, of which many can be part of it."""
    filters = int(rng.choice([5, 32]))
    kernel = rng.standard_normal((*KERNELS[rng.randint(5)], K.int_shape(x)[-1], filters)) * 0.2
    variables.append(K.variable(kernel))
    y = K.conv2d(x, variables[-1], strides=(1, 1) if rng.randint(3) else (2, 2), border_mode="same", dim_ordering="tf")
    for _ in range(rng.randint(8)):
        vector = K.variable(rng.uniform(0.5, 2, filters) * rng.choice([-1, 1], filters))
        variables.append(vector)
        shaped = [vector, K.reshape(vector, (1, 1, 1, filters)), K.sqrt(K.square(vector) + 0.1), 1.5][rng.randint(4)]
        kind = rng.randint(12)
        if kind < 4:
            y = [y + shaped, shaped + y, y - shaped, shaped - y][kind]
        elif kind < 7:
            y = [y * shaped, y / shaped, shaped * y][kind - 4]
        elif kind < 10:
            y = [K.relu(y), K.relu(y, max_value=2.0), K.clip(y, -1, 1.5)][kind - 7]
        elif kind == 10:
            y = y + K.tanh(K.variable(rng.standard_normal(K.int_shape(y))))
        else:
            y = y + K.tanh(y)
    return y


def graph(seed):
    """(input, some tensors, the variables they depend on)."""
    rng = np.random.RandomState(seed)
    x = K.placeholder((2, *rng.randint(4, 13, 2), int(rng.choice([3, 32]))))
    variables = []
    first = chain(rng, x, variables)
    second = chain(rng, first, variables)
    third = chain(rng, first, variables)
    if K.int_shape(second) == K.int_shape(third):
        second = K.relu(second + third)
    return x, [[second, third], [first, second], [second]][rng.randint(3)], variables


def both(monkeypatch, x, outputs):
    """Compares a function of what is fused with one that computes call by call."""
    fast = K.function([x], outputs)
    exact = K.function([x], outputs)

    def compare(value):
        monkeypatch.setenv("KBRIDGE_EXACT_CONV", "1")
        expected = exact([value])
        monkeypatch.setenv("KBRIDGE_EXACT_CONV", "0")
        for got, want in zip(fast([value]), expected):
            scale = np.abs(want).max()
            np.testing.assert_allclose(got, want, atol=1e-4 * scale + 1e-6, rtol=0)

    return compare


def test_random_chains_and_variables_that_change(monkeypatch):
    fused = []
    fuse = fusion._Chain.fuse
    monkeypatch.setattr(fusion._Chain, "fuse", lambda self: (fused.append(self.residual is not None), fuse(self)))
    for seed in range(50):
        x, outputs, variables = graph(seed)
        compare = both(monkeypatch, x, outputs)
        rng = np.random.RandomState(seed + 1)
        for _ in range(2):
            compare(rng.standard_normal(K.int_shape(x)))
            changed = variables[rng.randint(len(variables))]
            K.set_value(changed, K.get_value(changed) * 1.1 + 0.1)
            compare(rng.standard_normal(K.int_shape(x)))
    assert len(fused) > 50 and any(fused)


def sample(updates=()):
    rng = np.random.RandomState(0)
    x = K.placeholder((1, 12, 12, 32))
    kernel, scale, shift = (K.variable(rng.uniform(0.5, 1, s)) for s in ((3, 3, 32, 32), (32,), (32,)))
    y = K.relu(K.conv2d(x, kernel, border_mode="same", dim_ordering="tf") * scale + shift)
    return x, kernel, scale, y, rng.uniform(-1, 1, (1, 12, 12, 32))


def calls(function):
    return [getattr(f, "__name__", "") for f, _ in function._last[1].body]


def test_a_normalized_convolution_is_one_product_for_each_point_of_a_tile(monkeypatch):
    x, _, _, y, value = sample()
    function = K.function([x], [y])
    function([value])
    # a shift is added at one point of a tile: nothing scales, and nothing but the last call goes over the results
    assert calls(function).count("matmul") == calls(function).count("maximum") == 1
    assert "dot" not in calls(function)


def test_an_update_of_a_function_counts_from_its_next_run_on():
    x, kernel, scale, y, value = sample()
    predict = K.function([x], [y])
    before = predict([value])[0]
    train = K.function([x], [y], updates=[(kernel, kernel * 2), (scale, scale * 3)])
    np.testing.assert_allclose(train([value])[0], before, rtol=1e-4, atol=1e-3)
    after = predict([value])[0]
    assert np.abs(after - before).max() > 1
    np.testing.assert_allclose(train([value])[0], after, rtol=1e-4, atol=1e-2)
    assert np.abs(predict([value])[0] - after).max() > 1


def test_a_variable_that_is_fed_is_what_is_fed():
    x, kernel, _, y, value = sample()
    function = K.function([x, kernel], [y])
    first = function([value, K.get_value(kernel)])[0]
    assert np.abs(function([value, 2 * K.get_value(kernel)])[0] - first).max() > 1
    np.testing.assert_array_equal(function([value, K.get_value(kernel)])[0], first)


def test_an_array_that_was_lent_is_read_at_each_run():
    x, kernel, _, y, value = sample()
    function = K.function([x], [y])
    before = function([value])[0]
    kernel.get_value(borrow=True)[:] *= 2
    assert np.abs(function([value])[0] - before).max() > 1


def test_plans_and_functions_share_what_is_prepared():
    rng = np.random.RandomState(0)
    x, kernel = K.placeholder((None, 12, 12, 32)), K.variable(rng.uniform(0.5, 1, (3, 3, 32, 32)))
    y = K.relu(K.conv2d(x, kernel, dim_ordering="tf"))
    known = set(map(id, prepared._KNOWN.values()))
    functions = [K.function([x], [y]), K.function([x], [y, y + 1])]
    for function in functions:
        for n in (5, 6):
            function([rng.uniform(-1, 1, (n, 12, 12, 32))])
    assert len([p for p in prepared._KNOWN.values() if id(p) not in known]) == 1
    del functions, function
    assert not [p for p in prepared._KNOWN.values() if id(p) not in known]


def test_a_kernel_whose_preparation_was_interrupted_is_prepared_again(monkeypatch):
    rng = np.random.RandomState(0)
    x, kernel = K.placeholder((1, 12, 12, 32)), K.variable(rng.uniform(0.5, 1, (3, 3, 32, 32)))
    function = K.function([x], [K.relu(K.conv2d(x, kernel, dim_ordering="tf"))])
    value = rng.uniform(-1, 1, (1, 12, 12, 32)).astype("float32")
    before = function([value])[0]
    K.set_value(kernel, 2 * K.get_value(kernel))

    def interrupted(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(prepared, "compute", interrupted)
        function([value])
    np.testing.assert_allclose(function([value])[0], 2 * before, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("dtype", ["float64", "float16"])
def test_other_dtypes_are_computed_call_by_call(dtype):
    rng = np.random.RandomState(0)
    x, kernel = K.placeholder((1, 9, 9, 32), dtype=dtype), K.variable(rng.uniform(-1, 1, (3, 3, 32, 32)), dtype)
    function = K.function([x], [K.relu(K.conv2d(x, kernel, dim_ordering="tf") * 2)])
    function([rng.uniform(-1, 1, (1, 9, 9, 32))])
    assert "multiply" in calls(function)


def test_numbers_that_are_none_stay_none():
    x, _, _, y, value = sample()
    value[0, 5, 5] = np.nan
    got = K.function([x], [y])([value])[0]
    assert np.isnan(got[0, 5, 5]).all() and np.isfinite(got[0, 0, 0]).all()
