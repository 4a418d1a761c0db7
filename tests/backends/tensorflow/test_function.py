"""Compiled functions: who owns results, what is fed, what is assigned and when."""

import numpy as np
import pytest


@pytest.fixture(params=["prepared call", "session.run"])
def way(request, tf, monkeypatch):
    """Both ways to run: TensorFlow's prepared calls have a private name that may go away."""
    if request.param == "session.run":
        monkeypatch.delattr("tensorflow.python.client.session.BaseSession._make_callable_from_options")
        assert not hasattr(tf.compat.v1.Session, "_make_callable_from_options")
    return request.param


def test_results_share_no_memory_with_variables_constants_or_each_other(K, way):
    v, c = K.variable([1.0, 2.0]), K.constant(np.ones(3, "float32"))
    f = K.function([], [v, K.identity(v), K.reshape(v, (2, 1)), c])
    for result in f([]):
        result[:] = -1.0
    np.testing.assert_array_equal(K.get_value(v), [1.0, 2.0])
    again = f([])
    np.testing.assert_array_equal(again[0], [1.0, 2.0])
    np.testing.assert_array_equal(again[3], [1.0, 1.0, 1.0])


def test_results_share_no_memory_with_what_was_fed(K, way):
    x = K.placeholder((None, 8))
    f = K.function([x], [x, K.reshape(x, (-1,))])
    fed = np.ones((1000, 8), "float32")
    for result in f([fed]):
        result[:] = 5.0
    assert fed.max() == 1.0


def test_new_values_are_computed_before_any_is_stored(K, way):
    v, u = K.variable(np.ones(4)), K.variable(np.full(4, 2.0))
    f = K.function([], [v + u], updates=[(v, v + u), (u, v * 2.0)])
    expected_v, expected_u = np.ones(4), np.full(4, 2.0)
    for _ in range(20):
        np.testing.assert_allclose(f([])[0], expected_v + expected_u)
        expected_v, expected_u = expected_v + expected_u, expected_v * 2.0
        np.testing.assert_allclose(K.get_value(v), expected_v)
        np.testing.assert_allclose(K.get_value(u), expected_u)


def test_updates_take_the_variables_dtype(K):
    steps = K.variable(0, dtype="int32")
    K.function([], [], updates=[(steps, K.constant(2.7))])([])
    assert K.get_value(steps) == 2


def test_an_operation_of_tensorflow_is_an_update(K, tf):
    v = K.variable([1.0, 2.0])
    with K.graph_scope():
        operation = v.assign_add([1.0, 1.0]).op
    assert K.function([], [], updates=[operation])([]) == []
    np.testing.assert_array_equal(K.get_value(v), [2.0, 3.0])


def test_anything_else_is_no_update(K):
    v = K.variable([1.0, 2.0])
    with pytest.raises(TypeError, match="as K.update makes it, got 3"):
        K.function([], [], updates=[3])
    with pytest.raises(ValueError, match=r"'w'.*\(5,\)"):
        K.function([], [], updates=[(K.variable([1.0, 2.0], name="w"), K.constant(np.ones(5)))])
    with pytest.raises(TypeError, match="pair"):
        K.function([], [], updates=[(v + 1.0, v)])


def test_a_native_optimizer_steps_after_the_outputs_and_its_moments_are_set(K, tf):
    v = K.variable([1.0, 2.0])
    loss = K.sum(v * v)
    step = K.native_optimizer_step(tf.compat.v1.train.MomentumOptimizer(0.1, 0.5), K.gradients(loss, [v]), [v])
    f = K.function([], [loss, v], updates=[step])
    value, velocity = np.array([1.0, 2.0]), np.zeros(2)
    for _ in range(4):
        got, before = f([])
        np.testing.assert_allclose(before, value, rtol=1e-6)
        np.testing.assert_allclose(got, np.sum(value**2), rtol=1e-6)
        velocity = 0.5 * velocity + 2.0 * value
        value = value - 0.1 * velocity
        np.testing.assert_allclose(K.get_value(v), value, rtol=1e-6)


def test_a_native_step_and_another_update_of_its_weight_are_refused(K, tf):
    v = K.variable([1.0, 2.0], name="weight")

    def step():
        return K.native_optimizer_step(tf.compat.v1.train.GradientDescentOptimizer(0.1), K.gradients(K.sum(v * v), [v]), [v])

    for updates in ([step(), K.update_add(v, 1.0)], [K.update(v, v + 1.0), step()], [step(), step()]):
        with pytest.raises(ValueError, match="'weight'.*several-updates"):
            K.function([], [], updates=updates)


def test_a_wrong_shape_is_refused_with_the_placeholders_name(K, way):
    x = K.placeholder((None, 8), name="features")
    f = K.function([x], [x * 2.0])
    f([np.zeros((1, 8), "float32")])
    with pytest.raises(ValueError, match=r"'features' with shape \(None, 8\) and dtype float32, can't take a value of shape \(1, 9\)"):
        f([np.zeros((1, 9), "float32")])
    with pytest.raises(ValueError, match="'features'.*str"):
        f(["words"])


def test_a_wrong_shape_of_a_sparse_matrix_is_refused(K):
    sparse = pytest.importorskip("scipy.sparse")
    x = K.placeholder((None, 3), sparse=True, name="counts")
    f = K.function([x], [K.dot(x, K.variable(np.ones((3, 2))))])
    np.testing.assert_allclose(f([sparse.csr_matrix(np.eye(3))])[0], np.ones((3, 2)))
    with pytest.raises(ValueError, match=r"'counts'.*\(4, 4\)"):
        f([sparse.csr_matrix(np.eye(4))])


def test_tensors_and_variables_of_eager_execution_are_values(K, tf):
    x = K.placeholder((2,))
    f = K.function([x], [x * K.constant(tf.constant([1.0, 10.0]))])
    np.testing.assert_array_equal(f([tf.constant([1.0, 2.0])])[0], [1.0, 20.0])
    np.testing.assert_array_equal(f([tf.Variable([1.0, 2.0])])[0], [1.0, 20.0])
    assert not K.is_tensor(tf.constant(1.0))
    np.testing.assert_array_equal(K.eval(K.maximum(tf.Variable([1.0, 5.0]), K.variable([3.0, 3.0]))), [3.0, 5.0])


def test_a_variable_or_a_result_can_be_fed(K, way):
    v = K.variable([1.0, 2.0])
    doubled = v * 2.0
    np.testing.assert_array_equal(K.function([v], [doubled])([[5.0, 6.0]])[0], [10.0, 12.0])
    np.testing.assert_array_equal(K.function([doubled], [doubled + 1.0])([[5.0, 6.0]])[0], [6.0, 7.0])
    np.testing.assert_array_equal(K.get_value(v), [1.0, 2.0])


def test_one_barrier_between_new_values_and_assignments(K):
    """n values and n assignments don't make n * n control edges."""
    variables = [K.variable(0.0) for _ in range(30)]
    K.function([], [], updates=[K.update_add(v, 1.0) for v in variables])
    operations = K.get_session().graph.get_operations()
    assert sum(len(op.control_inputs) for op in operations) < 10 * len(variables)


def test_a_read_after_an_assignment_sees_the_new_value(K, tf):
    v = K.variable([1.0, 2.0])
    with K.graph_scope(), tf.control_dependencies([v.assign_add([1.0, 1.0], read_value=False)]):
        after = v * 10.0
    np.testing.assert_array_equal(K.function([], [after])([])[0], [20.0, 30.0])
