"""The weights in a file of Keras 3: which of kbridge's each stored array fills. Nothing is read before all shapes have been compared."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...engine.inside import is_layer
from ...engine.registry import layer_classes
from ...layers import RNN, StackedRNNCells
from ..assignment import Assignment, Pending, from_arrays
from ..errors import ModelFileError
from ..hdf5_names import absolute
from ..keras2.quantized import unquantized
from ..keras2.weights import Slot, own_slots, slots_of
from ..limits import MAX_ARRAYS, MAX_DEPTH
from ..reading import Group, StoredArray
from .paths import SEEDS, Node, has_arrays, is_model, nodes_of_model, places, snake_case, stored_names

_RECURRENT = ("SimpleRNN", "GRU", "LSTM", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")


class Match(NamedTuple):
    """A stored array, and what it fills."""

    layer: Any
    slot: Slot
    array: StoredArray


def read(matches: Sequence[Match]) -> Iterator[Assignment | Pending]:
    """The values for kbridge's weights."""
    for match in matches:
        yield from from_arrays([match.array], functools.partial(_filled, match))


def _filled(match: Match) -> list[Assignment]:
    return match.slot.fill(match.array.read())


def stored_values(group: Group) -> int:
    """How many numbers the weights below ``group`` are."""
    return sum(int(np.prod(array.shape, dtype=float)) for array in all_arrays(group, ("optimizer", "metrics", "loss_tracker", "_kbridge")))


def all_arrays(group: Group, without: Sequence[str] = ()) -> Iterator[StoredArray]:
    """All arrays below ``group``, but for members of its own that are called as in ``without``."""
    count = 0
    pending = [group.group(name) for name in group.keys() if name not in without and group.is_group(name)]
    while pending:
        inner = pending.pop()
        for name in inner.keys():
            count += 1
            if count > MAX_ARRAYS:
                raise group.error(f"more than {MAX_ARRAYS} members.")
            if inner.is_group(name):
                pending.append(inner.group(name))
            else:
                yield inner.array(name)


def labelled_arrays(group: Group, before: str = "") -> list[tuple[str, StoredArray]]:
    """(place below the layer, array) of all weights of a layer, without the seeds of what it draws."""
    found = [(f"{before}{array.name}", array) for array in numbered(group)]
    for name in group.keys():
        if name not in ("vars", *SEEDS) and group.is_group(name) and before.count("/") < MAX_DEPTH:
            found += labelled_arrays(group.group(name), f"{before}{name}/")
    return found


# ---------------------------------------------------------------------- layers


def match_model(model: Any, nodes: Sequence[Node], group: Group) -> list[Match]:
    """All weights of ``model``, whose layers are ``nodes`` by their names, with the arrays below ``group``."""
    return list(_in_model(model, nodes, group))


def match_by_name(model: Any, names: dict[str, str], group: Group) -> list[Match]:
    """The weights of the layers of ``model`` that are among ``names``, by their paths below ``group``."""
    found: list[Match] = []
    for node in nodes_of_model(model):
        if node.name in names and has_arrays(below := _below(group, names[node.name])):
            found += _in_layer(_layers_of(model)[node.name], node, below)
    return found


def match_in_order(model: Any, group: Group, nodes: Sequence[Node] | None) -> list[Match]:
    """The weights of ``model`` with those of a file whose layers may have other names.

    ``nodes``: the layers of the file, in order, if it says them. Else the names that it has decide if they are those of the model, and
    if not the layers' classes, each counted.
    """
    layers = _layers_of(model)
    own = [node for node in nodes_of_model(model) if layers[node.name].weights]
    if nodes is not None:
        paths = [path for path in places(nodes) if _holds(group, path)]
        if len(paths) != len(own):
            raise ModelFileError(
                f"{group.path!r} has {len(paths)} layers with weights, the model has {len(own)}: {_listed(paths)} in the file, "
                f"{_listed([node.name for node in own])} in the model."
            )
        return [match for node, path in zip(own, paths, strict=True) for match in _in_layer(layers[node.name], node, _below(group, path))]
    named = {name: path for name, path in stored_names(group).items() if _holds(group, path)}
    if named and named.keys() == {node.name for node in own}:
        return match_by_name(model, named, group)
    counted = dict(zip((node.name for node in nodes_of_model(model)), places(nodes_of_model(model)), strict=True))
    stored = _stored_paths(group)
    if {counted[node.name] for node in own} != set(stored):
        raise ModelFileError(
            f"{group.path!r} has weights of other layers than the model: {_listed(stored)} in the file, "
            f"{_listed([f'{counted[node.name]} ({node.name})' for node in own])} in the model. by_name=True loads those of equal names."
        )
    return [match for node in own for match in _in_layer(layers[node.name], node, _below(group, counted[node.name]))]


def _stored_paths(group: Group) -> list[str]:
    """The paths of the layers that have weights in a file."""
    if "layers" not in group:
        others = [name for name in group.keys() if name not in ("optimizer", "vars", "metrics")]
        raise ModelFileError(
            f"{group.path!r} has no layers by number, as models made of layers have: it is of a class of the user's own with the attributes "
            f"{_listed(others)}. by_name=True finds layers by their names."
        )
    layers = group.group("layers")
    return [f"layers/{place}" for place in layers.keys() if layers.is_group(place) and has_arrays(layers.group(place))]


def _holds(group: Group, path: str) -> bool:
    return path in group and has_arrays(group.group(path))


def _layers_of(model: Any) -> dict[str, Any]:
    return {layer.name: layer for layer in model.layers}


def _below(group: Group, path: str) -> Group:
    return group.group(path)


