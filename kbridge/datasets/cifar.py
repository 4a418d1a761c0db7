"""The batch files of CIFAR-10 and CIFAR-100: pickled dicts of images (uint8, 32 by 32 pixels, 3 channels) and labels."""

from __future__ import annotations

import numpy as np

from .. import backend as K
from . import pickles


def load_batch(fpath, label_key="labels"):
    """(images (samples, 3, 32, 32), labels as a list) of one batch file."""
    batch = pickles.load(fpath)
    if not isinstance(batch, dict) or "data" not in batch or label_key not in batch:
        has = sorted(map(str, batch)) if isinstance(batch, dict) else type(batch).__name__
        raise ValueError(f"{fpath!r} isn't a CIFAR batch with 'data' and {label_key!r}; it has {has}.")
    return np.asarray(batch["data"]).reshape(-1, 3, 32, 32), batch[label_key]


def arranged(x_train, y_train, x_test, y_test):
    """Labels as columns, images in the running dim ordering."""
    y_train, y_test = (np.asarray(y, dtype="uint8").reshape(-1, 1) for y in (y_train, y_test))
    if K.image_dim_ordering() == "tf":
        x_train, x_test = x_train.transpose(0, 2, 3, 1), x_test.transpose(0, 2, 3, 1)
    return (x_train, y_train), (x_test, y_test)
