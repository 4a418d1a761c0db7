"""What programs of Keras 1 do to tensors as to arrays of those days: a list of slices as index, iteration, asking for a length."""

import numpy as np
import pytest

from kbridge import backend as K

VALUE = np.arange(24.0).reshape(2, 3, 4)


@pytest.mark.parametrize(
    "key",
    [[slice(None), 0], [slice(0, 2), slice(1, 3)], [Ellipsis, 1], [slice(None), None, 0], [slice(None), slice(None), -1], [None]],
    ids=repr,
)
def test_a_list_that_holds_a_slice_is_a_tuple(key):
    x = K.variable(VALUE)
    np.testing.assert_array_equal(K.eval(x[key]), VALUE[tuple(key)])
    gradient = np.zeros_like(VALUE)
    gradient[tuple(key)] = 2 * VALUE[tuple(key)]
    np.testing.assert_array_equal(K.eval(K.gradients(K.sum(x[key] * x[key]), [x])[0]), gradient)


@pytest.mark.parametrize(
    ("of", "parts"),
    [
        (lambda x: x, list(VALUE)),
        (lambda x: K.squeeze(x[:1], 0), list(VALUE[0])),
        (lambda x: K.permute_dimensions(x, (1, 0, 2)), list(VALUE.transpose(1, 0, 2))),
        (lambda x: K.reshape(x, (6, -1)), list(VALUE.reshape(6, 4))),
        (lambda x: K.concatenate([x, x], axis=0), [*VALUE, *VALUE]),
        (lambda x: x[0], list(VALUE[0])),
        (lambda x: (x * 2)[:, 1], list(2 * VALUE[:, 1])),
        (lambda x: K.sum(x, axis=0), list(VALUE.sum(0))),
    ],
)
def test_a_tensor_whose_first_axis_is_known_can_be_iterated_over(of, parts):
    found = list(of(K.variable(VALUE)))
    assert [K.int_shape(t) for t in found] == [p.shape for p in parts]
    for tensor, part in zip(found, parts, strict=True):
        np.testing.assert_array_equal(K.eval(tensor), part)


def test_known_axes_of_placeholders_can_be_unpacked():
    x = K.placeholder((None, 2, 4))
    first, second = K.permute_dimensions(x, (1, 0, 2))
    assert K.int_shape(second) == (None, 4)
    value = VALUE[:, :2]
    np.testing.assert_array_equal(K.function([x], [second - first])([value])[0], value[:, 1] - value[:, 0])


def test_an_unknown_first_axis_is_an_error():
    with pytest.raises(TypeError):
        list(K.placeholder((None, 3))[0:2])


def test_the_shape_of_a_tensor_can_be_unpacked():
    x = K.variable(VALUE)
    a, b, c = K.shape(x)
    assert K.eval(K.reshape(x, (c, a * b))).shape == (4, 6)
