"""Which tensor of a checkpoint belongs to which weight of a model: by the graph of objects, or by the names of variables alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from ...engine.later import held_layers
from ..assignment import stored_layers
from ..keras2.cudnn import plain_layout
from ..keras2.weights import Slot, _inner_layers, _misfit, holds_others, slots_of, slots_of_itself
from .bundle import Bundle, Tensor
from .objects import Objects, Variable


class Pair(NamedTuple):
    """A weight of the model, as tf.keras lays it out, with the tensor that it takes."""

    slot: Slot
    tensor: Any
    #: its node in the graph of objects, -1 without one
    node: int = -1


def listed(names: Sequence[str]) -> str:
    """Some names for a message."""
    names = list(names)
    return (", ".join(map(repr, names[:6])) + (f" and {len(names) - 6} more" if len(names) > 6 else "")) or "nothing"


# ---------------------------------------------------------------------- by the graph of objects


def by_objects(model: Any, objects: Objects, node: int, by_name: bool = False) -> list[Pair]:
    """Pairs for all weights of ``model`` from the model at ``node``. ModelFileError says what is missing, left over or of another shape."""
    found: list[Pair] = []
    for layer, child, where in _layer_pairs(model, objects, node, by_name, model.name):
        found += _of_layer(layer, objects, child, where)
    return found


def _layer_pairs(model: Any, objects: Objects, node: int, by_name: bool, where: str) -> list[tuple[Any, int, str]]:
    """(layer, its node, a name for messages) of the layers of a model that have weights."""
    expecting = [layer for layer in stored_layers(model) if slots_of(layer)]
    nodes = objects.layers(node)
    names: list[str | None] = [objects.name(child) for child in nodes]
    if not nodes:
        # a model of a class of its own, whose layers are attributes
        parts = objects.parts(node)
        nodes = [child for _, child in parts]
        own = {layer.name for layer in expecting}
        names = [name if name in own else objects.name(child) for name, child in parts]
    else:
        # a layer without variables of its own may be listed there all the same
        kept = [k for k, child in enumerate(nodes) if objects.variables(child)]
        nodes, names = [nodes[k] for k in kept], [names[k] for k in kept]
    labels = [name or f"layer_with_weights-{k}" for k, name in enumerate(names)]
    if by_name:
        known = {name: child for name, child in zip(names, nodes, strict=True) if name}
        return [(layer, known[layer.name], layer.name) for layer in expecting if layer.name in known]
    own_names = [layer.name for layer in expecting]
    if len(nodes) != len(expecting):
        missing = [name for name in own_names if name not in labels]
        left = [label for label in labels if label not in own_names]
        raise objects.bundle.error(
            f"it has {len(nodes)} layers with weights, but the model {where!r} has {len(expecting)}. "
            f"In the checkpoint: {listed(labels)}; in the model: {listed(own_names)}"
            + (f". Only in the model: {listed(missing)}; only in the checkpoint: {listed(left)}." if len(missing) < len(own_names) else ".")
        )
    if len(set(own_names)) == len(own_names) and sorted(own_names) == sorted(name or "" for name in names):
        places = {name: child for name, child in zip(names, nodes, strict=True)}
        return [(layer, places[layer.name], layer.name) for layer in expecting]
    return list(zip(expecting, nodes, labels, strict=True))


def _of_layer(layer: Any, objects: Objects, node: int, where: str) -> list[Pair]:
    inner = _inner_layers(layer)
    if inner is None:
        own = _of_own_class(layer, objects, node, where)
        return _of_leaf(layer, objects, node, where) if own is None else own
    if hasattr(layer, "forward_layer"):
        parts = [(item, objects.child(node, name), name) for item, name in zip(inner, ("forward_layer", "backward_layer"), strict=True)]
    elif hasattr(layer, "layer") and not getattr(layer, "layers", None):
        parts = [(layer.layer, objects.child(node, "layer"), "layer")]
    else:
        return [
            pair
            for item, child, name in _layer_pairs(layer, objects, node, False, layer.name)
            for pair in _of_layer(item, objects, child, f"{where}/{name}")
        ]
    found: list[Pair] = []
    for item, child, name in parts:
        if not slots_of(item):
            continue
        if child is None:
            have = list(objects.children(node))
            raise objects.bundle.error(
                f"layer {layer.name!r} is a {type(layer).__name__}, but {where!r} in the checkpoint has no {name!r} (it has "
                f"{listed(have)})."
            )
        found += _of_layer(item, objects, child, f"{where}/{name}")
    # what is frozen round a layer is frozen inside
    trained = getattr(layer, "trainable", True)
    return [pair._replace(slot=pair.slot._replace(trained=pair.slot.trained and trained)) for pair in found]


def _of_own_class(layer: Any, objects: Objects, node: int, where: str) -> list[Pair] | None:
    """Pairs of a layer of the user's own that holds others, all by the names of its attributes; None if it is none, or they don't fit."""
    held = [item for item in held_layers(layer) if item.weights] if holds_others(layer) else []
    if not held:
        return None
    places = _attributes(layer)
    slots, inside = slots_of_itself(layer, held), {id(variable) for item in held for variable in item.weights}
    own = [_child_at(objects, node, places.get(id(variable), ())) for variable in layer.weights if id(variable) not in inside]
    parts = [(item, _child_at(objects, node, places[id(item)]), ".".join(places[id(item)])) for item in held]
    leaves = {variable.node: variable for variable in objects.variables(node)}
    if any(child not in leaves for child in own) or any(child is None for _, child, _ in parts):
        return None
    below = {variable.node for _, child, _ in parts for variable in objects.variables(child or 0)}
    if leaves.keys() - below - set(own):
        return None
    variables = [leaves[child or 0] for child in own]
    tensors = [objects.bundle.tensor(variable.key).renamed(variable.full_name or variable.key) for variable in variables]
    found = checked(layer, slots, tensors, objects.bundle, [variable.node for variable in variables])
    for item, child, name in parts:
        found += _of_layer(item, objects, child or 0, f"{where}/{name}")
    trained = getattr(layer, "trainable", True)
    # a layer that two others hold has its weights once
    once = {pair.node: pair._replace(slot=pair.slot._replace(trained=pair.slot.trained and trained)) for pair in reversed(found)}
    return list(reversed(once.values()))


def _attributes(layer: Any) -> dict[int, tuple[str, ...]]:
    """Return, for the id of each attribute's value and of what it holds as a list or a dict, the names that lead to it."""
    found: dict[int, tuple[str, ...]] = {id(value): (name,) for name, value in vars(layer).items()}
    for name, value in vars(layer).items():
        for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, (list, tuple)) else ():
            found.setdefault(id(item), (name, str(key)))
    return found


