"""The base class: weights, calls, nodes, losses, updates, input checks; custom layers as Keras 1 programs write them."""

import copy

import numpy as np
import pytest

from kbridge import backend as K
from kbridge import constraints, initializations, regularizers
from kbridge.engine.topology import Input, InputLayer, InputSpec, Layer, Merge
from kbridge.layers.core import Activation, Dense, Dropout, Lambda
from kbridge.models import Model, Sequential


class Scale(Layer):
    """A custom layer that assigns its weights in ``build``, as Keras 1 programs do."""

    def __init__(self, init="one", **kwargs):
        self.init = initializations.get(init)
        super().__init__(**kwargs)

    def build(self, input_shape):
        self.gamma = self.init((input_shape[-1],), name=f"{self.name}_gamma")
        self.trainable_weights = [self.gamma]
        self.constraints = {self.gamma: constraints.nonneg()}

    def call(self, x, mask=None):
        return x * self.gamma


def test_weights_assigned_in_build_are_trained():
    model = Sequential([Scale(input_shape=(3,))])
    assert [K.tensor_name(w) for w in model.trainable_weights] == [f"{model.layers[0].name}_gamma"]
    assert list(model.constraints.values())[0].get_config() == {"name": "NonNeg"}
    model.compile("sgd", "mse")
    model.train_on_batch(np.ones((4, 3)), np.full((4, 3), 5.0))
    assert np.all(model.get_weights()[0] > 1)


def test_an_initialization_may_have_the_signature_of_keras_1_0():
    layers = [Dense(2, init=lambda shape, name: K.variable(np.full(shape, 0.5), name=name)), Dense(2, init=lambda shape: K.ones(shape))]
    for layer, value in zip(layers, (0.5, 1.0)):
        layer(Input((3,)))
        assert np.all(layer.get_weights()[0] == value)


def test_regularizers_told_their_weight_count():
    class OldDense(Layer):
        def __init__(self, **kwargs):
            self.W_regularizer = regularizers.l2(0.5)
            super().__init__(**kwargs)

        def build(self, input_shape):
            self.W = K.ones((input_shape[1], 2), name=f"{self.name}_W")
            self.trainable_weights = [self.W]
            self.regularizers = []
            self.W_regularizer.set_param(self.W)
            self.regularizers.append(self.W_regularizer)

        def call(self, x, mask=None):
            return K.dot(x, self.W)

        def get_output_shape_for(self, input_shape):
            return (input_shape[0], 2)

    model = Sequential([OldDense(input_shape=(3,))])
    assert len(model.losses) == 1
    assert K.eval(model.losses[0]) == pytest.approx(3.0)


def test_a_regularizer_of_keras_1_0_adds_to_the_loss():
    class Old(regularizers.Regularizer):
        def __call__(self, loss):
            return loss + K.sum(K.abs(self.p))

    class Layered(Layer):
        def build(self, input_shape):
            self.w = K.variable(np.full((3,), -2.0))
            self.trainable_weights = [self.w]
            regularizer = Old()
            regularizer.set_param(self.w)
            self.regularizers = [regularizer]

    layer = Layered()
    layer(Input((3,)))
    assert K.eval(layer.losses[0]) == pytest.approx(6.0)


def test_losses_and_updates_belong_to_the_inputs_of_a_call():
    class Counting(Layer):
        def build(self, input_shape):
            self.count = K.variable(0.0, name=f"{self.name}_count")
            self.non_trainable_weights = [self.count]

        def call(self, x, mask=None):
            self.add_update(K.update_add(self.count, 1.0), x)
            self.add_loss(K.sum(x), x)
            return x * 1.0

    layer = Counting()
    a, b = Input((2,)), Input((2,))
    one, both = Model(a, layer(a)), Model([a, b], [layer(a), layer(b)])
    assert len(layer.get_losses_for(a)) == 2 and len(layer.get_losses_for(b)) == 1
    assert layer.get_losses_for(None) == []
    assert len(one.losses) == len(one.updates) == 2
    assert len(both.losses) == 3
    assert len(Model(b, layer(b)).updates) == 2


def test_losses_and_updates_put_into_the_lists_by_hand_count():
    class ByHand(Layer):
        def build(self, input_shape):
            self.count = K.variable(0.0)
            self.losses = [K.sum(self.count)]

        def call(self, x, mask=None):
            self.updates.append(K.update_add(self.count, 1.0))
            return x * 1.0

    x = Input((2,))
    layer = ByHand()
    model = Model(x, layer(x))
    assert len(model.losses) == 1 and len(model.updates) == 1
    model.compile("sgd", "mse")
    model.train_on_batch(np.ones((1, 2)), np.ones((1, 2)))
    assert K.get_value(layer.count) == 1


