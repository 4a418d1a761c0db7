"""Formats of SpectralNormalization."""

from __future__ import annotations

from ..layers import SpectralNormalization
from . import Formats

FAMILY = "Wrappers"


def _read(options):
    return {"layer": options.translate(options.need("layer")), "power_iterations": options.take("power_iterations", 1)}


def _keras3(context, layer, shapes):
    from ..convert.keras3.parts import Weight
    from ..convert.problems import refusal
    from ..convert.weights import value

    parts = context.inside(layer.layer, shapes)
    found = []
    for part in parts:
        kernels = [weight for weight in part.weights if weight.name in ("kernel", "depthwise_kernel", "embeddings")]
        if len(kernels) == 1:
            wrapper = context.part(layer, "SpectralNormalization", layer=part, power_iterations=layer.power_iterations)
            wrapper.weights = [
                Weight(kernels[0].name, kernels[0].value, kernels[0].trainable, listed=True),
                Weight("vector_u", value(layer.vector_u), trainable=False),
            ]
            wrapper.inner["layer"] = part
            found.append(wrapper)
        else:
            found.append(part)
    if sum(part.class_name == "SpectralNormalization" for part in found) != 1:
        raise refusal(
            layer, "keras3-spectral-normalization", f"around a {type(layer.layer).__name__}, which becomes other layers in Keras 3"
        )
    return found


def _onnx(c, layer, call):
    return c.inside(layer.layer, call)


LAYERS = [
    Formats(SpectralNormalization, FAMILY, "tf.keras 2.13", {"SpectralNormalization": _read}, (("vector_u", "vector_u"),), _keras3, _onnx),
]
