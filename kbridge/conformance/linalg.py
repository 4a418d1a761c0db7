"""Products of matrices."""

import itertools

import numpy as np

from .spec import Case, In, Op, checks, expect, expect_error

W = In((4, 5), kind="variable")


def batch_dot(x, y, axes=None):
    """For each sample by ``tensordot``; a last axis of 1 where nothing else is left."""
    if axes is None:
        axes = (x.ndim - 1, y.ndim - 1 if y.ndim == 2 else y.ndim - 2)
    ax, ay = (axes, axes) if isinstance(axes, int) else axes
    ax, ay = ax % x.ndim - 1, ay % y.ndim - 1
    rest = [n for i, n in enumerate(x.shape[1:]) if i != ax] + [n for i, n in enumerate(y.shape[1:]) if i != ay]
    result = np.empty((len(x), *(rest or [1])), np.result_type(x, y))
    for i in range(len(x)):
        result[i] = np.tensordot(x[i], y[i], axes=(ax, ay))
    return result


def every_axes_form(K):
    """All pairs of axes of 2 to 4, as tuples, negative lists, single ints and None: values, and the static shape."""
    inputs, feeds, outputs, expected, calls = [], [], [], [], []
    for nx, ny in itertools.product((2, 3, 4), (2, 3, 4)):
        for ax, ay in itertools.product(range(1, nx), range(1, ny)):
            shape_x, shape_y = [2, 3, 4, 5][:nx], [2, 6, 7, 8][:ny]
            shape_y[ay] = shape_x[ax]
            values = [np.cos(np.arange(np.prod(s)) + k).reshape(s) for k, s in enumerate((shape_x, shape_y))]
            forms: list = [(ax, ay), [ax - nx, ay - ny]]
            forms += [ax] if ax == ay else []
            forms += [np.int64(-1)] if (ax, ay) == (nx - 1, ny - 1) else []
            forms += [None] if (ax, ay) == (nx - 1, ny - 1 if ny == 2 else ny - 2) else []
            want = batch_dot(values[0], values[1], (ax, ay))
            known = [K.placeholder((None, *s[1:])) for s in (shape_x, shape_y)]
            unknown = [K.placeholder(ndim=n) for n in (nx, ny)]
            inputs += [*known, *unknown]
            feeds += [*values, *values]
            for axes, (x, y) in [*((form, known) for form in forms), (forms[0], unknown)]:
                call = f"axes={axes} of {K.int_shape(x)} and {K.int_shape(y)}"
                product = K.batch_dot(x, y, axes=axes)
                static = (None, *want.shape[1:]) if x is known[0] else (None,) * (want.ndim - 1)
                expect(K.int_shape(product)[: len(static)], static, f"int_shape for {call}")
                expect(K.ndim(product), want.ndim, f"ndim for {call}")
                outputs.append(product)
                expected.append(want)
                calls.append(call)
    for got, want, call in zip(K.function(inputs, outputs)(feeds), expected, calls):
        expect(got, want, call)


def wrong_axes_are_named(K):
    x, y = K.placeholder((None, 3, 4)), K.placeholder((None, 4, 3))
    for axes in ([3, 1], [2, -4], [2], [2, 1, 1], 3):
        expect_error((ValueError,), ("batch_dot", "axes=", "(None, 4, 3)"), lambda axes=axes: K.batch_dot(x, y, axes=axes))
    expect_error((ValueError,), ("batch axis 0",), lambda: K.batch_dot(x, y, axes=[0, 1]))
    expect_error((ValueError,), ("(None, 3, 4)", "(None, 4, 3)", "length"), lambda: K.batch_dot(x, y, axes=[2, 2]))
    two, one = K.placeholder((2, 3, 4)), K.placeholder((1, 4, 3))
    expect_error((ValueError,), ("(2, 3, 4)", "(1, 4, 3)", "samples"), lambda: K.batch_dot(two, one))


def dots(x, matrices, parts, joined=False):
    """part + x m for each matrix and its part."""
    found = tuple(part + np.dot(x, m) for m, part in zip(matrices, np.split(parts, len(matrices), -1)))
    return np.concatenate(found, -1) if joined else found


