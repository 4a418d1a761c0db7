"""The weights in a file of Keras 3: which of kbridge's each stored array fills. Nothing is read before all shapes have been compared."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from ...engine.inside import is_layer
from ...engine.registry import layer_classes
from ...layers import RNN, Pipeline, StackedRNNCells
from ..assignment import Assignment, Pending, from_arrays
from ..errors import ModelFileError
from ..hdf5_names import absolute
from ..keras2.quantized import FROM_HEADS, HEADS, in_equation, unquantized
from ..keras2.weights import Slot, is_of_table, own_slots, slots_of, slots_of_itself
from ..reading import Group, StoredArray
from .arrays import all_arrays, listed, numbered, stored_values
from .paths import SEEDS, Node, attributes, has_arrays, is_model, nodes_of_model, places, snake_case, stored_names

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


# ---------------------------------------------------------------------- layers


def match_model(model: Any, nodes: Sequence[Node], group: Group) -> list[Match]:
    """All weights of ``model``, whose layers are ``nodes`` by their names, with the arrays below ``group``."""
    return list(_in_model(model, nodes, group, set()))


def match_by_name(model: Any, names: dict[str, str], group: Group) -> list[Match]:
    """The weights of the layers of ``model`` that are among ``names``, by their paths below ``group``."""
    found: list[Match] = []
    seen: set[int] = set()
    for node in nodes_of_model(model):
        if node.name in names and has_arrays(below := _below(group, names[node.name])):
            found += _in_layer(_layers_of(model)[node.name], node, below, seen)
    return found


def match_attributes(model: Any, group: Group) -> list[Match]:
    """The weights of the layers of ``model``, called like the attributes of the class of somebody's own whose weights are in ``group``."""
    names, layers = stored_names(group), _layers_of(model)
    missing = [node.name for node in nodes_of_model(model) if node.name not in names and _weighs(layers, node)]
    if missing:
        raise ModelFileError(
            f"{group.path!r} has no weights for the layers {listed(missing)}. Layers of the model should be called like the attributes of the class "
            f"that wrote it: {listed(list(names))}."
        )
    return match_by_name(model, names, group)


def match_in_order(model: Any, group: Group, nodes: Sequence[Node] | None) -> list[Match]:
    """The weights of ``model`` with those of a file whose layers may have other names.

    ``nodes``: the layers of the file, in order, if it says them. Else the names that it has decide if they are those of the model, and
    if not the layers' classes, each counted.
    """
    layers = _layers_of(model)
    met: set[int] = set()
    seen: set[int] = set()
    own = [node for node in nodes_of_model(model) if _is_first(layers[node.name], met)]
    if nodes is not None:
        paths = [path for path in places(nodes) if _holds(group, path)]
        if len(paths) != len(own):
            raise ModelFileError(
                f"{group.path!r} has {len(paths)} layers with weights, but the model has {len(own)}. In the file: "
                f"{listed(paths)}; in the model: {listed([node.name for node in own])}."
            )
        return [
            match for node, path in zip(own, paths, strict=True) for match in _in_layer(layers[node.name], node, _below(group, path), seen)
        ]
    named = {name: path for name, path in stored_names(group).items() if _holds(group, path)}
    if named and named.keys() == {node.name for node in own}:
        return match_by_name(model, named, group)
    all_nodes = nodes_of_model(model)
    counted = dict(zip((node.name for node in all_nodes), _places_of(layers, all_nodes, group, set()), strict=True))
    stored = _stored_paths(group)
    if {counted[node.name] for node in own} != set(stored):
        raise ModelFileError(
            f"{group.path!r} has weights of other layers than the model. In the file: {listed(stored)}; in the model: "
            f"{listed([f'{counted[node.name]} ({node.name})' for node in own])}. by_name=True loads those with equal names."
        )
    return [match for node in own for match in _in_layer(layers[node.name], node, _below(group, counted[node.name]), seen)]


def _is_first(layer: Any, met: set[int]) -> bool:
    """Whether ``layer`` has weights that no layer before it had, whose ids are in ``met``: a file has those of a shared layer once."""
    new = {id(weight) for weight in layer.weights} - met
    met |= new
    return bool(new)


