"""Dtypes that meet: a table of dtype x dtype x function by the rule in docs/backend.md; float16 and float64 in models."""

import itertools
import operator

import numpy as np
import pytest

from kbridge import backend as K
from kbridge.layers import Dense
from kbridge.models import Sequential, load_model

DTYPES = ("bool", "uint8", "int32", "int64", "float16", "float32", "float64")

#: function of two -> dtype of the result where it isn't what the operands give
FUNCTIONS = {
    "maximum": (K.maximum, None),
    "minimum": (K.minimum, None),
    "equal": (K.equal, "bool"),
    "not_equal": (K.not_equal, "bool"),
    "greater": (K.greater, "bool"),
    "lesser_equal": (K.lesser_equal, "bool"),
    "pow": (K.pow, None),
    "where": (lambda a, b: K.where(K.constant(np.array([False, True])), b, a), None),
    "concatenate": (lambda a, b: K.concatenate([a, b], axis=0), None),
    "dot": (lambda a, b: K.dot(a[None, :], b[:, None]), None),
    "+": (operator.add, None),
    "-": (operator.sub, None),
    "*": (operator.mul, None),
    "/": (operator.truediv, None),
    "//": (operator.floordiv, None),
    "%": (operator.mod, None),
    "<": (operator.lt, "bool"),
    ">=": (operator.ge, "bool"),
}
#: bools are no numbers there
ARITHMETIC = ("maximum", "minimum", "pow", "dot", "+", "-", "*", "/", "//", "%", "<", ">=")
IN_NUMPY = {
    "maximum": np.maximum, "minimum": np.minimum, "equal": np.equal, "not_equal": np.not_equal, "greater": np.greater,
    "lesser_equal": np.less_equal, "pow": np.power, "where": lambda a, b: np.where([False, True], b, a),
    "concatenate": lambda a, b: np.concatenate([a, b]), "dot": lambda a, b: a[None, :] @ b[:, None],
}  # fmt: skip


def kind(dtype):
    return np.dtype(dtype).kind.replace("u", "i")


def of_tensors(a, b):
    """The rule for two tensors."""
    if kind(a) == kind(b):
        return np.result_type(a, b).name
    return max(a, b, key=lambda d: "bif".index(kind(d)))


def of_array(tensor, array):
    """The rule for a tensor and an array."""
    if kind(array) == "f" and kind(tensor) != "f":
        return K.floatx()
    return "int32" if tensor == "bool" and array != "bool" else tensor


def values(dtype, at):
    return np.array([[1, 2], [2, 1]][at]).astype(dtype) * (np.array(1.5, dtype) if kind(dtype) == "f" else np.array(1, dtype))


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("meets", ("tensor", "array", "array first"))
def test_the_table(name, meets):
    function, fixed = FUNCTIONS[name]
    built, expected = [], []
    for a, b in itertools.product(DTYPES, DTYPES):
        common = of_tensors(a, b) if meets == "tensor" else of_array(a, b)
        if name in ARITHMETIC and common == "bool":
            continue
        if name == "pow" and common == "uint8":
            continue
        x, y = values(a, 0), values(b, 1)
        tensor, other = K.constant(x), K.constant(y) if meets == "tensor" else y
        result = function(other, tensor) if meets == "array first" else function(tensor, other)
        dtype = fixed or common
        if name == "/" and kind(common) != "f":
            # TensorFlow's own operator where both are integers of one dtype
            assert K.dtype(result) in (K.floatx(), "float64")
            dtype = K.dtype(result)
        assert K.dtype(result) == dtype, f"{name}({a}, {b})"
        x, y = (v.astype("float64" if kind(common) == "f" else common) for v in (x, y))
        in_numpy = IN_NUMPY.get(name, function)
        built.append(result)
        expected.append(in_numpy(y, x) if meets == "array first" else in_numpy(x, y))
    for got, wanted in zip(K.function([], built)([]), expected, strict=True):
        np.testing.assert_allclose(got.astype("float64"), np.asarray(wanted, "float64"), rtol=2e-3)


def test_numbers_meet_tensors():
    n, b = K.variable([1, 2], dtype="int32"), K.constant(np.array([True, False]))
    for result, dtype, wanted in (
        (n * 1.5, K.floatx(), [1.5, 3.0]), (1.5 + n, K.floatx(), [2.5, 3.5]), (n * 2, "int32", [2, 4]), (b * 3, "int32", [3, 0]),
        (n * np.array([0.5, 1.5]), K.floatx(), [0.5, 3.0]), (np.array([0.5, 1.5]) - n, K.floatx(), [-0.5, -0.5]),
        (n * [0.5, 1.5], K.floatx(), [0.5, 3.0]), (n > 1.5, "bool", [False, True]), (n - np.float64(0.5), K.floatx(), [0.5, 1.5]),
    ):  # fmt: skip
        assert K.dtype(result) == dtype
        assert K.eval(result).tolist() == wanted


def test_gradients_keep_each_tensors_dtype():
    x, y = K.variable([1.0, 2.0], dtype="float32"), K.variable([3.0, 4.0], dtype="float64")
    grads = K.gradients(K.sum(x * y * x), [x, y])
    assert [K.dtype(g) for g in grads] == ["float32", "float64"]
    assert [K.eval(g).tolist() for g in grads] == [[6.0, 16.0], [1.0, 4.0]]


@pytest.mark.parametrize("name", ("sgd", "rmsprop", "adagrad", "adadelta", "adam", "adamax", "nadam"))
def test_optimizers_in_float16(name):
    K.set_floatx("float16")
    try:
        np.random.seed(0)
        model = Sequential([Dense(3, activation="relu", input_dim=4), Dense(1)])
        model.compile(name, "mse")
        # one column never differs from 0: its weights have no gradient
        x = np.random.rand(8, 4) * np.array([1.0, 1.0, 1.0, 0.0])
        before = model.get_weights()
        losses = [float(model.train_on_batch(x, x[:, :1])) for _ in range(30)]
        assert np.isfinite(losses).all() and losses[-1] < losses[0]
        assert all(w.dtype == "float16" and np.isfinite(w).all() for w in model.get_weights())
        np.testing.assert_array_equal(model.get_weights()[0][3], before[0][3])
    finally:
        K.set_floatx("float32")


def test_a_file_of_float64_loads_under_float32(tmp_path):
    K.set_floatx("float64")
    try:
        model = Sequential([Dense(3, activation="tanh", input_dim=2), Dense(1)])
        model.compile("adam", "mse")
        x = np.random.RandomState(0).rand(5, 2)
        model.fit(x, x[:, :1], nb_epoch=1, verbose=0)
        expected = model.predict(x)
        model.save(str(tmp_path / "wide.h5"))
    finally:
        K.set_floatx("float32")
    loaded = load_model(str(tmp_path / "wide.h5"))
    np.testing.assert_allclose(loaded.predict(x), expected, rtol=1e-5)
    assert np.isfinite(loaded.train_on_batch(x, x[:, :1]))
