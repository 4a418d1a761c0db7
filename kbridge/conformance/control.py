"""Functions, gradients, the learning phase, conditions."""

import contextlib
import os
import sys
import tempfile

import numpy as np

from .spec import Case, In, Op, checks, expect, expect_error

X = In()
FLAG = In((), dtype="bool", kind="variable", values=True)


# ---------------------------------------------------------------------- function


def updates_use_old_values(K):
    """All new values come from the old ones, whatever the order of the pairs."""
    v, u = K.variable(3.0), K.variable(5.0)
    f = K.function([], [v + u], updates=[(v, v + u), (u, 2.0 * v)])
    expect(np.asarray(f([])[0]), np.array(8.0), "output")
    expect(K.get_value(v), np.array(8.0), "v")
    expect(K.get_value(u), np.array(6.0), "u")
    expect(np.asarray(f([])[0]), np.array(14.0), "second output")


def swap_by_updates(K):
    v, u = K.variable([1.0, 2.0]), K.variable([3.0, 4.0])
    K.function([], [], updates=[(v, u), (u, v)])([])
    expect(K.get_value(v), np.array([3.0, 4.0]), "v")
    expect(K.get_value(u), np.array([1.0, 2.0]), "u")


def values_belong_to_the_caller(K):
    """Changing what came back changes nothing else; what went in isn't changed."""
    v = K.variable([1.0, 2.0])
    x = K.placeholder((2,))
    f = K.function([x], [v, x, x * 2.0], updates=[(v, v + 1.0)])
    fed = np.array([5.0, 6.0], dtype=K.floatx())
    first = f([fed])
    kept = [a.copy() for a in first]
    second = f([np.array([7.0, 8.0])])
    for a, b in zip(first, kept):
        expect(a, b, "an earlier result after another call")
    for a in second:
        a[:] = -1.0
    expect(K.get_value(v), np.array([3.0, 4.0]), "the variable")
    expect(fed, np.array([5.0, 6.0]), "the fed array")


def values_are_converted(K):
    """Lists, other float widths and integers become the placeholder's dtype."""
    x = K.placeholder((None, 2))
    f = K.function([x], [x * 1.5])
    for value in ([[1, 2]], np.array([[1, 2]]), np.array([[1.0, 2.0]], "float64"), np.array([[1.0, 2.0]], "float32")):
        got = f([value])[0]
        expect(got, np.array([[1.5, 3.0]]), "value")
        expect(str(got.dtype), K.floatx(), "dtype")


def not_contiguous_values(K):
    x = K.placeholder((None, 3))
    f = K.function([x], [x + 0.0])
    value = np.arange(12.0).reshape(3, 4)
    expect(f([value.T[:, ::-1]])[0], value.T[:, ::-1], "value")


def wrong_number_of_inputs(K):
    x, y = K.placeholder((2,)), K.placeholder((2,))
    f = K.function([x, y], [x + y])
    expect_error(ValueError, ("2", "1"), lambda: f([np.zeros(2)]))


def wrong_shape(K):
    x = K.placeholder((None, 8), name="features")
    f = K.function([x], [x * 2.0])
    expect_error(ValueError, ("features", "8", "9"), lambda: f([np.zeros((1, 9))]))
    expect_error(ValueError, ("features", "8"), lambda: f([np.zeros(8)]))


def unknown_keyword(K):
    x = K.placeholder((2,))
    expect_error(ValueError, ("nonsense",), lambda: K.function([x], [x], nonsense=1))


def unused_inputs_and_repeated_outputs(K):
    x, y = K.placeholder((2,)), K.placeholder((2,))
    z = y * 2.0
    got = K.function([x, y], [z, z, y])([np.zeros(2), np.ones(2)])
    expect(len(got), 3, "number of outputs")
    expect(got[1], np.array([2.0, 2.0]), "repeated output")
    expect(K.function([], [])([]), [], "a function of nothing")


