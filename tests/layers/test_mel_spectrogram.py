"""MelSpectrogram against sums worked out in NumPy; what Keras 3 gives is in ``layer_options``."""

import numpy as np
import pytest
from layers.helper import check_layer

from kbridge import backend as K
from kbridge.layers import Input, MelSpectrogram
from kbridge.models import Model

OPTIONS = {"fft_length": 8, "sequence_stride": 3, "num_mel_bins": 3, "sampling_rate": 800, "min_freq": 30.0}


def transformed(x):
    """The powers of an input by the discrete Fourier transform, and the shares of the bands: triangles on the mel scale."""
    x = np.pad(x, ((0, 0), (4, 4)), mode="reflect")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(8) / 8)
    frames = np.stack([x[:, i : i + 8] * window for i in range(0, x.shape[1] - 7, 3)], axis=1)
    mel = 1127 * np.log(1 + np.linspace(0, 400, 5) / 700)
    corners = np.linspace(*1127 * np.log(1 + np.array([30, 400]) / 700), 5)
    shares = np.stack([np.interp(mel, corners[i : i + 3], [0, 1, 0]) for i in range(3)], axis=1)
    return (np.abs(np.fft.rfft(frames)) ** 2 @ shares).transpose(0, 2, 1)


def test_powers_in_bands():
    check_layer(MelSpectrogram, {**OPTIONS, "power_to_db": False}, (20,), reference=transformed, rtol=1e-4, atol=1e-5, trains=False)


def test_decibels():
    def reference(x):
        decibels = 10 * np.log10(np.maximum(transformed(x), 1e-3)) - 10 * np.log10(2)
        return np.maximum(decibels, decibels.max() - 6)

    check_layer(MelSpectrogram, {**OPTIONS, "min_power": 1e-3, "ref_power": 2.0, "top_db": 6.0}, (20,), reference=reference, rtol=1e-3, atol=1e-3, trains=False)  # fmt: skip


def test_a_sound_of_any_length_and_channels():
    x = Input((None, None))
    y = MelSpectrogram(**OPTIONS)(x)
    sounds = np.random.RandomState(0).normal(size=(2, 3, 17)).astype("float32")
    apart = MelSpectrogram(**OPTIONS, top_db=1e3)
    assert K.int_shape(y) == (None, None, 3, None)
    model = Model(x, apart(x))
    found = model.predict(sounds)
    assert found.shape == (2, 3, 3, 6)
    np.testing.assert_allclose(found[1, 2:], 10 * np.log10(transformed(sounds[1, 2:])), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("exponent", [1.0, 2.0, 3.0])
def test_gradients_are_those_of_small_steps_and_finite_in_silence(exponent):
    x = K.placeholder((2, 12))
    y = MelSpectrogram(**{**OPTIONS, "mag_exp": exponent, "power_to_db": False})(x)
    gradient = K.function([x], K.gradients(K.sum(y * y), [x]) + [K.sum(y * y, axis=[1, 2])])
    sound = np.zeros((2, 12), "float32")
    sound[0] = np.random.RandomState(1).normal(size=12)
    slopes, at = gradient([sound])
    assert np.all(slopes[1] == 0)
    step = np.random.RandomState(2).normal(size=12).astype("float32") * 1e-3
    low, high = (gradient([sound + sign * np.stack([step, 0 * step])])[1][0] for sign in (-1, 1))
    np.testing.assert_allclose(high - low, 2 * slopes[0] @ step, rtol=2e-2, atol=1e-3 * abs(at[0]))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"fft_length": 0}, "fft_length"),
        ({"sequence_length": 9}, "at most fft_length, 8"),
        ({"window": "blackman"}, "window must be"),
        ({"window": [1.0, 2.0]}, "numbers, got the shape"),
        ({"min_freq": 500.0}, "below max_freq"),
        ({"mag_exp": 0}, "mag_exp"),
    ],
)
def test_what_cant_be_is_an_error(options, words):
    with pytest.raises(ValueError, match=words):
        MelSpectrogram(**{**OPTIONS, **options})


def test_too_short_a_sound_is_an_error():
    with pytest.raises(ValueError, match="longer than half of fft_length, 4"):
        MelSpectrogram(**OPTIONS)(Input((4,)))
