"""Tensors, their values, what is known of them, and updates."""

import numpy as np

from .spec import Case, In, Op, checks, expect, expect_error

X = In()


# ---------------------------------------------------------------------- making tensors


def variable_keeps_its_value(K):
    for value in ([[1.0, 2.0]], np.arange(6.0).reshape(2, 3), 3.0, np.float64(2.0), np.zeros((0, 3))):
        v = K.variable(value)
        expect(K.get_value(v), np.asarray(value, K.floatx()), "value")
        expect(K.dtype(v), K.floatx(), "dtype")
        expect(K.int_shape(v), np.shape(value), "shape")
    v = K.variable([1, 2], dtype="int32", name="counts")
    expect((K.dtype(v), K.tensor_name(v)), ("int32", "counts"), "dtype and name")


def variable_copies(K):
    value = np.ones(3, K.floatx())
    v = K.variable(value)
    value[:] = 9.0
    expect(K.get_value(v), np.ones(3), "the variable")
    K.get_value(v)[:] = 5.0
    expect(K.get_value(v), np.ones(3), "the variable after its copy changed")


def constant_dtypes(K):
    for value, dtype in (
        (1.5, K.floatx()), (2, "int32"), (True, "bool"), ([1, 2], "int32"), ([1.0, 2], K.floatx()),
        (np.arange(3, dtype="int64"), "int64"), (np.ones(2, "float64"), "float64"), (np.float32(1.0), "float32"),
    ):  # fmt: skip
        c = K.constant(value)
        expect(K.dtype(c), dtype, f"dtype of {value!r}")
        expect(np.asarray(K.eval(c), "float64"), np.asarray(value, "float64"), "value")
        expect(K.is_tensor(c), True, "is_tensor")
    expect(K.dtype(K.constant([1, 2], dtype="float64")), "float64", "a dtype asked for")


def placeholder_shapes(K):
    for kwargs, shape in (
        ({"shape": (None, 3)}, (None, 3)), ({"shape": (2, 3)}, (2, 3)), ({"ndim": 2}, (None, None)),
        ({"shape": ()}, ()), ({"shape": [None, 4, 4, 1]}, (None, 4, 4, 1)),
    ):  # fmt: skip
        p = K.placeholder(**kwargs)
        expect(K.int_shape(p), shape, f"int_shape of placeholder({kwargs})")
        expect(K.dtype(p), K.floatx(), "dtype")
    expect(K.dtype(K.placeholder((2,), dtype="int32")), "int32", "dtype")
    expect(K.tensor_name(K.placeholder((2,), name="image")), "image", "name")
    expect_error(ValueError, ("shape", "ndim"), lambda: K.placeholder())


def names_are_kept(K):
    """Two tensors may have one name; what the backend adds to it isn't shown."""
    a, b = K.variable(1.0, name="w"), K.variable(2.0, name="w")
    expect((K.tensor_name(a), K.tensor_name(b)), ("w", "w"), "names")
    expect(K.tensor_name(K.placeholder((1,), name="input_1")), "input_1", "a placeholder's name")


# ---------------------------------------------------------------------- values


def set_value_casts(K):
    v = K.variable(np.zeros((2, 2)))
    K.set_value(v, [[1, 2], [3, 4]])
    expect(K.get_value(v), np.array([[1.0, 2.0], [3.0, 4.0]]), "value")
    expect(str(K.get_value(v).dtype), K.floatx(), "dtype")
    value = np.full((2, 2), 7.0, K.floatx())
    K.set_value(v, value)
    value[:] = 0.0
    expect(K.get_value(v), np.full((2, 2), 7.0), "a copy is stored")
    s = K.variable(1.0)
    K.set_value(s, 4)
    expect(K.get_value(s), np.array(4.0), "a scalar")
    expect(K.get_value(s).shape, (), "a scalar's shape")


def set_value_of_another_shape(K):
    v = K.variable(np.zeros((2, 3)))
    expect_error(ValueError, ("(2, 3)", "(3, 2)"), lambda: K.set_value(v, np.zeros((3, 2))))
    expect_error(ValueError, ("(2, 3)", "()"), lambda: K.set_value(v, 1.0))
    expect(K.get_value(v), np.zeros((2, 3)), "the value stays")


def several_at_once(K):
    vs = [K.variable([1.0, 2.0]), K.variable(3.0)]
    K.batch_set_value([(vs[0], [5.0, 6.0]), (vs[1], 7.0)])
    got = K.batch_get_value(vs)
    expect(got[0], np.array([5.0, 6.0]), "first")
    expect(got[1], np.array(7.0), "second")
    K.batch_set_value([])
    expect(K.batch_get_value([]), [], "nothing")


