"""Layers round other layers: ``TimeDistributed`` and ``Bidirectional``."""

from __future__ import annotations

from ... import backend as K
from ...engine.topology import InputSpec, Layer
from .bidirectional import Bidirectional
from .time_distributed import TimeDistributed
from .wrapper import Wrapper

__all__ = ["Bidirectional", "InputSpec", "K", "Layer", "TimeDistributed", "Wrapper"]
