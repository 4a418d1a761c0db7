"""Numbers, slices, None, Ellipsis, index arrays and masks in one key: NumPy's results and their gradients, on every backend."""

import numpy as np
import pytest

from kbridge import backend as K

VALUE = np.random.RandomState(0).uniform(-1, 1, (3, 4, 5, 2))
V, W = np.array([2, 0, 1]), np.array([-1, 0, 3])
COLUMN, ROW = np.array([[0], [2]]), np.array([[1, 0, -1]])
ROWS, LAST, MATRIX = np.array([True, False, True]), np.array([False, True]), np.array([[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 0, 1]], bool)
ALL = slice(None)

KEYS = [
    # None beside one or several vectors
    (V, None), (None, V), (V, W, None), (V, None, W), (None, V, W), (ALL, None, V), (V, ALL, None, W), (0, None, V), (0, V, None),
    (None, 0, V), (V, None, 0), (None, V, None, W, None), (ALL, V, None, ALL, [1, 0, -1]), (None, ALL, V, W, None),
    # numbers count among the vectors
    (0, ALL, V), (V, ALL, 0), (V, 0), (0, V, W), (V, 0, W), (-1, ALL, ALL, LAST.nonzero()[0]), (V, -1, ALL, 0), (ALL, 1, ALL, [0, 1]),
    # Ellipsis
    (Ellipsis, V, 0), (V, Ellipsis), (V, Ellipsis, 0), (0, Ellipsis, [1, 0]), (Ellipsis, [1, 0], None), (Ellipsis, None, W, ALL, 0), (V, W, Ellipsis, None),
    (V, W, 0, Ellipsis, 0), (V, W, 0, Ellipsis, None, 1),
    # slices that cut
    (slice(1, None), V), (V, slice(1, 3), W), (slice(None, None, -1), V, W), (slice(2), V, slice(None, None, 2), None), (V, ALL, slice(-2, None), 1),
    # arrays of several axes, and such that broadcast
    (COLUMN, ROW), (COLUMN, ALL, ROW), (ALL, COLUMN, ROW), (COLUMN, None, ROW), (COLUMN, V, None), (ALL, COLUMN, ALL, 1), (COLUMN, ROW, slice(1, 3), 0),
    (np.array([2]), ALL, V), (np.array(1), ALL, V), (V, None, np.array(1)),
    # masks
    (ROWS, None), (None, ROWS), (ROWS, ALL, None, [1, 0]), (MATRIX, None), (None, MATRIX, ALL, 1), (ROWS, 0, None), (ALL, None, ALL, ALL, LAST), (0, ALL, ALL, LAST),
    (MATRIX, np.array([0, 1, 2, 4])), (MATRIX, ALL, LAST.nonzero()[0]), (Ellipsis, LAST, None), (V[:2], ALL, ALL, [True, True]), (~MATRIX & MATRIX, None),
    # nothing selected
    (np.zeros(0, int), None), (ALL, np.zeros((0, 2), int), 0),
]  # fmt: skip


def as_arrays(key):
    return tuple(np.array(k) if isinstance(k, list) else k for k in key)


def check(keys, made, x, fed=(), values=()):
    """``made`` are ``keys`` as they are given to the tensor; one function and one gradient for all, as making them takes longest."""
    copies = [x * 1 for _ in keys]
    outputs, rights, losses, gradients = [], [], [], []
    for key, given, copy in zip(keys, made, copies):
        selected, right = copy[given], VALUE[key]
        shape = K.int_shape(selected)
        assert len(shape) == right.ndim and all(n in (None, m) for n, m in zip(shape, right.shape)), (key, shape)
        weights = np.cos(np.arange(right.size)).reshape(right.shape)
        gradients.append(np.zeros_like(VALUE))
        np.add.at(gradients[-1], key, 2 * right * weights)
        losses.append(K.sum(K.square(selected) * K.variable(weights)))
        outputs.append(selected)
        rights.append(right)
    outputs += K.gradients(sum(losses[1:], losses[0]), copies)
    results = K.function([x, *fed], outputs)([VALUE, *values])
    for key, result, right in zip([*keys, *keys], results, rights + gradients):
        assert result.shape == right.shape, key
        np.testing.assert_allclose(result, right, rtol=1e-5, atol=1e-6, err_msg=repr(key))


def is_indices(k):
    return isinstance(k, (np.ndarray, int)) and not isinstance(k, bool) and np.asarray(k).dtype != bool


def test_arrays_in_a_key():
    keys = [as_arrays(key) for key in KEYS]
    check(keys, keys, K.placeholder((None, 4, None, 2)))


def test_tensors_in_a_key():
    # every vector and every number is a tensor of the graph, of which nothing is known while it is built
    keys = [key for key in map(as_arrays, KEYS) if any(is_indices(p) and np.ndim(p) for p in key)]
    made, fed, values = [], [], []
    for key in keys:
        parts = []
        for k in key:
            if is_indices(k):
                fed.append(K.placeholder((None,) * np.ndim(k), dtype="int32"))
                values.append(np.asarray(k, "int32"))
                k = fed[-1]
            parts.append(k)
        made.append(tuple(parts))
    check(keys, made, K.placeholder((None, 4, None, 2)), fed, values)


def test_slices_up_to_tensors_beside_arrays():
    keys = [key for key in map(as_arrays, KEYS) if any(isinstance(p, slice) and p != ALL for p in key)]
    made, fed, values = [], [], []
    for key in keys:
        parts = []
        for k in key:
            if isinstance(k, slice):
                bounds = []
                for bound in (k.start, k.stop):
                    if bound is not None:
                        fed.append(K.placeholder((), dtype="int32"))
                        values.append(np.int32(bound))
                        bound = fed[-1]
                    bounds.append(bound)
                k = slice(*bounds, k.step)
            parts.append(k)
        made.append(tuple(parts))
    check(keys, made, K.placeholder((None, 4, None, 2)), fed, values)


def test_a_key_with_too_many_indices_is_an_error():
    x = K.variable(VALUE)
    for key in [(V, W, V, 0, 0), (MATRIX, 0, 0, 0), (Ellipsis, V, Ellipsis)]:
        with pytest.raises((IndexError, ValueError, TypeError)):
            K.eval(x[key])


def test_index_arrays_that_do_not_broadcast_are_an_error():
    with pytest.raises(Exception, match="(?i)broadcast|compatible|shape"):
        K.eval(K.variable(VALUE)[V, np.array([0, 1])])
