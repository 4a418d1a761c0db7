"""Conv1DTranspose, Conv2DTranspose and Conv3DTranspose: shapes, values, unknown lengths, what they refuse."""

import numpy as np
import pytest
from layers.helper import check_layer

from kbridge.conformance.convolution import deconvolution_of
from kbridge.layers import Conv1DTranspose, Conv2DTranspose, Conv3DTranspose, Deconvolution2D, Input
from kbridge.models import Model

CLASSES = {1: Conv1DTranspose, 2: Conv2DTranspose, 3: Conv3DTranspose}


@pytest.mark.parametrize("spatial", CLASSES)
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_holes_together_with_strides(spatial, data_format):
    """No Keras has both at once; the definition of ``K.deconv2d`` tells."""
    ordering = {"channels_last": "tf", "channels_first": "th"}[data_format]
    places, wanted = (3, 4, 2)[:spatial], (6, 8, 4)[:spatial]
    shape = (*places, 2) if ordering == "tf" else (2, *places)

    def reference(x, kernel, bias):
        x = x if ordering == "tf" else np.moveaxis(x, 1, -1)
        y = deconvolution_of(x, np.swapaxes(kernel, -1, -2), (None, *wanted, 3), (2,) * spatial, "same", "tf", (2,) * spatial) + bias
        return y if ordering == "tf" else np.moveaxis(y, -1, 1)

    options = {"filters": 3, "kernel_size": 2, "strides": 2, "dilation_rate": 2, "padding": "same", "data_format": data_format}
    check_layer(CLASSES[spatial], options, shape, reference=reference)


@pytest.mark.parametrize("spatial", CLASSES)
@pytest.mark.parametrize("options", [{}, {"padding": "same"}, {"padding": "same", "output_padding": 0}, {"kernel_size": 1}])
def test_unknown_lengths_are_found_from_each_input(spatial, options):
    options = {"filters": 2, "kernel_size": 3, "strides": 2, "data_format": "channels_last", **options}
    open_input, fixed = Input((*[None] * spatial, 2)), Input((*[3] * spatial, 2))
    layer = CLASSES[spatial](**options)
    y, expected = layer(open_input), layer(fixed)
    x = np.random.RandomState(0).normal(size=(2, *[3] * spatial, 2))
    assert y._keras_shape == (None, *[None] * spatial, 2)
    np.testing.assert_allclose(Model(open_input, y).predict(x), Model(fixed, expected).predict(x), rtol=1e-5, atol=1e-6)


def test_the_layer_of_keras_1_takes_unknown_lengths_too():
    open_input, fixed = Input((None, None, 2)), Input((3, 4, 2))
    options = {"subsample": (2, 3), "border_mode": "same", "dim_ordering": "tf"}
    layer = Deconvolution2D(2, 3, 3, (None, None, None, 2), **options)
    y = Model(open_input, layer(open_input))
    known = Model(fixed, Deconvolution2D(2, 3, 3, (None, None, None, 2), **options)(fixed))
    known.set_weights(y.get_weights())
    x = np.random.RandomState(0).normal(size=(2, 3, 4, 2))
    assert known.output_shape == (None, 6, 12, 2)
    np.testing.assert_allclose(y.predict(x), known.predict(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"output_padding": 2}, "output_padding must be below the strides"), ({"padding": "full"}, "padding must be .* got 'full'"),
        ({"filters": 0}, "filters"), ({"kernel_size": (2, 2, 2)}, "kernel_size"), ({"dilation_rate": 0}, "dilation_rate"),
    ],
)  # fmt: skip
def test_what_it_cannot_be_is_an_error_that_names_the_argument(options, told):
    with pytest.raises(ValueError, match=f"Conv2DTranspose.*{told}"):
        Conv2DTranspose(**{"filters": 2, "kernel_size": 3, "strides": 2, **options})
