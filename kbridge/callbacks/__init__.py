"""Callbacks: objects that training calls at the start and end of batches, epochs and the whole run."""

import importlib
import json
import os
import time
import warnings
from collections import OrderedDict, deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from .. import backend as K
from ..utils.progbar import Progbar
from .base import BaseLogger, Callback, CallbackList, History, LambdaCallback, ProgbarLogger
from .control import EarlyStopping, LearningRateScheduler, ReduceLROnPlateau, TerminateOnNaN

if TYPE_CHECKING:
    import csv

    from .output import CSVLogger, ModelCheckpoint, RemoteMonitor
    from .tensorboard import TensorBoard

# a star import brings the modules that Keras 1 imported, too: programs rely on it
__all__ = [
    "BaseLogger",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "Iterable",
    "K",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "OrderedDict",
    "Progbar",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "RemoteMonitor",
    "TensorBoard",
    "TerminateOnNaN",
    "csv",
    "deque",
    "json",
    "np",
    "os",
    "time",
    "warnings",
]

#: what is imported when it is asked for, by the modules that have it: training imports this package, and needs none of it
_LATER = {
    "CSVLogger": ".output", "ModelCheckpoint": ".output", "RemoteMonitor": ".output", "TensorBoard": ".tensorboard", "output": ".output",
    "tensorboard": ".tensorboard", "event_file": ".event_file", "csv": "csv",
}  # fmt: skip


def __getattr__(name: str):
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(_LATER[name], __name__)
    return getattr(module, name, module)


def __dir__():
    return sorted({*globals(), *_LATER})
