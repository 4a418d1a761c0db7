"""Spectrograms of sound on the mel scale: the layer ``MelSpectrogram``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import backend as K
from ..budget import spend_constant
from .configured import Configured

__all__ = ["MelSpectrogram"]

#: window -> the factors of 1 and cos(a) in it, where a goes round once
_COSINES = {"hann": (0.5, -0.5), "hamming": (0.54, -0.46)}


class MelSpectrogram(Configured):
    """How loud sound is at what time in bands that the ear tells apart equally well: the short-time Fourier transform on the mel scale.

    The sound is reflected at both ends by half of ``fft_length``, and its windows are transformed. The magnitudes to the power ``mag_exp`` are
    summed in ``num_mel_bins`` overlapping triangles, whose corners have equal distances on the mel scale 1127 ln(1 + f / 700) (Davis and
    Mermelstein 1980, https://doi.org/10.1109/TASSP.1980.1163420; the scale is that of the HTK toolkit). The constant part of a window counts for
    none of them. The layer has no weights. Gradients go through it to the sound.

    Args:
        fft_length: the length of the transform.
        sequence_stride: the distance of windows.
        sequence_length: the number of values in a window, which lies in the middle of the transform; ``fft_length`` if left out. Without a
            window it changes nothing, as in Keras 3 with TensorFlow.
        window: 'hann', 'hamming', a list of ``sequence_length`` numbers, or None for none. As in Keras 3 with TensorFlow, a window of even length
            goes on after its last value with its first one, and one of odd length is symmetric.
        sampling_rate: how many values of the sound make a second.
        num_mel_bins: the number of bands.
        min_freq: where the lowest band starts, in Hz.
        max_freq: where the highest band ends, in Hz; half of the sampling rate if left out.
        power_to_db: whether results are decibels: 10 log10(power), at least 10 log10(``min_power``), less 10 log10(``ref_power``).
        top_db: decibels are at least those of the loudest place less this number. The loudest place is that of all samples of a batch.
        mag_exp: the exponent of the magnitudes: 2 gives the power.
        min_power: the least power that counts, for ``ref_power`` too.
        ref_power: the power of 0 decibels.

    Input shape:
        (samples, time) or (samples, ..., time), longer than half of ``fft_length``.

    Output shape:
        (samples, ..., num_mel_bins, windows).

    Raises:
        ValueError: lengths, a rate or a number of bins that aren't whole numbers above 0, a ``sequence_length`` above ``fft_length``, an unknown
            window, one of another length than ``sequence_length``, ``min_freq`` not below ``max_freq``, or a sound that is too short.
    """

    fft_length: int
    sequence_stride: int
    sequence_length: int
    window: Any
    sampling_rate: int
    num_mel_bins: int
    min_freq: float
    max_freq: float
    power_to_db: bool
    top_db: float
    mag_exp: float
    min_power: float
    ref_power: float

    def __init__(
        self, fft_length=2048, sequence_stride=512, sequence_length=None, window="hann", sampling_rate=16000, num_mel_bins=128, min_freq=20.0,
        max_freq=None, power_to_db=True, top_db=80.0, mag_exp=2.0, min_power=1e-10, ref_power=1.0, **kwargs,
    ):  # fmt: skip
        super().__init__(**kwargs)
        own = f"MelSpectrogram {self.name}"
        sequence_length = fft_length if sequence_length is None else sequence_length
        for name, value in (
            ("fft_length", fft_length), ("sequence_stride", sequence_stride), ("sequence_length", sequence_length), ("sampling_rate", sampling_rate),
            ("num_mel_bins", num_mel_bins),
        ):  # fmt: skip
            if type(value) is not int or value < 1:
                raise ValueError(f"{own}: {name} must be a whole number above 0, got {value!r:.80}.")
        if sequence_length > fft_length:
            raise ValueError(f"{own}: sequence_length must be at most fft_length, {fft_length}, got {sequence_length}.")
        if isinstance(window, (list, tuple, np.ndarray)):
            window = np.asarray(window, "float64").tolist()
            if np.shape(window) != (sequence_length,):
                raise ValueError(f"{own}: window must have sequence_length, {sequence_length}, numbers, got the shape {np.shape(window)}.")
        elif window is not None and window not in _COSINES:
            raise ValueError(f"{own}: window must be 'hann', 'hamming', None or a list of numbers, got {window!r:.80}.")
        max_freq = sampling_rate / 2 if max_freq is None else max_freq
        if not 0 <= min_freq < max_freq:
            raise ValueError(f"{own}: min_freq must be at least 0 and below max_freq, {max_freq}, got {min_freq!r:.80}.")
        if not mag_exp > 0:
            raise ValueError(f"{own}: mag_exp must be above 0, got {mag_exp!r:.80}.")
        self.take(
            fft_length=fft_length, sequence_stride=sequence_stride, sequence_length=sequence_length, window=window, sampling_rate=sampling_rate,
            num_mel_bins=num_mel_bins, min_freq=min_freq, max_freq=max_freq, power_to_db=bool(power_to_db), top_db=top_db, mag_exp=mag_exp,
            min_power=min_power, ref_power=ref_power,
        )  # fmt: skip

    @property
    def margin(self) -> int:
        """How many values the sound is reflected by at each end."""
        return self.fft_length // 2

    def bands(self) -> np.ndarray:
        """Return how much each frequency counts in each band, (frequencies, num_mel_bins)."""
        places = _mel(np.linspace(0, self.sampling_rate / 2, self.margin + 1))[:, None]
        corners = np.linspace(_mel(self.min_freq), _mel(self.max_freq), self.num_mel_bins + 2)
        low, top, high = corners[:-2], corners[1:-1], corners[2:]
        shares = np.maximum(0, np.minimum((places - low) / (top - low), (high - places) / (high - top)))
        shares[0] = 0
        return shares

    def waves(self) -> np.ndarray:
        """Return the windowed cosines of the frequencies, and then their sines, (fft_length, 2 * frequencies)."""
        spend_constant((self.fft_length, 2 * self.margin + 2))
        angles = 2 * np.pi * np.outer(np.arange(self.fft_length), np.arange(self.margin + 1)) / self.fft_length
        return self._window()[:, None] * np.concatenate([np.cos(angles), np.sin(angles)], axis=1)

    def _window(self) -> np.ndarray:
        """The window in the middle of zeros."""
        length = self.sequence_length
        if self.window is None:
            return np.ones(self.fft_length)
        if isinstance(self.window, list):
            window = np.asarray(self.window)
        else:
            constant, factor = _COSINES[self.window]
            window = constant + factor * np.cos(2 * np.pi * np.arange(length) / max(length - length % 2, 1))
        before = (self.fft_length - length) // 2
        return np.pad(window, (before, self.fft_length - length - before))

    def decibels_of_reference(self) -> float:
        """Return what is subtracted from decibels."""
        return 10 * math.log10(max(self.ref_power, self.min_power))

    def call(self, x, mask=None):
        """Return the spectrogram of each sound."""
        shape = K.int_shape(x)
        x = x if K.dtype(x).startswith("float") else K.cast(x, K.floatx())
        self._check(shape)
        time = K.shape(x)[-1] if shape[-1] is None else shape[-1]
        y = K.reshape(x, (-1, time, 1))
        if self.margin:
            y = K.concatenate([K.reverse(y[:, 1 : self.margin + 1], 1), y, K.reverse(y[:, -self.margin - 1 : -1], 1)], axis=1)
        y = K.conv1d(y, K.constant(self.waves()[:, None], K.floatx()), self.sequence_stride, "valid")
        power = K.square(y[:, :, : self.margin + 1]) + K.square(y[:, :, self.margin + 1 :])
        if self.mag_exp != 2:
            # without it, the gradient of silence would be infinite
            power = K.pow(K.maximum(power, float(np.finfo(K.floatx()).tiny)), self.mag_exp / 2)
        y = K.dot(power, K.constant(self.bands(), K.floatx()))
        if self.power_to_db:
            y = 10 / math.log(10) * K.log(K.maximum(y, self.min_power)) - self.decibels_of_reference()
            y = K.maximum(y, K.max(y) - self.top_db)
        y = K.permute_dimensions(y, (0, 2, 1))
        if len(shape) == 2:
            return y
        lengths = [K.shape(x)[axis] if shape[axis] is None else shape[axis] for axis in range(1, len(shape) - 1)]
        return K.reshape(y, (-1, *lengths, *[K.shape(y)[n] if K.int_shape(y)[n] is None else K.int_shape(y)[n] for n in (1, 2)]))

    def _check(self, shape: tuple) -> None:
        if len(shape) < 2:
            raise ValueError(f"MelSpectrogram {self.name} takes inputs of the shape (samples, ..., time), got {shape}.")
        if shape[-1] is not None and shape[-1] <= self.margin:
            raise ValueError(
                f"MelSpectrogram {self.name}: the input must be longer than half of fft_length, {self.margin}, by which it is reflected at its "
                f"ends; got the shape {tuple(shape)}."
            )

    def get_output_shape_for(self, input_shape):
        self._check(input_shape)
        time = input_shape[-1]
        windows = None if time is None else (time + 2 * self.margin - self.fft_length) // self.sequence_stride + 1
        return (*input_shape[:-1], self.num_mel_bins, windows)


def _mel(frequency):
    """A frequency, or an array of them, on the mel scale of HTK."""
    return 1127 * np.log(1 + frequency / 700)
