"""Callbacks: objects that training calls at the start and end of batches, epochs and the whole run."""

import csv
import json
import os
import time
import warnings
from collections import OrderedDict, deque
from collections.abc import Iterable

import numpy as np

from .. import backend as K
from ..utils.progbar import Progbar
from .base import BaseLogger, Callback, CallbackList, History, LambdaCallback, ProgbarLogger
from .control import EarlyStopping, LearningRateScheduler, ReduceLROnPlateau, TerminateOnNaN
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