def sees_new_variable_values(K):
    v = K.variable([1.0, 2.0])
    f = K.function([], [v * 2.0])
    K.set_value(v, np.array([5.0, 6.0]))
    expect(f([])[0], np.array([10.0, 12.0]), "after set_value")


# ---------------------------------------------------------------------- gradients


def a_list_comes_back(K):
    v = K.variable([1.0, 2.0])
    for variables in (v, [v], (v,)):
        grads = K.gradients(K.sum(v * v), variables)
        expect(isinstance(grads, list) and len(grads) == 1, True, "a list of one")
        expect(K.eval(grads[0]), np.array([2.0, 4.0]), "gradient")


def none_where_unconnected(K):
    v, u = K.variable([1.0, 2.0]), K.variable([3.0])
    expect(K.gradients(K.sum(v), [u])[0] is None, True, "an unconnected variable")
    expect(K.gradients(K.sum(K.stop_gradient(v)), [v])[0] is None, True, "behind stop_gradient")
    expect(K.gradients(K.sum(K.cast(K.argmax(v, 0), K.floatx())), [v])[0] is None, True, "behind argmax")
    mixed = K.gradients(K.sum(v * v), [u, v])
    expect(mixed[0] is None and mixed[1] is not None, True, "both together")


def sum_of_a_loss_that_is_no_scalar(K):
    v = K.variable([1.0, 2.0, 3.0])
    expect(K.eval(K.gradients(v * v, [v])[0]), np.array([2.0, 4.0, 6.0]), "gradient of the sum")


def of_inner_tensors_and_inputs(K):
    """Saliency: with respect to an input, and to what was computed on the way."""
    x, w = K.placeholder((None, 2)), K.variable([[1.0], [2.0]])
    hidden = K.tanh(x)
    score = K.sum(K.dot(hidden, w))
    grads = K.gradients(score, [x, hidden])
    value = np.array([[0.5, -0.5], [0.0, 1.0]])
    got = K.function([x], grads)([value])
    expect(got[1], np.array([[1.0, 2.0], [1.0, 2.0]]), "inner tensor")
    expect(got[0], (1.0 - np.tanh(value) ** 2) * np.array([1.0, 2.0]), "input")


def second_order(K):
    v = K.variable([1.0, 2.0, -1.0])
    first = K.gradients(K.sum(v * v * v), [v])[0]
    second = K.gradients(K.sum(first * first), [v])[0]
    expect(K.eval(second), 36.0 * np.array([1.0, 2.0, -1.0]) ** 3, "gradient of the squared gradient")


def of_a_variable_used_twice(K):
    w = K.variable([[0.5, 0.0], [0.0, 0.5]])
    x = K.constant(np.array([[1.0, 2.0]]), dtype=K.floatx())
    loss = K.sum(K.dot(K.dot(x, w), w))
    expect(K.eval(K.gradients(loss, [w])[0]), np.array([[1.0, 1.0], [2.0, 2.0]]), "gradient")


def descent(K):
    """Gradients, updates and a function together minimise a square."""
    v = K.variable([3.0, -2.0])
    loss = K.sum(K.square(v - 1.0))
    step = K.function([], [loss], updates=[K.update_sub(v, 0.25 * K.gradients(loss, [v])[0])])
    losses = [float(step([])[0]) for _ in range(12)]
    expect(losses[-1] < 1e-5 < losses[0], True, "the loss falls")
    expect(K.get_value(v), np.array([1.0, 1.0]), "minimum", atol=1e-2)


def stops_one_path_only(K):
    v = K.variable([2.0, 3.0])
    loss = K.sum(v * K.stop_gradient(v))
    expect(K.eval(K.gradients(loss, [v])[0]), np.array([2.0, 3.0]), "gradient")
    both = K.stop_gradient([v, v * 2.0])
    expect(isinstance(both, list) and len(both) == 2, True, "a list for a list")


# ---------------------------------------------------------------------- learning phase