def evaluates(K):
    v = K.variable([1.0, 2.0])
    expect(K.eval(v), np.array([1.0, 2.0]), "a variable")
    expect(K.eval(v * 2.0 + 1.0), np.array([3.0, 5.0]), "an expression")
    expect(isinstance(K.eval(v + 1.0), np.ndarray), True, "an array comes back")
    expect(float(K.eval(K.sum(v))), 3.0, "a scalar")


# ---------------------------------------------------------------------- what is known


def kinds(K):
    p, v, c = K.placeholder((None, 2)), K.variable([1.0]), K.constant(2.0)
    for tensor in (p, v, c, p * 2.0):
        expect(K.is_tensor(tensor), True, "is_tensor of a tensor")
    for other in (np.ones(2), 1.0, [1.0], None, "x"):
        expect(K.is_tensor(other), False, f"is_tensor({other!r})")
        expect(K.is_variable(other), False, f"is_variable({other!r})")
    expect([K.is_variable(t) for t in (p, v, c, v * 2.0)], [False, True, False, False], "is_variable")


def static_shapes_through_operators(K):
    x = K.placeholder((None, 4))
    w, row = K.variable(np.ones((4, 5))), K.variable(np.ones(4))
    for tensor, shape in (
        (x + 1.0, (None, 4)), (x * row, (None, 4)), (-x / 2.0, (None, 4)), (x[:, 1:3], (None, 2)), (x[:, 0], (None,)),
        (x[0], (4,)), (x[:2], (None, 4)), (K.dot(x, w), (None, 5)), (K.sum(x), ()), (K.sum(x, axis=1), (None,)),
        (K.expand_dims(x, 1), (None, 1, 4)), (x > 0, (None, 4)), (K.transpose(x), (4, None)),
    ):  # fmt: skip
        expect(K.int_shape(tensor), shape, "int_shape")
        expect(K.ndim(tensor), len(shape), "ndim")


def shape_at_run_time(K):
    x = K.placeholder((None, 3))
    s = K.shape(x)
    f = K.function([x], [s, K.reshape(x, (s[1], s[0])), K.reshape(x, K.stack([s[0] * 3]))])
    got = f([np.arange(6.0).reshape(2, 3)])
    expect([int(n) for n in got[0]], [2, 3], "shape")
    expect(str(got[0].dtype), "int32", "dtype")
    expect(got[1], np.arange(6.0).reshape(3, 2), "reshape with its elements")
    expect(got[2], np.arange(6.0), "reshape with a vector")


def dtypes(K):
    for dtype in ("float32", "float64", "int32", "int64", "uint8"):
        expect(K.dtype(K.variable([1], dtype=dtype)), dtype, "variable")
        expect(K.dtype(K.placeholder((1,), dtype=dtype)), dtype, "placeholder")
    x = K.placeholder((2,))
    expect(K.dtype(x > 0), "bool", "a comparison")
    expect(K.dtype(K.placeholder((2,), dtype="bool")), "bool", "bool")


def counted(K):
    expect(K.count_params(K.variable(np.zeros((3, 4)))), 12, "12 values")
    expect(K.count_params(K.variable(1.0)), 1, "a scalar")
    expect(K.get_variable_shape(K.variable(np.zeros((3, 4)))), (3, 4), "get_variable_shape")


def filled(K):
    for name, value in (("zeros", 0.0), ("ones", 1.0)):
        v = getattr(K, name)((2, 3), name="w")
        expect(K.get_value(v), np.full((2, 3), value), name)
        expect((K.is_variable(v), K.dtype(v), K.tensor_name(v)), (True, K.floatx(), "w"), "variable, dtype, name")
        expect(K.dtype(getattr(K, name)((2,), dtype="int32")), "int32", "dtype")
    expect(K.get_value(K.eye(3)), np.eye(3), "eye")
    expect(K.is_variable(K.eye(2)), True, "eye is a variable")


# ---------------------------------------------------------------------- updates


def applied(K, pair):
    K.function([], [], updates=[pair])([])
    return K.get_value(pair[0])


def pairs(K):
    v, x = K.variable([1.0, 2.0]), K.variable([10.0, 20.0])
    expect(applied(K, K.update(v, x)), np.array([10.0, 20.0]), "update")
    expect(applied(K, K.update_add(v, 1.5)), np.array([11.5, 21.5]), "update_add")
    expect(applied(K, K.update_sub(v, x)), np.array([1.5, 1.5]), "update_sub")
    expect(applied(K, K.moving_average_update(v, x, 0.9)), np.array([2.35, 3.35]), "moving_average_update")
    expect(K.update(v, x)[0] is v, True, "a pair with the variable first")


def integer_counters(K):
    n = K.variable(0, dtype="int32")
    f = K.function([], [], updates=[K.update_add(n, 1)])
    f([])
    f([])
    expect(int(K.get_value(n)), 2, "counter")
    expect(K.dtype(n), "int32", "dtype")


