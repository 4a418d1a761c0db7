"""Functions that belong to one backend's machinery, and small helpers that Theano code used."""

import numpy as np

from .spec import Case, In, Op, checks, expect, expect_error

TENSORFLOW = ("tensorflow",)


def session_belongs_to_tensorflow(K):
    for call in (K.get_session, lambda: K.set_session(None)):
        expect_error(NotImplementedError, ("tensorflow", K.name), call)


def session_runs_tensors(K):
    """On TensorFlow the session evaluates K's tensors."""
    v = K.variable([1.0, 2.0])
    K.eval(v)
    expect([float(x) for x in K.get_session().run(v * 2.0)], [2.0, 4.0], "session.run")


def other_objects_are_no_sessions(K):
    expect_error(TypeError, ("Session", "None"), lambda: K.set_session(None))


def initialises_anyway(K):
    """A variable has its value at once, whatever the flag says."""
    K.manual_variable_initialization(False)
    expect_error(ValueError, ("bool",), lambda: K.manual_variable_initialization("yes"))


def builds_inside(K):
    """K's own functions work in the scope as outside, with tensors of both."""
    v = K.variable([1.0, 2.0])
    with K.graph_scope():
        inside = v * 2.0
    expect(K.eval(inside + v), np.array([3.0, 6.0]), "a tensor from inside")


def explicit(K):
    expect(K.is_explicit_shape((2, 3)), True, "ints")
    expect(K.is_explicit_shape((None, 3)), False, "None")
    expect(K.is_explicit_shape(None), False, "no shape")


SESSION = (
    *checks(session_runs_tensors, other_objects_are_no_sessions, backends=TENSORFLOW),
    *checks(session_belongs_to_tensorflow, backends=("numpy", "theano")),
)

OPS = [
    Op("get_session", checks=SESSION, backends=TENSORFLOW),
    Op("set_session", checks=SESSION, backends=TENSORFLOW),
    Op("manual_variable_initialization", checks=checks(initialises_anyway)),
    Op("graph_scope", checks=checks(builds_inside)),
    Op("is_explicit_shape", checks=checks(explicit)),
    Op("pattern_broadcast", lambda x, broadcastable: x, (Case((In((3, 1), kind="fixed"), (False, True))),)),
]
