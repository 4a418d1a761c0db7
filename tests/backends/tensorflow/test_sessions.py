"""Sessions that programs bring along: variables keep their values, and functions run where the program is."""

import numpy as np


def test_set_session_after_a_function_ran(K, tf):
    v = K.variable([1.0, 2.0])
    f = K.function([], [v * 2.0], updates=[K.update_add(v, 1.0)])
    f([])
    session = tf.compat.v1.Session(graph=K.get_session().graph)
    K.set_session(session)
    assert K.get_session() is session
    assert K.get_value(v).tolist() == [2.0, 3.0]
    assert f([])[0].tolist() == [4.0, 6.0]
    # the function ran in the new session
    assert session.run(v).tolist() == K.get_value(v).tolist() == [3.0, 4.0]


def test_the_default_session_is_the_backends(K, tf):
    v = K.variable([1.0, 2.0])
    f = K.function([], [v * 1.0], updates=[K.update_add(v, 1.0)])
    f([])
    session = tf.compat.v1.Session(graph=K.get_session().graph)
    with session.as_default():
        assert K.get_session() is session
        assert f([])[0].tolist() == [2.0, 3.0]
        assert session.run(v).tolist() == [3.0, 4.0]
    assert K.get_value(v).tolist() == [3.0, 4.0]


def test_after_a_default_session_that_was_closed_the_one_before_goes_on(K, tf):
    v = K.variable([1.0, 2.0])
    before = K.get_session()
    with tf.compat.v1.Session(graph=before.graph) as session:
        assert K.get_session() is session
        K.set_value(v, [5.0, 6.0])
        assert K.get_value(v).tolist() == [5.0, 6.0]
    assert K.get_session() is before
    assert K.get_value(v).tolist() == [1.0, 2.0]


def test_a_default_session_of_another_graph_is_left_alone(K, tf):
    v = K.variable([1.0])
    with tf.compat.v1.Session(graph=tf.Graph()) as other:
        assert K.get_session() is not other
        assert K.get_value(v).tolist() == [1.0]


def test_what_is_placed_on_a_device_that_is_not_there_runs_elsewhere(K, tf):
    with K.graph_scope(), tf.device("/gpu:3"):
        x = K.constant(np.ones(2)) + 1.0
    assert K.eval(x).tolist() == [2.0, 2.0]
