"""What a plan of the NumPy backend promises: updates at once, no aliasing with the caller, bounded caches."""

import threading

import numpy as np
import pytest

from kbridge.backends import registry
from kbridge.backends.numpy.executor import function
from kbridge.backends.numpy.executor.function import MAX_PLANS
from kbridge.backends.numpy.executor.turns import Turns

K = registry.load("numpy")


def test_updates_read_old_values_even_when_they_read_each_other():
    a, b = K.variable(3.0), K.variable(5.0)
    K.function([], [], [(a, a + b), (b, 2 * a)])([])
    assert (K.get_value(a), K.get_value(b)) == (8.0, 6.0)


def test_variables_can_be_swapped():
    a, b = K.variable([1.0, 2.0]), K.variable([3.0, 4.0])
    K.function([], [], [(a, b), (b, a)])([])
    assert K.get_value(a).tolist() == [3, 4]
    assert K.get_value(b).tolist() == [1, 2]


def test_a_chain_of_updates_uses_the_new_value_where_it_was_asked_for():
    p, m = K.variable(1.0), K.variable(0.5)
    new_m = 0.9 * m - 0.1
    K.function([], [], [(m, new_m), (p, p + new_m)])([])
    assert K.get_value(m) == pytest.approx(0.35)
    assert K.get_value(p) == pytest.approx(1.35)


def test_outputs_hold_the_values_before_the_updates():
    a = K.variable([1.0, 2.0])
    view = K.reshape(a, (2, 1))
    old, twice, seen = K.function([], [a, a * 2, view], [(a, a + 10)])([])
    assert old.tolist() == [1, 2]
    assert twice.tolist() == [2, 4]
    assert seen.ravel().tolist() == [1, 2]
    assert K.get_value(a).tolist() == [11, 12]


def test_an_update_through_a_transposed_view_of_its_own_variable():
    a = K.variable(np.arange(9.0).reshape(3, 3))
    K.function([], [], [(a, K.transpose(a) + a)])([])
    expected = np.arange(9.0).reshape(3, 3)
    np.testing.assert_array_equal(K.get_value(a), expected + expected.T)


def test_outputs_are_the_callers_own():
    x = K.placeholder((None, 2))
    f = K.function([x], [x, x * 2, K.reshape(x, (-1,))])
    data = np.ones((3, 2), np.float32)
    same, doubled, flat = f([data])
    data[:] = 7
    f([np.full((3, 2), 9, np.float32)])
    assert same.tolist() == [[1, 1]] * 3
    assert doubled.tolist() == [[2, 2]] * 3
    assert flat.tolist() == [1] * 6
    same[:] = doubled[:] = 0
    assert data.tolist() == [[7, 7]] * 3


def test_a_fed_array_is_never_written_to():
    x = K.placeholder((None, 4))
    f = K.function([x], [K.exp(-x) + K.relu(x), K.softmax(x)])
    data = np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4)
    before = data.copy()
    data.flags.writeable = False
    f([data])
    np.testing.assert_array_equal(data, before)


def test_fed_arrays_in_other_layouts_and_dtypes_give_the_same_result():
    x = K.placeholder((None, 3))
    f = K.function([x], [K.sum(K.reshape(x, (-1, 1)) * 2, axis=1), K.transpose(x)])
    data = np.arange(12.0).reshape(4, 3)
    for variant in (data.astype("f4"), data, np.asfortranarray(data.astype("f4")), data.tolist(), data.astype(int)):
        flat, turned = f([variant])
        np.testing.assert_array_equal(flat, data.ravel() * 2)
        np.testing.assert_array_equal(turned, data.T)


def test_batches_of_many_sizes_keep_a_bounded_number_of_plans():
    x = K.placeholder((None, 3))
    f = K.function([x], [x + 1])
    for n in range(3 * MAX_PLANS):
        assert f([np.zeros((n, 3))])[0].shape == (n, 3)
    assert len(f._plans) <= MAX_PLANS


def test_plans_of_many_lengths_share_their_storage():
    x = K.placeholder((2, None, 8))
    U = K.variable(np.ones((8, 8)) / 8)

    def step(x_t, states):
        h = K.tanh(x_t + K.dot(states[0], U))
        return h, [h]

    _, outputs, _ = K.rnn(step, x, [K.zeros((2, 8))])
    f = K.function([x], K.gradients(K.sum(outputs), [x, U]))
    lengths = [*range(1, 100), 400]
    np.random.default_rng(0).shuffle(lengths)
    found = {n: f([np.full((2, n, 8), n / 100)]) for n in lengths}
    total = f._arenas.total
    largest = max(plan.nbytes for plan in f._plans.values())
    assert total < 4 * largest
    # plans that share storage don't see each other's numbers
    for n in lengths[::7]:
        for a, b in zip(f([np.full((2, n, 8), n / 100)]), found[n], strict=True):
            np.testing.assert_array_equal(a, b)


