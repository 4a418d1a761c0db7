"""Callbacks: objects that training calls at the start and end of batches, epochs and the whole run."""

from .. import backend as K
from ..utils.progbar import Progbar
from .base import BaseLogger, Callback, CallbackList, History, LambdaCallback, ProgbarLogger
from .control import EarlyStopping, LearningRateScheduler, ReduceLROnPlateau, TerminateOnNaN
from .output import CSVLogger, ModelCheckpoint, RemoteMonitor
from .tensorboard import TensorBoard

__all__ = [
    "BaseLogger",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "K",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "Progbar",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "RemoteMonitor",
    "TensorBoard",
    "TerminateOnNaN",
]