def _child_at(objects: Objects, node: int, path: Sequence[str]) -> int | None:
    """The node at the end of ``path``, if there is one."""
    found: int | None = node if path else None
    for name in path:
        found = None if found is None else objects.child(found, name)
    return found


def _of_leaf(layer: Any, objects: Objects, node: int, where: str) -> list[Pair]:
    slots = slots_of(layer)
    variables = objects.variables(node)
    chosen = chosen_by_name(_named(layer, slots), variables)
    if chosen is None and all(slot.name is None for slot in slots) and len(slots) == len(variables):
        chosen = variables  # the order of a class of the user's own, whose attributes have other names
    if chosen is None:
        needed = [slot.name or "a weight" for slot in slots]
        have = ["/".join(variable.path) for variable in variables]
        raise objects.bundle.error(
            f"layer {layer.name!r} ({type(layer).__name__}) needs {listed(needed)}, but {where!r} in the checkpoint has {listed(have)}."
        )
    tensors = [objects.bundle.tensor(variable.key).renamed(variable.full_name or variable.key) for variable in chosen]
    return checked(layer, slots, tensors, objects.bundle, [variable.node for variable in chosen])


def _named(layer: Any, slots: list[Slot]) -> list[Slot]:
    """The weights of a layer of the user's own named by the attributes that hold them, as tf.keras does."""
    if any(slot.name is not None for slot in slots):
        return slots
    attributes = {id(value): name for name, value in vars(layer).items()}
    return [slot._replace(name=attributes.get(id(variable))) for slot, variable in zip(slots, layer.weights, strict=True)]


def chosen_by_name(slots: Sequence[Slot], variables: Sequence[Variable]) -> list[Variable] | None:
    """The variable of each slot: by name, those of one name in their order; None if some are missing or left over."""
    if len(slots) != len(variables):
        return None
    found: dict[int, Variable] = {}
    for name in {slot.name for slot in slots}:
        places = [k for k, slot in enumerate(slots) if slot.name == name]
        called = [v for v in variables if v.path and v.path[-1] == name]
        if len(called) != len(places):
            called = [v for v in variables if re.sub(r"_\d+$", "", v.full_name.rpartition("/")[2]) == name]
        if len(called) != len(places):
            return None
        found |= zip(places, called, strict=True)
    return [found[k] for k in range(len(slots))]


def checked(layer: Any, slots: Sequence[Slot], tensors: Sequence[Tensor], bundle: Bundle, nodes: Sequence[int]) -> list[Pair]:
    """Pairs of a layer whose shapes have been compared."""
    arrays = plain_layout(tensors)
    for slot, array in zip(slots, arrays, strict=True):
        problem = _misfit(slot, array)
        if problem is not None:
            raise bundle.error(f"layer {layer.name!r} ({type(layer).__name__}): {problem}")
    return [Pair(slot, array, node) for slot, array, node in zip(slots, arrays, nodes, strict=True)]


# ---------------------------------------------------------------------- by the names of variables