def equations_that_do_not_fit(K):
    """A ValueError with the equation and the shapes."""
    x, y = K.placeholder((None, 4)), K.variable(np.ones((3, 2)))
    expect_error(ValueError, ("ij,jk->ik", "4", "3"), lambda: K.einsum("ij,jk->ik", x, y))
    expect_error(ValueError, ("ii->i",), lambda: K.einsum("ii->i", y))
    expect_error(ValueError, ("ij->k",), lambda: K.einsum("ij->k", y))
    expect_error(ValueError, ("ijk->i", "3 letters"), lambda: K.einsum("ijk->i", y))


OPS = [
    Op(
        "dot",
        np.dot,
        (
            Case((In(), W)),
            Case((In((2, 3, 4)), W)),
            Case((In((2, 3, 4)), In((6, 4, 5), kind="variable")), note="shape x[:-1] + y[:-2] + y[-1:]"),
            Case((In(), In((4,), kind="variable")), note="a vector"),
            Case((In((4,), kind="variable"), W)),
            Case((In((0, 4)), W), note="no samples"),
        ),
    ),
    Op("batch_matmul", np.matmul, (Case((In((3, 2, 4)), In((3, 4, 5)))), Case((In((3, 1, 4)), In((3, 4, 1)))))),
    Op(
        "batch_dot",
        batch_dot,
        (
            Case((In((3, 4, 5)), In((3, 5, 2)))),
            Case((In((3, 4)), In((3, 4))), {"axes": 1}),
            Case((In((3, 4)), In((3, 4))), {"axes": [1, 1]}),
            Case((In((3, 4)), In((3, 4)))),
            Case((In((3, 4, 5)), In((3, 4, 2))), {"axes": [1, 1]}),
            Case((In((3, 4, 5)), In((3, 2, 5))), {"axes": [2, 2]}),
            Case((In((3, 4, 5)), In((3, 5, 2))), {"axes": (2, 1)}),
            Case((In((3, 4, 5)), In((3, 4, 5))), {"axes": -1}),
            Case((In((3, 4, 5)), In((3, 5))), {"axes": [2, 1]}, note="3-D with 2-D"),
            Case((In((3, 4)), In((3, 4, 5))), {"axes": [1, 1]}, note="2-D with 3-D"),
            Case((In((3, 5)), In((3, 4, 5))), {"axes": [1, 2]}, note="2-D with 3-D"),
            Case((In((2, 3, 4, 5)), In((2, 5, 3))), {"axes": [3, 1]}, note="4-D with 3-D"),
            Case((In((2, 3, 4, 2)), In((2, 2, 4, 3))), {"axes": [2, 2]}, note="4-D with 4-D"),
        ),
        checks=checks(every_axes_form, wrong_axes_are_named),
    ),
    Op(
        "dots",
        dots,
        (
            Case((In(), [W, In((4, 5), kind="variable")], In((3, 10)))),
            Case((In((2, 3, 4)), [W, W], In((2, 3, 10)))),
            Case((In(), [W, In((4, 5), kind="variable")], In((3, 10))), {"joined": True}),
            Case((In((2, 3, 4)), [W, W], In((2, 3, 10))), {"joined": True}),
        ),
        note="several products with one tensor; backends may compute them as one",
    ),
    Op(
        "einsum",
        lambda equation, *operands: np.einsum(equation, *operands),
        (
            Case(("ij,jk->ik", In((3, 4)), In((4, 2), kind="variable"))),
            Case(("abc,cd->abd", In((2, 3, 4)), In((4, 5), kind="variable"))),
            Case(("abc,cde->abde", In((2, 3, 4)), In((4, 2, 3), kind="variable")), note="heads of attention"),
            Case(("aecd,abcd->acbe", In((2, 3, 2, 4)), In((2, 5, 2, 4))), note="scores of attention"),
            Case(("acbe,aecd->abcd", In((2, 2, 5, 3)), In((2, 3, 2, 4)))),
            Case(("abcd,cde->abe", In((2, 3, 2, 4)), In((2, 4, 5), kind="variable"))),
            Case(("...x,xy->...y", In((2, 3, 4)), In((4, 5), kind="variable"))),
            Case(("ij,ij->i", In((3, 4)), In((3, 4)))),
            Case(("ij,kj", In((3, 4)), In((2, 4), kind="variable")), note="without an arrow"),
            Case(("abc->ca", In((2, 3, 4)))),
            Case(("i,j->ij", In((3,)), In((2,), kind="variable"))),
        ),
        checks(equations_that_do_not_fit),
    ),
]
