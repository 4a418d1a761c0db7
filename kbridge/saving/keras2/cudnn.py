"""Weights of CuDNNLSTM and CuDNNGRU in the layout of LSTM and GRU.

cuDNN reads each gate's matrix as (units, inputs), row by row, out of storage that Keras 2 declares as (inputs, units). It adds a bias to the
product of the inputs and another to that of the states: both stand in one vector, which tells these layers in a file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

#: gates of the layer -> its name
_GATES = {4: "LSTM", 3: "GRU"}


class Rearranged:
    """A stored array whose value is put into another layout when it is read."""

    def __init__(self, array: Any, shape: tuple[int, ...], arrange: Any):
        self.name, self.where, self.shape = array.name, array.where, shape
        self._array, self._arrange = array, arrange

    def read(self) -> np.ndarray:
        return self._arrange(self._array.read())


def plain_layout(arrays: Sequence[Any]) -> list[Any]:
    """``arrays`` with those of cuDNN's layers rearranged; all others as they are."""
    found = list(arrays)
    for i in range(len(found) - 2):
        kernel, recurrent, bias = found[i : i + 3]
        if [_last(a.name) for a in (kernel, recurrent, bias)] != ["kernel", "recurrent_kernel", "bias"]:
            continue
        if len(kernel.shape) != 2 or len(recurrent.shape) != 2 or len(bias.shape) != 1 or not recurrent.shape[0]:
            continue
        gates, rest = divmod(recurrent.shape[1], recurrent.shape[0])
        if rest or gates not in _GATES or kernel.shape[1] != recurrent.shape[1] or bias.shape != (2 * recurrent.shape[1],):
            continue
        found[i] = Rearranged(kernel, kernel.shape, _by_gates(gates))
        found[i + 1] = Rearranged(recurrent, recurrent.shape, _by_gates(gates))
        if gates == 4:
            found[i + 2] = Rearranged(bias, recurrent.shape[1:], lambda value: value.reshape(2, -1).sum(axis=0))
        else:
            found[i + 2] = Rearranged(bias, (2, recurrent.shape[1]), lambda value: value.reshape(2, -1))
    return found


def _last(name: str) -> str:
    return re.sub(r"(_\d+)?(:\d+)?$", "", name.rpartition("/")[2])


def _by_gates(gates: int):
    def arrange(value: np.ndarray) -> np.ndarray:
        parts = np.split(value, gates, axis=1)
        return np.concatenate([part.reshape(part.shape[::-1]).T for part in parts], axis=1)

    return arrange