def _in_model(model: Any, nodes: Sequence[Node], group: Group) -> Iterator[Match]:
    layers = _layers_of(model)
    for node, path in zip(nodes, places(nodes), strict=True):
        layer = layers.pop(node.name, None)
        if layer is not None and layer.weights:
            if path not in group:
                raise ModelFileError(
                    f"{group.path!r}: layer {layer.name!r} takes {_shapes(layer)}, but there is no {absolute(group.where, path)}."
                )
            yield from _in_layer(layer, node, group.group(path))
    known = set(places(nodes))
    if "layers" in group and (unknown := [path for path in _stored_paths(group) if path not in known]):
        raise ModelFileError(f"{group.path!r}: there are weights of layers that the config doesn't have: {_listed(unknown)}.")
    for layer in layers.values():
        if layer.weights:
            raise ModelFileError(f"{group.path!r}: the file's config doesn't say where the weights of layer {layer.name!r} lie.")


def _in_layer(layer: Any, node: Node | None, group: Group) -> Iterator[Match]:
    if is_model(layer):
        children = node.children if node is not None and node.children is not None else nodes_of_model(layer)
        yield from _in_model(layer, children, group)
    elif hasattr(layer, "forward_layer"):
        for part in ("forward_layer", "backward_layer"):
            yield from _in_layer(getattr(layer, part), None, group.group(part))
    elif isinstance(layer, StackedRNNCells):
        taken: Counter[str] = Counter()
        for cell in layer.cells:
            place = snake_case(type(cell).__name__)
            yield from _in_layer(cell, None, group.group(f"cells/{place}" + (f"_{taken[place]}" if taken[place] else "")))
            taken[place] += 1
    elif isinstance(layer, RNN):
        yield from _in_layer(layer.cell, None, group.group("cell"))
    elif hasattr(layer, "layer") and hasattr(layer, "_inner"):
        inner = None if node is None or not node.wraps else node
        yield from _in_layer(layer.layer, inner, group.group("layer"))
        if own := own_slots(layer):
            # behind a kernel of the layer inside, which the wrapper lists too
            yield from _of_slots(layer, own, numbered(group)[-len(own) :], group)
    elif layer_classes().get(type(layer).__name__) is not type(layer):
        yield from _of_own_class(layer, group)
    else:
        yield from _of_slots(layer, slots_of(layer), _arrays(layer, group), group)


def _of_own_class(layer: Any, group: Group) -> Iterator[Match]:
    """A layer of the user's own class: its own weights, and those of the layers that it holds, by the attributes' names."""
    held: list[tuple[str, Any]] = []
    for name, value in vars(layer).items():
        if is_layer(value):
            held.append((name, value))
        elif isinstance(value, (list, tuple)) and value and all(is_layer(item) for item in value):
            taken: Counter[str] = Counter()
            for item in value:
                place = snake_case(type(item).__name__)
                held.append((f"{name}/{place}" + (f"_{taken[place]}" if taken[place] else ""), item))
                taken[place] += 1
    inside = {id(variable) for _, item in held for variable in item.weights}
    slots = slots_of(layer)
    if len(slots) == len(layer.weights):  # else a subclass of one whose weights are stored together
        slots = [slot for slot, variable in zip(slots, layer.weights, strict=True) if id(variable) not in inside]
    yield from _of_slots(layer, slots, _arrays(layer, group), group)
    for place, item in held:
        if item.weights:
            if place not in group:
                raise ModelFileError(
                    f"{group.path!r}: layer {item.name!r} inside {layer.name!r} takes {_shapes(item)}, but there is no {absolute(group.where, place)}."
                )
            yield from _in_layer(item, None, group.group(place))


def _of_slots(layer: Any, slots: Sequence[Slot], arrays: Sequence[StoredArray], group: Group) -> Iterator[Match]:
    arrays = unquantized(arrays, len(slots))
    if [slot.shape for slot in slots] != [array.shape for array in arrays]:
        wanted = ", ".join(f"{slot.name or 'a weight'} {slot.shape}" for slot in slots) or "none"
        there = ", ".join(f"{array.where} {array.shape}" for array in arrays) or f"none below {group.where}"
        raise ModelFileError(
            f"{group.path!r}: layer {layer.name!r} ({type(layer).__name__}) takes the arrays {wanted}; the file has {there}."
        )
    for slot, array in zip(slots, arrays, strict=True):
        yield Match(layer, slot, array)


def _arrays(layer: Any, group: Group) -> list[StoredArray]:
    """The arrays of one layer, in the order of its weights."""
    kinds = {c.__name__ for c in type(layer).__mro__}
    if not kinds.isdisjoint(_RECURRENT) and "cell" in group:
        return numbered(group.group("cell"))
    if hasattr(layer, "query_kernel"):
        return [array for part in ("query", "key", "value", "output") for array in numbered(group.group(_present(group, f"{part}_dense")))]
    return numbered(group)


def _present(group: Group, attribute: str) -> str:
    """An attribute's name, which some versions began with an underscore."""
    return attribute if attribute in group else f"_{attribute}"


def numbered(group: Group) -> list[StoredArray]:
    """The arrays in ``vars``, by their numbers."""
    if "vars" not in group:
        return []
    own = group.group("vars")
    names = own.keys()
    if any(not re.fullmatch(r"\d{1,6}", name) for name in names):
        raise own.error(f"weights should be numbered, they are called {_listed(names)}.")
    return [own.array(name) for name in sorted(names, key=int)]


def _shapes(layer: Any) -> str:
    return "weights of the shapes " + ", ".join(str(slot.shape) for slot in slots_of(layer))


def _listed(names: Sequence[str]) -> str:
    names = list(names)
    return (", ".join(names[:8]) + (", ..." if len(names) > 8 else "")) if names else "none"


__all__ = ["SEEDS", "Match", "all_arrays", "match_by_name", "match_in_order", "match_model", "numbered", "read", "stored_values"]
