"""Cuts: which values can be computed part by part, for some of the samples at a time.

A value is cut along an axis. What is computed (all but views) is cut along its first axis only, so that the parts of its storage are runs of memory (tiles of a
convolution along the second, in storage that nothing else uses). A rule
says, for a value cut so, along which axis each input must be cut (None: it is read whole). Other values are sums over the samples: each part
gives a sum of its own, and these are added up in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from ..ops.winograd import Tiling
from .values import Value

#: an axis for each input, or None, or ``OWN``
Needs = tuple[int | None, ...]

#: samples of a part's product from which on a sum of parts pays; for up to so many parts
LEAST_SUMMED, FEW_LANES = 128, 4
#: rows of a part's product, where its second matrix is as large as this or larger, from which on a part pays
LEAST_ROWS, LARGE_MATRIX = 32, 1 << 17


#: what is needed of a sum over samples: that of the part's own samples
OWN = -1


class Cut(NamedTuple):
    """How a value is cut: along ``axis``, or as a sum of the parts' results (None); and its inputs."""

    axis: int | None
    needs: Needs


def cut_of(value: Value, known: Mapping[Value, int], samples: int, lanes: int) -> Cut | None:
    """How ``value`` is cut where the values in ``known`` are; None if it can't be."""
    if value.op.view:
        return _cut_of_view(value, known, samples)
    for axis, rules in ((0, ALONG), (1, ALONG_SECOND), (None, SUMMED)):
        length = samples if axis is None else value.shape[axis] if axis < len(value.shape) else 0
        needs = _needs(value, rules, lanes) if length and length % samples == 0 else None
        if needs is not None and _fits(value, needs, known, samples):
            return Cut(axis, needs)
    return None


def mean_of_deviations(value: Value) -> Value | None:
    """The mean of all samples around which ``value`` sums up squared deviations of the same samples.

    Parts may take the mean of their own samples instead: sums around these are put together exactly (Chan, Golub and LeVeque, 1979), and no part
    waits for the mean of the others.
    """
    if value.op.name != "squared_deviations":
        return None
    x, mean = value.inputs
    same = mean.op.name == "mean" and mean.inputs[0] is x and tuple(mean.attrs[0]) == tuple(range(len(x.shape) - 1))
    return mean if same and mean.shape == x.shape[-1:] else None


def _needs(value: Value, rules: Mapping[str, Rule], lanes: int) -> Needs | None:
    if rules is ALONG and value.op.elementwise:
        return _elementwise(value, lanes)
    rule = rules.get(value.op.name)
    return rule(value, lanes) if rule is not None else None


def _fits(value: Value, needs: Needs, known: Mapping[Value, int], samples: int) -> bool:
    operands = set(value.operands())
    for v, need in zip(value.inputs, needs):
        if v in known and v in operands and known[v] != need:
            return False
        if need is not None and v in operands and v.shape[need] % samples:
            return False
    return True


def _cut_of_view(value: Value, known: Mapping[Value, int], samples: int) -> Cut | None:
    source = value.operands()[0]
    if source not in known:
        return None
    axis = axis_of_view(value, source, known[source], samples)
    if axis is None or value.shape[axis] % samples:
        return None
    return Cut(axis, (known[source], *[None] * (len(value.inputs) - 1)))


def axis_of_view(value: Value, source: Value, axis: int, samples: int) -> int | None:
    """Where the axis of a view's input is in the view."""
    op, attrs = value.op, value.attrs
    if op.permutes:
        return attrs.index(axis)
    if op.broadcasts:
        found = axis + len(value.shape) - len(source.shape)
        return found if value.shape[found] == source.shape[axis] else None
    if op.name == "reshape":
        return 0 if axis == 0 and value.shape and value.shape[0] and value.shape[0] % samples == 0 else None
    if op.name == "expand_dims":
        return axis + (attrs <= axis)
    if op.name == "squeeze":
        return axis - (attrs < axis) if attrs != axis else None
    if op.name == "slice" and attrs[axis] == (None, None, None):
        return sum(isinstance(part, tuple) for part in attrs[:axis])
    return None


# ---------------------------------------------------------------------- rules

#: from a value to its needs; None where it can't be cut
Rule = Callable[[Value, int], Needs | None]


def _elementwise(value: Value, lanes: int) -> Needs | None:
    shape = value.shape
    return tuple(0 if len(v.shape) == len(shape) and v.shape[0] == shape[0] else None for v in value.inputs)


def _fixed(*needs: int | None) -> Rule:
    return lambda value, lanes: needs


