"""MNIST: 60000 images of handwritten digits to train on and 10000 to test on, 28 by 28 pixels."""

from __future__ import annotations

import numpy as np

from ..utils.data_utils import get_file  # noqa: F401 (a name of Keras 1's module)
from . import pickles
from .files import find


def load_data(path="mnist.pkl.gz"):
    """Return ((X_train, y_train), (X_test, y_test)), uint8: images (samples, 28, 28) with values 0 to 255, labels (samples,).

    Args:
        path: a file of the cache, or any file, in the format of Keras 1 (a pickle) or of later ones (npz).
    """
    file = find(path, "mnist.pkl.gz")
    if str(file).endswith(".npz"):
        found = pickles.load_npz(file)
        try:
            return (found["x_train"], found["y_train"]), (found["x_test"], found["y_test"])
        except KeyError as error:
            raise ValueError(f"{file!r} has no array {error}; it has {sorted(found)}.") from None
    try:
        train, test = pickles.load(file)
        (x_train, y_train), (x_test, y_test) = train, test
    except (TypeError, ValueError) as error:
        if isinstance(error, pickles.UnsafePickleError) or repr(file) in str(error):
            raise
        raise ValueError(f"{file!r} should hold two pairs of images and labels.") from error
    return (np.asarray(x_train), np.asarray(y_train)), (np.asarray(x_test), np.asarray(y_test))
