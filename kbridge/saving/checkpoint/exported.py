"""The weights in a folder that Keras 3's ``model.export`` wrote: a list of variables in the order of the model's weights, without its layers."""

from __future__ import annotations

from typing import Any

from ..assignment import stored_layers
from ..keras2.weights import slots_of
from .matching import Pair, checked, chosen_by_name, listed
from .objects import Objects, Variable

#: the children of the root that ``model.export`` makes
_LISTED, _ALL = "variables", "_all_variables"
#: a variable that is no weight: where the random numbers of a layer are
_SEED = "seed_generator_state"


def exported_variables(objects: Objects) -> list[Variable]:
    """The weights that ``model.export`` listed, in their order; nothing if something else wrote the checkpoint."""
    if objects.child(0, _ALL) is None:
        return []
    named = [(node, objects.key(node), objects.full_name(node)) for node in objects.numbered(objects.child(0, _LISTED))]
    return [Variable(node, tuple(name.split("/")), key, name) for node, key, name in named if key and not name.endswith(f"/{_SEED}")]


def by_list(model: Any, objects: Objects, variables: list[Variable], by_name: bool = False) -> list[Pair]:
    """Pairs for all weights of ``model``: by the names of its layers if they are those of the file, otherwise in order. ModelFileError if they don't fit."""
    layers = [(layer, slots) for layer in stored_layers(model) if (slots := slots_of(layer))]
    groups = {layer.name: [variable for variable in variables if layer.name in variable.path[:-1]] for layer, _ in layers}
    if by_name:
        layers = [(layer, slots) for layer, slots in layers if groups[layer.name]]
    elif any(len(groups[layer.name]) != len(slots) for layer, slots in layers) or sum(map(len, groups.values())) != len(variables):
        count = sum(len(slots) for _, slots in layers)
        if count != len(variables):
            raise objects.bundle.error(
                f"it has {len(variables)} weights, but the model {model.name!r} has {count}. In the file: "
                f"{listed([variable.full_name for variable in variables])}; layers in the model: {listed(list(groups))}."
            )
        left = list(variables)
        for layer, slots in layers:
            groups[layer.name], left = left[: len(slots)], left[len(slots) :]
    found: list[Pair] = []
    for layer, slots in layers:
        group = groups[layer.name]
        chosen = chosen_by_name(slots, group)
        if chosen is None and len(group) == len(slots):
            chosen = group  # Keras 3 has other names for some: the kernel of DepthwiseConv2D
        if chosen is None:
            raise objects.bundle.error(
                f"layer {layer.name!r} ({type(layer).__name__}) needs {listed([slot.name or 'a weight' for slot in slots])}, but the file has "
                f"{listed([variable.full_name for variable in group])} for it."
            )
        tensors = [objects.bundle.tensor(variable.key).renamed(variable.full_name) for variable in chosen]
        found += checked(layer, slots, tensors, objects.bundle, [variable.node for variable in chosen])
    return found
