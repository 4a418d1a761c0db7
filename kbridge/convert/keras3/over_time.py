"""Keras 3 layers for TimeDistributed."""

from __future__ import annotations

from ... import backend as K
from ...engine.topology import Container
from ..masks import calls
from ..problems import refusal
from .context import makes, safe_name
from .core import input_part, note_sample_variance
from .parts import Part, Stack


@makes("TimeDistributed")
def time_distributed(context, layer, shapes):
    step = [(shape[0], *shape[2:]) for shape in shapes]
    if type(layer.layer).__name__ == "BatchNormalization" and layer.layer.mode == 0:
        return [_normalized_over_time(context, layer, shapes)]
    drops_mask = _drops_mask(context, layer)
    _note_steps(context, layer)
    parts = []
    inner = context.inside(layer.layer, step)
    if context.masked(layer) and not layer.mask_inside:
        inner = [_unmasked(context, layer, part, step[0]) if part.class_name in TAKE_MASKS else part for part in inner]
    for part in inner:
        last = part is inner[-1] and not drops_mask
        name = safe_name(layer.name) + ("" if last else f"_{part.name}")
        wrapper = context.part(layer, "TimeDistributed", layer=part)
        wrapper.config["name"] = name
        wrapper.inner["layer"] = part
        parts.append(wrapper)
    if drops_mask:
        context.note(layer, "keras3-unmasked-steps", "in Keras 3 its outputs have no mask, so a loss of them counts all steps in training")
        parts.append(context.part(layer, "Permute", dims=list(range(1, len(layer.get_output_shape_for(shapes[0]))))))
    return parts


#: layers that compute the same with a mask for the sequence of each step as with that of one sequence
_ALIKE = (
    "SimpleRNN",
    "GRU",
    "LSTM",
    "Bidirectional",
    "Dense",
    "Activation",
    "Dropout",
    "TimeDistributed",
    "RNN",
    "LeakyReLU",
    "ELU",
    "PReLU",
    "LayerNormalization",
)
#: layers that have no use for a mask, and drop it
_DROP = (
    *(f"{kind}{n}D" for kind in ("Convolution", "AtrousConvolution", "DepthwiseConv", "MaxPooling", "AveragePooling") for n in (1, 2)),
    "Conv1DTranspose", "SeparableConv1D", "Flatten",
)  # fmt: skip
#: layers that compute the same with a mask and without one, and hand it on
_HAND_ON = (
    "Dense",
    "TimeDistributed",
    "Activation",
    "Dropout",
    "GaussianNoise",
    "GaussianDropout",
    "LeakyReLU",
    "ELU",
    "PReLU",
    "LayerNormalization",
)


def _drops_mask(context, layer) -> bool:
    """Whether what comes out must lose the mask of the sequences inside, which TimeDistributed of Keras 3 hands on with all its axes.

    Unsupported where a later layer needs the mask of the steps that is left here.
    """
    drops = False
    for seen in context.seen.get(id(layer), ()):
        (mask,), (left,) = seen.input_masks, seen.output_masks
        if not layer.mask_inside or mask is None or K.ndim(mask) < 3:
            continue
        inner = type(layer.layer).__name__
        sequences = getattr(layer.layer, "return_sequences", False)
        if inner not in (*_ALIKE, *_DROP) or sequences and (inner == "Bidirectional" or layer.layer.go_backwards):
            raise refusal(layer, "keras3-mask-over-time", f"a mask for the sequence inside each step, around a {inner}")
        if left is not None and K.ndim(left) == K.ndim(mask):
            continue  # the inner layer returns sequences with the same mask
        drops = True
        readers = [
            other for several in context.seen.values() for other in several if any(m is not None and m is left for m in other.input_masks)
        ]
        for reader in readers:
            name = type(reader.layer).__name__
            if name not in _HAND_ON and (name == "GlobalAveragePooling1D" or not getattr(reader.layer, "drop_mask", False)):
                raise refusal(
                    layer,
                    "keras3-mask-over-time",
                    f"a mask for the sequence inside each step, of which {reader.layer.name!r} needs which steps have any; TimeDistributed of "
                    "Keras 3 doesn't reduce it",
                )
    return drops


#: what computes otherwise, or fails, where TimeDistributed hands it the mask of a step, as Keras 1's doesn't
TAKE_MASKS = (
    "Functional", "Sequential", "SimpleRNN", "GRU", "LSTM", "ConvLSTM2D", "Bidirectional", "TimeDistributed",
    "GlobalAveragePooling1D", "BatchNormalization", "Multiply",
)  # fmt: skip


def _unmasked(context, layer, part: Part, step: tuple) -> Stack:
    """``part`` behind a layer that changes nothing and drops the mask."""
    name = part.name
    source = input_part(context, layer, (None, *step[1:]), name=f"{name}_step")
    plain = context.part(layer, "Permute", (), "_plain", dims=list(range(1, len(step))))
    return Stack("Sequential", {"name": f"{name}_unmasked", "trainable": True}, layers=[source, plain, part])


def _normalized_over_time(context, layer, shapes) -> Part:
    """A BatchNormalization of all steps at once is one of the whole sequence; TimeDistributed would take step by step in Keras 3."""
    inner = layer.layer
    axis = inner.axis % (len(shapes[0]) - 1)
    if axis == 0:
        raise refusal(inner, "keras3-batch-normalization-samples", "its axis is that of the samples")
    if (
        (len(shapes[0]) == 5 or inner.sample_variance == "always")
        and inner.trainable
        and not any(seen.frozen for seen in context.seen.get(id(layer), ()))
    ):
        note_sample_variance(context, inner)
    part = context.inside(inner, [(None, *shapes[0][2:])])[0]
    part.config |= {"name": safe_name(layer.name), "axis": axis + 1}
    return part


def _note_steps(context, layer) -> None:
    """Note a BatchNormalization in a model over time."""
    if isinstance(layer.layer, Container) and any(type(seen.layer).__name__ == "BatchNormalization" for seen in calls(layer.layer)):
        context.note(
            layer, "keras3-batch-normalization-steps",
            "in training Keras 3 normalizes each step by itself in the BatchNormalization inside it; here all steps of all "
"samples together",
        )  # fmt: skip
