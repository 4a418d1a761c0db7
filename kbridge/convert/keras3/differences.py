"""Where Keras 3 computes or trains otherwise than Keras 1, call by call: what must be refused, and what is noted."""

from __future__ import annotations

from ...engine.topology import Container, Merge
from ...layers import Bidirectional, Masking
from ...layers.recurrence import Recurrence
from ...layers.wrappers import Wrapper
from ..masks import Seen
from ..problems import told
from .context import Context

_RECURRENT = (Recurrence, Bidirectional)


def alters(seen: Seen) -> bool:
    """Whether the outputs of a call have other values at masked steps in Keras 3."""
    if isinstance(seen.layer, Bidirectional):
        return seen.masked and seen.layer.return_sequences and not seen.layer.zero_output_for_mask
    # a recurrent layer doesn't look at masked steps
    return seen.altered and not (seen.masked and isinstance(seen.layer, _RECURRENT))


def check_call(context: Context, seen: Seen) -> None:
    """Note, or enter as a problem, what a call does with masks."""
    layer = seen.layer
    if isinstance(layer, Bidirectional) and alters(seen):
        what = "at steps that a mask drops, it returns 0 in Keras 3, and the previous output in Keras 1"
        context.note(layer, "keras3-bidirectional-mask", what)
        if getattr(layer.forward_layer, "go_backwards", False):
            # its outputs come in the other order than the mask, so those steps count
            context.problems.append(told(layer, "keras3-masked-steps", f"around a layer that goes backwards: {what}"))
    if isinstance(layer, Container):
        return
    if isinstance(layer, Merge) and (problem := _mask_problem(layer, seen)):
        context.problems.append(problem)
    counts = seen.mask_ends and not isinstance(layer, _RECURRENT) or isinstance(layer, Masking)
    if seen.altered and counts:
        what = (
            "it reads the output of a Bidirectional at steps that a mask drops, which is 0 in Keras 3, and the previous output in Keras 1"
        )
        context.problems.append(told(layer, "keras3-masked-steps", what))


def _mask_problem(layer: Merge, seen: Seen) -> str | None:
    """Keras 1 keeps a step of merged inputs if no mask drops it, Keras 3 if any mask keeps it: one mask for all is the same."""
    masks = seen.input_masks
    if layer.mode in ("dot", "cos", "normalized_dot") or callable(layer.mode) or all(mask is None for mask in masks):
        return None
    ndim = len(seen.node.input_shapes[0])
    if all(mask is masks[0] for mask in masks) and (layer.mode != "concat" or layer.concat_axis % ndim == ndim - 1):
        return None
    return told(layer, "keras3-merge-masks", "its inputs have different masks, which Keras 3 joins differently")


def note_training(context: Context, calls: list[Seen]) -> None:
    """Notes of what in a layer trains otherwise in Keras 3."""
    layer = calls[0].layer
    if isinstance(layer, Container):
        return
    for owner in layer._inner if isinstance(layer, Wrapper) else [layer]:
        if isinstance(owner, Container):
            continue
        penalty = getattr(owner, "activity_regularizer", None)
        if penalty is not None and not getattr(penalty, "per_sample", False):
            context.note(
                owner, "keras3-activity-regularizer",
                "Keras 3 divides the penalty of its activity_regularizer by the number of samples; here it is the penalty of the "
"whole batch",
            )  # fmt: skip
        frozen = any(seen.frozen for seen in calls) or not getattr(owner, "trainable", True)
        if frozen and any(getattr(owner, attribute, None) is not None for attribute in _REGULARIZERS):
            context.note(
                owner, "keras3-frozen-penalties",
                "it isn't trained. Keras 3 leaves the penalties of its weights out of the loss; here they are part of it",
            )  # fmt: skip


_REGULARIZERS = (
    "W_regularizer", "U_regularizer", "b_regularizer", "gamma_regularizer", "beta_regularizer", "depthwise_regularizer",
    "pointwise_regularizer",
)  # fmt: skip
