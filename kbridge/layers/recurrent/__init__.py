"""Recurrent layers: SimpleRNN, GRU and LSTM, and their base for cells of one's own."""

from __future__ import annotations

import numpy as np

from ... import activations, initializations, regularizers
from ... import backend as K
from ...engine.topology import InputSpec, Layer
from .base import Recurrent, time_distributed_dense
from .gru import GRU
from .lstm import LSTM
from .simple_rnn import SimpleRNN

__all__ = [
    "GRU",
    "LSTM",
    "InputSpec",
    "K",
    "Layer",
    "Recurrent",
    "SimpleRNN",
    "activations",
    "initializations",
    "np",
    "regularizers",
    "time_distributed_dense",
]
