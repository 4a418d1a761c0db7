"""Formats of spectrograms."""

from __future__ import annotations

import numpy as np

from ..layers import MelSpectrogram, STFTSpectrogram
from ..layers.stft_spectrogram import LEAST
from . import Formats
from .common import as_it_is, same

FAMILY = "Preprocessing"
#: the arguments of STFTSpectrogram
NAMES = ("mode", "frame_length", "frame_step", "fft_length", "window", "periodic", "scaling", "padding", "data_format", "expand_dims")
#: the arguments of MelSpectrogram
MEL_NAMES = (
    "fft_length", "sequence_stride", "sequence_length", "window", "sampling_rate", "num_mel_bins", "min_freq", "max_freq", "power_to_db", "top_db",
    "mag_exp", "min_power", "ref_power",
)  # fmt: skip


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


def _mel_keras3(context, layer, shapes):
    from ..convert.problems import refusal

    if isinstance(layer.window, list):
        raise refusal(layer, "keras3-window", "a window of numbers, with which Keras 3 can't read its own files")
    return as_it_is(*MEL_NAMES)(context, layer, shapes)


def _mel_onnx(c, layer, call):
    g, margin = c.graph, layer.margin
    x = g.op("Cast", call.x, to=1)
    # each sound is a sample of its own: (samples, 1, time)
    rows = g.op("Reshape", x, g.op("Concat", g.integers(-1, 1), g.op("Slice", g.op("Shape", x), g.integers(-1), g.integers(2**62)), axis=0))
    if margin:
        rows = g.op("Pad", rows, g.integers(0, 0, margin, 0, 0, margin), mode="reflect")
    waves = np.ascontiguousarray(layer.waves().T[:, None].astype("float32"))
    real, imag = (g.op("Conv", rows, part, strides=[layer.sequence_stride]) for part in np.split(waves, 2))
    power = g.op("Add", g.op("Mul", real, real), g.op("Mul", imag, imag))
    if layer.mag_exp != 2:
        power = g.op("Pow", power, g.number(layer.mag_exp / 2))
    y = g.op("MatMul", layer.bands().T.astype("float32"), power)
    if layer.power_to_db:
        logarithm = g.op("Log", g.op("Max", y, g.number(layer.min_power)))
        y = g.op("Sub", g.op("Mul", logarithm, g.number(10 / np.log(10))), g.number(layer.decibels_of_reference()))
        y = g.op("Max", y, g.op("Sub", g.op("ReduceMax", y, keepdims=0), g.number(layer.top_db)))
    if len(call.shape) == 2:
        return y
    before = g.op("Slice", g.op("Shape", x), g.integers(0), g.integers(-1))
    return g.op("Reshape", y, g.op("Concat", before, g.op("Slice", g.op("Shape", y), g.integers(1), g.integers(2**62)), axis=0))


LAYERS = [
    Formats(MelSpectrogram, FAMILY, "Keras 3", {"MelSpectrogram": same(MelSpectrogram)}, (), _mel_keras3, _mel_onnx),
    Formats(
        STFTSpectrogram, FAMILY, "Keras 3", {"STFTSpectrogram": same(STFTSpectrogram)},
        (("real_kernel", "real_kernel"), ("imag_kernel", "imag_kernel")), as_it_is(*NAMES), _onnx,
    ),
]  # fmt: skip
