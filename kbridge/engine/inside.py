"""Finds what is inside a layer: the layers that it holds, and its weights in an order that freezing doesn't change.

Nothing is imported of the classes of layers; a layer is known by its method ``_weight_kinds``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

#: types of most attributes, which hold no layers
_PLAIN = frozenset((str, int, float, bool, dict, set, type(None)))


def is_layer(value: Any) -> bool:
    """Whether ``value`` is a layer or model."""
    return hasattr(type(value), "_weight_kinds")


def inner_layers(layer: Any) -> list:
    """``layer`` and all layers inside it (of models, wrappers, merges), each once, outer ones first."""
    found: list = []
    seen: set[int] = set()
    stack = [layer]
    while stack:
        current = stack.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        found.append(current)
        inside: list = []
        for key, value in vars(current).items():
            if type(value) in _PLAIN:
                continue
            if key in ("model", "callback_model") and hasattr(current, "container_nodes"):
                # a Sequential and the functional model that does its work hold each other
                continue
            if is_layer(value):
                inside.append(value)
            elif isinstance(value, (list, tuple)):
                inside += [item for item in value if is_layer(item)]
        stack.extend(reversed(inside))
    return found


def weight_kinds(layer: Any) -> tuple[list, list]:
    """The weights that are trained unless something is frozen, and those that never are.

    Neither list depends on what is frozen now. A class that computes ``trainable_weights`` by itself is asked with
    everything in it unfrozen.
    """
    for cls in type(layer).__mro__:
        if "_weight_kinds" in vars(cls):
            return layer._weight_kinds()
        if "trainable_weights" in vars(cls) or "non_trainable_weights" in vars(cls):
            break
    frozen = [(inner, inner.trainable) for inner in inner_layers(layer) if not getattr(inner, "trainable", True)]
    try:
        for inner, _ in frozen:
            inner.trainable = True
        return list(layer.trainable_weights), list(layer.non_trainable_weights)
    finally:
        for inner, trainable in frozen:
            inner.trainable = trainable


def ordered_weights(layer: Any) -> list:
    """All weights of ``layer``, in the order that ``layer.weights`` has if nothing is frozen."""
    for cls in type(layer).__mro__:
        if "_weight_kinds" in vars(cls):
            break
        if "weights" in vars(cls):
            return list(layer.weights)
    trained, never = weight_kinds(layer)
    return [*trained, *never]


def unique(items: Iterable) -> list:
    """``items`` in their order, each object once."""
    return list({id(item): item for item in items}.values())


def weight_shape(variable: Any) -> tuple[int, ...]:
    """The shape of a weight, whose lengths are all known."""
    from .. import backend as K

    return tuple(int(n) for n in K.int_shape(variable))


def joined_kinds(layers: list) -> tuple[list, list]:
    """``weight_kinds`` of several layers, one after the other."""
    kinds = [weight_kinds(layer) for layer in layers]
    return [w for trained, _ in kinds for w in trained], [w for _, never in kinds for w in never]


def keras1_order(layer: Any) -> list[int]:
    """Where in ``ordered_weights`` each weight of a Keras 1 file stands: there what is trained now comes before what isn't."""
    ordered = ordered_weights(layer)
    places: dict[int, list[int]] = {}
    for position, weight in reversed(list(enumerate(ordered))):
        places.setdefault(id(weight), []).append(position)
    order = [places[id(weight)].pop() for weight in layer.weights if places.get(id(weight))]
    return order if len(order) == len(ordered) else list(range(len(ordered)))


def unlisted_weights(layers: list) -> list[list]:
    """For each layer the weights inside its wrappers that no layer lists, each once.

    A wrapper that assigns ``trainable_weights`` may leave out those of the layer that it wraps, which then aren't trained.
    Keras 1 lost them on saving.
    """
    seen = {id(weight) for layer in layers for weight in layer.weights}
    found = []
    for layer in layers:
        own = []
        for wrapper in inner_layers(layer):
            if not hasattr(wrapper, "_inner"):
                continue
            trained, never = joined_kinds(wrapper._inner)
            for weight in [*trained, *never, *vars(wrapper).get("_dropped_weights", ())]:
                if id(weight) not in seen:
                    seen.add(id(weight))
                    own.append(weight)
        found.append(own)
    return found
