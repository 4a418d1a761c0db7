"""Calls of compiled functions without the checks of Theano's own call: what is fed is kept apart from variables, released, and named in errors."""

import sys

import numpy as np
import pytest


@pytest.fixture
def direct(K):
    """Functions of the test are compiled, and called directly."""
    import theano

    if not theano.config.cxx:
        pytest.skip("needs a compiler: Theano calls functions without C code itself")


def interplay(K, variable):
    """A function that doubles ``variable`` in place, and gives two results of what it is fed; the second needs the doubled variable first."""
    x = K.placeholder((None,))
    new = variable * 2.0
    f = K.function([x], [K.sum(K.square(x)), x * K.sum(new)], updates=[(variable, new)], mode="FAST_RUN")
    return f, next(iter(f._made.values()))


def test_a_function_with_c_code_is_called_directly(K, direct):
    f, made = interplay(K, K.variable(np.ones(3)))
    assert "quiet" not in made.call.__qualname__
    assert f([np.arange(3.0)])[1].tolist() == [0, 6, 12]


@pytest.mark.parametrize("feed", [lambda memory: memory, lambda memory: memory[::-1], lambda memory: memory.reshape(2, 2)[1]])
def test_what_is_fed_may_be_the_memory_of_a_variable_that_changes(K, direct, feed):
    from theano.compile.sharedvalue import shared

    for borrowed in (np.arange(1, 5, dtype="float32"), np.arange(9, dtype="float32")[2:6]):
        variable = shared(borrowed, borrow=True)
        f, _ = interplay(K, variable)
        memory = variable.get_value(borrow=True)
        value = feed(memory)
        expected, before = value.copy(), memory.copy()
        total, product = f([value])
        np.testing.assert_allclose(total, np.square(expected).sum())
        np.testing.assert_allclose(product, expected * 2 * before.sum())
        np.testing.assert_allclose(variable.get_value(), 2 * before)


def test_nothing_of_a_call_is_kept(K, direct):
    f, made = interplay(K, K.variable(np.ones(3)))
    value = np.arange(3, dtype="float32")
    before = sys.getrefcount(value)
    results = f([value])
    counts = sys.getrefcount(value), sys.getrefcount(results[1])
    assert counts == (before, 2)
    kept = results[1].copy()
    f([value + 1])
    np.testing.assert_array_equal(results[1], kept)


def test_an_error_says_which_operation_failed_and_leaves_the_function_usable(K, direct):
    a, b = K.placeholder((None, None)), K.placeholder((None, None))
    f = K.function([a, b], [K.dot(a, b)])
    value = np.ones((2, 3), "float32")
    with pytest.raises(ValueError, match="(?s)(Shape mismatch|shapes).*Apply node that caused the error"):
        f([value, np.ones((2, 3))])
    assert f([value, np.ones((3, 1))])[0].tolist() == [[3], [3]]


def test_profiles_are_theanos_own(K, direct):
    x = K.placeholder((2,))
    f = K.function([x], [x + 1.0], profile=True)
    f([[1, 2]])
    (made,) = f._made.values()
    assert made.theano.profile.fct_callcount == 1


def test_shapes_are_checked_again_when_they_change(K, quick):
    x = K.placeholder((None, 2), name="features")
    f = K.function([x], [x * 2.0])
    for rows in (1, 3, 3, 1):
        assert f([np.ones((rows, 2), "float32")])[0].shape == (rows, 2)
        with pytest.raises(ValueError, match=r"'features'.* can't take a value of shape \(2, 3\)"):
            f([np.ones((2, 3), "float32")])
    assert f([np.ones((1, 2), ">f4")])[0].tolist() == [[2, 2]]
