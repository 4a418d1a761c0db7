"""Formats of the embedding that turns vectors back into scores."""

from __future__ import annotations

from typing import Any

from ..layers import ReversibleEmbedding
from . import Formats
from .common import same

FAMILY = "Embedding"


def _keras3(context, layer, shapes):
    from ..convert.keras3.parts import Part
    from ..convert.weights import value

    class Reversible(Part):
        """In Keras 3 a call in reverse says so."""

        def called(self, tensors: Any) -> dict[str, Any]:
            reverse = isinstance(tensors, list)
            return {"args": tensors[:1], "kwargs": {"reverse": True}} if reverse else super().called(tensors)

    config = {name: getattr(layer, name) for name in ("input_dim", "output_dim", "tie_weights", "mask_zero", "logit_soft_cap")}
    penalties = ("embeddings_regularizer", "embeddings_constraint", "activity_regularizer")
    config |= context.penalties(layer, **{name: name for name in penalties})
    part = context.part(layer, "ReversibleEmbedding", [(name, value(weight)) for name, weight in _weights(layer)], **config)
    return [Reversible(**vars(part))]


def _weights(layer) -> list:
    found = [("embeddings", layer.embeddings)]
    return found if layer.tie_weights else [*found, ("reverse_embeddings", layer.reverse_embeddings)]


def _onnx(c, layer, call):
    from ..convert.weights import value

    g, table = c.graph, value(layer.embeddings)
    if len(call.inputs) == 1:
        return g.op("Gather", table, g.op("Cast", call.x, to=7), axis=0)
    scores = g.op("MatMul", call.x, table.T.copy() if layer.tie_weights else value(layer.reverse_embeddings))
    cap = layer.logit_soft_cap
    return scores if cap is None else g.op("Mul", g.op("Tanh", g.op("Div", scores, g.number(cap))), g.number(cap))


LAYERS = [
    # the dtype of its products is floatx here, as of all layers
    Formats(
        ReversibleEmbedding, FAMILY, "Keras 3.12", {"ReversibleEmbedding": same(ReversibleEmbedding, "reverse_dtype")}, _weights, _keras3, _onnx,
    ),
]  # fmt: skip
