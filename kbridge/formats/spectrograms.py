"""Formats of spectrograms."""

from __future__ import annotations

import numpy as np

from ..layers import STFTSpectrogram
from ..layers.stft_spectrogram import LEAST
from . import Formats
from .common import as_it_is, same

FAMILY = "Preprocessing"
NAMES = ("mode", "frame_length", "frame_step", "fft_length", "window", "periodic", "scaling", "padding", "data_format", "expand_dims")


def _onnx(c, layer, call):
    from ..convert.weights import value

    g, first = c.graph, layer.time_axis == 2
    # each channel is a sample of its own: (samples * channels, 1, time)
    rows = g.reshape(call.x if first else g.transpose(call.x, 0, 2, 1), -1, 1, 0)

    def convolved(kernel):
        weight = np.ascontiguousarray(value(kernel).transpose(2, 1, 0))
        padding = "SAME_UPPER" if layer.padding == "same" else "VALID"
        return g.op("Conv", rows, weight, strides=[layer.step], auto_pad=padding)

    y = _mode(g, layer, *(None if kernel is None else convolved(kernel) for kernel in (layer.real_kernel, layer.imag_kernel)))
    channels = call.shape[3 - layer.time_axis]
    y = g.reshape(y, -1, channels * layer.results, 0)
    if first and not layer.expand_dims:
        return y
    y = g.transpose(y, 0, 2, 1)
    if not layer.expand_dims:
        return y
    y = g.reshape(y, 0, 0, channels, layer.results)
    return g.transpose(y, 0, 2, 1, 3) if first else g.transpose(y, 0, 1, 3, 2)


def _mode(g, layer, real, imag):
    from ..convert.problems import refusal

    if layer.mode in ("real", "imag"):
        return imag if real is None else real
    if layer.mode == "stft":
        return g.op("Concat", real, imag, axis=1)
    if layer.mode == "angle":
        raise refusal(layer, "onnx-angle", "mode 'angle': there is no operator for the angle of two numbers")
    power = g.op("Add", g.op("Mul", real, real), g.op("Mul", imag, imag))
    if layer.mode == "psd":
        return g.op("Mul", power, layer.shares().astype("float32")[:, None])
    magnitude = g.op("Sqrt", g.op("Max", power, g.number(LEAST)))
    return g.op("Log", magnitude) if layer.mode == "log" else magnitude


LAYERS = [
    Formats(
        STFTSpectrogram, FAMILY, "Keras 3", {"STFTSpectrogram": same(STFTSpectrogram)},
        (("real_kernel", "real_kernel"), ("imag_kernel", "imag_kernel")), as_it_is(*NAMES), _onnx,
    ),
]  # fmt: skip
