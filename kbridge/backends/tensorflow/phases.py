"""Functions for one value of the learning phase: what only the other value needs is not computed.

``switch`` chooses between two tensors, and works for any value that is fed. Where a function is called with 0 or 1, ``Phase``
finds what each switch gives, and the session connects that in the switch's place. The gradient of a switch sends zeros into the
branch that isn't chosen. ``Phase`` follows these zeros to the sums in which gradients meet, and leaves them out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .derivatives import gradient, with_gradient
from .quiet import tf

#: which inputs an operation is linear in: it gives zeros where one of them is zero. Gradients are made of these
LINEAR: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(("Mul", "MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3", "Einsum"), (0, 1)),
    **dict.fromkeys(("Neg", "Cast", "Identity", "Reshape", "Transpose", "ExpandDims", "Squeeze", "Tile", "BroadcastTo"), (0,)),
    **dict.fromkeys(
        ("Sum", "Mean", "Cumsum", "RealDiv", "BiasAddGrad", "Pad", "MirrorPadGrad", "ReverseV2", "Slice", "StridedSlice"), (0,)
    ),
    **dict.fromkeys(("ReluGrad", "Relu6Grad", "LeakyReluGrad", "EluGrad", "SeluGrad", "SoftplusGrad", "SoftsignGrad"), (0,)),
    **dict.fromkeys(("GatherV2", "GatherNd", "UnsortedSegmentSum", "Unpack", "SplitV", "DeepCopy"), (0,)),
    **dict.fromkeys(("SigmoidGrad", "TanhGrad", "SqrtGrad", "RsqrtGrad", "ReciprocalGrad", "AvgPoolGrad", "AvgPool3DGrad", "Split"), (1,)),
    **dict.fromkeys(("Conv2DBackpropInput", "Conv2DBackpropFilter", "Conv3DBackpropInputV2", "Conv3DBackpropFilterV2"), (2,)),
    **dict.fromkeys(("DepthwiseConv2dNativeBackpropInput", "DepthwiseConv2dNativeBackpropFilter"), (2,)),
    **dict.fromkeys(("MaxPoolGrad", "MaxPoolGradV2", "MaxPool3DGrad"), (2,)),
    "StridedSliceGrad": (4,),
}

#: operations that give zeros where all of these inputs are zeros, and where in their inputs these stand
SUMS = {"AddN": slice(None), "Add": slice(None), "AddV2": slice(None), "Sub": slice(None), "Pack": slice(None), "ConcatV2": slice(-1)}


def switch(condition: Any, x: Any, alt: Any, passes: int | None = None) -> Any:
    """``x`` where ``condition``, made of the learning phase, holds, else ``alt``.

    ``passes``: the phase in which the value is a gradient that flows. In the other it is zeros.
    """
    with with_gradient(SelectV2="PhaseSwitch"):
        result = tf.where(condition, x, alt)
    known = getattr(result.graph, "_kbridge_switches", None)
    if known is not None:
        known[result.op] = passes
    return result


@gradient("PhaseSwitch")
def _of_branches(op, dy):
    condition, x, alt = op.inputs
    return None, switch(condition, dy, tf.zeros_like(x), 1), switch(condition, tf.zeros_like(alt), dy, 0)


class Phase:
    """The results of a graph in one learning phase.

    Args:
        graph: the backend's graph.
        value: the learning phase, 0 or 1.
        placeholder: its placeholder.
        fed: the tensors whose values a caller gives. They are nothing else.
        wanted: the operations that are looked at, with all that they need.
    """

    def __init__(self, graph: Any, value: int, placeholder: Any, fed: Sequence, wanted: Sequence):
        self._value, self._placeholder = value, placeholder
        self._fed = {x.name for x in fed}
        self._switches = graph._kbridge_switches
        #: what operations with one result give
        self._chosen: dict[Any, Any] = {}
        #: operations whose results are zeros
        self._zero: set[Any] = set()
        for op in ordered(wanted):
            self._look_at(op)

    def resolve(self, tensor: Any) -> Any:
        """The tensor to compute in place of ``tensor``."""
        found = self._chosen.get(tensor.op)
        return tensor if found is None or tensor.name in self._fed else found

    def connections(self, roots: Sequence) -> list[tuple[Any, Any]]:
        """Pairs (the tensor to compute, the tensor that it stands for) for a run of the operations ``roots``."""
        # the phase also where nothing is left that takes it: TensorFlow rewrites the graph before it connects tensors, and may let something wait for it
        place = self._placeholder
        found = {place.name: (tf.constant(self._value, place.dtype), place)}
        seen, waiting = set(roots), list(roots)
        while waiting:
            op = waiting.pop()
            needed = list(op.control_inputs)
            for x in op.inputs:
                if x.name in self._fed:
                    continue
                source = self.resolve(x)
                if source is not x and x.name not in found:
                    # what is fed is not the tensor itself; an operation on it gets what is fed
                    found[x.name] = (tf.identity(source) if source.name in self._fed else source, x)
                needed.append(source.op)
            for source in needed:
                if source not in seen:
                    seen.add(source)
                    waiting.append(source)
        return list(found.values())

    def _is_zero(self, tensor: Any) -> bool:
        return tensor.op in self._zero and tensor.name not in self._fed

    def _look_at(self, op: Any) -> None:
        """Note what ``op`` gives. What it needs has been looked at."""
        kind = op.type
        if kind == "SelectV2" and op in self._switches:
            taken = op.inputs[1 if self._value else 2]
            self._chosen[op] = self.resolve(taken)
            if self._switches[op] == 1 - self._value or self._is_zero(taken):
                self._zero.add(op)
        elif not self._zero:
            return
        elif kind in SUMS:
            parts = op.inputs[SUMS[kind]]
            left = [x for x in parts if not self._is_zero(x)]
            if not left:
                self._zero.add(op)
            elif kind == "AddN" and len(left) < len(parts):
                self._chosen[op] = self.resolve(left[0]) if len(left) == 1 else tf.add_n(left)
        elif kind in LINEAR and any(self._is_zero(x) for i, x in enumerate(op.inputs) if i in LINEAR[kind]):
            self._zero.add(op)


def ordered(wanted: Sequence) -> Iterator[Any]:
    """All operations that ``wanted`` need, each after those that it needs."""
    done: set[Any] = set()
    stack = [(op, False) for op in wanted]
    while stack:
        op, ready = stack.pop()
        if op in done:
            continue
        if ready:
            done.add(op)
            yield op
        else:
            stack.append((op, True))
            stack += [(source, False) for source in (*(x.op for x in op.inputs), *op.control_inputs) if source not in done]
