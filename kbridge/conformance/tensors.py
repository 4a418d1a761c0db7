"""Operators, indexing and methods of the backends' own tensors, as Keras 1 code uses them."""

import numpy as np

from .spec import Case, In, Op, checks, expect

X = In()
LIKE_THEANO = ("numpy", "theano")
CUBE = In((4, 3, 5))
POSITIVE = In(low=0.2)
ROW = In((4,), low=0.2, kind="variable")
INTS = In(dtype="int32", low=1, high=9)
AWAY_FROM_0 = In(fill=lambda rng, shape: rng.choice([-1.0, 1.0], shape) * rng.uniform(0.3, 2.0, shape))


def row(name, function, *cases, **kwargs):
    """``function`` takes tensors or arrays alike: it is its own reference, run on arrays."""
    return Op(name, function, tuple(cases), call=lambda K, *args, **kw: function(*args, **kw), **kwargs)


def binary(symbol, function, left=X, right=X, reflected=True, grad=None):
    """Tensor with tensor, variable, number and array, and number and array with tensor."""
    array = np.array([0.5, 1.5, 2.5, 0.25])
    cases = [
        Case((left, right), grad=grad),
        Case((left, ROW), grad=grad),
        Case((left, 2.5), grad=grad),
        Case((left, array), grad=grad),
    ]
    if reflected:
        cases += [Case((2.5, right), grad=grad, note="a number first"), Case((2, right), grad=grad, note="an int first")]
    return row(f"x {symbol} y", function, *cases)


def index(text, function, x=CUBE, empty=True):
    return row(text, function, Case((x,), empty=empty))


def comparison(symbol, function):
    digits = In(fill=lambda rng, shape: rng.randint(0, 3, shape))
    return row(
        f"x {symbol} y",
        function,
        Case((digits, digits), grad=()),
        Case((digits, 1.0), grad=()),
        Case((INTS, 4)),
        gradient=False,
    )


def gives_floatx(K):
    """The quotient of integers has the default float dtype."""
    quotient = K.variable([7, 2], dtype="int32") / K.variable([2, 4], dtype="int32")
    expect(K.dtype(quotient), K.floatx(), "dtype")
    expect(K.eval(quotient), np.array([3.5, 0.5], K.floatx()), "quotient")


def gives_float64(K):
    """The quotient of integers by TensorFlow's own operator."""
    quotient = K.variable([7, 2], dtype="int32") / K.variable([2, 4], dtype="int32")
    expect(K.dtype(quotient), "float64", "dtype")
    expect(K.eval(quotient), np.array([3.5, 0.5]), "quotient")


def iterates(K):
    v = K.variable([[1.0, 2.0], [3.0, 4.0]])
    rows = [K.eval(v[i]) for i in range(K.int_shape(v)[0])]
    expect(np.array(rows), np.array([[1.0, 2.0], [3.0, 4.0]]), "rows")


def carries_attributes(K):
    """The frontend hangs its own metadata on tensors."""
    for tensor in (K.placeholder((None, 2)), K.variable([1.0]), K.placeholder((None, 2)) * 2.0, K.sum(K.variable([1.0]))):
        tensor._keras_shape = (None, 2)
        tensor._keras_history = ("layer", 0, 0)
        expect((tensor._keras_shape, tensor._keras_history), ((None, 2), ("layer", 0, 0)), "attributes")


def distinct_objects(K):
    """Equal expressions are two objects; tensors can be keys."""
    x = K.placeholder((None, 2))
    a, b = x * 2.0, x * 2.0
    expect(a is b, False, "two results are one object")
    name = {id(a): "a", id(b): "b"}
    expect(len(name), 2, "two keys")


def evaluated_by_method(K):
    v = K.variable([1.0, 2.0])
    expect(np.asarray(v.eval()), np.array([1.0, 2.0]), "variable.eval()")
    expect(np.asarray((v * 2.0).eval()), np.array([2.0, 4.0]), "(variable * 2).eval()")


def value_by_method(K):
    v = K.variable([1.0, 2.0])
    v.set_value(np.array([3.0, 4.0], K.floatx()))
    expect(np.asarray(v.get_value()), np.array([3.0, 4.0]), "variable.get_value()")


