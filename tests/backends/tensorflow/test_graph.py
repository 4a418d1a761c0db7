"""The backend's graph beside eager execution: raw TensorFlow calls, sessions, variables, threads, forks."""

import multiprocessing
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[3]


def test_eager_execution_stays_on(K, tf):
    K.eval(K.variable([1.0]) * 2.0)
    assert tf.executing_eagerly()
    assert float(tf.constant(1.0) + 1.0) == 2.0
    assert float(tf.Variable(2.0) * 3.0) == 6.0


A, B = np.array([0.5, 2.0], "float32"), np.array([1.5, 3.0], "float32")

RAW = {
    "sum": (lambda tf, a, b: tf.reduce_sum(a), A.sum()),
    "tensor + eager": (lambda tf, a, b: a + tf.constant(B), A + B),
    "eager + tensor": (lambda tf, a, b: tf.constant(B) + a, A + B),
    "number - tensor": (lambda tf, a, b: 1.0 - a, 1 - A),
    "number / tensor": (lambda tf, a, b: 1.0 / a, 1 / A),
    "array * tensor": (lambda tf, a, b: tf.multiply(B, a), A * B),
    "power": (lambda tf, a, b: a**2, A**2),
    "remainder": (lambda tf, a, b: b % a, B % A),
    "negative": (lambda tf, a, b: -a, -A),
    "abs": (lambda tf, a, b: abs(-a), A),
    "comparison": (lambda tf, a, b: a > 1.0, A > 1),
    "logic": (lambda tf, a, b: (a > 1.0) & (b > 1.0), [False, True]),
    "index": (lambda tf, a, b: a[1], A[1]),
    "slice": (lambda tf, a, b: a[::-1], A[::-1]),
    "new axis": (lambda tf, a, b: a[:, None], A[:, None]),
    "stack": (lambda tf, a, b: tf.stack([a, b]), [A, B]),
    "stack with eager": (lambda tf, a, b: tf.stack([a, tf.constant(B)]), [A, B]),
    "concat": (lambda tf, a, b: tf.concat([a, b], axis=0), [*A, *B]),
    "where": (lambda tf, a, b: tf.where(a > 1.0, a, b), np.where(A > 1, A, B)),
    "cast": (lambda tf, a, b: tf.cast(b, tf.int32), [1, 3]),
    "relu": (lambda tf, a, b: tf.nn.relu(a - 1.0), [0.0, 1.0]),
    "matmul": (lambda tf, a, b: tf.matmul(a[None], b[:, None]), [[A @ B]]),
    "@": (lambda tf, a, b: a[None] @ b[:, None], [[A @ B]]),
    "reshape": (lambda tf, a, b: tf.reshape(a, [2, 1]), A[:, None]),
    "clip": (lambda tf, a, b: tf.clip_by_value(a, 0.0, 1.0), [0.5, 1.0]),
    "log_softmax": (lambda tf, a, b: tf.nn.log_softmax(a), A - np.log(np.exp(A).sum())),
    "identity": (lambda tf, a, b: tf.identity(a), A),
    "add_n": (lambda tf, a, b: tf.add_n([a, b]), A + B),
    "gather": (lambda tf, a, b: tf.gather(a, [1, 0]), A[::-1]),
    "einsum": (lambda tf, a, b: tf.einsum("i,i->", a, b), A @ B),
}


@pytest.mark.parametrize("kind", ["variable", "result"])
@pytest.mark.parametrize("name", RAW)
def test_raw_tensorflow_at_a_scripts_top_level(K, tf, name, kind):
    call, expected = RAW[name]
    a, b = K.variable(A), K.variable(B)
    if kind == "result":
        a, b = a + 0.0, b + 0.0
    np.testing.assert_allclose(K.eval(call(tf, a, b)), expected, rtol=1e-6)


def test_errors_of_eager_calls_stay_tensorflows(K, tf):
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.matmul(tf.ones((2, 3)), tf.ones((2, 3)))


def test_attributes_can_be_attached(K):
    for tensor in (K.variable([1.0]), K.placeholder((2,)), K.variable([1.0]) * 2.0):
        tensor._keras_shape = (3,)
        assert tensor._keras_shape == (3,)


def test_variables_are_keys_of_dicts(K):
    v, u = K.variable([1.0]), K.variable([1.0])
    assert {v: 1, u: 2}[v] == 1
    assert v == v
    assert v != u
    assert [v, u].index(u) == 1


