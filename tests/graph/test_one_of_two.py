"""What K.in_train_phase and K.switch choose between: one shape, the same answer on every backend."""

import numpy as np
import pytest

from kbridge import backend as K

A, B = np.array([[1.0, 2, 3], [4, 5, 6]]), np.array([[10.0], [20]])


def in_phase(x, alt):
    return K.in_train_phase(x, alt)


def by_condition(x, alt):
    return K.switch(K.equal(K.learning_phase(), 1), x, alt)


BOTH = pytest.mark.parametrize("choose", [in_phase, by_condition])


def run(choose, shapes, values):
    x, alt = (K.placeholder(shape) for shape in shapes)
    chosen = choose(x, alt)
    f = K.function([x, alt, K.learning_phase()], [chosen, K.sum(chosen, axis=-1), *K.gradients(K.sum(chosen), [x, alt])])
    return chosen, [[np.asarray(r).tolist() for r in f([*values, phase])] for phase in (1, 0)]


@BOTH
@pytest.mark.parametrize(
    "shapes", [((None, 3), (None,)), ((None, 3), (3,)), ((None, 3), (None, 4)), ((2, None), (3, None)), ((3,), (1, 3))]
)
def test_shapes_that_cannot_be_one_are_refused(choose, shapes):
    x, alt = (K.placeholder(shape) for shape in shapes)
    with pytest.raises(ValueError, match=r"differences: one-shape-of-two") as error:
        choose(x, alt)
    assert str(shapes[0]) in str(error.value) and str(shapes[1]) in str(error.value)


@BOTH
def test_axes_of_length_one_are_repeated(choose):
    chosen, (training, test) = run(choose, [(None, 3), (None, 1)], [A, B])
    assert K.int_shape(chosen) == (None, 3)
    assert training == [A.tolist(), [6, 15], np.ones((2, 3)).tolist(), [[0], [0]]]
    assert test == [[[10] * 3, [20] * 3], [30, 60], np.zeros((2, 3)).tolist(), [[3], [3]]]


@BOTH
def test_one_row_for_all_samples(choose):
    _, (training, test) = run(choose, [(1, 3), (None, 3)], [A[:1], A])
    assert training == [[[1, 2, 3]] * 2, [6, 6], [[2, 2, 2]], np.zeros((2, 3)).tolist()]
    assert test == [A.tolist(), [6, 15], [[0, 0, 0]], np.ones((2, 3)).tolist()]


@BOTH
def test_a_scalar_stands_for_all_values(choose):
    _, (training, test) = run(choose, [(None, 3), ()], [A, 7.0])
    assert training == [A.tolist(), [6, 15], np.ones((2, 3)).tolist(), 0]
    assert test == [[[7] * 3] * 2, [21, 21], np.zeros((2, 3)).tolist(), 6]


@BOTH
def test_a_number_stands_for_all_values(choose):
    x = K.placeholder((None, 3))
    chosen = choose(x, 0.5)
    f = K.function([x, K.learning_phase()], [chosen, K.sum(chosen, axis=1)])
    assert [r.tolist() for r in f([A, 0])] == [[[0.5] * 3] * 2, [1.5, 1.5]]
    assert [r.tolist() for r in f([A, 1])] == [A.tolist(), [6, 15]]


def test_a_condition_chooses_along_the_first_axes():
    condition, x = K.placeholder((None,), dtype="bool"), K.placeholder((None, 3))
    f = K.function([condition, x], [K.switch(condition, x, -A), K.switch(condition, x, 0), K.switch(condition, 1.0, 0.0)])
    first, second, third = (r.tolist() for r in f([np.array([True, False]), A]))
    assert first == [[1, 2, 3], [-4, -5, -6]]
    assert second == [[1, 2, 3], [0, 0, 0]]
    assert third == [1, 0]


@pytest.mark.parametrize("condition, values", [((None, 3), (None,)), ((5,), (2, 3)), ((None, 3, 1), (None, 3)), ((None, 4), (None, 3))])
def test_a_condition_of_another_shape_is_refused(condition, values):
    x = K.placeholder(values)
    with pytest.raises(ValueError, match=r"a condition of shape .*differences: one-shape-of-two"):
        K.switch(K.placeholder(condition, dtype="bool"), x, x * 2)


def test_gradients_have_the_shape_of_their_side():
    # each phase with a length of its own, which only a run knows
    x, alt = K.placeholder((None, None)), K.placeholder((None, None))
    f = K.function([x, alt, K.learning_phase()], K.gradients(K.sum(K.in_train_phase(x * 2, alt * 3)), [x, alt]))
    for phase in (0, 1):
        dx, dalt = f([A, np.ones((4, 5)), phase])
        np.testing.assert_array_equal(dx, np.full((2, 3), 2.0 * phase))
        np.testing.assert_array_equal(dalt, np.full((4, 5), 3.0 * (1 - phase)))