def _fused(value: Value, lanes: int) -> Needs | None:
    finish = value.attrs[1]
    extra = [None] * finish.shift + [0] * (finish.residual + finish.slope) + [None] * (finish.late_scale + finish.late_shift)
    return (0, None, *extra)


def _images_or_tiles(tiling: Tiling) -> int:
    """The axis of the samples in what a convolution by tiles reads: transformed tiles have another one first."""
    return 0 if tiling.given is None else 1


def _winograd(value: Value, lanes: int) -> Needs | None:
    return _images_or_tiles(value.attrs), None


def _fused_winograd(value: Value, lanes: int) -> Needs | None:
    _, *rest = _fused(value, lanes) or ()
    return _images_or_tiles(value.attrs[0]), *rest


def _winograd_summed(value: Value, lanes: int) -> Needs | None:
    return _images_or_tiles(value.attrs), 0, None


def _pooling(value: Value, lanes: int) -> Needs | None:
    return (0,) * len(value.inputs) if value.attrs.axis > 0 else None


def _matmul(value: Value, lanes: int) -> Needs | None:
    if len(value.shape) == 3:
        return 0, 0
    few = value.shape[0] < LEAST_ROWS * min(lanes, FEW_LANES)
    return None if few and value.inputs[1].size >= LARGE_MATRIX else (0, None)


def _matmul_summed(value: Value, lanes: int) -> Needs | None:
    whole = len(value.shape) == len(value.inputs[1].shape) == 2
    return (1, 0) if whole and value.inputs[1].shape[0] >= LEAST_SUMMED * min(lanes, FEW_LANES) else None


def _other_axis(value: Value, lanes: int) -> Needs | None:
    axis = value.attrs[0] if isinstance(value.attrs, tuple) else value.attrs
    return (0,) * len(value.inputs) if axis != 0 else None


def _slice_gradient(value: Value, lanes: int) -> Needs | None:
    if any(index[0] != (None, None, None) for index in value.attrs):
        return None
    return (None, *[0] * (len(value.inputs) - 1))


def _pad(value: Value, lanes: int) -> Needs | None:
    return (0,) if value.attrs[0] == (0, 0) else None


def _reduction(value: Value, lanes: int) -> Needs | None:
    return (0,) if 0 not in value.attrs[0] else None


def _reduction_of_samples(value: Value, lanes: int) -> Needs | None:
    return (0,) if 0 in value.attrs[0] else None


def _sum_to(value: Value, lanes: int) -> Needs | None:
    x, like = value.inputs
    return (0, None) if len(x.shape) == len(like.shape) and x.shape[0] == like.shape[0] else None


def _sum_to_of_samples(value: Value, lanes: int) -> Needs | None:
    x, like = value.inputs
    return (0, None) if len(x.shape) > len(like.shape) or (x.shape and like.shape[0] == 1 != x.shape[0]) else None


#: op -> rule for a result cut along its first axis (elementwise ops apart)
ALONG: dict[str, Rule] = {
    "erf": _fixed(0),
    "fill_like": _fixed(None),
    "conv": _fixed(0, None),
    "winograd_conv": _winograd,
    "fused_conv": _fused,
    "fused_winograd": _fused_winograd,
    "depthwise": _fixed(0, None),
    "conv_input": _fixed(0, None, None),
    "depthwise_input": _fixed(0, None, None),
    "batch_norm": _fixed(0, None, None, None, None),
    "centred_sum": _fixed(0, 0, None, None, None, None),
    "max_pool": _pooling,
    "max_pool_input": _pooling,
    "max_pool_select": _pooling,
    "average_pool": _pooling,
    "average_pool_input": _pooling,
    "matmul": _matmul,
    "softmax": _other_axis,
    "concatenate": _other_axis,
    "cumsum": _other_axis,
    "argmax": _other_axis,
    "argmin": _other_axis,
    "slice_gradient": _slice_gradient,
    "pad": _pad,
    **dict.fromkeys(("sum", "mean", "prod", "max", "min", "any", "all"), _reduction),
    "sum_to": _sum_to,
    "gather": _fixed(None, 0),
}

#: op -> rule for a result whose samples are along its second axis
ALONG_SECOND: dict[str, Rule] = {"winograd_tiles": _fixed(0)}

#: op -> rule for a sum over all samples
SUMMED: dict[str, Rule] = {
    "conv_kernel": _fixed(0, 0, None),
    "winograd_kernel_gradient": _winograd_summed,
    "depthwise_kernel": _fixed(0, 0, None),
    "squared_deviations": _fixed(0, None),
    "centred_product": _fixed(0, 0, None),
    "matmul": _matmul_summed,
    "sum": _reduction_of_samples,
    "mean": _reduction_of_samples,
    "sum_to": _sum_to_of_samples,
}
