"""Audio files as mel spectrograms for ``MusicTaggerCRNN``, and the names of its 50 tags.

librosa is imported when it is used.
"""

from __future__ import annotations

import numpy as np

from .. import backend as K
from ..extras import needed

TAGS = [
    "rock", "pop", "alternative", "indie", "electronic", "female vocalists", "dance", "00s", "alternative rock", "jazz",
    "beautiful", "metal", "chillout", "male vocalists", "classic rock", "soul", "indie rock", "Mellow", "electronica", "80s",
    "folk", "90s", "chill", "instrumental", "punk", "oldies", "blues", "hard rock", "ambient", "acoustic", "experimental",
    "female vocalist", "guitar", "Hip-Hop", "70s", "party", "country", "easy listening", "sexy", "catchy", "funk", "electro",
    "heavy metal", "Progressive rock", "60s", "rnb", "indie pop", "sad", "House", "happy",
]  # fmt: skip

RATE = 12000  # samples a second
SECONDS = 29.12
WINDOW, HOP, BANDS = 512, 256, 96


def preprocess_input(audio_path, dim_ordering="default") -> np.ndarray:
    """Return the middle 29.12 seconds of an audio file as a mel spectrogram in decibels; shorter ones are filled up with silence.

    It needs the extra ``audio``.

    Args:
        audio_path: the file.
        dim_ordering: 'tf' for an array (96, 1366, 1), 'th' for (1, 96, 1366), or 'default' for the setting of keras.json.
    """
    dim_ordering = K.image_dim_ordering() if dim_ordering == "default" else dim_ordering
    if dim_ordering not in ("th", "tf"):
        raise ValueError(f"Invalid dim_ordering: {dim_ordering!r}. Allowed: 'th', 'tf'.")
    librosa = needed("librosa", "audio", "Reading audio files")
    sound, _ = librosa.load(audio_path, sr=RATE)
    sound = _middle(sound, int(SECONDS * RATE))
    power = librosa.feature.melspectrogram(y=sound, sr=RATE, hop_length=HOP, n_fft=WINDOW, n_mels=BANDS)
    decibels = librosa.power_to_db(power**2, ref=1.0)
    return np.expand_dims(decibels, 2 if dim_ordering == "tf" else 0)


def decode_predictions(preds, top_n=5) -> list[list[tuple[str, float]]]:
    """Return the ``top_n`` most probable tags of each row of ``preds``, probabilities (samples, 50), as (tag, probability)."""
    preds = np.asarray(preds)
    if preds.ndim != 2 or preds.shape[1] != len(TAGS):
        raise ValueError(f"decode_predictions takes probabilities of shape (samples, {len(TAGS)}), got shape {preds.shape}.")
    return [[(TAGS[i], row[i]) for i in np.argsort(row)[::-1][:top_n]] for row in preds]


def _middle(sound: np.ndarray, length: int) -> np.ndarray:
    if len(sound) < length:
        return np.pad(sound, (0, length - len(sound)))
    start = (len(sound) - length) // 2
    return sound[start : start + length]
