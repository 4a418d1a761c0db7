"""Functions for one value of the learning phase: what only the other value needs is not computed.

``switch`` chooses between two tensors, and works for any value that is fed. Where a function is called with a plain 0 or 1,
``connections`` finds what each switch gives, and the session connects that in the switch's place. The gradient of a switch sends
zeros into the branch that isn't chosen. ``connections`` follows these zeros to the sums in which gradients meet, and leaves them out.
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
    **dict.fromkeys(("Sum", "Mean", "Cumsum", "RealDiv", "BiasAddGrad", "Pad", "MirrorPadGrad", "ReverseV2", "Slice", "StridedSlice"), (0,)),
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
    condition, zeros = op.inputs[0], tf.zeros_like(dy)
    return None, switch(condition, dy, zeros, 1), switch(condition, zeros, dy, 0)


class _Known:
    """What is known about a graph in one phase.

    Args:
        graph: the backend's graph.
        phase: 0 or 1.
        fed: names of the tensors whose values a caller gives. They are nothing else.
    """

    def __init__(self, graph: Any, phase: int, fed: set[str]):
        self.phase, self.fed = phase, fed
        self._switches = graph._kbridge_switches
        #: what operations with one result give
        self.chosen: dict[Any, Any] = {}
        self._zero: set[Any] = set()

    def is_zero(self, tensor: Any) -> bool:
        return tensor.op in self._zero and tensor.name not in self.fed

    def resolve(self, tensor: Any) -> Any:
        """The tensor to compute in place of ``tensor``."""
        found = self.chosen.get(tensor.op)
        return tensor if found is None or tensor.name in self.fed else found

    def look_at(self, op: Any) -> None:
        """Note what ``op`` gives, when all of its inputs have been looked at."""
        kind = op.type
        if kind == "SelectV2" and op in self._switches:
            taken = op.inputs[1 if self.phase else 2]
            self.chosen[op] = self.resolve(taken)
            if self._switches[op] == 1 - self.phase or self.is_zero(taken):
                self._zero.add(op)
        elif not self._zero:
            return
        elif kind in SUMS:
            parts = op.inputs[SUMS[kind]]
            left = [x for x in parts if not self.is_zero(x)]
            if not left:
                self._zero.add(op)
            elif kind == "AddN" and len(left) < len(parts):
                self.chosen[op] = self.resolve(left[0]) if len(left) == 1 else tf.add_n(left)
        elif kind in LINEAR and any(self.is_zero(op.inputs[i]) for i in LINEAR[kind]):
            self._zero.add(op)


def connections(graph: Any, roots: Sequence, phase: int, placeholder: Any, fed: Sequence) -> list[tuple[Any, Any]]:
    """Pairs (the tensor to compute, the tensor that it stands for) for the operations ``roots`` in ``phase``, 0 or 1.

    Args:
        graph: the backend's graph.
        roots: the operations that are run.
        phase: the value of the learning phase.
        placeholder: the learning phase's placeholder.
        fed: the tensors whose values a caller gives.
    """
    names = {x.name for x in fed}
    known = _Known(graph, phase, names)
    with tf.control_dependencies(None):
        for op in _ordered(roots):
            known.look_at(op)
        # also where nothing is left that takes it: TensorFlow rewrites the graph before it connects tensors, and may let something wait for it
        found = {placeholder.name: (tf.constant(phase, placeholder.dtype), placeholder)}
        seen, waiting = set(roots), list(roots)
        while waiting:
            op = waiting.pop()
            needed = list(op.control_inputs)
            for x in op.inputs:
                source = known.resolve(x)
                if x.name in names:
                    continue
                if source is not x and x.name not in found:
                    # what is fed is not the tensor itself; an operation on it gets what is fed
                    found[x.name] = (tf.identity(source) if source.name in names else source, x)
                needed.append(source.op)
            for source in needed:
                if source not in seen:
                    seen.add(source)
                    waiting.append(source)
    return list(found.values())


def _ordered(roots: Sequence) -> Iterator[Any]:
    """All operations that ``roots`` need, each after those that it needs."""
    done: set[Any] = set()
    stack = [(op, False) for op in roots]
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
