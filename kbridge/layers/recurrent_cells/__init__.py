"""Cells: one step of a recurrence, which ``RNN`` runs over a sequence."""

from __future__ import annotations

from .gru_cell import GRUCell
from .lstm_cell import LSTMCell
from .simple_rnn_cell import SimpleRNNCell
from .stacked_cells import StackedRNNCells

__all__ = ["GRUCell", "LSTMCell", "SimpleRNNCell", "StackedRNNCells"]
