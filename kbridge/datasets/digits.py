"""Handwritten digits, 8x8 pixels, that come with the package (source and licence: ``digits.LICENSE``)."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def load_data():
    """((X_train, y_train), (X_test, y_test)): images (n, 8, 8) with values 0 to 16 and labels (n,), uint8.

    Every fifth image is held out for testing: 1437 to train on, 360 to test on, always the same.
    """
    with np.load(Path(__file__).with_name("digits.npz"), allow_pickle=False) as data:
        images, labels = data["images"], data["labels"]
    held_out = np.arange(len(images)) % 5 == 4
    # 1797 images: the last incomplete five goes to training, but for one image that makes a full fifth
    held_out[-1] = True
    return (images[~held_out], labels[~held_out]), (images[held_out], labels[held_out])