def _places_of(layers: dict[str, Any], nodes: Sequence[Node], group: Group, seen: set[int]) -> list[str]:
    """The paths of a model's layers, where tf.keras doesn't count layers that it has met before, in this model or in one inside."""
    met, first = set(seen), []
    for node in nodes:
        layer = layers.get(node.name)
        first.append(layer is None or not layer.weights or _is_first(layer, met))
    counted = places(nodes)
    if all(first) or all(path in group for path, node, new in zip(counted, nodes, first, strict=True) if new and _weighs(layers, node)):
        return counted
    fewer = iter(places([node for node, new in zip(nodes, first, strict=True) if new]))
    return [next(fewer) if new else path for path, new in zip(counted, first, strict=True)]


def _weighs(layers: dict[str, Any], node: Node) -> bool:
    return node.name in layers and bool(layers[node.name].weights)


def _stored_paths(group: Group) -> list[str]:
    """The paths of the layers that have weights in a file."""
    if "layers" not in group:
        raise ModelFileError(
            f"{group.path!r} doesn't number its layers, as files of Sequential and functional models do. It comes from a "
            f"custom class with the attributes {listed(attributes(group))}. Call the layers of the model like these attributes (name=...), and load it "
            "with by_name=True."
        )
    layers = group.group("layers")
    return [f"layers/{place}" for place in layers.keys() if layers.is_group(place) and has_arrays(layers.group(place))]


def _holds(group: Group, path: str) -> bool:
    return path in group and has_arrays(group.group(path))


def _layers_of(model: Any) -> dict[str, Any]:
    return {layer.name: layer for layer in model.layers}


def _below(group: Group, path: str) -> Group:
    return group.group(path)


def _in_model(model: Any, nodes: Sequence[Node], group: Group, seen: set[int]) -> Iterator[Match]:
    """``seen``: the ids of the weights that have been matched, of layers that stand in several models."""
    layers = _layers_of(model)
    paths = _places_of(layers, nodes, group, seen)
    for node, path in zip(nodes, paths, strict=True):
        layer = layers.pop(node.name, None)
        if layer is not None and not _all_in(layer, seen):
            if path not in group:
                raise ModelFileError(
                    f"{group.path!r}: layer {layer.name!r} needs {_shapes(layer)}, but there is no {absolute(group.where, path)}."
                )
            yield from _in_layer(layer, node, group.group(path), seen)
    known = set(paths)
    if "layers" in group and (unknown := [path for path in _stored_paths(group) if path not in known]):
        raise ModelFileError(f"{group.path!r}: it has weights of layers that the config doesn't have: {listed(unknown)}.")
    for layer in layers.values():
        if layer.weights:
            raise ModelFileError(f"{group.path!r}: its config doesn't say where the weights of layer {layer.name!r} are.")


def _all_in(layer: Any, seen: set[int]) -> bool:
    return all(id(weight) in seen for weight in layer.weights)


def _in_layer(layer: Any, node: Node | None, group: Group, seen: set[int]) -> Iterator[Match]:
    for match in _inside(layer, node, group, seen):
        # a wrapper's flag holds for what it wraps
        yield match if getattr(layer, "trainable", True) else match._replace(slot=match.slot._replace(trained=False))


def _is_known(layer: Any) -> bool:
    """Whether the layer is of a class of kbridge."""
    return layer_classes().get(type(layer).__name__) is type(layer)


