"""Spectrograms of sound: the layer ``STFTSpectrogram``."""

from __future__ import annotations

import numpy as np

from .. import backend as K
from .configured import Configured

__all__ = ["STFTSpectrogram"]

MODES = ("log", "magnitude", "psd", "real", "imag", "angle", "stft")
#: window -> the factors of 1, cos(a) and cos(2 a) in it, where a goes round once
_COSINES = {"hann": (0.5, -0.5, 0.0), "hamming": (0.54, -0.46, 0.0), "blackman": (0.42, -0.5, 0.08)}
#: squares of magnitudes are at least this
LEAST = 1e-7


class STFTSpectrogram(Configured):
    """The short-time Fourier transform of each channel: what frequencies there are at what time.

    It is a convolution with windowed cosines, ``real_kernel``, and one with sines, ``imag_kernel``, both of the shape
    (frame_length, 1, fft_length // 2 + 1). They are weights, which training changes unless the layer is made with ``trainable=False``.

    Args:
        mode: 'stft' (real and imaginary parts, one behind the other), 'real', 'imag', 'magnitude', 'log' (the logarithm of the magnitude), 'psd'
            (the squared magnitude, twice for all frequencies but the first and the last) or 'angle'.
        frame_length: the number of values in a window.
        frame_step: the distance of windows; half of ``frame_length`` if left out.
        fft_length: the length of the transform, at least ``frame_length``; the next power of two if left out.
        window: 'hann', 'hamming', 'blackman', 'bartlett', or None for none.
        periodic: whether a window goes on after its last value with its first one.
        scaling: 'density' divides by the root of the sum of the window's squares, 'spectrum' by the window's sum; None doesn't.
        padding: 'valid' or 'same'.
        expand_dims: whether frequencies and channels are two axes.
        data_format: 'channels_last' or 'channels_first', the former if left out.

    Input shape:
        (samples, time, channels); (samples, channels, time) with the channels first.

    Output shape:
        (samples, windows, channels * frequencies), with ``expand_dims`` (samples, windows, frequencies, channels); with the channels first
        (samples, channels * frequencies, windows) or (samples, channels, windows, frequencies).

    Raises:
        ValueError: an unknown mode, window, scaling, padding or ordering, lengths that aren't whole numbers above 0, or an ``fft_length`` below
            ``frame_length``.
    """

    mode: str
    frame_length: int
    frame_step: int | None
    fft_length: int | None
    window: str | None
    periodic: bool
    scaling: str | None
    padding: str
    expand_dims: bool
    data_format: str

    def __init__(
        self, mode="log", frame_length=256, frame_step=None, fft_length=None, window="hann", periodic=False, scaling="density", padding="valid",
        expand_dims=False, data_format=None, **kwargs,
    ):  # fmt: skip
        super().__init__(**kwargs)
        data_format = data_format or "channels_last"
        for name, value, allowed in (
            ("mode", mode, MODES), ("window", window, (*_COSINES, "bartlett", None)), ("scaling", scaling, ("density", "spectrum", None)),
            ("padding", padding, ("valid", "same")), ("data_format", data_format, ("channels_last", "channels_first")),
        ):  # fmt: skip
            if value not in allowed:
                raise ValueError(f"STFTSpectrogram {self.name}: {name} is one of {', '.join(map(repr, allowed))}, got {value!r:.80}.")
        for name, value in (("frame_length", frame_length), ("frame_step", frame_step), ("fft_length", fft_length)):
            if not (isinstance(value, int) and value > 0 or value is None and name != "frame_length"):
                raise ValueError(f"STFTSpectrogram {self.name}: {name} is a whole number above 0, got {value!r:.80}.")
        if fft_length is not None and fft_length < frame_length:
            raise ValueError(f"STFTSpectrogram {self.name}: fft_length is at least frame_length, {frame_length}, got {fft_length}.")
        self.take(
            mode=mode, frame_length=frame_length, frame_step=frame_step, fft_length=fft_length, window=window, periodic=bool(periodic),
            scaling=scaling, padding=padding, expand_dims=bool(expand_dims), data_format=data_format,
        )  # fmt: skip
        self.real_kernel = self.imag_kernel = None

    @property
    def step(self) -> int:
        """The distance of windows."""
        return self.frame_step or max(self.frame_length // 2, 1)

    @property
    def transformed(self) -> int:
        """The length of the transform."""
        return self.fft_length or 1 << (self.frame_length - 1).bit_length()

    @property
    def frequencies(self) -> int:
        """The number of frequencies."""
        return self.transformed // 2 + 1

    @property
    def results(self) -> int:
        """How many numbers there are for each window of a channel."""
        return self.frequencies * (2 if self.mode == "stft" else 1)

    @property
    def time_axis(self) -> int:
        """The axis of time of the input."""
        return 2 if self.data_format == "channels_first" else 1

    def build(self, input_shape):
        self.known(input_shape, 3 - self.time_axis, "number of channels")
        shape = (self.frame_length, 1, self.frequencies)
        self.real_kernel_initializer = lambda shape, name=None: K.variable(self._waves(np.cos), name=name)
        self.imag_kernel_initializer = lambda shape, name=None: K.variable(-self._waves(np.sin), name=name)
        if self.mode != "imag":
            self.real_kernel = self.weight("real_kernel", shape)
        if self.mode != "real":
            self.imag_kernel = self.weight("imag_kernel", shape)
        self.built = True

    def _waves(self, function) -> np.ndarray:
        """The windowed waves of all frequencies, (frame_length, 1, frequencies)."""
        places = np.arange(self.frame_length)
        turn = places / max(self.frame_length - (not self.periodic), 1)
        if self.window in _COSINES:
            window = np.sum([factor * np.cos(2 * np.pi * n * turn) for n, factor in enumerate(_COSINES[self.window])], axis=0)
        else:
            window = np.ones(self.frame_length) if self.window is None else 1 - np.abs(2 * turn - 1)
        if self.window is not None and self.scaling is not None:
            window = window / (window.sum() if self.scaling == "spectrum" else np.sqrt(np.sum(window**2)))
        # as in Keras 3, the last frequency turns by half a circle from value to value, for an odd length of the transform too
        angles = np.pi * np.outer(places, np.arange(self.frequencies)) / max(self.frequencies - 1, 1)
        return (window[:, None] * function(angles))[:, None]

    def call(self, x, mask=None):
        """Return the spectrogram of each channel."""
        shape = K.int_shape(x)
        channels, time = shape[3 - self.time_axis], shape[self.time_axis]
        # each channel is a sample of its own
        rows = x if self.time_axis == 2 else K.permute_dimensions(x, (0, 2, 1))
        rows = K.reshape(rows, (-1, K.shape(x)[self.time_axis] if time is None else time, 1))
        y = self._mode(*(None if w is None else K.conv1d(rows, w, self.step, self.padding) for w in (self.real_kernel, self.imag_kernel)))
        y = K.reshape(y, (-1, channels, K.shape(y)[1] if time is None else self._windows(time), self.results))
        if self.expand_dims:
            return y if self.time_axis == 2 else K.permute_dimensions(y, (0, 2, 3, 1))
        y = K.permute_dimensions(y, (0, 1, 3, 2) if self.time_axis == 2 else (0, 2, 1, 3))
        windows = K.shape(y)[3 if self.time_axis == 2 else 1] if time is None else self._windows(time)
        together = channels * self.results
        return K.reshape(y, (-1, together, windows) if self.time_axis == 2 else (-1, windows, together))

    def _mode(self, real, imag):
        if self.mode in ("real", "imag"):
            return imag if real is None else real
        if self.mode == "stft":
            return K.concatenate([real, imag], axis=-1)
        if self.mode == "angle":
            return K.arctan2(imag, real)
        power = K.square(real) + K.square(imag)
        if self.mode == "psd":
            return power * K.constant(self.shares(), dtype=K.floatx())
        magnitude = K.sqrt(K.maximum(power, LEAST))
        return K.log(magnitude) if self.mode == "log" else magnitude

    def shares(self) -> np.ndarray:
        """Return how often each frequency counts in 'psd': those between the first and the last stand for their negative ones too."""
        shares = np.ones(self.frequencies)
        shares[1:-1] = 2
        return shares

    def _windows(self, time: int | None) -> int | None:
        if time is None:
            return None
        return -(-time // self.step) if self.padding == "same" else max((time - self.frame_length) // self.step + 1, 0)

    def get_output_shape_for(self, input_shape):
        samples, channels = input_shape[0], input_shape[3 - self.time_axis]
        windows = self._windows(input_shape[self.time_axis])
        if self.expand_dims:
            return (samples, channels, windows, self.results) if self.time_axis == 2 else (samples, windows, self.results, channels)
        together = channels * self.results
        return (samples, together, windows) if self.time_axis == 2 else (samples, windows, together)
