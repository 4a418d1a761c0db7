"""The weights of a model, and the state of its optimizer, from a checkpoint of TensorFlow."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..assignment import Assignment, assign_converted
from ..errors import ModelFileError
from ..keras2.optimizer_state import Variables, assignments, by_order, moments_of, product_of_momenta
from ..keras2.optimizers import KNOWN, Unrepresentable
from ..kinds import CHECKPOINT, Kind
from ..reading import failures_named
from .bundle import OBJECT_GRAPH, open_bundle
from .exported import by_list, exported_variables
from .matching import Pair, by_objects, by_variables
from .objects import Objects

#: attribute of the optimizer here -> its children in checkpoints
_SETTINGS = {
    "lr": ("learning_rate", "_learning_rate"), "decay": ("decay",), "beta_1": ("beta_1",), "beta_2": ("beta_2",), "rho": ("rho",),
    "momentum": ("momentum",),
}  # fmt: skip


def prefix_of(kind: Kind) -> str:
    """The name that the files of a checkpoint share: its own, or that of a SavedModel's variables."""
    if kind.name == CHECKPOINT:
        return kind.path
    prefix = os.path.join(kind.path, "variables", "variables")
    if not os.path.isfile(f"{prefix}.index"):
        raise ModelFileError(f"{kind.path!r}: this SavedModel has no weights: the file variables/variables.index is missing.")
    return prefix


def load_checkpoint(model: Any, prefix: str, by_name: bool = False) -> None:
    """Set the weights of a model from a checkpoint, and the state of its optimizer if it is compiled and the checkpoint has one.

    Layers are matched in the order in which tf.keras numbers them, or by their names if both sides have the same names. A checkpoint of a TensorFlow 1
    saver knows no layers; there, weights are matched by the names of variables. If a weight doesn't fit, nothing is set.

    Args:
        model: a Sequential or a Model.
        prefix: the name that the checkpoint's files share.
        by_name: whether to leave out what only one side has.
    """
    with open_bundle(prefix) as bundle, failures_named(prefix, problem="damaged, or not a checkpoint of a model"):
        if OBJECT_GRAPH not in bundle:
            assign_converted(model, values(by_variables(model, bundle, by_name)))
            return
        objects = Objects(bundle)
        exported = exported_variables(objects)
        pairs = by_list(model, objects, exported, by_name) if exported else by_objects(model, objects, objects.model(), by_name)
        found = values(pairs)
        if getattr(model, "optimizer", None) is not None and not by_name:
            try:
                found += optimizer_state(model, objects, pairs)
            except Unrepresentable as error:
                warnings.warn(
                    f"{prefix!r}: the weights are loaded, but the optimizer starts anew: {error}. [differences: checkpoint-state]",
                    stacklevel=4,
                )
        assign_converted(model, found)


def values(pairs: Sequence[Pair]) -> list[Assignment]:
    """The values of weights, read now."""
    return [assignment for pair in pairs for assignment in pair.slot.fill(pair.tensor.read())]


# ---------------------------------------------------------------------- the optimizer


def optimizer_state(model: Any, objects: Objects, pairs: Sequence[Pair]) -> list[Assignment]:
    """The count of updates, settings that are variables, and moments, for the optimizer of ``model``; nothing if the file has none."""
    node = next((found for start in (objects.model(), 0) if (found := objects.child(start, "optimizer", "opt")) is not None), None)
    if node is None or not objects.children(node):
        return []
    name = type(model.optimizer).__name__
    if name == "Adafactor" or hasattr(model.optimizer, "inner_optimizer"):
        return _in_order(model, objects, node, [pair.slot for pair in pairs if pair.slot.trained])
    if name not in KNOWN:
        raise Unrepresentable(f"tf.keras has no optimizer {name}, or another one by this name")
    wanted = moments_of(model)
    runs = {moment: run for moment, names in wanted.items() if (run := _moments(objects, node, names, pairs))}
    if runs and len(runs) != len(wanted):
        raise Unrepresentable(f"{name} keeps {len(wanted)} values for each weight, but the checkpoint has {len(runs)}")
    others = {slot for _, slot, _ in objects.slots(node)} - {other for names in wanted.values() for other in names}
    if not runs and (others or _vectors(objects, node)):
        raise Unrepresentable(f"it is the state of an optimizer other than {name}")
    if others - {"momentum"}:
        raise Unrepresentable(f"the optimizer in the checkpoint also keeps {', '.join(sorted(others))}, which {name} doesn't keep here")
    variables = Variables()
    variables.moments = runs
    state = assignments(model, [pair.slot for pair in pairs if pair.slot.trained], variables)
    count = objects.child(node, "iter", "_iterations")
    if count is not None and objects.key(count):
        steps = _number(objects, count)
        state.append(Assignment(model.optimizer.iterations, np.asarray(steps, "float64")))
        if name == "Nadam":
            state.append(product_of_momenta(model.optimizer, int(steps)))
    return state + _settings(model.optimizer, objects, node)


