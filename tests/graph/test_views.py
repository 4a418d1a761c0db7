"""Reductions of views (permuted, sliced, reversed, repeated tensors) put each result where NumPy puts it."""

from itertools import combinations

import numpy as np
import pytest

from kbridge import backend as K
from kbridge.layers import LSTM, BatchNormalization, Lambda, SimpleRNN
from kbridge.models import Sequential

VALUE = np.random.RandomState(0).uniform(-1, 1, (2, 3, 4)).astype("float32")

#: name -> the same view of a tensor and of an array
VIEWS = {
    **{
        f"permuted {order}": lambda x, order=order: K.permute_dimensions(x, order) if K.is_tensor(x) else x.transpose(order)
        for order in [(0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
    },
    "sliced": lambda x: x[:, 1:, ::2],
    "reversed": lambda x: K.reverse(x, (0, 2)) if K.is_tensor(x) else x[::-1, :, ::-1],
    "repeated": lambda x: K.repeat_elements(x[:, :1], 3, 1) if K.is_tensor(x) else np.repeat(x[:, :1], 3, 1),
    "permuted and sliced": lambda x: K.permute_dimensions(x, (1, 0, 2))[1:, :, 1:] if K.is_tensor(x) else x.transpose(1, 0, 2)[1:, :, 1:],
    "one long": lambda x: K.permute_dimensions(x[:1], (2, 0, 1)) if K.is_tensor(x) else x[:1].transpose(2, 0, 1),
}
AXES = [axes for n in (1, 2, 3) for axes in combinations(range(3), n)]
REDUCTIONS = {
    "sum": np.sum, "mean": np.mean, "std": np.std, "var": np.var, "max": np.max, "min": np.min,
    "prod": np.prod, "logsumexp": lambda x, axis: np.log(np.sum(np.exp(x), axis=axis)),
}  # fmt: skip


@pytest.mark.parametrize("view", VIEWS)
def test_reductions_of_a_view(view):
    x = K.placeholder((None, 3, 4))
    seen = VIEWS[view](x)
    wanted = [(name, axes) for name in REDUCTIONS for axes in AXES]
    results = K.function([x], [getattr(K, name)(seen, axis=list(axes)) for name, axes in wanted])([VALUE])
    array = VIEWS[view](VALUE.astype("float64"))
    for (name, axes), result in zip(wanted, results):
        np.testing.assert_allclose(result, REDUCTIONS[name](array, axis=axes), rtol=1e-4, atol=1e-5, err_msg=f"{name} over {axes}")


@pytest.mark.parametrize("view", VIEWS)
def test_functions_along_an_axis_of_a_view(view):
    x = K.placeholder((None, 3, 4))
    seen = VIEWS[view](x)
    outputs = [f(seen, axis=a) for a in range(3) for f in (K.argmax, K.argmin, K.cumsum)] + [K.softmax(seen), K.l2_normalize(seen, 1)]
    results = K.function([x], outputs)([VALUE])
    array = VIEWS[view](VALUE.astype("float64"))
    power = np.exp(array)
    expected = [f(array, axis=a) for a in range(3) for f in (np.argmax, np.argmin, np.cumsum)]
    expected += [power / power.sum(-1, keepdims=True), array / np.sqrt((array**2).sum(1, keepdims=True))]
    for result, right in zip(results, expected):
        np.testing.assert_allclose(result, right, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("view", VIEWS)
def test_gradients_that_sum_over_a_view(view):
    # of what is added to the view along the axes of its shape that are 1 long: the sum of 2 * (view + w) over the others
    x = K.placeholder((None, 3, 4))
    array = VIEWS[view](VALUE.astype("float64"))
    kept = [axes for axes in AXES if len(axes) < 3]
    shapes = [tuple(n if a in axes else 1 for a, n in enumerate(array.shape)) for axes in kept]
    weights = [K.variable(np.full(shape, 0.5)) for shape in shapes]
    losses = [K.sum(K.square(VIEWS[view](x) + w)) for w in weights]
    gradients = K.function([x], [K.gradients(loss, [w])[0] for loss, w in zip(losses, weights)])([VALUE])
    for axes, gradient in zip(kept, gradients):
        over = tuple(a for a in range(3) if a not in axes)
        np.testing.assert_allclose(gradient, 2 * np.sum(array + 0.5, axis=over, keepdims=True), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_sum_over_the_features_of_a_recurrent_layers_output(dtype):
    # with an identity as the activation and as the weights, and no recurrent ones, the output is the input twice
    model = Sequential([SimpleRNN(2, return_sequences=True, activation="linear", input_shape=(2, 2)), Lambda(lambda t: K.sum(t, axis=-1))])
    model.set_weights([np.eye(2), np.zeros((2, 2)), np.zeros(2)])
    x = np.array([[[1, 1], [2, 2]], [[3, 3], [4, 4]]], dtype)
    assert model.predict(x).tolist() == [[2, 4], [6, 8]]


def test_statistics_of_each_sample_behind_a_recurrent_layer():
    # BatchNormalization's mode 1: each sample has its own mean and standard deviation over the features
    np.random.seed(0)
    model = Sequential([LSTM(3, return_sequences=True, input_shape=(4, 2)), BatchNormalization(mode=1, epsilon=1e-5)])
    x = np.random.RandomState(1).uniform(-1, 1, (2, 4, 2))
    before = K.function([model.input], [model.layers[0].output])([x])[0].astype("float64")
    centred = before - before.mean(-1, keepdims=True)
    expected = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
    gamma, beta = (w.reshape(-1) for w in model.layers[1].get_weights()[:2])
    np.testing.assert_allclose(model.predict(x), expected * gamma + beta, rtol=1e-3, atol=1e-4)


def test_fed_arrays_whose_axes_of_length_one_have_any_stride():
    # images[..., None] is contiguous for NumPy, and its last stride is 0
    images = np.random.RandomState(2).uniform(0, 1, (2, 5, 5)).astype("float32")
    x = K.placeholder((None, 5, 5, 1))
    kernel = K.variable(np.ones((3, 3, 1, 1)))
    f = K.function([x], [K.conv2d(x, kernel, dim_ordering="tf"), K.sum(x, axis=-1), K.pool2d(x, (2, 2), dim_ordering="tf")])
    plain = f([images[..., None].copy()])
    odd = f([images[..., None]])
    again = f([np.ascontiguousarray(images)[:, :, :, np.newaxis]])
    for a, b, c in zip(plain, odd, again):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, c)
    expected = sum(images[:, i : i + 3, j : j + 3] for i in range(3) for j in range(3))
    np.testing.assert_allclose(plain[0][..., 0], expected, rtol=1e-5)


def test_a_choice_between_one_element_of_a_repeated_value_and_another():
    x = K.placeholder((3,))
    repeated = K.repeat_elements(K.reshape(K.sum(x), (1,)), 4, 0)
    f = K.function([x], [K.switch(K.greater(x[0], 0), repeated[2], K.sum(x) * 3)])
    assert [float(f([np.full(3, v)])[0]) for v in (1, -1)] == [3, -9]