def test_plans_are_dropped_with_their_storage_when_it_is_large(monkeypatch):
    monkeypatch.setattr(function, "MAX_BYTES", 100_000)
    x = K.placeholder((None,))
    f = K.function([x], [K.exp(x * 2.0)[::-1]])
    for n in (1, 1000, 50_000, 10, 50_000, 60_000):
        np.testing.assert_allclose(f([np.zeros(n)])[0], np.ones(n))
        assert f._arenas.total <= 100_000


def test_a_loop_over_a_new_value_is_no_part_of_the_updates():
    m, p = K.variable([1.0, 2.0]), K.variable([0.0, 0.0])
    new_m = m * 2.0
    total = K.foldl(lambda a, e: a + e * new_m, K.variable([1.0, 1.0, 1.0]), K.zeros((2,)))
    f = K.function([], [total], [(m, new_m), (p, p + total)])
    for expected in ([6, 12], [12, 24]):
        np.testing.assert_array_equal(f([])[0], expected)
    assert K.get_value(m).tolist() == [4, 8] and K.get_value(p).tolist() == [18, 36]
    plan = f._last[1]
    assert any(isinstance(call, Turns) for call, _ in plan.body)
    assert not any(isinstance(call, Turns) for call, _ in plan.commit)


def test_threads_share_a_function():
    x = K.placeholder((None, 64))
    weights = K.variable(np.random.RandomState(0).randn(64, 64))
    f = K.function([x], [K.tanh(K.dot(K.tanh(K.dot(x, weights)), weights))])
    inputs = [np.random.RandomState(i).randn(8, 64).astype("f4") for i in range(4)]
    expected = [f([i])[0] for i in inputs]
    wrong = []

    def work(i):
        for _ in range(200):
            if not np.array_equal(f([inputs[i]])[0], expected[i]):
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_a_size_that_comes_from_a_fed_value_makes_its_own_plan():
    n = K.placeholder((), dtype="int32")
    f = K.function([n], [K.arange(0, n)])
    assert f([3])[0].tolist() == [0, 1, 2]
    assert f([5])[0].tolist() == [0, 1, 2, 3, 4]
    assert f([3])[0].tolist() == [0, 1, 2]


def test_equal_subexpressions_are_computed_once():
    x = K.placeholder((None, 3))
    f = K.function([x], [K.exp(x) + 1, K.exp(x) * 2])
    f([np.ones((2, 3))])
    assert sum(call is np.exp for call, _ in f._last[1].body) == 1


def test_random_tensors_are_not_merged_but_shared_between_forward_and_gradient():
    w = K.variable(np.ones(1000))
    noise = K.random_uniform((1000,))
    other = K.random_uniform((1000,))
    loss = K.sum(w * noise)
    g, seen, unlike = K.function([], [K.gradients(loss, [w])[0], noise, other])([])
    np.testing.assert_array_equal(g, seen)
    assert not np.array_equal(seen, unlike)


def test_only_the_side_of_the_learning_phase_runs():
    x = K.placeholder((None, 2))
    y = K.in_train_phase(K.log(x), x * 3)
    f = K.function([x, K.learning_phase()], [y])
    data = np.ones((1, 2), np.float32)
    assert f([data, 0])[0].tolist() == [[3, 3]]
    assert not any(call is np.log for call, _ in f._last[1].body)
    assert f([data, 1])[0].tolist() == [[0, 0]]


def test_a_graph_of_a_thousand_layers_is_built_differentiated_and_run_without_recursion():
    x = K.placeholder((None, 4))
    w = K.variable(np.eye(4) * 0.999)
    y = x
    for _ in range(1000):
        y = K.tanh(K.dot(y, w))
    g = K.gradients(K.sum(y), [w])[0]
    value = K.function([x], [g])([np.ones((2, 4))])[0]
    assert np.isfinite(value).all()


def test_storage_is_reused_along_a_chain():
    x = K.placeholder((None, 1000))
    y = x
    for _ in range(50):
        y = K.exp(-K.square(y))
    f = K.function([x], [y])
    f([np.ones((100, 1000))])
    assert f._last[1].nbytes < 3 * 400_000


def test_errors_name_the_placeholder_and_what_came():
    x = K.placeholder((None, 3), name="pixels")
    f = K.function([x], [x + 1])
    with pytest.raises(ValueError, match=r"placeholder 'pixels'.*\(None, 3\).*\(2, 4\)"):
        f([np.zeros((2, 4))])
    with pytest.raises(ValueError, match="takes 1 inputs, got 2"):
        f([np.zeros((2, 3)), 1])
    with pytest.raises(ValueError, match="'pixels'.*must be fed"):
        K.function([], [x + 1])([])