def with_free_phase(check):
    """Run a check on a backend of its own, whose learning phase nobody has fixed."""

    def run(K):
        check(type(K)())

    run.__name__ = check.__name__
    return run


@with_free_phase
def follows_the_phase(K):
    x = K.placeholder((2,))
    y = K.in_train_phase(x * 2.0, x)
    f = K.function([x, K.learning_phase()], [y])
    expect(f([np.ones(2), 0])[0], np.ones(2), "phase 0")
    expect(f([np.ones(2), 1])[0], 2.0 * np.ones(2), "phase 1")
    expect(K.uses_learning_phase(y), True, "uses_learning_phase of the result")
    expect(K.uses_learning_phase([x, x * 2.0]), False, "uses_learning_phase of others")


@with_free_phase
def a_missing_phase_is_named(K):
    """A function that depends on the phase and isn't given it: an error that names it, when it is made or called."""
    x = K.placeholder((None, 2))
    expect_error(
        ValueError, ("learning phase", "K.learning_phase()"), lambda: K.function([x], [K.in_train_phase(x * 2.0, x)])([np.ones((1, 2))])
    )


def takes_functions(K):
    x = K.placeholder((2,))
    f = K.function([x, K.learning_phase()], [K.in_train_phase(lambda: x * 2.0, lambda: x), K.in_test_phase(lambda: x, x * 3.0)])
    expect(f([np.ones(2), 1])[1], 3.0 * np.ones(2), "in_test_phase in training")
    expect(f([np.ones(2), 0])[0], np.ones(2), "in_train_phase in test")


@with_free_phase
def gradients_follow_the_phase(K):
    v = K.variable([1.0, 2.0])
    grads = K.gradients(K.sum(K.in_train_phase(v * 3.0, v * v)), [v])
    f = K.function([K.learning_phase()], grads)
    expect(f([1])[0], np.array([3.0, 3.0]), "training")
    expect(f([0])[0], np.array([2.0, 4.0]), "test")


@with_free_phase
def switches_by_phase(K):
    v = K.variable([1.0, 2.0])
    y = K.phase_switch(v * 3.0, v * v)
    f = K.function([K.phase_placeholder()], [y, *K.gradients(K.sum(y), [v])])
    for phase, value, gradient in ((1, [3.0, 6.0], [3.0, 3.0]), (0, [1.0, 4.0], [2.0, 4.0])):
        got = f([phase])
        expect(got[0], np.array(value), f"value in phase {phase}")
        expect(got[1], np.array(gradient), f"gradient in phase {phase}")
    expect(K.int_shape(y), (2,), "static shape")


@with_free_phase
def the_same_tensor_twice(K):
    x = K.placeholder((2,))
    expect(K.in_train_phase(x, x) is x, True, "x, x gives x")
    expect(K.in_train_phase(x, x * 2.0, training=True) is x, True, "training=True says which")
    expect(K.in_test_phase(x * 2.0, x, training=1) is x, True, "training=1 says which")


@with_free_phase
def fixed_phase(K):
    x = K.placeholder((2,))
    K.set_learning_phase(1)
    expect(K.learning_phase(), 1, "learning_phase()")
    expect(K.function([x], [K.in_train_phase(x * 2.0, x)])([np.ones(2)])[0], 2.0 * np.ones(2), "training")
    K.set_learning_phase(0)
    expect(K.function([x], [K.in_train_phase(x * 2.0, x)])([np.ones(2)])[0], np.ones(2), "test")
    expect_error(ValueError, ("2",), lambda: K.set_learning_phase(2))


@with_free_phase
def one_placeholder(K):
    expect(K.learning_phase() is K.learning_phase(), True, "the same placeholder each time")
    expect(K.phase_placeholder() is K.learning_phase(), True, "phase_placeholder")
    expect(K.ndim(K.learning_phase()), 0, "axes")


@with_free_phase
def a_fresh_start(K):
    v = K.variable([1.0, 2.0])
    K.eval(v * 2.0)
    before = K.learning_phase()
    K.clear_session()
    expect(K.learning_phase() is before, False, "the learning phase is a new one")
    u = K.variable([3.0, 4.0])
    expect(K.eval(u * 2.0), np.array([6.0, 8.0]), "new work after clear_session")


