"""Formats of noise that came with Keras 2."""

from __future__ import annotations

from ..layers import AlphaDropout
from . import Formats
from .common import same


def _keras3(context, layer, shapes):
    shape = None if layer.noise_shape is None else list(layer.noise_shape)
    return [context.part(layer, "AlphaDropout", rate=layer.rate, noise_shape=shape, seed=layer.seed)]


LAYERS = [
    Formats(
        AlphaDropout, "Noise", "Keras 2.0.3", {"AlphaDropout": same(AlphaDropout)}, (), _keras3, lambda c, layer, call: call.x, random=True
    )
]