def instructions(function, *values):
    """The calls of the plan for these values, those of a loop's turn once."""
    function(list(values))
    found = []
    for call, args in function._last[1].body:
        found += call.instructions if isinstance(call, Turns) else [(call, args)]
    return found


def calls(function, *values):
    """The names of the calls that a run makes, those of loops in each turn."""
    function(list(values))
    found = []
    for call, _ in function._last[1].body:
        turns, part = (call.length, call.instructions) if isinstance(call, Turns) else (1, [(call, ())])
        found += [getattr(c, "__name__", str(c)) for c, _ in part] * turns
    return found


def looped(outputs=1):
    """The gradient of a loop's weights; ``outputs``: of how many parts of its state."""
    x, U = K.placeholder((2, 6, 4)), K.variable(np.ones((4, 4)) / 8)

    def step(x_t, states):
        z = x_t + K.dot(states[0], U)
        parts = [K.tanh(z[:, i * 4 // outputs : (i + 1) * 4 // outputs]) for i in range(outputs)]
        h = parts[0] if outputs == 1 else K.concatenate(parts)
        return h, [h]

    last, _, _ = K.rnn(step, x, [K.zeros((2, 4))])
    return K.function([x], K.gradients(K.sum(K.square(last)), [U]))


def test_only_outputs_that_an_update_changes_are_copied():
    x, a = K.placeholder((None, 3)), K.variable(np.ones(3))
    data = np.ones((2, 3), "float32")
    assert len(instructions(K.function([x], [K.exp(x)], [(a, a + 1)]), data)) == 1
    assert len(instructions(K.function([x], [K.exp(x), a], [(a, a + 1)]), data)) == 2


def test_the_gradient_of_a_loops_weights_is_one_product():
    # 6 products forwards (the first state is zeros, but a value), 6 backwards, 1 for the weights
    assert calls(looped(), np.ones((2, 6, 4), "float32")).count("dot") <= 13


def test_the_gradients_of_a_tensors_slices_are_joined():
    names = calls(looped(2), np.ones((2, 6, 4), "float32"))
    assert "fill" not in names
    apart, whole = looped(2), looped(1)
    x = np.random.default_rng(0).standard_normal((2, 6, 4)).astype("float32")
    np.testing.assert_allclose(apart([x])[0], whole([x])[0], rtol=1e-5)


def test_a_plan_of_a_long_loop_is_that_of_a_short_one():
    x = K.placeholder((1, None, 1))
    last, _, _ = K.rnn(lambda x, s: (K.tanh(x + s[0]), [K.tanh(x + s[0])]), x, [K.zeros((1, 1))])
    function = K.function([x], K.gradients(last, [x]))
    few, many = (len(instructions(function, np.ones((1, n, 1), "float32"))) for n in (50, 5000))
    assert few == many < 20


def test_a_transposed_matrix_that_a_loop_reads_is_copied_once():
    x = K.placeholder((2, 9, 4))
    U = K.variable(np.random.default_rng(0).standard_normal((4, 4)))

    def step(x_t, states):
        h = K.tanh(x_t + K.dot(states[0], U))
        return h, [h]

    last, _, _ = K.rnn(step, x, [K.zeros((2, 4))])
    function = K.function([x], K.gradients(last, [x]))
    products = [args for call, args in instructions(function, np.ones((2, 9, 4), "float32")) if call is np.dot]
    assert products and all(args[1].flags.c_contiguous for args in products)


def test_the_last_output_of_a_loop_needs_none_of_the_others():
    x = K.placeholder((2, 700, 3))

    def step(x_t, states):
        h = K.tanh(x_t + states[0])
        return h, [h]

    last, outputs, _ = K.rnn(step, x, [K.zeros((2, 3))])
    value = np.ones((2, 700, 3), "float32")
    for results, stored in ([outputs], True), ([last], False), ([outputs[:, -1]], False):
        function = K.function([x], results)
        function([value])
        assert (function._last[1].nbytes > value.nbytes) == stored
    # the gradient of the last output is none of the others' either
    assert "fill" not in calls(K.function([x], K.gradients(last, [x])), value)


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2)])
def test_sums_over_leading_axes_are_products_with_ones_in_whatever_order_the_axes_lie(order):
    x = K.placeholder((4, 5, 3))
    function = K.function([x], [K.sum(K.permute_dimensions(x * 2.0, order), axis=(0, 1))])
    value = np.random.default_rng(0).standard_normal((4, 5, 3)).astype("float32")
    assert calls(function, value).count("dot") == 1
    np.testing.assert_allclose(function([value])[0], 2 * value.sum(axis=(0, 1)), rtol=1e-5, atol=1e-5)