# ---------------------------------------------------------------------- conditions and printing


def switch(condition, then_expression, else_expression):
    condition = np.asarray(condition) != 0
    rank = max(np.ndim(then_expression), np.ndim(else_expression))
    if condition.ndim:
        condition = condition.reshape(condition.shape + (1,) * (rank - condition.ndim))
    return np.where(condition, then_expression, else_expression)


def switch_takes_functions(K):
    v = K.variable([1.0, 2.0])
    got = K.switch(K.constant(True), lambda: v * 2.0, lambda: v)
    expect(K.eval(got), np.array([2.0, 4.0]), "then")


@contextlib.contextmanager
def printed():
    """A context that collects the text that Python, or code below it, prints: a list that holds it at the end."""
    texts: list[str] = []
    with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
        saved = {number: os.dup(number) for number in (1, 2)}
        sys.stdout.flush()
        try:
            for number in saved:
                os.dup2(file.fileno(), number)
            with contextlib.redirect_stdout(file), contextlib.redirect_stderr(file):
                yield texts
            file.flush()
        finally:
            for number, copy in saved.items():
                os.dup2(copy, number)
                os.close(copy)
        file.seek(0)
        texts.append(file.read())


def prints(K):
    """The message and the value go to standard output or error when it is evaluated; the value is unchanged."""
    v = K.variable([1.0, 2.0])
    tensor = K.print_tensor(v, "the value is") * 1.0
    with printed() as texts:
        got = K.eval(tensor)
    expect(got, np.array([1.0, 2.0]), "value")
    for word in ("the value is", "1", "2"):
        expect(word in texts[0], True, f"{word!r} in what was printed, {texts[0]!r}")


OPS = [
    Op(
        "function",
        checks=checks(
            updates_use_old_values,
            swap_by_updates,
            values_belong_to_the_caller,
            values_are_converted,
            not_contiguous_values,
            wrong_number_of_inputs,
            wrong_shape,
            unknown_keyword,
            unused_inputs_and_repeated_outputs,
            sees_new_variable_values,
        ),
    ),
    Op(
        "gradients",
        checks=checks(
            a_list_comes_back,
            none_where_unconnected,
            sum_of_a_loss_that_is_no_scalar,
            of_inner_tensors_and_inputs,
            second_order,
            of_a_variable_used_twice,
            descent,
        ),
    ),
    Op(
        "stop_gradient",
        lambda variables: variables,
        (Case((X,), grads=(None,)),),
        checks(stops_one_path_only),
        gradient=False,
    ),
    Op("learning_phase", checks=checks(one_placeholder)),
    Op("set_learning_phase", checks=checks(fixed_phase)),
    Op("phase_placeholder", checks=checks(one_placeholder)),
    Op("phase_switch", checks=checks(switches_by_phase)),
    Op(
        "in_train_phase",
        checks=checks(follows_the_phase, takes_functions, gradients_follow_the_phase, the_same_tensor_twice, a_missing_phase_is_named),
    ),
    Op("in_test_phase", checks=checks(takes_functions)),
    Op("uses_learning_phase", checks=checks(follows_the_phase)),
    Op(
        "switch",
        switch,
        (
            Case((FLAG, X, X)),
            Case((In((), dtype="int32", kind="variable", values=0), X, X)),
            Case((In((), kind="variable", values=1.0), X, X), grad=(1, 2), note="a float condition"),
            Case((In((3,), dtype="bool"), X, X), note="whole samples"),
            Case((In(dtype="bool"), X, X), note="single values"),
            Case((FLAG, X, 0.0)),
        ),
        checks(switch_takes_functions),
    ),
    Op("print_tensor", lambda x, message="": x, checks=checks(prints)),
    Op("clear_session", checks=checks(a_fresh_start)),
]