OPS = [
    binary("+", lambda x, y: x + y),
    binary("-", lambda x, y: x - y),
    binary("*", lambda x, y: x * y),
    binary("/", lambda x, y: x / y, right=AWAY_FROM_0),
    binary("**", lambda x, y: x**y, left=POSITIVE, right=POSITIVE),
    binary("//", lambda x, y: x // y, left=AWAY_FROM_0, right=AWAY_FROM_0, grad=()),
    binary("%", lambda x, y: x % y, left=AWAY_FROM_0, right=AWAY_FROM_0, grad=()),
    comparison("<", lambda x, y: x < y),
    comparison("<=", lambda x, y: x <= y),
    comparison(">", lambda x, y: x > y),
    comparison(">=", lambda x, y: x >= y),
    row("-x", lambda x: -x, Case((X,)), Case((INTS,))),
    row("abs(x)", abs, Case((X,)), Case((INTS,))),
    row("x @ y", lambda x, y: x @ y, Case((X, In((4, 2), kind="variable")))),
    row("a & b", lambda x, y: (x > 0) & (y > 0), Case((X, X), grad=()), gradient=False),
    row("a | b", lambda x, y: (x > 0) | (y > 0), Case((X, X), grad=()), gradient=False),
    row("~a", lambda x: ~(x > 0), Case((X,), grad=()), gradient=False),
    row("integers", lambda x, y: x * 2 + y - 300, Case((INTS, INTS))),
    row(
        "integers // and %",
        lambda x, y: (x // y) * 10 + x % y,
        Case((INTS, INTS)),
        Case((In(dtype="int32", low=-9, high=9), 4)),
    ),
    Op(
        "int / int",
        checks=(*checks(gives_floatx, backends=("numpy", "theano")), *checks(gives_float64, backends=("tensorflow",))),
        note="gives floatx; on TensorFlow its own operator gives float64",
    ),
    row("2 - x / 3 + x * y[:, 1:2]", lambda x, y: 2 - x / 3 + x * y[:, 1:2], Case((X, X))),
    index("x[0]", lambda x: x[0], empty=False),
    index("x[-1]", lambda x: x[-1], empty=False),
    row("v[1] of a vector", lambda v: v[1], Case((In((4,), kind="variable"),))),
    index("x[1:3]", lambda x: x[1:3], In((4, 3, 5), kind="fixed")),
    index("x[:, 1]", lambda x: x[:, 1]),
    index("x[:, -1, :]", lambda x: x[:, -1, :]),
    index("x[:, 1:, :-2]", lambda x: x[:, 1:, :-2]),
    index("x[:, ::2]", lambda x: x[:, ::2]),
    index("x[::-1]", lambda x: x[::-1]),
    index("x[:, ::-1]", lambda x: x[:, ::-1]),
    index("x[:, :, 4:0:-2]", lambda x: x[:, :, 4:0:-2]),
    index("x[..., 0]", lambda x: x[..., 0]),
    index("x[..., 1:2]", lambda x: x[..., 1:2]),
    index("x[None]", lambda x: x[None]),
    index("x[:, None]", lambda x: x[:, None]),
    index("x[None, ..., None]", lambda x: x[None, ..., None]),
    index("x[1, None, ..., 2]", lambda x: x[1, None, ..., 2], In((4, 3, 5), kind="fixed")),
    row(
        "x[i] of a tensor i",
        lambda x, i: x[i],
        Case((In((4, 3), kind="fixed"), In((), values=2, dtype="int32", kind="variable"))),
    ),
    row(
        "x[i] of a vector i",
        lambda x, i: x[i],
        Case((In((4, 3), kind="fixed"), In((2,), values=[2, -1], dtype="int32", kind="variable"))),
        Case((In((4, 3), kind="fixed"), In((2,), values=[1, 1], dtype="int32", kind="variable"))),
    ),
    row(
        "x[:, i, j] of vectors i and j",
        lambda x, i, j: x[:, i, j],
        Case((CUBE, *[In((2,), values=v, dtype="int32", kind="variable") for v in ([1, 0], [-1, 2])])),
    ),
    index("x[..., [0, 2]]", lambda x: x[..., np.array([0, 2])]),
    row(
        "x[:, :n] of a tensor n",
        lambda x, n: x[:, :n],
        Case((CUBE, In((), values=2, dtype="int32", kind="variable")), static=False),
    ),
    Op("iteration", checks=checks(iterates)),
    Op("attributes", checks=checks(carries_attributes, distinct_objects)),
    Op("x.eval()", checks=checks(evaluated_by_method, backends=LIKE_THEANO), backends=LIKE_THEANO),
    Op("x.get_value(), x.set_value()", checks=checks(value_by_method, backends=LIKE_THEANO), backends=LIKE_THEANO),
]