def _in_order(model: Any, objects: Objects, node: int, slots: Sequence[Any]) -> list[Assignment]:
    """The values of an optimizer of tf.keras 2.11 and later that lists its variables by numbers."""
    count = objects.child(node, "_iterations")
    listed = objects.numbered(objects.child(node, "_variables"))
    nodes = list(dict.fromkeys(child for child in (count, *listed) if child is not None and objects.key(child)))
    if not nodes:
        raise Unrepresentable("the state of this optimizer has an unknown layout")
    arrays: list[Any] = [objects.bundle.tensor(objects.key(child)) for child in nodes]
    return assignments(model, slots, by_order(model, arrays, slots))


def _settings(optimizer: Any, objects: Objects, node: int) -> list[Assignment]:
    from ... import backend as K

    found = []
    for attribute, names in _SETTINGS.items():
        child, variable = objects.child(node, *names), getattr(optimizer, attribute, None)
        if child is not None and objects.key(child) and variable is not None and K.is_variable(variable):
            found.append(Assignment(variable, np.asarray(_number(objects, child), "float64")))
    return found


def _number(objects: Objects, node: int) -> Any:
    tensor = objects.bundle.tensor(objects.key(node))
    if tensor.shape:
        raise Unrepresentable(f"{tensor.where!r} should be a number, but it has the shape {tensor.shape}")
    return tensor.read()


def _vectors(objects: Objects, node: int) -> bool:
    """Whether the optimizer of tf.keras 2.11 and later keeps anything for weights."""
    listed = objects.numbered(objects.child(node, "_variables"))
    return any("/" in objects.full_name(child) for child in listed)


def _moments(objects: Objects, node: int, names: Sequence[str], pairs: Sequence[Pair]) -> list[Any]:
    """The tensors of one moment for all trained weights, in their order; nothing if there are none."""
    trained = [pair for pair in pairs if pair.slot.trained]
    slots = {variable: value for variable, slot, value in objects.slots(node) if slot in names}
    if not slots:
        # tf.keras from 2.11 on: a list of them all, called optimizer/moment/name of the weight, or without the optimizer if that was loaded
        named = [(child, objects.full_name(child).split("/")) for child in objects.numbered(objects.child(node, "_variables"))]
        found = [(child, path, next((k for k in (0, 1) if path[k : k + 1] and path[k] in names), None)) for child, path in named]
        called = [child for child, _, place in found if place is not None]
        weights = ["/".join(path[place + 1 :]) for _, path, place in found if place is not None]
        own = [objects.full_name(pair.node) for pair in trained]
        if len(set(weights)) == len(weights) and set(own) == set(weights):
            by_name = dict(zip(weights, called, strict=True))
            slots = {pair.node: by_name[name] for pair, name in zip(trained, own, strict=True)}
        elif len(called) == len(trained):
            slots = {pair.node: child for pair, child in zip(trained, called, strict=True)}
        elif called:
            raise Unrepresentable(f"it has values for {len(called)} trained weights, but the model has {len(trained)}")
    missing = [pair for pair in trained if not objects.key(slots.get(pair.node, -1))]
    if not slots or len(missing) == len(trained):
        return []
    if missing:
        raise Unrepresentable(f"it has no values for {missing[0].tensor.where!r}, which wasn't trained there")
    tensors = [objects.bundle.tensor(objects.key(slots[pair.node])) for pair in trained]
    for pair, tensor in zip(trained, tensors, strict=True):
        if tensor.shape != pair.slot.shape:
            raise Unrepresentable(f"{tensor.where!r} has the shape {tensor.shape}; {pair.slot.shape} was expected")
    return tensors
