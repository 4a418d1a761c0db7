"""Calls and arguments that Keras 1.2.2 let pass and that programs of its time are full of."""

import numpy as np
import pytest

from kbridge import backend as K
from kbridge.engine.topology import InputSpec
from kbridge.layers import (
    GRU,
    LSTM,
    Activation,
    Bidirectional,
    Cropping1D,
    Cropping2D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    Highway,
    Input,
    Lambda,
    Layer,
    merge,
)  # fmt: skip
from kbridge.models import Model, Sequential

X = np.arange(8.0).reshape(2, 4)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [(lambda: Dense(3), (4,)), (lambda: Activation("relu"), (4,)), (lambda: LSTM(3), (5, 4)), (lambda: Lambda(lambda x: x * 2), (4,))],
)
def test_a_list_of_one_is_that_one(layer, shape):
    x, layer = Input(shape), layer()
    data = np.random.RandomState(0).rand(2, *shape)
    listed = Model([x], layer([x])).predict(data)
    np.testing.assert_array_equal(Model(x, layer(x)).predict(data), listed)


def test_models_take_a_list_of_one():
    model = Sequential([Dense(2, input_dim=4)])
    x = Input((4,))
    np.testing.assert_array_equal(Model([x], [model([x])]).predict([X]), model.predict(X))


def test_an_input_has_the_shape_of_its_tensor():
    t = K.variable(np.ones((3, 7)))
    x = Input(tensor=t, shape=(5,))
    assert x._keras_shape == (3, 7) and Dense(2)(x)._keras_shape == (3, 2)
    assert Input(tensor=K.placeholder((None, 7)), batch_shape=(2, 5))._keras_shape == (2, 7)
    # what the tensor doesn't know is told
    assert Input(tensor=K.placeholder(ndim=2), shape=(5,))._keras_shape == (None, 5)


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: K.placeholder((None, 7)), (None, 7)),
        (lambda: K.placeholder(ndim=3), (None, None, None)),
        (lambda: K.variable(np.ones((2, 7))), (2, 7)),
        (lambda: K.variable(3.0), ()),
        (lambda: K.zeros((2, 7)), (2, 7)),
        (lambda: K.random_uniform_variable((2, 7), 0, 1), (2, 7)),
        (lambda: Dense(2, input_dim=3) and Sequential([Dense(2, input_dim=3)]).layers[0].W, (3, 2)),
    ],
)
def test_placeholders_and_variables_have_the_attributes_of_keras_tensors(make, shape):
    t = make()
    assert (t._keras_shape, t._uses_learning_phase) == (shape, False)
    assert not K.is_keras_tensor(t)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"mode": "sum"}, 3 * X),
        ({"mode": "mul"}, 2 * X * X),
        ({"mode": "concat", "concat_axis": 1}, np.concatenate([2 * X, X], 1)),
        ({"mode": "ave"}, 1.5 * X),
        ({"mode": "dot", "dot_axes": [1, 1]}, (2 * X * X).sum(1, keepdims=True)),
        ({"mode": lambda pair: pair[0] - pair[1], "output_shape": ((4,),)}, X),
    ],
)
def test_merge_joins_tensors_that_no_layer_made(options, expected):
    x = Input((4,))
    y = Lambda(lambda t: merge([t * 2, t], **options), output_shape=expected.shape[1:])(x)
    np.testing.assert_allclose(Model(x, y).predict(X), expected, rtol=1e-6)


class Chosen(Layer):
    """The first of several inputs."""

    def __init__(self, **kwargs):
        self.input_spec = [InputSpec(ndim=2)]
        super().__init__(**kwargs)

    def call(self, x, mask=None):
        return x[0]

    def get_output_shape_for(self, input_shape):
        return input_shape[0]


def test_one_spec_is_for_the_first_of_several_inputs():
    a, b = Input((4,)), Input((4, 5))
    assert Chosen()([a, b])._keras_shape == (None, 4)
    with pytest.raises(ValueError, match="expected ndim=2, found ndim=3"):
        Chosen()([b, a])
    with pytest.raises(ValueError, match="expects 1 inputs, but it received 2"):
        Dense(2)([a, a])


def test_an_input_may_be_left_out():
    t = K.variable(X)
    np.testing.assert_array_equal(K.eval(Chosen()([t, None])), X)
    with pytest.raises(TypeError, match="was called on None"):
        Dense(2)(None)


