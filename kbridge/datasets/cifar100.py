"""CIFAR-100: 50000 colour images of 100 classes in 20 groups to train on and 10000 to test on, 32 by 32 pixels."""

from __future__ import annotations

import os

from .. import backend as K  # noqa: F401 (a name of Keras 1's module)
from ..utils.data_utils import get_file  # noqa: F401 (a name of Keras 1's module)
from .cifar import arranged, load_batch
from .files import unpacked


def load_data(label_mode="fine"):
    """Return ((X_train, y_train), (X_test, y_test)), uint8, in the shapes of CIFAR-10.

    Args:
        label_mode: 'fine' for the 100 classes, 'coarse' for the 20 groups.
    """
    if label_mode not in ("fine", "coarse"):
        raise ValueError(f"label_mode must be 'fine' or 'coarse', got {label_mode!r}.")
    folder = unpacked("cifar-100-python")
    train = load_batch(os.path.join(folder, "train"), label_key=f"{label_mode}_labels")
    test = load_batch(os.path.join(folder, "test"), label_key=f"{label_mode}_labels")
    return arranged(*train, *test)
