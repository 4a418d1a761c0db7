"""The models that all servers answer for: trained nowhere, with the same weights everywhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np

NAMES = ("digits_mlp", "digits_cnn")


def make(name: str, folder: Path) -> tuple[Path, np.ndarray, np.ndarray]:
    """The model's file, samples, and what kbridge predicts for them one by one."""
    from kbridge.layers import Convolution2D, Dense, Flatten, MaxPooling2D
    from kbridge.models import Sequential

    np.random.seed(0)
    if name == "digits_mlp":
        model = Sequential([Dense(64, input_dim=64, activation="relu"), Dense(64, activation="relu"), Dense(10, activation="softmax")])
        shape: tuple[int, ...] = (64,)
    else:
        model = Sequential([
            Convolution2D(32, 3, 3, border_mode="same", activation="relu", dim_ordering="tf", input_shape=(28, 28, 1)),
            MaxPooling2D(dim_ordering="tf"),
            Convolution2D(64, 3, 3, border_mode="same", activation="relu", dim_ordering="tf"),
            MaxPooling2D(dim_ordering="tf"),
            Flatten(),
            Dense(10, activation="softmax"),
        ])  # fmt: skip
        shape = (28, 28, 1)
    path = folder / f"{name}.h5"
    model.save(path)
    samples = np.round(np.random.rand(64, *shape), 4)
    return path, samples, model.predict(samples, batch_size=1)
