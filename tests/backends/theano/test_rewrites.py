"""What kbridge rewrites in Theano's graphs before Theano does: branches that weren't chosen, batch normalization, products of a column and a row."""

import numpy as np
import pytest


def nodes(f, phase):
    return f._made[phase, False].theano.maker.fgraph.toposort()


def test_the_gradient_of_the_branch_that_was_not_chosen_is_left_out(K, quick):
    """Also where it is infinite, or of another shape."""
    from theano.ifelse import IfElse
    from theano.tensor.elemwise import DimShuffle, Elemwise

    x, w, v = K.placeholder((2, 3)), K.variable(np.full((3, 4), 0.5)), K.variable(np.zeros(4))
    product = K.dot(x, w)
    trained = product * 2.0 + v
    tested = K.sqrt(v) / v - K.log(product * 0.0) * K.sum(product, axis=0, keepdims=True) / K.mean(w)
    y = K.in_train_phase(trained, tested)
    f = K.function([x, K.learning_phase()], [y, *K.gradients(K.sum(y), [w, v])])
    value = np.arange(6.0).reshape(2, 3)
    result, slope, shift = f([value, 1])
    np.testing.assert_allclose(result, value @ np.full((3, 4), 0.5) * 2, rtol=1e-6)
    np.testing.assert_allclose(slope, np.repeat(2 * value.sum(axis=0)[:, None], 4, axis=1), rtol=1e-6)
    assert shift.tolist() == [2, 2, 2, 2]
    found = nodes(f, 1)
    assert not any(isinstance(n.op, IfElse) for n in found)
    assert sorted(type(n.op).__name__ for n in found if not isinstance(n.op, (Elemwise, DimShuffle))) == ["Dot22", "Dot22", "Sum"]


def test_gradients_of_both_branches_are_there_where_the_phase_is_an_input(K, quick):
    x = K.placeholder((3,))
    y = K.in_train_phase(x * 2.0, K.square(x))
    f = K.function([x, K.learning_phase()], [K.gradients(K.sum(y), x)[0]])
    for phase in (1, 7):
        assert f([[1, 2, 3], phase])[0].tolist() == [2, 2, 2]
    assert f([[1, 2, 3], 0])[0].tolist() == [2, 4, 6]
    # a gradient of a gradient
    (second,) = K.gradients(K.sum(K.square(K.gradients(K.sum(y), x)[0])), [x])
    g = K.function([x, K.learning_phase()], [second])
    assert g([[1, 2, 3], 0])[0].tolist() == [8, 16, 24] and g([[1, 2, 3], 1])[0].tolist() == [0, 0, 0]


@pytest.mark.parametrize(("shape", "axes"), [((5, 3), [0]), ((3, 2, 4, 3), [0, 1, 2]), ((3, 2, 4, 3), [0, 2, 3])])
def test_batch_normalization_has_the_gradients_of_its_formula(K, quick, shape, axes):
    rng = np.random.default_rng(1)
    features = [n for a, n in enumerate(shape) if a not in axes]
    values = [rng.uniform(-1, 1, shape), rng.uniform(0.5, 1.5, features), rng.uniform(-1, 1, features)]
    inputs = [K.placeholder((None, *shape[1:]), dtype="float64"), *(K.placeholder(tuple(features), dtype="float64") for _ in range(2))]
    direction = K.constant(rng.uniform(-1, 1, shape), dtype="float64")

    def results(normalize):
        y, mean, var = normalize(*inputs, axes, epsilon=0.01)
        first = K.gradients(K.sum(K.square(y) * direction) + K.sum(K.square(mean)) + K.sum(var * mean), inputs)
        second = K.gradients(sum(K.sum(K.square(g)) for g in first), inputs)
        return K.function(inputs, [y, *first, *second])

    def plainly(x, gamma, beta, axes, epsilon):
        def kept(t):
            for a in axes:
                t = K.expand_dims(t, a)
            return t

        mean = K.mean(x, axis=axes)
        var = K.mean(K.square(x - kept(mean)), axis=axes)
        return (x - kept(mean)) / K.sqrt(kept(var) + epsilon) * kept(gamma) + kept(beta), mean, var

    ours = results(K.normalize_batch_in_training)
    for found, wanted in zip(ours(values), results(plainly)(values)):
        np.testing.assert_allclose(found, wanted, rtol=1e-7, atol=1e-9)


def test_a_step_of_batch_normalization_sums_four_times(K, quick):
    from theano.tensor.elemwise import Sum

    x = K.placeholder((None, 3))
    gamma, beta = K.variable(np.ones(3)), K.variable(np.zeros(3))
    y = K.normalize_batch_in_training(x, gamma, beta, [0])[0]
    f = K.function([x], [K.gradients(K.sum(K.square(y) * y), [x])[0], *K.gradients(K.sum(K.square(y) * y), [gamma, beta])])
    assert sum(isinstance(n.op, Sum) for n in nodes(f, None)) == 4


def test_a_column_times_a_row_is_an_elementwise_product(K):
    from theano.tensor.elemwise import Elemwise

    x, y = K.placeholder((None, 1)), K.placeholder((1, 4))
    f = K.function([x, y], [K.dot(x, y)], mode="FAST_RUN")
    np.testing.assert_array_equal(f([[[1], [2]], [[1, 2, 3, 4]]])[0], [[1, 2, 3, 4], [2, 4, 6, 8]])
    assert [isinstance(n.op, Elemwise) for n in nodes(f, None)] == [True]


def test_nothing_is_divided_by_one(K):
    x = K.placeholder((3,))
    f = K.function([x], [x / 1.0 - 0.0, x - x], mode="FAST_RUN")
    found = f([[1, np.inf, np.nan]])
    np.testing.assert_array_equal(found, [[1, np.inf, np.nan], [0, np.nan, np.nan]])
    assert len(nodes(f, None)) <= 2