@pytest.mark.parametrize("kind", [LSTM, GRU])
@pytest.mark.parametrize("return_sequences", [True, False])
def test_a_shared_bidirectional_runs_over_another_length(kind, return_sequences):
    shared = Bidirectional(kind(3, return_sequences=return_sequences))
    a, b = Input((5, 4)), Input((7, 4))
    first, second = shared(a), shared(b)
    data = np.random.RandomState(0).rand(2, 7, 4)
    long = Model(b, second).predict(data)
    # the same weights in one made for that length
    alone = Bidirectional(kind(3, return_sequences=return_sequences), input_shape=(7, 4))
    model = Sequential([alone])
    model.set_weights(shared.get_weights())
    np.testing.assert_allclose(long, model.predict(data), rtol=1e-5, atol=1e-6)
    assert Model([a, b], [first, second]).predict([data[:, :5], data])[0].shape[0] == 2
    with pytest.raises(ValueError, match="expected shape"):
        shared(Input((7, 3)))


def test_flatten_leaves_a_matrix_as_it_is():
    x = Input((4,))
    y = Flatten()(x)
    assert y._keras_shape == (None, 4)
    np.testing.assert_array_equal(Model(x, y).predict(X), X)


def test_cropping_may_leave_nothing_but_no_less():
    x = Input((4, 2))
    assert Model(x, Cropping1D((2, 2))(x)).predict(np.ones((3, 4, 2))).shape == (3, 0, 2)
    y = Input((4, 4, 2))
    assert Model(y, Cropping2D(((2, 2), (1, 1)), dim_ordering="tf")(y)).predict(np.ones((3, 4, 4, 2))).shape == (3, 0, 2, 2)
    with pytest.raises(ValueError, match=r"removes more than an input .*\[differences: cropping-beyond-the-input\]"):
        Cropping1D((3, 2))(x)


def test_highway_takes_a_transform_bias_that_has_no_effect():
    with pytest.warns(UserWarning, match="transform_bias has no effect"):
        layer = Highway(transform_bias=-3, input_dim=4)
    Sequential([layer])
    np.testing.assert_array_equal(layer.get_weights()[3], np.ones(4))
    assert "transform_bias" not in layer.get_config()


def test_a_length_may_come_in_a_tuple():
    model = Sequential([Dense(3, input_dim=(4,))])
    assert model.input_shape == (None, 4) and model.layers[0].get_config()["input_dim"] == 4
    assert Sequential([LSTM(3, input_dim=(4,), input_length=(5,))]).input_shape == (None, 5, 4)
    assert Sequential([Embedding(10, 3, input_length=(5,))]).output_shape == (None, 5, 3)
    with pytest.raises(ValueError, match="input_dim must be a whole number"):
        Dense(3, input_dim=(4, 5))


@pytest.mark.parametrize("output_shape", [((4,),), [(4,)], lambda s: [s], lambda s: ((s[0], 4),)])
def test_nested_output_shapes(output_shape):
    x = Input((4,))
    y = Lambda(lambda t: t * 2, output_shape=output_shape)(x)
    assert y._keras_shape == (None, 4)
    assert Dense(3)(y)._keras_shape == (None, 3)


class Pair(Layer):
    """Two outputs of which ``shapes`` tells what it can."""

    def __init__(self, shapes, **kwargs):
        self.shapes = shapes
        super().__init__(**kwargs)

    def call(self, x, mask=None):
        return [x, K.concatenate([x, x])]

    def get_output_shape_for(self, input_shape):
        return self.shapes(input_shape)

    def compute_mask(self, x, mask=None):
        return [None, None]


@pytest.mark.parametrize("shapes", [lambda s: [s, None], lambda s: [None, None], lambda s: None, lambda s: (s, None)])
def test_shapes_that_are_not_told_are_those_of_the_tensors(shapes):
    x = Input((4,))
    first, second = Pair(shapes)(x)
    assert (first._keras_shape, second._keras_shape) == ((None, 4), (None, 8))
    inner = Model(x, Dense(3)(second))
    # also where the model is used as a layer
    z = Input((4,))
    outer = Model(z, inner(z))
    np.testing.assert_array_equal(outer.predict(X), inner.predict(X))


def test_shapes_that_a_program_adds_up_wrongly_are_those_of_the_tensors():
    class Sum(Layer):
        def call(self, x, mask=None):
            return x[0] + x[1]

        def get_output_shape_for(self, input_shape):
            return input_shape + (3,)

    a, b = Input((4,)), Input((4,))
    with pytest.warns(UserWarning, match=r"'sum_1': get_output_shape_for can't compute .*\[differences: shapes-from-tensors\]"):
        y = Sum()([a, b])
    assert y._keras_shape == (None, 4)


def test_a_dropout_of_everything_is_an_error_that_names_the_difference():
    with pytest.raises(ValueError, match=r"\[differences: dropout-of-all\]"):
        Dropout(1.0)
