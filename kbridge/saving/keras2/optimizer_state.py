"""The state of an optimizer in files of Keras 2 and 3: which of its variables is which."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import backend as K
from ..assignment import Assignment, stored_layers
from ..reading import Group, StoredArray
from .optimizers import KNOWN, OF_ALL, WHOLE_WEIGHTS, Unrepresentable, keras3_moments
from .weights import Slot, once, slots_of, weights_of


class Variables:
    """The variables of a file by what they are: scalars by name, moments as a list in the order of the weights."""

    def __init__(self) -> None:
        self.scalars: dict[str, StoredArray] = {}
        self.moments: dict[str, list[StoredArray]] = {}

    def add(self, moment: str, array: StoredArray) -> None:
        """The next array of a moment."""
        self.moments.setdefault(moment, []).append(array)


_COUNTS = ("iteration", "iterations", "iter")
_SCALARS = {
    "learning_rate": "lr",
    "step_counter": "step_counter",
    "dynamic_scale": "dynamic_scale",
    "m_schedule": "m_schedule",
    "momentum_cache": "m_schedule",
    "variable": "m_schedule",
}


def read_state(model: Any, root: Group, flipped: bool) -> list[Assignment]:
    """The values of the optimizer's weights and count of updates in a whole-model ``.h5``. May raise Unrepresentable."""
    if "optimizer_weights" not in root:
        return []
    group = root.group("optimizer_weights")
    names = group.names("weight_names") or []
    arrays = [group.array(name) for name in names]
    layers = in_order_of(stored_layers(model), root.group("model_weights").names("layer_names") or [])
    slots = once([slot for layer in layers for slot in slots_of(layer) if slot.trained])
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    variables = by_name(type(optimizer).__name__, names, arrays, len(slots))
    return assignments(model, slots, variables, flipped)


def in_order_of(layers: list, names: Sequence[str]) -> list:
    """Return ``layers`` in the order that a file lists their ``names`` in, if it has them all."""
    places = {name: place for place, name in enumerate(names)}
    return sorted(layers, key=lambda layer: places[layer.name]) if all(layer.name in places for layer in layers) else layers


