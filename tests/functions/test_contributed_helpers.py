"""The helpers that contributed layers import: the layout of the framework's own functions, as Keras 1.2.2 gave it for each."""

import numpy as np
import pytest

from kbridge import backend as K

#: whether the backend's own functions have images with channels first
FIRST = K._preprocess_border_mode("same") == "half"
IMAGES = np.arange(120.0).reshape(2, 3, 4, 5)
VOLUMES = np.arange(720.0).reshape(2, 3, 4, 5, 6)


def moved(name, value, ordering, *arguments):
    return K.eval(getattr(K, name)(K.variable(value), *arguments, ordering))


@pytest.mark.parametrize(
    ("kind", "value", "input_axes", "kernel_axes"),
    [
        ("conv2d", IMAGES, {"tf": (0, 3, 1, 2), "th": (0, 2, 3, 1)}, {"tf": (3, 2, 0, 1), "th": (2, 3, 1, 0)}),
        ("conv3d", VOLUMES, {"tf": (0, 4, 1, 2, 3), "th": (0, 2, 3, 4, 1)}, {"tf": (4, 3, 0, 1, 2), "th": (2, 3, 4, 1, 0)}),
    ],
)
def test_inputs_and_kernels_get_the_layout_of_the_framework(kind, value, input_axes, kernel_axes):
    other, own = ("tf", "th") if FIRST else ("th", "tf")
    for what, axes in (("input", input_axes), ("kernel", kernel_axes)):
        name = f"_preprocess_{kind}_{what}"
        np.testing.assert_array_equal(moved(name, value, own), value)
        np.testing.assert_array_equal(moved(name, value, other), value.transpose(axes[other]))


def test_outputs_come_back():
    post = K._postprocess_conv2d_output
    x = K.variable(IMAGES)
    if not FIRST:
        np.testing.assert_array_equal(K.eval(post(x, "tf")), IMAGES)
        np.testing.assert_array_equal(K.eval(post(x, "th")), IMAGES.transpose(0, 3, 1, 2))
        return
    conv = np.arange(252.0).reshape(2, 3, 6, 7)
    source = K.variable(np.zeros((2, 3, 5, 6)))
    for mode, kernel, strides, rows, columns in [
        ("same", (4, 3, 2, 2), (1, 1), 5, 6),
        ("same", (4, 3, 2, 2), (2, 2), 3, 3),
        ("same", (4, 3, 2, 3), (1, 1), 5, 7),
        ("same", (4, 3, 3, 3), (1, 1), 6, 7),
        ("valid", (4, 3, 2, 2), (1, 1), 6, 7),
    ]:
        found = post(K.variable(conv), source, mode, kernel, strides, "th")
        np.testing.assert_array_equal(K.eval(found), conv[:, :, :rows, :columns])
        found = post(K.variable(conv), source, mode, kernel, strides, "tf")
        np.testing.assert_array_equal(K.eval(found), conv[:, :, :rows, :columns].transpose(0, 2, 3, 1))


def test_shapes_and_border_modes():
    if FIRST:
        assert K._preprocess_conv2d_image_shape("tf", (None, 3, 4, 5)) == (None, 5, 3, 4)
        assert K._preprocess_conv2d_filter_shape("tf", (2, 3, 4, 5)) == (5, 4, 2, 3)
        assert K._preprocess_conv3d_volume_shape("th", (2, 3, 4, 5, 6)) == (2, 3, 4, 5, 6)
        assert K._preprocess_conv2d_image_shape("th", None) is None
    else:
        assert K._preprocess_border_mode("valid") == "VALID"
        assert K._preprocess_deconv_output_shape(K.variable(IMAGES), (2, 7, 8, 9), "th") == (2, 8, 9, 7)
    with pytest.raises(ValueError, match="foo"):
        K._preprocess_border_mode("foo")


def test_axes_and_tensors():
    assert (K._normalize_axis(-1, 3), K._normalize_axis([0, -1], 3), K._normalize_axis(None, 3)) == (2, [0, 2], None)
    assert K.dtype(K._to_tensor(3, "float64")) == "float64"


def test_they_can_be_imported_from_keras_1s_modules():
    from kbridge.backend.tensorflow_backend import _preprocess_conv2d_input
    from kbridge.backend.theano_backend import _postprocess_conv2d_output

    assert callable(_preprocess_conv2d_input) and callable(_postprocess_conv2d_output)
