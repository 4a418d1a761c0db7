"""How values will lie in storage, as far as a schedule needs it: row by row, and at a place that stays."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from .values import Value


class Layouts:
    """Answers for the values of one plan."""

    def __init__(self, fed: Iterable[Value]):
        self._fed = set(fed)
        #: views that are copied into storage of their own
        self.copied: set[Value] = set()
        #: what a loop's turn is given of a sequence -> that sequence
        self.elements: dict[Value, Value] = {}

    def plain(self, value: Value) -> bool:
        """Whether ``value`` lies row by row, where no feed puts another array."""
        if not self._is_view(value) and value not in self.elements:
            return value not in self._fed and (value.const is None or value.const.flags.c_contiguous)
        array, fed = self._sample(value)
        return array.flags.c_contiguous and not fed

    def fed(self, value: Value) -> bool:
        """Whether ``value`` lies in an array that a feed replaces."""
        while self._is_view(value):
            value = value.operands()[0]
        return value in self._fed

    def _is_view(self, value: Value) -> bool:
        return value.op.view and value.const is None and value not in self.copied

    def _sample(self, value: Value) -> tuple[np.ndarray, bool]:
        """An array laid out as ``value`` will be, and whether a feed replaces it."""
        views: list[Value | None] = []
        while value in self.elements or self._is_view(value):
            # None: one element of a sequence
            views.append(None if value in self.elements else value)
            value = self.elements[value] if value in self.elements else value.operands()[0]
        # memory that nobody touches costs nothing
        array = np.empty(value.shape, value.dtype) if value.const is None else value.const
        fed = value in self._fed
        for view in reversed(views):
            if view is None:
                array, fed = array[0, ...], False
                continue
            before, array = array, view.op.view_of(view.attrs, view.shape, array)
            if view.op.may_copy and not np.may_share_memory(before, array):
                fed = False
        return array, fed