def by_name(optimizer: str, names: Sequence[str], arrays: Sequence[StoredArray], weights: int) -> Variables:
    """The variables of ``optimizer`` by their names in a file, or by their order where Keras 2 gave them none."""
    found, nameless = Variables(), []
    spelled = {there: own for own, every in {**KNOWN[optimizer].moments, **OF_ALL}.items() for there in every}
    for name, array in zip(names, arrays, strict=True):
        parts = re.sub(r":\d+$", "", name).split("/")
        last = re.sub(r"_\d+$", "", parts[-1])
        if array.shape == () and last in _COUNTS:
            found.scalars["iterations"] = array  # of a LossScaleOptimizer and the one inside, the latter
        elif array.shape == () and last in _SCALARS:
            found.scalars[_SCALARS[last]] = array
        elif (moment := _moment(parts, spelled)) is not None:
            found.add(moment, array)
        else:
            nameless.append(array)
    if nameless:
        if found.moments:
            raise Unrepresentable(f"the state of {optimizer} has unknown parts: {nameless[0].where}")
        if "iterations" not in found.scalars and nameless[0].shape == ():
            found.scalars["iterations"] = nameless.pop(0)
        # Adam's place for amsgrad is an array of one number for each weight
        own = list(KNOWN[optimizer].moments)[: {"RMSprop": 1, "Adam": 2}.get(optimizer)]
        kept = nameless[: len(own) * weights]
        if len(kept) not in (0, len(own) * weights):
            raise Unrepresentable(f"the state of {optimizer} has an unknown layout")
        for number, array in enumerate(kept):
            found.add(own[number // weights], array)
    return found


def _moment(parts: list[str], spelled: dict[str, str]) -> str | None:
    """Return the moment that a variable is: 'Adam/m/dense/kernel', 'm/dense/kernel', 'Adam/dense/kernel/m' or 'adam/dense_kernel_momentum'."""
    for place in (1, 0):
        if len(parts) > place + 1 and parts[place] in spelled and (place or parts[0].islower()):
            return spelled[parts[place]]
    if len(parts) < 2 or parts[0] == "training":
        return None
    last = re.sub(r"_\d+$", "", parts[-1])
    if last in spelled:
        return spelled[last]
    ends = [name for name in spelled if last.endswith(f"_{name}")]
    return spelled[max(ends, key=len)] if ends else None


def by_order(model: Any, arrays: Sequence[StoredArray], slots: Sequence[Slot]) -> Variables:
    """The variables of a Keras 3 archive, which have numbers only; ``slots``: of the weights that are trained, in the file's order."""
    trained = getattr(model, "model", None) or model
    trained._make_train_function()
    outer = trained.optimizer
    optimizer, found, left = getattr(outer, "inner_optimizer", outer), Variables(), list(arrays)
    places = {id(weight): place for place, weight in enumerate(trained._collected_trainable_weights)}
    numbers = [[places.get(id(weight)) for weight in weights_of(slot)] for slot in slots]
    made = {
        moment: [next((own[place] for place in some if place is not None), None) for some in numbers]
        for moment, own in optimizer.moments.items()
    }
    name = type(optimizer).__name__
    if name == "SGD" and not float(K.get_value(optimizer.momentum)):
        # tf.keras keeps momenta even then, Keras 3 doesn't
        if sum(bool(array.shape) for array in left) != len(keras3_moments(name, made)):
            made.pop("momentum", None)
    if name == "Adafactor":
        made["v"] = [place for place, _ in enumerate(slots)]  # Keras keeps a whole array too where rows and columns are used
    layout = keras3_moments(name, made)
    scalars = len(left) - len(layout)
    after = ["m_schedule"] if name == "Nadam" else []
    before = ["iterations", "lr"] if K.is_variable(optimizer.lr) else ["iterations"]
    if name == "Nadam" and scalars == 1:
        after = []  # those of tf.keras leave the product of momenta out, too
    if scalars == 1 + len(after):
        before = ["iterations"]  # archives of tf.keras leave the learning rate to the config
    if scalars != len(before) + len(after):
        if scalars + len(layout) == len(before):
            layout, after = [], []  # of a model that was never trained
        elif len(left) == 1 and not left[0].shape and not left[0].read():
            return found  # tf.keras compiled the model and never trained it: a count of 0 updates
        else:
            raise Unrepresentable(f"the state of {name} has {len(left)} arrays, but {len(layout) + len(before) + len(after)} are needed")
    for scalar in before:
        found.scalars[scalar] = left.pop(0)
    for scalar in after:
        found.scalars[scalar] = left.pop()
    for (moment, _), array in zip(layout, left, strict=True):
        found.add(moment, array)
    return found


def moments_of(model: Any) -> dict[str, tuple[str, ...]]:
    """The moments that the optimizer of the compiled ``model`` keeps, and what they are called in files."""
    inner = getattr(model, "model", None) or model
    inner._make_train_function()
    optimizer = getattr(inner.optimizer, "inner_optimizer", inner.optimizer)
    spelled = {**KNOWN[type(optimizer).__name__].moments, **OF_ALL}
    return {moment: spelled[moment] for moment in optimizer.moments if moment in spelled}


def assignments(model: Any, slots: Sequence[Slot], variables: Variables, flipped: bool = False) -> list[Assignment]:
    """The values for the optimizer of the compiled ``model``; ``slots``: of the weights that are trained, in the file's order.

    May raise Unrepresentable. Nothing is read before all shapes have been compared.
    """
    inner = getattr(model, "model", None) or model
    # an optimizer makes its weights together with the updates of the training function
    inner._make_train_function()
    outer = inner.optimizer
    optimizer = getattr(outer, "inner_optimizer", outer)
    trained = {id(weight): place for place, weight in enumerate(inner._collected_trainable_weights)}
    pairs: list[tuple[Slot, StoredArray, list, bool]] = []
    for moment, stored in variables.moments.items():
        own = optimizer.moments.get(moment)
        if own is None:
            if moment == "momentum" and type(optimizer).__name__ == "SGD":
                continue
            raise Unrepresentable(f"{type(optimizer).__name__} has no {moment} here")
        pairs += _of_moment(moment, own, stored, slots, trained)
    found = [Assignment(variable, np.asarray(array.read(), "float64")) for variable, array in _scalars(outer, optimizer, variables)]
    if type(optimizer).__name__ == "Nadam" and "m_schedule" not in variables.scalars and "iterations" in variables.scalars:
        found.append(product_of_momenta(optimizer, int(variables.scalars["iterations"].read())))
    for slot, array, places, as_it_is in pairs:
        value = array.read()
        if as_it_is:
            found.append(Assignment(places[0], value))
            continue
        if flipped and slot.kernel_axes:
            value = np.flip(value, slot.kernel_axes)
        for weight, part in slot.fill(value):
            found.append(Assignment(places[trained[id(weight)]], part))
    return found


def _of_moment(moment: str, own: list, stored: Sequence[StoredArray], slots: Sequence[Slot], trained: dict[int, int]) -> list:
    """(slot, array, the moment's variables, False) of a moment; with True the one variable that takes the array as it is."""
    queue, pairs = list(stored), []
    for slot in slots:
        weights = weights_of(slot)
        if any(id(weight) not in trained for weight in weights):
            raise Unrepresentable(f"the weight {slot.name!r} of {slot.owners[0]!r} was trained there and isn't trained here")
        variables = [own[trained[id(weight)]] for weight in weights]
        if all(variable is None for variable in variables) and (not queue or moment in ("r", "c", "velocity")):
            continue
        if not queue:
            raise Unrepresentable(f"{moment} has only {len(stored)} arrays, which is too few")
        array = queue.pop(0)
        if None in variables:
            if moment != "v":
                raise Unrepresentable(f"{array.where} belongs to a weight that has no {moment} here")
            continue  # Keras keeps a whole array too where rows and columns are what it uses
        shapes = [tuple(K.int_shape(variable)) for variable in variables]
        if shapes == [tuple(K.int_shape(weight)) for weight in weights]:
            if slot.shape != array.shape:
                raise Unrepresentable(f"{array.where} has the shape {array.shape}; {slot.shape} was expected")
            pairs.append((slot, array, own, False))
        elif len(weights) == 1 and tuple(K.int_shape(weights[0])) == slot.shape and shapes[0] == array.shape:
            pairs.append((slot, array, variables, True))
        else:
            raise Unrepresentable(f"{array.where} belongs to a weight that has another layout here")
    if queue:
        raise Unrepresentable(f"{moment} has {len(stored)} arrays, {len(queue)} too many")
    return pairs


def _scalars(outer: Any, optimizer: Any, variables: Variables) -> list[tuple[Any, StoredArray]]:
    holders = {"iterations": optimizer, "lr": optimizer, "m_schedule": optimizer, "step_counter": outer, "dynamic_scale": outer}
    found = []
    for name, array in variables.scalars.items():
        variable = getattr(holders[name], name, None)
        if variable is not None and K.is_variable(variable):
            found.append((variable, array))
    return found


def product_of_momenta(optimizer: Any, steps: int) -> Assignment:
    """The value that the schedule of a Nadam ``optimizer`` has come to; files of Keras 2 lack it. After many steps it is 0."""
    beta, step = float(K.get_value(optimizer.beta_1)), np.arange(1, min(steps, 10000) + 1)
    return Assignment(optimizer.m_schedule, np.asarray(np.prod(beta * (1 - 0.5 * 0.96 ** (step * optimizer.schedule_decay)))))


def layer_in_parts(model: Any) -> str | None:
    """The name of a layer with a trained weight of Keras 2 that is several here, if the optimizer looks at each weight as a whole."""
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    if type(optimizer).__name__ not in WHOLE_WEIGHTS and not getattr(optimizer, "clipnorm_by_weight", None):
        return None
    for layer in stored_layers(model):
        for slot in slots_of(layer):
            if slot.trained and len(weights_of(slot)) > 1:
                return slot.owners[0]
    return None


def in_parts_note(model: Any, layer: str) -> str:
    """Return the note about ``layer``, one weight of which is several here, for the optimizer of ``model``."""
    optimizer = type(getattr(model.optimizer, "inner_optimizer", model.optimizer)).__name__
    return f"{optimizer} looks at each weight as a whole, but the layer {layer!r} has several weights for one weight there, so it trains differently"