def _inside(layer: Any, node: Node | None, group: Group, seen: set[int]) -> Iterator[Match]:
    if layer.weights and _all_in(layer, seen) or getattr(layer, "factors_in_config", False):
        return
    if is_model(layer) or isinstance(layer, Pipeline):
        children = node.children if node is not None and node.children is not None else nodes_of_model(layer)
        yield from _in_model(layer, children, group, seen)
    elif hasattr(layer, "forward_layer"):
        for part in ("forward_layer", "backward_layer"):
            yield from _in_layer(getattr(layer, part), None, group.group(part), seen)
    elif isinstance(layer, StackedRNNCells):
        taken: Counter[str] = Counter()
        for cell in layer.cells:
            place = snake_case(type(cell).__name__)
            yield from _in_layer(cell, None, group.group(f"cells/{place}" + (f"_{taken[place]}" if taken[place] else "")), seen)
            taken[place] += 1
    elif isinstance(layer, RNN):
        yield from _in_layer(layer.cell, None, group.group("cell"), seen)
    elif hasattr(layer, "layer") and hasattr(layer, "_inner"):
        inner = None if node is None or not node.wraps else node
        yield from _in_layer(layer.layer, inner, group.group("layer"), seen)
        if own := own_slots(layer):
            # behind a kernel of the layer inside, which the wrapper lists too
            yield from _of_slots(layer, own, numbered(group)[-len(own) :], group)
            seen.update(id(weight) for weight in layer.weights)
    elif not _is_known(layer):
        yield from _of_own_class(layer, group, seen)
    else:
        yield from _of_slots(layer, slots_of(layer), _arrays(layer, group), group)
        seen.update(id(weight) for weight in layer.weights)


def _of_own_class(layer: Any, group: Group, seen: set[int]) -> Iterator[Match]:
    """A layer of the user's own class: its own weights, and those of the layers that it holds, by the attributes' names."""
    held: list[tuple[str, Any]] = []
    for name, value in vars(layer).items():
        if is_layer(value):
            held.append((name, value))
            continue
        items = list(value.values()) if isinstance(value, dict) else value
        if isinstance(items, (list, tuple)) and items and all(is_layer(item) for item in items):
            taken: Counter[str] = Counter()
            for item in items:
                place = snake_case(type(item).__name__)
                held.append((f"{name}/{place}" + (f"_{taken[place]}" if taken[place] else ""), item))
                taken[place] += 1
    inside = {id(variable) for _, item in held for variable in item.weights}
    slots = slots_of(layer) if is_of_table(layer) else slots_of_itself(layer, [item for _, item in held])
    yield from _of_slots(layer, slots, _arrays(layer, group), group)
    seen.update({id(weight) for weight in layer.weights} - inside)
    for place, item in held:
        if not _all_in(item, seen):
            if place not in group:
                raise ModelFileError(
                    f"{group.path!r}: layer {item.name!r} inside {layer.name!r} needs {_shapes(item)}, but there is no "
                    f"{absolute(group.where, place)}."
                )
            yield from _in_layer(item, None, group.group(place), seen)


def _of_slots(layer: Any, slots: Sequence[Slot], arrays: Sequence[StoredArray], group: Group) -> Iterator[Match]:
    arrays = unquantized(arrays, len(slots))
    if [slot.shape for slot in slots] != [array.shape for array in arrays]:
        wanted = ", ".join(f"{slot.name or 'a weight'} {slot.shape}" for slot in slots) or "none"
        there = ", ".join(f"{array.where} {array.shape}" for array in arrays) or f"none below {group.where}"
        raise ModelFileError(
            f"{group.path!r}: layer {layer.name!r} ({type(layer).__name__}) needs the arrays {wanted}, but the file has {there}."
        )
    for slot, array in zip(slots, arrays, strict=True):
        yield Match(layer, slot, array)


def _arrays(layer: Any, group: Group) -> list[StoredArray]:
    """The arrays of one layer, in the order of its weights."""
    kinds = {c.__name__ for c in type(layer).__mro__}
    if not kinds.isdisjoint(_RECURRENT) and "cell" in group:
        return numbered(group.group("cell"))
    if hasattr(layer, "query_kernel"):
        parts = {part: numbered(group.group(_present(group, f"{part}_dense"))) for part in ("query", "key", "value", "output")}
        return [array for part, found in parts.items() for array in in_equation(found, HEADS if part != "output" else FROM_HEADS)]
    equation = getattr(layer, "equation", None)
    return in_equation(numbered(group), equation) if isinstance(equation, str) and "->" in equation else numbered(group)


def _present(group: Group, attribute: str) -> str:
    """An attribute's name, which some versions began with an underscore."""
    return attribute if attribute in group else f"_{attribute}"


def _shapes(layer: Any) -> str:
    return "weights of the shapes " + ", ".join(str(slot.shape) for slot in slots_of(layer))


__all__ = ["SEEDS", "Match", "all_arrays", "match_by_name", "match_in_order", "match_model", "numbered", "read", "stored_values"]
