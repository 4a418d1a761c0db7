"""Sparse inputs: SciPy matrices."""

import numpy as np

from .spec import Op, checks, expect

DENSE = np.array([[0.0, 2.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 3.0]])


def matrix():
    from scipy.sparse import csr_matrix

    return csr_matrix(DENSE)


def told_apart(K):
    expect(K.is_sparse(K.placeholder((None, 3), sparse=True)), True, "a sparse placeholder")
    for tensor in (K.placeholder((None, 3)), K.variable([1.0]), K.placeholder((None, 3)) * 2.0):
        expect(K.is_sparse(tensor), False, "a dense tensor")


def fed_matrices(K):
    x = K.placeholder((None, 3), sparse=True)
    f = K.function([x], [K.to_dense(x)])
    for value in (matrix(), matrix().tocoo(), matrix()[:0]):
        expect(f([value])[0], value.toarray(), "to_dense")
    dense = K.placeholder((None, 3))
    expect(K.to_dense(dense) is dense, True, "to_dense of a dense tensor")


def variables(K):
    v = K.variable(matrix())
    expect(K.eval(K.to_dense(v)), DENSE, "to_dense of a variable")
    expect(np.asarray(K.eval(K.dot(v, K.variable(np.eye(3))))), DENSE, "dot of a variable")


def products(K):
    """Sparse times dense, with the gradient of the dense factor."""
    x, w = K.placeholder((None, 3), sparse=True), K.variable(np.arange(6.0).reshape(3, 2))
    y = K.dot(x, w)
    expect(K.int_shape(y)[1], 2, "static width")
    expect(K.is_sparse(y), False, "the product is dense")
    got = K.function([x], [y, *K.gradients(K.sum(y), [w])])([matrix()])
    expect(got[0], DENSE @ np.arange(6.0).reshape(3, 2), "product")
    expect(got[1], DENSE.T @ np.ones((3, 2)), "gradient")


OPS = [
    Op("is_sparse", checks=checks(told_apart)),
    Op("to_dense", checks=checks(fed_matrices, variables, products)),
]
