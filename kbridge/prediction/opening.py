"""Open a model for prediction alone."""

from __future__ import annotations

import warnings
from typing import Any

from ..custom_file import objects_in
from ..errors import ModelFileError, UsageError
from ..models import load_model


def open_model(path: str, custom: str | None = None) -> tuple[Any, list[str]]:
    """The model of a file, and what is to be said about it.

    Args:
        path: a model file or folder of any Keras.
        custom: a Python file that defines the model's own layers and functions; it is run.

    Raises:
        UsageError: what ``load_model`` says of a file that it can't read.
    """
    objects = objects_in(custom)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default")
            model = load_model(path, custom_objects=objects, compile=False)
    except ModelFileError as error:
        own = "custom_objects" in str(error) and not custom
        more = "\nLayers and functions of your own come from a file: --custom FILE.py." if own else ""
        raise UsageError(f"{error}{more}") from error
    return model, [str(warning.message) for warning in caught]