#: what a saver of TensorFlow 1 lists besides weights
_NO_WEIGHT = re.compile(
    r"(global_step|save_counter|learning_rate|(.*/)?beta[12]_power(_\d+)?|(training|Training|training_\d+)/.*|_CHECKPOINTABLE.*)"
)
#: the parts of layers that have several weights of one name, in the order of their weights here
_PARTS = {"MultiHeadAttention": ("query", "key", "value", "attention_output")}


def by_variables(model: Any, bundle: Bundle, by_name: bool = False) -> list[Pair]:
    """Pairs for all weights of ``model`` by the names that a saver of TensorFlow 1 wrote: 'dense/kernel', 'dense_1/kernel'.

    A weight is found below the name of its layer. Where the model's layers have other names, the layers of one kind are taken in the
    order of their numbers: dense, dense_1 there are dense_1, dense_2 here.
    """
    weights = weight_names(bundle)
    paths = {name: [*name.split("/")] for name in weights}
    chosen: list[tuple[Any, list[Slot], list[str]]] = []
    missing: list[str] = []
    renamed = _renamed(model, paths)
    for layer in stored_layers(model):
        for group in _by_owner(slots_of(layer)):
            keys = _keys(layer, group, paths, renamed)
            if keys is not None:
                chosen.append((layer, group, keys))
            elif not by_name:
                missing += [f"{group[0].owners[0]}/{slot.name}" for slot in group]
    used = {key for _, _, keys in chosen for key in keys}
    left = [name for name in weights if name not in used]
    if missing:
        raise bundle.error(
            "it was written by TensorFlow 1 and holds no names of objects, so kbridge finds weights by the names of "
            f"variables. Missing: {listed(missing)}; left over in the checkpoint: {listed(left)}. Give the layers the names "
            "that they had there."
        )
    if left and not by_name:
        raise bundle.error(
            f"the model has no weights for these variables in it: {listed(left)}. load_weights(..., by_name=True) leaves them out."
        )
    pairs = (checked(layer, group, [bundle.tensor(key) for key in keys], bundle, [-1] * len(keys)) for layer, group, keys in chosen)
    return [pair for found in pairs for pair in found]


def weight_names(bundle: Bundle) -> list[str]:
    """The names of variables that may be weights: no counters, and nothing below another variable, as 'dense/kernel/Adam' is."""
    names = {name for name in bundle.names if bundle.is_weight(name) and not _NO_WEIGHT.fullmatch(name)}
    return [name for name in bundle.names if name in names and not any(name[: found.start()] in names for found in re.finditer("/", name))]


def _by_owner(slots: Sequence[Slot]) -> list[list[Slot]]:
    """Slots of a layer, grouped by the layer inside that has them."""
    groups: dict[tuple[str, ...], list[Slot]] = {}
    for slot in slots:
        groups.setdefault(slot.owners, []).append(slot)
    return list(groups.values())


def _keys(layer: Any, slots: Sequence[Slot], paths: dict[str, list[str]], renamed: dict[str, str]) -> list[str] | None:
    """The names of the variables of ``slots``, which have one owner; None if that isn't clear. Names of layers may have '/' in them."""
    parts = _PARTS.get(type(layer).__name__, ()) if len({slot.name for slot in slots}) < len(slots) else ()
    for owner in slots[0].owners[:2]:
        below = [name for name in paths if f"/{renamed.get(owner, owner)}/" in f"/{name}"]
        if all(slot.name is None for slot in slots):
            if len(below) == len(slots) == 1:
                return below
            continue
        found = []
        for k, slot in enumerate(slots):
            part = parts[sum(other.name == slot.name for other in slots[:k])] if parts else None
            found.append([n for n in below if re.sub(r"_\d+$", "", paths[n][-1]) == slot.name and (part is None or part in paths[n])])
        if all(len(keys) == 1 for keys in found):
            return [keys[0] for keys in found]
    return None


def _renamed(model: Any, paths: dict[str, list[str]]) -> dict[str, str]:
    """Layer of the model -> layer there, where a kind of layers doesn't have the same names on both sides: in the order of their numbers."""
    own = dict.fromkeys(owner for layer in stored_layers(model) for slot in slots_of(layer) for owner in slot.owners)
    theirs = dict.fromkeys(step for path in paths.values() for step in path[:-1])
    renamed: dict[str, str] = {}
    for kind in {_kind(name) for name in own}:
        ours, others = ([name for name in names if _kind(name) == kind] for names in (own, theirs))
        if set(ours) != set(others) and len(ours) == len(others):
            renamed |= zip(sorted(ours, key=_number), sorted(others, key=_number), strict=True)
    return renamed


def _kind(name: str) -> str:
    """Return the beginning of automatic names, as Keras 2 writes it: 'conv2d' for 'convolution2d_3'."""
    kind = re.sub(r"_\d+$", "", name).replace("_", "").lower()
    return kind.replace("deconvolution2d", "conv2dtranspose").replace("convolution", "conv")


def _number(name: str) -> int:
    found = re.search(r"_(\d{1,9})$", name)
    return int(found[1]) if found else 0
