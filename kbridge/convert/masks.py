"""Finds the masks that reach each layer of a model, models inside of others included, and how often each is called.

The nodes of a model that is used as a layer know only what its own layers do. The masks that come from outside are
followed here, so that each call of each layer is seen as it happens in the whole model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .. import backend as K
from ..engine.freezing import frozen_parts
from ..engine.merge import ELEMENTWISE
from ..engine.node import single, to_list
from ..engine.topology import Container, Merge
from ..models import Sequential


@dataclass
class Seen:
    """One call of a layer."""

    layer: Any
    node: Any
    #: the masks of its inputs and outputs: tensors, or None
    input_masks: list
    output_masks: list
    #: whether the layer, or a model that it is in, isn't trained
    frozen: bool
    #: whether an input has other values at masked steps in the target format
    altered: bool = False

    @property
    def masked(self) -> bool:
        """Whether a mask comes in."""
        return any(mask is not None for mask in self.input_masks)

    @property
    def mask_ends(self) -> bool:
        """Whether a mask comes in, and none goes out."""
        return self.masked and all(mask is None for mask in self.output_masks)


def container_of(model) -> Container:
    """The graph of a model."""
    return model._built_model() if isinstance(model, Sequential) else model


def calls(model, alters: Callable[[Seen], bool] = lambda seen: False) -> Iterator[Seen]:
    """Each call of each layer of ``model``, inputs before what is computed from them; models inside come call by call too.

    ``alters``: whether the outputs of a call have other values at masked steps in the target format.
    """
    yield from _Walk(alters).run(model, [None] * len(container_of(model).inputs), [False] * len(container_of(model).inputs), False)


def node_masks(container: Container, masks: list) -> tuple[dict[int, list], dict[int, list]]:
    """id of a node of ``container`` itself -> the masks of its inputs, and those of its outputs, where those of the container are ``masks``."""
    walk = _Walk(lambda seen: False)
    for _ in walk.run(container, masks, [False] * len(masks), False):
        pass
    return walk.given, walk.made


class _Walk:
    """Follows masks through one model.

    Once ``run`` is through, ``ends`` are those of its outputs, ``given`` and ``made`` those of its nodes' inputs and outputs.
    """

    def __init__(self, alters: Callable[[Seen], bool]) -> None:
        self.alters = alters
        self.ends: list[tuple] = []
        self.given: dict[int, list] = {}
        self.made: dict[int, list] = {}

    def run(self, model, masks: list, altered: list, frozen: bool) -> Iterator[Seen]:
        container = container_of(model)
        frozen = frozen or not model.trainable
        # a frozen model at the start of this one stands here with its layers
        parts = frozen_parts(model).layers
        known: dict[int, Sequence[Any]] = {id(x): ends for x, *ends in zip(container.inputs, masks, altered, strict=True)}
        for node in container._nodes:
            layer = node.outbound_layer
            if not node.inbound_layers:
                continue
            given, spoiled = zip(*(known[id(x)] for x in node.input_tensors), strict=True)
            self.given[id(node)] = list(given)
            still = frozen or id(layer) in parts or not getattr(layer, "trainable", True)
            seen = Seen(layer, node, list(given), [], still, any(spoiled))
            if isinstance(layer, Container):
                inner = _Walk(self.alters)
                yield from inner.run(layer, list(given), list(spoiled), frozen)
                seen.output_masks = [mask for mask, _ in inner.ends]
                made = inner.ends
            else:
                seen.output_masks = _of_outputs(layer, node, list(given))
                made = [(mask, self.alters(seen)) for mask in seen.output_masks]
            known.update(zip(map(id, node.output_tensors), made, strict=True))
            self.made[id(node)] = seen.output_masks
            yield seen
        self.ends = [tuple(known[id(x)]) for x in container.outputs]


def _of_outputs(layer, node, masks: list) -> list:
    """The masks of a layer's outputs."""
    known = [mask for mask in masks if mask is not None]
    if isinstance(layer, Merge) and layer.mode in ELEMENTWISE and known and all(mask is known[0] for mask in known):
        return [known[0]]
    if all(mask is own for mask, own in zip(masks, node.input_masks, strict=True)):
        return list(node.output_masks)
    with K.graph_scope():
        made = to_list(layer.compute_mask(single(node.input_tensors), single(masks)))
    return made * len(node.output_tensors) if len(made) == 1 else made