def test_a_custom_layer_makes_other_layers_in_build():
    class Block(Layer):
        def build(self, input_shape):
            self.inner = Dense(2, name=f"{self.name}_inner")
            self.inner.build(input_shape)
            self.trainable_weights = self.inner.trainable_weights

        def call(self, x, mask=None):
            return K.relu(self.inner.call(x))

        def get_output_shape_for(self, input_shape):
            return self.inner.get_output_shape_for(input_shape)

    model = Sequential([Block(input_shape=(3,))])
    assert model.predict(np.ones((2, 3))).shape == (2, 2)
    assert len(model.get_weights()) == 2


def test_a_custom_layer_keeps_what_it_set_before_calling_init():
    class Early(Layer):
        def __init__(self, **kwargs):
            self.supports_masking = True
            self.input_spec = [InputSpec(ndim=2)]
            self.uses_learning_phase = True
            super().__init__(**kwargs)

    layer = Early()
    assert layer.supports_masking and layer.input_spec[0].ndim == 2
    x = Input((3,))
    assert layer(x)._uses_learning_phase
    with pytest.raises(ValueError, match=layer.name):
        layer(Input((3, 4)))


def test_wrong_numbers_of_outputs_shapes_and_masks_name_the_layer():
    class Two(Layer):
        def call(self, x, mask=None):
            return [x * 1.0, x * 2.0]

    with pytest.raises(ValueError, match=r"two_\d+.*2 outputs.*1 shapes"):
        Two()(Input((3,)))


@pytest.mark.parametrize(
    ("spec", "shape", "message"),
    [
        (InputSpec(ndim=2), (3, 4), "expected ndim=2, found ndim=3"),
        (InputSpec(ndim="3+"), (4,), "expected ndim >= 3, found ndim=2"),
        (InputSpec(shape=(None, 4)), (5,), r"expected shape=\(None, 4\), found shape=\(None, 5\)"),
        (InputSpec(dtype="int32"), (4,), "expected dtype=int32, found dtype=float"),
    ],
)
def test_inputs_are_checked_against_the_spec(spec, shape, message):
    layer = Layer(name="picky")
    layer.input_spec = [spec]
    with pytest.raises(ValueError, match=f"Input 0 is incompatible with layer picky: {message}"):
        layer(Input(shape))


def test_the_number_of_inputs_is_checked():
    layer = Dense(3)
    with pytest.raises(ValueError, match=rf"{layer.name} expects 1 inputs, but it received 2"):
        layer([Input((2,)), Input((2,))])


def test_layers_are_called_on_tensors_only():
    with pytest.raises(TypeError, match=r"(?s)dense_\d+ was called on .*not a tensor"):
        Dense(3)(np.ones((2, 2)))


def test_layers_can_be_called_on_tensors_that_are_not_of_keras():
    x = K.placeholder((None, 3))
    layer = Dense(2)
    y = layer(x)
    assert not K.is_keras_tensor(y) and layer.inbound_nodes == []
    assert K.function([x], [y])([np.ones((2, 3))])[0].shape == (2, 2)


def test_a_layer_that_gives_back_its_input_keeps_the_history_of_both():
    x = Input((3,))
    layer = Activation("linear")
    y = layer(x)
    assert y is not x
    assert x._keras_history[0] is not layer and y._keras_history[0] is layer


def test_names_count_up_by_class():
    first, second = Dense(1), Dense(1)
    number = int(first.name.removeprefix("dense_"))
    assert second.name == f"dense_{number + 1}"
    assert Dense(1, name="mine").name == "mine"


def test_trainable_moves_weights_to_the_frozen_ones():
    layer = Dense(2)
    layer(Input((3,)))
    assert len(layer.trainable_weights) == 2 and layer.non_trainable_weights == []
    layer.trainable = False
    assert layer.trainable_weights == [] and len(layer.non_trainable_weights) == 2
    assert layer.get_config()["trainable"] is False
    assert len(layer.weights) == 2