def increments_add_up(K):
    v = K.variable([1.0, 2.0])
    listed = [K.update_add(v, 1.0), K.update_sub(v, 0.25), K.update_add(v, K.variable([10.0, 20.0]))]
    f = K.function([], [*(new for _, new in listed), v * 2.0, v], updates=listed)
    got = f([])
    # outputs are what was computed from the old value, each for itself
    for value, expected in zip(got, ([2.0, 3.0], [0.75, 1.75], [11.0, 22.0], [2.0, 4.0], [1.0, 2.0]), strict=True):
        expect(value, np.array(expected), "an output")
    expect(K.get_value(v), np.array([11.75, 22.75]), "the sum of increments")
    f([])
    expect(K.get_value(v), np.array([22.5, 43.5]), "a second time")
    n = K.variable(3, dtype="int32")
    K.function([], [], updates=[K.update_add(n, 1), K.update_add(n, 1)])([])
    expect(int(K.get_value(n)), 5, "a counter")


def moving_averages_follow_each_other(K):
    m, x, y = K.variable([1.0, 2.0]), K.placeholder((2,)), K.placeholder((2,))
    listed = [K.moving_average_update(m, x, 0.5), K.moving_average_update(m, y, 0.9)]
    got = K.function([x, y], [new for _, new in listed], updates=listed)([[3.0, 3.0], [0.0, 10.0]])
    expect(got[0], np.array([2.0, 2.5]), "the first alone")
    expect(got[1], np.array([0.9, 2.8]), "the second alone")
    expect(K.get_value(m), np.array([1.8, 3.25]), "0.9 * (0.5 * m + 0.5 * x) + 0.1 * y")
    K.set_value(m, [1.0, 2.0])
    K.function([x, y], [], updates=listed[::-1])([[3.0, 3.0], [0.0, 10.0]])
    expect(K.get_value(m), np.array([1.95, 2.9]), "0.5 * (0.9 * m + 0.1 * y) + 0.5 * x")


def other_second_updates_are_refused(K):
    v, w = K.variable([1.0], name="weight"), K.variable([1.0], name="other")
    for second in (K.update(v, v * 3.0), (v, v * 3.0), K.update_add(v, 1.0), K.update_sub(v, 1.0), K.moving_average_update(v, w, 0.5)):
        for listed in ([K.update(v, v + 1.0), second], [(v, v + 1.0), K.update(w, v), second]):
            expect_error(ValueError, ("'weight'",), lambda pairs=listed: K.function([], [], updates=pairs))
    mixed = [K.update_add(v, 1.0), K.moving_average_update(v, w, 0.5)]
    expect_error(ValueError, ("'weight'", "update_add", "moving_average_update"), lambda: K.function([], [], updates=mixed))
    expect(K.get_value(v), np.array([1.0]), "nothing is stored")
    # one new value for two variables is no conflict, nor are two that read each other
    K.function([], [], updates=[K.update(v, w + 4.0), K.update(w, v + 1.0)])([])
    expect([float(K.get_value(t)[0]) for t in (v, w)], [5.0, 2.0], "both from old values")


OPS = [
    Op("variable", checks=checks(variable_keeps_its_value, variable_copies)),
    Op("constant", checks=checks(constant_dtypes)),
    Op("placeholder", checks=checks(placeholder_shapes)),
    Op("is_tensor", checks=checks(kinds)),
    Op("is_variable", checks=checks(kinds)),
    Op("tensor_name", checks=checks(names_are_kept)),
    Op("get_value", checks=checks(variable_copies)),
    Op("set_value", checks=checks(set_value_casts, set_value_of_another_shape)),
    Op("batch_get_value", checks=checks(several_at_once)),
    Op("batch_set_value", checks=checks(several_at_once)),
    Op("eval", checks=checks(evaluates)),
    Op("int_shape", checks=checks(static_shapes_through_operators)),
    Op("ndim", checks=checks(static_shapes_through_operators)),
    Op(
        "shape",
        lambda x: np.array(x.shape, "int32"),
        (Case((X,)), Case((In((2, 3, 4), kind="unknown"),))),
        checks(shape_at_run_time),
        gradient=False,
    ),
    Op("dtype", checks=checks(dtypes)),
    Op("count_params", checks=checks(counted)),
    Op("get_variable_shape", checks=checks(counted)),
    Op("zeros", checks=checks(filled)),
    Op("ones", checks=checks(filled)),
    Op("eye", checks=checks(filled)),
    Op("update", checks=checks(pairs, other_second_updates_are_refused)),
    Op("update_add", checks=checks(pairs, integer_counters, increments_add_up)),
    Op("update_sub", checks=checks(pairs, increments_add_up)),
    Op("moving_average_update", checks=checks(pairs, moving_averages_follow_each_other)),
]
