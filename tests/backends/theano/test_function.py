"""Compiled functions: what they take, refuse and leave alone."""

from __future__ import annotations

import sys

import numpy as np
import pytest


def test_theanos_arguments_are_taken_and_others_refused(K):
    x = K.placeholder((2,))
    assert K.function([x], [x * 2.0], mode="FAST_COMPILE", name="doubled")([[1, 2]])[0].tolist() == [2, 4]
    with pytest.raises(ValueError, match="nonsense.*Theano knows: mode"):
        K.function([x], [x], nonsense=1)


def test_values_that_cannot_be_converted_name_the_placeholder(K, quick):
    x = K.placeholder((None, 2), name="features")
    f = K.function([x], [x])
    with pytest.raises(ValueError, match="features"):
        f([[["a", "b"]]])
    with pytest.raises(ValueError, match="features"):
        f([[[1, 2], [3]]])


def test_updates_of_another_shape_or_kind_are_refused(K):
    v = K.variable(np.ones((2, 3)), name="w")
    with pytest.raises(ValueError, match=r"w has the wrong shape: .* instead of \(2, 3\)"):
        K.function([], [], updates=[(v, K.variable(np.ones((3, 2))))])
    with pytest.raises(TypeError, match="K.update"):
        K.function([], [], updates=[v])


def test_updates_take_the_variables_dtype_and_pattern(K, quick):
    v = K.variable(np.ones((1, 3)), dtype="float32")
    new = K.placeholder((None, 3), dtype="float64")
    K.function([new], [], updates=[(v, new)])([np.full((1, 3), 2.0)])
    assert (K.dtype(v), K.get_value(v).tolist()) == ("float32", [[2.0, 2.0, 2.0]])


def test_sparse_values_are_checked_and_converted(K, quick):
    from scipy.sparse import coo_matrix

    x = K.placeholder((None, 3), sparse=True, name="counts")
    f = K.function([x], [K.dot(x, K.variable(np.eye(3)))])
    value = np.array([[0, 2, 0]])
    for fed in (coo_matrix(value), value):
        np.testing.assert_array_equal(f([fed])[0], value)
    with pytest.raises(ValueError, match="counts"):
        f([np.ones((1, 4))])


def test_the_recursion_limit_is_left_as_it_was(K, quick):
    before = sys.getrecursionlimit()
    x = K.placeholder((1,))
    y = x
    for _ in range(1200):
        y = K.tanh(y)
    K.function([x], [y])
    assert sys.getrecursionlimit() == before


def test_the_side_of_the_phase_that_is_not_chosen_does_not_run(K, quick):
    K = type(K)()
    x = K.placeholder((2,))
    ran = []

    def noted(a):
        ran.append(1)
        return a

    y = K.in_train_phase(K.host_call(noted, [x], "float32", lambda shape: shape), x)
    f = K.function([x, K.learning_phase()], [y])
    f([[1, 2], 0])
    assert not ran
    f([[1, 2], 1])
    assert ran


def test_a_variable_or_a_result_can_be_fed(K, quick):
    v = K.variable([1.0, 2.0])
    doubled = v * 2.0
    np.testing.assert_array_equal(K.function([v], [doubled])([[5.0, 6.0]])[0], [10.0, 12.0])
    np.testing.assert_array_equal(K.function([doubled], [doubled + 1.0])([[5.0, 6.0]])[0], [6.0, 7.0])
    np.testing.assert_array_equal(K.get_value(v), [1.0, 2.0])


def test_an_axis_that_turns_out_to_have_length_1_is_named(K, quick):
    a, b = K.placeholder((None, None, None), name="a"), K.placeholder((None, None, None), name="b")
    f = K.function([a, b], [K.sum(K.square(a - b))])
    assert f([np.ones((3, 3, 3)), np.zeros((3, 3, 3))])[0] == 27
    with pytest.raises(ValueError, match="axis 2 of Input 1, the placeholder 'b'") as error:
        f([np.ones((3, 3, 3)), np.zeros((3, 3, 1))])
    assert "numpy.broadcast_to" in str(error.value) and "axis 0" not in str(error.value)
    known = K.placeholder((None, None, 1))
    assert K.function([a, known], [K.sum(K.square(a - known))])([np.ones((3, 3, 3)), np.zeros((3, 3, 1))])[0] == 27
    # another error stays as it is
    with pytest.raises(ValueError, match="(?i)mis-?match|could not be broadcast") as error:
        f([np.ones((3, 3, 3)), np.zeros((3, 3, 2))])
    assert "broadcast_to" not in str(error.value)


def test_a_function_computes_only_what_the_learning_phase_asks_for(K, quick):
    """Where the phase is known, neither the choice nor the other branch is left; values are as if both were there."""
    from theano.ifelse import IfElse

    x, phase = K.placeholder((2,)), K.learning_phase()
    chosen = K.in_train_phase(x * 2.0, K.exp(x))
    f = K.function([x, phase], [chosen, K.gradients(K.sum(chosen), x)[0], K.cast(phase, "float32") + 1.0])
    for value in (1, 0, 1.0, True, np.uint8(0)):
        y, slope, count = f([[1, 2], value])
        np.testing.assert_allclose(y, [2, 4] if value else np.exp([1, 2]), rtol=1e-6)
        np.testing.assert_allclose(slope, [2, 2] if value else np.exp([1, 2]), rtol=1e-6)
        assert count == 1 + int(value)
    assert sorted(f._made) == [(0, False), (1, False)]
    assert not any(isinstance(node.op, IfElse) for made in f._made.values() for node in made.theano.maker.fgraph.apply_nodes)
    # a number that is no phase chooses as Theano does
    assert f([[1, 2], 7])[2] == 8 and f([[1, 2], 7])[0].tolist() == [2, 4]


def test_what_a_function_of_the_learning_phase_lacks_is_an_error_before_it_is_called(K):
    x, other = K.placeholder((2,)), K.placeholder((2,), name="other")
    with pytest.raises(ValueError, match="placeholders that are not among its inputs: other"):
        K.function([x, K.learning_phase()], [K.in_train_phase(x, other)])
