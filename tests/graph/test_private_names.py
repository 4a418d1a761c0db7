"""Names that Keras 1 kept for itself and programs of its time use all the same."""

import numpy as np
import pytest

from kbridge import backend as K
from kbridge import regularizers
from kbridge.engine.topology import get_source_inputs
from kbridge.engine.training import slice_X
from kbridge.layers import Dense, Dropout
from kbridge.models import Model, Sequential

X, Y = np.ones((8, 3), "float32"), np.ones((8, 2), "float32")


@pytest.fixture
def model():
    model = Sequential([Dense(4, input_dim=3, name="a"), Dropout(0.5, name="b"), Dense(2, name="c")])
    model.compile("sgd", "mse")
    return model


def test_nodes_tell_how_layers_are_connected(model):
    first, second, _ = model.layers
    assert [node.inbound_layers for node in second.inbound_nodes] == [[first]]
    assert [node.outbound_layer for node in first.outbound_nodes] == [second]
    tensor = first.output
    assert tensor._keras_shape == (None, 4) and tensor._keras_history == (first, 0, 0) and not tensor._uses_learning_phase
    assert second.output._uses_learning_phase
    assert {"a_ib-0", "b_ib-0", "c_ib-0"} < model.model.container_nodes
    assert sorted(model.model.nodes_by_depth) == [0, 1, 2, 3] == sorted(model.model.layers_by_depth)
    assert get_source_inputs(model.output) == [model.input]
    assert model.flattened_layers == model.layers


def test_a_sequential_has_the_model_that_it_stands_for(model):
    assert isinstance(model.model, Model) and model.uses_learning_phase and model.model.uses_learning_phase
    for kind in ("train", "test", "predict"):
        getattr(model.model, f"_make_{kind}_function")()
        assert callable(getattr(model.model, f"{kind}_function"))
    assert K._BACKEND == K.backend()


def test_settings_have_their_private_names():
    for module in (K, K.common):
        assert (module._EPSILON, module._FLOATX, module._IMAGE_DIM_ORDERING) == (K.epsilon(), K.floatx(), K.image_dim_ordering())
    before = K.epsilon()
    K.set_epsilon(1e-3)
    try:
        assert K._EPSILON == 1e-3
    finally:
        K.set_epsilon(before)
    with pytest.raises(AttributeError, match="'kbridge.backend' has no attribute '_NOTHING'"):
        K._NOTHING  # noqa: B018


def test_a_predict_function_takes_the_learning_phase_last(model):
    model.model._make_predict_function()
    np.testing.assert_allclose(model.model.predict_function([X, 0.0])[0], model.predict(X), rtol=1e-6)


def test_layers_have_their_weights_by_name(model):
    layer = model.layers[0]
    assert layer.trainable_weights == [layer.W, layer.b] and layer.non_trainable_weights == []
    assert layer.constraints == {} and layer.regularizers == []


def test_slices_of_one_array_and_of_several():
    a = np.arange(6)
    np.testing.assert_array_equal(slice_X(a, 1, 3), [1, 2])
    np.testing.assert_array_equal(slice_X(a, [0, 2]), [0, 2])
    assert [part.tolist() for part in slice_X([a, 2 * a], 4)] == [[4, 5], [8, 10]]


def test_old_names_of_regularizers():
    config = regularizers.WeightRegularizer(l1=0.1, l2=0.2).get_config()
    assert (config["l1"], config["l2"]) == pytest.approx((0.1, 0.2))
    assert regularizers.ActivityRegularizer(l2=0.5).get_config()["l2"] == 0.5
    assert regularizers.activity_l1l2(l1=0.5).get_config()["l1"] == 0.5


@pytest.mark.parametrize(
    ("method", "argument"),
    [("fit", "show_accuracy"), ("evaluate", "show_accuracy"), ("train_on_batch", "accuracy"), ("test_on_batch", "accuracy")],
)
def test_arguments_of_keras_0_are_ignored_with_a_warning(model, method, argument):
    quiet = {"verbose": 0} if method in ("fit", "evaluate") else {}
    with pytest.warns(UserWarning, match=f"{argument}.*outdated and ignored"):
        getattr(model, method)(X, Y, **quiet, **{argument: True})


def test_a_generators_old_arguments_are_ignored_with_a_warning(model):
    with pytest.warns(UserWarning, match="nb_val_worker.*outdated and ignored"):
        model.fit_generator(iter([(X, Y)] * 4), samples_per_epoch=8, nb_epoch=1, verbose=0, nb_val_worker=2)


def test_other_arguments_are_an_error(model):
    with pytest.raises(TypeError, match="fit has no argument 'epoch_number'"):
        model.fit(X, Y, epoch_number=3)


def test_private_settings_can_be_set():
    floatx, epsilon, ordering = K.floatx(), K.epsilon(), K.image_dim_ordering()
    try:
        for module in (K, K.common, K.theano_backend, K.tensorflow_backend):
            module._FLOATX, module._EPSILON, module._IMAGE_DIM_ORDERING = "float64", 1e-3, "th"
            assert (K.floatx(), K.epsilon(), K.image_dim_ordering()) == ("float64", 1e-3, "th")
            assert K.dtype(K.variable(1.0)) == "float64"
            K.set_floatx(floatx), K.set_epsilon(epsilon), K.set_image_dim_ordering(ordering)
    finally:
        K.set_floatx(floatx), K.set_epsilon(epsilon), K.set_image_dim_ordering(ordering)


def test_the_learning_phase_has_its_private_name():
    backend = K.theano_backend
    assert backend is K and backend._LEARNING_PHASE is K.learning_phase()
    placeholder = K.learning_phase()
    x = K.variable(np.ones((2, 3)))
    try:
        backend._LEARNING_PHASE = 1
        assert K.learning_phase() == backend._LEARNING_PHASE == 1
        assert K.eval(K.in_train_phase(x, 0 * x)).sum() == 6
        backend._LEARNING_PHASE = 0
        assert K.eval(K.in_train_phase(x, 0 * x)).sum() == 0
        backend._LEARNING_PHASE = placeholder
        assert K.learning_phase() is placeholder
        with pytest.raises(ValueError, match=r"\[differences: learning-phase-of-its-own\]"):
            backend._LEARNING_PHASE = K.placeholder(())
    finally:
        K.clear_session()


def test_what_the_settings_were_read_from():
    assert K._backend == K._BACKEND == K.backend()
    assert K._config == {"floatx": K.floatx(), "epsilon": K.epsilon(), "backend": K.backend(), "image_dim_ordering": K.image_dim_ordering()}
    assert K._config_path.endswith("keras.json") and K._config_path.startswith(K._keras_dir)


def test_functions_have_a_class():
    x = K.placeholder((2,))
    function = K.function([x], [x * 2])
    assert isinstance(function, K.Function) and not isinstance(x, K.Function)
    np.testing.assert_array_equal(K.Function([x], [x * 2])([[1, 2]])[0], [2, 4])