def test_names_that_tensorflow_would_refuse(K):
    for name in ("dense 1/W:0", "_private", "größe", ""):
        assert K.tensor_name(K.variable([1.0], name=name)) == name
        assert K.tensor_name(K.placeholder((1,), name=name)) == name


# ---------------------------------------------------------------------- sessions


def test_the_session_knows_all_values(K):
    v = K.variable([1.0, 2.0])
    np.testing.assert_array_equal(K.get_session().run(v * 2.0), [2.0, 4.0])


def test_another_session_gets_the_values(K, tf):
    v, later = K.variable([1.0, 2.0]), K.variable([0.0])
    f = K.function([], [v], updates=[K.update_add(v, 1.0)])
    f([])
    session = tf.compat.v1.Session(graph=K.get_session().graph)
    K.set_session(session)
    K.set_value(later, [5.0])
    assert K.get_session() is session
    np.testing.assert_array_equal(session.run(v.value()), [2.0, 3.0])
    np.testing.assert_array_equal(K.get_value(later), [5.0])


def test_a_session_of_another_graph_comes_first_or_not_at_all(K, tf):
    session = tf.compat.v1.Session(graph=tf.Graph())
    K.set_session(session)
    np.testing.assert_array_equal(K.eval(K.variable([1.0]) * 2.0), [2.0])
    assert K.get_session() is session
    with pytest.raises(ValueError, match="another graph"):
        K.set_session(tf.compat.v1.Session(graph=tf.Graph()))


def test_initializers_give_first_values_and_never_reset(K, tf):
    trained = K.variable([1.0, 2.0])
    K.set_value(trained, [3.0, 4.0])
    session = K.get_session()
    new = K.variable([5.0])
    with K.graph_scope():
        initialize = tf.compat.v1.global_variables_initializer()
        step = tf.compat.v1.train.GradientDescentOptimizer(0.5).minimize(K.sum(K.square(new)))
    session.run(initialize)
    session.run(step)
    np.testing.assert_array_equal(K.get_value(trained), [3.0, 4.0])
    np.testing.assert_array_equal(K.get_value(new), [0.0])
    session.run(initialize)
    np.testing.assert_array_equal(K.get_value(new), [0.0])


def test_clear_session_makes_a_new_graph_and_old_functions_still_run(K):
    v = K.variable([1.0])
    f = K.function([], [v * 2.0])
    graph, phase = K.get_session().graph, K.learning_phase()
    K.clear_session()
    assert K.get_session().graph is not graph
    assert K.learning_phase() is not phase
    np.testing.assert_array_equal(f([])[0], [2.0])
    np.testing.assert_array_equal(K.get_value(v), [1.0])
    K.set_value(v, [4.0])
    np.testing.assert_array_equal(f([])[0], [8.0])


def test_sparse_variables_hold_a_value(K):
    sparse = pytest.importorskip("scipy.sparse")
    matrix = sparse.random(3, 4, 0.5, random_state=0, format="csr")
    v = K.variable(matrix)
    product = K.dot(v, K.variable(np.ones((4, 2))))
    assert K.is_variable(v)
    assert K.is_sparse(v)
    np.testing.assert_allclose(K.get_value(v), matrix.toarray(), rtol=1e-6)
    K.set_value(v, np.eye(3, 4))
    np.testing.assert_allclose(K.eval(product), np.ones((3, 2)))
    with pytest.raises(ValueError, match=r"\(3, 4\).*\(2, 2\)"):
        K.set_value(v, np.eye(2))


# ---------------------------------------------------------------------- threads and processes


def test_another_thread_builds_into_the_same_graph(K):
    v = K.variable([1.0, 2.0])
    found = []
    thread = threading.Thread(target=lambda: found.append(K.eval(K.exp(v) * 2.0)))
    thread.start()
    thread.join()
    np.testing.assert_allclose(found[0], np.exp([1.0, 2.0]) * 2.0, rtol=1e-6)


FORK = """
    import os, sys
    from kbridge.backends import registry
    K = registry.load("tensorflow")
    f = K.function([], [K.variable([1.0]) * 2.0])
    f([])
    child = os.fork()
    if child == 0:
        try:
            f([])
        except RuntimeError as error:
            os._exit(0 if "forked" in str(error) and "spawn" in str(error) else 2)
        os._exit(1)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="the system has no fork")
def test_a_forked_process_is_told_instead_of_hanging(K):
    subprocess.run([sys.executable, "-c", textwrap.dedent(FORK)], cwd=ROOT, check=True, timeout=120)
