"""Rewrites of slices by what they are slices of, and of the sums of slices' gradients."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import Any

from ..ops.filling import FILL
from ..ops.joining import CONCATENATE
from ..ops.slicing import SLICE, WHOLE
from .table import rewrite

#: parts that one gradient of slices puts together at most: comparing each with each takes time
MAX_PARTS = 16


@rewrite("slice")
def slice_of_all(value: Any) -> Any:
    """All of it."""
    return value.inputs[0] if all(part == WHOLE for part in value.attrs) else None


@rewrite("slice")
def slice_of_joined(value: Any) -> Any:
    """The same from the one input of a concatenation that it lies in: a loop's last output needs none of the others."""
    joined = value.inputs[0]
    if joined.op.name != "concatenate":
        return None
    axis = joined.attrs
    part = value.attrs[axis]
    if isinstance(part, tuple) and part[2] not in (None, 1):
        return None
    first, last = _bounds(part, joined.shape[axis])
    stops = list(accumulate(x.shape[axis] for x in joined.inputs))
    i = bisect_right(stops, first)
    if first == last or last > stops[i]:
        return None
    x = joined.inputs[i]
    start = stops[i] - x.shape[axis]
    moved = (first - start, last - start, None) if isinstance(part, tuple) else first - start
    return value.planner.value(SLICE, (x,), (*value.attrs[:axis], moved, *value.attrs[axis + 1 :]))


@rewrite("slice")
def slice_of_new_axis(value: Any) -> Any:
    """The one place of an axis of length 1."""
    x = value.inputs[0]
    if x.op.name != "expand_dims" or value.attrs != (*[WHOLE] * x.attrs, 0, *[WHOLE] * (len(x.shape) - x.attrs - 1)):
        return None
    return x.inputs[0]


@rewrite("slice")
def slice_of_slices_gradient(value: Any) -> Any:
    """A loop that hands out one of its turns gets a gradient for that one, and zeros for the others."""
    gradient = value.inputs[0]
    if gradient.op.name != "slice_gradient":
        return None
    axis, place = _axis_of(value.attrs), None
    if axis is None or isinstance(value.attrs[axis], tuple):
        return None
    length = gradient.shape[axis]
    for index, g in zip(gradient.attrs, gradient.inputs[1:]):
        if _axis_of(index) != axis or isinstance(index[axis], tuple):
            return None
        if index[axis] % length == value.attrs[axis] % length:
            place = g
    return place or value.planner.value(FILL, (gradient.inputs[1],), (0, value.dtype.name))


@rewrite("slice")
def slice_of_permuted(value: Any) -> Any:
    """One place of an axis: of the permutation's input, which may know better."""
    x = value.inputs[0]
    if not x.op.permutes:
        return None
    parts = dict(zip(x.attrs, value.attrs))
    if all(isinstance(part, tuple) for part in value.attrs):
        return None
    kept = [axis for axis, part in zip(x.attrs, value.attrs) if isinstance(part, tuple)]
    inner = value.planner.value(SLICE, x.inputs, tuple(parts[axis] for axis in range(len(x.attrs))))
    return value.planner.value(x.op, (inner,), tuple(sorted(kept).index(axis) for axis in kept))


@rewrite("slice")
def slice_of_a_loops_last_turn(value: Any) -> Any:
    """The result of a loop's last turn needs none of the others."""
    x = value.inputs[0]
    if x.op.result != "stored":
        return None
    scan, (turn, *rest) = x.inputs[0].scan, value.attrs
    if not isinstance(turn, int) or turn % scan.length != (0 if scan.backwards else scan.length - 1):
        return None
    last = scan.last(x.attrs)
    return last if last is None else value.planner.value(SLICE, (last,), tuple(rest))


@rewrite("slice", needed=True)
def slice_of_uneven_turns(value: Any) -> Any:
    """One of a loop's turns that differ in shape."""
    x = value.inputs[0]
    turn, *rest = value.attrs
    if x.op.name != "loop_uneven" or not isinstance(turn, int):
        return None
    return value.planner.value(SLICE, (x.inputs[turn],), tuple(rest))


@rewrite("add")
def sum_of_slices_gradients(value: Any) -> Any:
    """The gradients of one tensor's slices are put together, or, where they cover all of it, joined."""
    x, y = value.inputs
    if x.op.name != "slice_gradient" or y.op.name != "slice_gradient" or x.shape != y.shape:
        return None
    axis = _axis_of(x.attrs[0])
    if axis is None:
        return None
    ranges = [index[axis] for index in (*x.attrs, *y.attrs) if _axis_of(index) == axis]
    if len(ranges) < len(x.attrs) + len(y.attrs) or len(ranges) > MAX_PARTS:
        return None
    if not all(isinstance(r, tuple) and r[2] in (None, 1) for r in ranges):
        return None
    parts = sorted((*_bounds(r, x.shape[axis]), i) for i, r in enumerate(ranges))
    if any(after[0] < before[1] for before, after in zip(parts, parts[1:])):
        return None
    given = (*x.inputs[1:], *y.inputs[1:])
    values = [given[i] for _, _, i in parts]
    if sum(stop - start for start, stop, _ in parts) == x.shape[axis]:
        return value.planner.value(CONCATENATE, tuple(values), axis)
    rest: list[Any] = [WHOLE] * len(x.shape)
    indices = tuple((*rest[:axis], (start, stop, None), *rest[axis + 1 :]) for start, stop, _ in parts)
    return value.planner.value(x.op, (x.inputs[0], *values), indices)


def _axis_of(index: tuple) -> int | None:
    """The only axis that an index cuts; None if there is none or are several."""
    cut = [axis for axis, part in enumerate(index) if part != WHOLE]
    return cut[0] if len(cut) == 1 else None


def _bounds(part: Any, length: int) -> tuple[int, int]:
    """First and end of an int or a (start, stop, 1) on an axis of ``length``."""
    if isinstance(part, tuple):
        start, stop, _ = slice(*part).indices(length)
        return start, max(start, stop)
    return part % length, part % length + 1
