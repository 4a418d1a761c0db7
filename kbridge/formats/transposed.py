"""Formats of transposed convolutions."""

from __future__ import annotations

import numpy as np

from ..layers import Conv1DTranspose, Conv2DTranspose, Conv3DTranspose
from . import Formats
from .common import as_it_is, same

FAMILY = "Convolutions"
NAMES = (
    "filters", "kernel_size", "strides", "padding", "output_padding", "data_format", "dilation_rate", "activation", "use_bias",
    "kernel_regularizer", "bias_regularizer", "activity_regularizer", "kernel_constraint", "bias_constraint",
)  # fmt: skip


def read(cls):
    """A reader; numbers in lists become one number where there is one axis."""
    plain = same(cls, groups=1)

    def options_of(options):
        config = plain(options)
        for key in ("kernel_size", "strides", "dilation_rate", "output_padding"):
            if isinstance(config.get(key), list) and cls.spatial == 1:
                config[key] = config[key][0]
        return config

    return options_of


def _keras3(context, layer, shapes):
    from ..convert.problems import refusal

    if max(layer.strides) > 1 and max(layer.dilation_rate) > 1:
        raise refusal(layer, "keras3-atrous-strides", "dilation_rate together with strides")
    return as_it_is(*NAMES)(context, layer, shapes)


def _onnx(c, layer, call):
    """All that the windows reach, of which what is too much is cut off: as much before and after whatever the input's length."""
    from ..convert.weights import value

    g, spatial = c.graph, layer.spatial
    last = layer.data_format == "channels_last"
    x = g.transpose(call.x, 0, spatial + 1, *range(1, spatial + 1)) if last else call.x
    kernel = np.transpose(value(layer.kernel), (spatial + 1, spatial, *range(spatial)))
    x = g.op(
        "ConvTranspose", x, kernel, strides=list(layer.strides), dilations=list(layer.dilation_rate), kernel_shape=list(layer.kernel_size)
    )
    missing = [0] * (spatial + 2)
    # for one length as for any other
    places = zip(layer.result_lengths([4] * spatial), layer.kernel_size, layer.strides, layer.dilation_rate)
    for axis, (wanted, k, s, d) in enumerate(places, 2):
        span = (k - 1) * d + 1
        over = 3 * s + span - wanted
        before = max((-(-wanted // s) - 1) * s + span - wanted, 0) // 2 if layer.padding == "same" else 0
        after = over - before
        x = g.slice(x, axis, before, -after if after > 0 else 2**62)
        missing[axis] = max(-after, 0)
    if any(missing):
        # places that no window reaches; the bias counts there too
        x = g.op("Pad", x, g.integers(*[0] * (spatial + 2), *missing))
    if layer.bias is not None:
        x = g.op("Add", x, value(layer.bias).reshape(-1, *(1,) * spatial))
    return c.activate(layer, g.transpose(x, 0, *range(2, spatial + 2), 1) if last else x)


WEIGHTS = (("kernel", "kernel"), ("bias", "bias"))
#: a plain Conv2DTranspose is read as Keras 1's Deconvolution2D, see ``saving/keras2/layers/convolutional.py``
LAYERS = [
    Formats(Conv1DTranspose, FAMILY, "tf.keras 2.3", {"Conv1DTranspose": read(Conv1DTranspose)}, WEIGHTS, _keras3, _onnx),
    Formats(Conv2DTranspose, FAMILY, "Keras 2.0", {}, WEIGHTS, _keras3, _onnx),
    Formats(Conv3DTranspose, FAMILY, "Keras 2.0.7", {"Conv3DTranspose": read(Conv3DTranspose)}, WEIGHTS, _keras3, _onnx),
]