def test_nodes_record_the_calls():
    layer = Dense(2)
    with pytest.raises(AttributeError, match=layer.name):
        _ = layer.input
    with pytest.raises(RuntimeError, match="never been called"):
        layer.get_input_at(0)
    with pytest.raises(RuntimeError, match=layer.name):
        layer.count_params()
    a, b = Input((3,)), Input((3,))
    y = layer(a)
    assert layer.input is a and layer.output is y
    assert layer.input_shape == (None, 3) and layer.output_shape == (None, 2)
    z = layer(b)
    assert layer.get_input_at(0) is a and layer.get_input_at(1) is b
    assert layer.get_output_at(1) is z and layer.get_output_shape_at(1) == (None, 2)
    assert layer.get_input_mask_at(0) is None and layer.get_output_mask_at(1) is None
    assert layer.output_shape == (None, 2)
    for what in ("input", "output"):
        with pytest.raises(AttributeError, match=f"get_{what}_at"):
            getattr(layer, what)
    with pytest.raises(ValueError, match="2 inbound nodes"):
        layer.get_output_at(2)
    assert layer.inbound_nodes[1].get_config() == {
        "outbound_layer": layer.name,
        "inbound_layers": [b._keras_history[0].name],
        "node_indices": [0],
        "tensor_indices": [0],
    }
    assert a._keras_history[0].outbound_nodes == [layer.inbound_nodes[0]]


def test_shapes_are_ill_defined_after_calls_on_different_shapes():
    layer = Activation("relu")
    layer(Input((3,)))
    layer(Input((4,)))
    with pytest.raises(AttributeError, match="get_input_shape_at"):
        _ = layer.input_shape


@pytest.mark.parametrize("kwargs", [{"input_shape": (3.0,)}, {"batch_input_shape": (None, 3)}, {"input_shape": [np.int64(3)]}])
def test_input_shapes_are_made_of_whole_numbers(kwargs):
    layer = Layer(**kwargs)
    assert layer.batch_input_shape == (None, 3)
    assert all(n is None or type(n) is int for n in layer.batch_input_shape)


@pytest.mark.parametrize("make", [lambda s: Layer(input_shape=s), lambda s: Input(s), lambda s: InputLayer(input_shape=s)])
@pytest.mark.parametrize("shape", [(3.5,), 100, ("3",), (-1,)])
def test_other_input_shapes_are_refused(make, shape):
    with pytest.raises(ValueError, match="shape"):
        make(shape)


def test_input_needs_a_shape():
    with pytest.raises(ValueError, match="Input needs a shape"):
        Input()
    with pytest.raises(ValueError, match="dtype"):
        Input((3,), dtype="float31")


def test_input_of_other_dtypes_and_tensors():
    x = Input((3,), dtype="int32", name="words")
    assert K.dtype(x) == "int32" and x._keras_history[0].name == "words" and x._keras_shape == (None, 3)
    given = K.placeholder((None, 5))
    assert Input(tensor=given) is given and given._keras_shape == (None, 5)
    assert Input(batch_shape=(2, 3))._keras_shape == (2, 3)


def test_shallow_copies_share_weights_and_deep_ones_do_not():
    layer = Dense(2)
    layer(Input((3,)))
    shared, own = copy.copy(layer), copy.deepcopy(layer)
    assert shared.W is layer.W
    assert own.W is not layer.W and own.inbound_nodes == []
    np.testing.assert_array_equal(own.get_weights()[0], layer.get_weights()[0])


def test_layers_of_own_classes_and_functions_copy_without_custom_objects():
    layer = Dense(2, activation=lambda x: 2 * x, init=_halves, W_regularizer=_Cubes())
    layer(Input((3,)))
    other = copy.deepcopy(layer)
    assert other.activation is layer.activation and other.init is _halves
    assert isinstance(other.W_regularizer, _Cubes)


def _halves(shape, name=None):
    return K.variable(np.full(shape, 0.5), name=name)


class _Cubes(regularizers.Regularizer):
    def __call__(self, x):
        return K.sum(x * x * x)


def test_uses_learning_phase_is_found_in_the_computation():
    x = Input((3,))
    hidden = Lambda(lambda t: K.in_train_phase(t * 2.0, t))(x)
    assert hidden._uses_learning_phase
    assert Dense(2)(hidden)._uses_learning_phase
    assert not Dense(2)(x)._uses_learning_phase
    assert Model(x, hidden).uses_learning_phase
    assert Dropout(0.5)(x)._uses_learning_phase


def test_a_layer_may_have_several_outputs():
    class Split(Layer):
        def call(self, x, mask=None):
            return [x[:, :2], x[:, 2:]]

        def get_output_shape_for(self, input_shape):
            return [(input_shape[0], 2), (input_shape[0], input_shape[1] - 2)]

    x = Input((5,))
    layer = Split()
    first, second = layer(x)
    assert layer.output_shape == [(None, 2), (None, 3)] and layer.output == [first, second]
    model = Model(x, [Dense(1)(second), first])
    outputs = model.predict(np.arange(10.0).reshape(2, 5))
    assert outputs[0].shape == (2, 1)
    np.testing.assert_array_equal(outputs[1], [[0, 1], [5, 6]])
    merged = Merge(mode="concat")([second, first])
    assert merged._keras_shape == (None, 5)
