"""Training under its Keras 1 import path."""

from .. import backend as K
from .. import callbacks as cbks
from .. import metrics as metrics_module
from .. import objectives, optimizers
from ..training.batches import batch_shuffle, make_batches
from ..training.compiling import collect_metrics
from ..training.data import (
    check_array_lengths,
    check_loss_and_target_compatibility,
    slice_X,
    standardize_input_data,
)
from ..training.enqueuer import GeneratorEnqueuer
from ..training.functions import collect_trainable_weights
from ..training.model import Model
from ..training.weighting import (
    standardize_class_weights,
    standardize_sample_or_class_weights,
    standardize_sample_weights,
    standardize_weights,
    weighted_objective,
)
from ..utils.progbar import Progbar
from .topology import Container

__all__ = [
    "Container",
    "GeneratorEnqueuer",
    "K",
    "Model",
    "Progbar",
    "batch_shuffle",
    "cbks",
    "check_array_lengths",
    "check_loss_and_target_compatibility",
    "collect_metrics",
    "collect_trainable_weights",
    "make_batches",
    "metrics_module",
    "objectives",
    "optimizers",
    "slice_X",
    "standardize_class_weights",
    "standardize_input_data",
    "standardize_sample_or_class_weights",
    "standardize_sample_weights",
    "standardize_weights",
    "weighted_objective",
]
