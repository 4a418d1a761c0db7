"""How a Keras 2 model was compiled, and its optimizer's state, as far as Keras 1 has the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ... import backend as K
from ...utils.generic_utils import get_custom_objects
from ..assignment import Assignment, stored_layers
from ..reading import Group, StoredArray
from .values import bare_name, snake_case
from .weights import Slot, slots_of


class Unrepresentable(Exception):
    """Why the training part of a file can't be taken over."""


#: Optimizer -> its hyper-parameters (besides lr and decay), and how many moments it keeps for each weight.
_OPTIMIZERS: dict[str, tuple[tuple[str, ...], int]] = {
    "SGD": (("momentum", "nesterov"), 1),
    "RMSprop": (("rho", "epsilon"), 1),
    "Adagrad": (("epsilon",), 1),
    "Adadelta": (("rho", "epsilon"), 2),
    "Adam": (("beta_1", "beta_2", "epsilon"), 2),
    "Adamax": (("beta_1", "beta_2", "epsilon"), 2),
}

#: Options that change what the optimizer does, and the values at which they do nothing.
_NEUTRAL: dict[str, tuple[Any, ...]] = {
    "amsgrad": (False, None),
    "centered": (False, None),
    "use_ema": (False, None),
    "weight_decay": (None, 0, False),
    "global_clipnorm": (None,),
}

_LOSSES = frozenset(
    {
        "mean_squared_error", "mse", "mean_absolute_error", "mae", "mean_absolute_percentage_error", "mape", "hinge",
        "mean_squared_logarithmic_error", "msle", "squared_hinge", "categorical_crossentropy", "binary_crossentropy",
        "sparse_categorical_crossentropy", "kullback_leibler_divergence", "kld", "poisson",
    }
)  # fmt: skip

_METRICS = _LOSSES | {
    "acc", "accuracy", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy", "top_k_categorical_accuracy",
}  # fmt: skip

_MEANINGLESS_IN_LOSSES = ("name", "reduction", "fn", "axis", "dtype")


# ---------------------------------------------------------------------- how it was compiled


def compile_arguments(config: Mapping[str, Any], outputs: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """The arguments of ``compile`` in a training_config, and the metrics that are left out. May raise Unrepresentable."""
    if config.get("weighted_metrics"):
        raise Unrepresentable("weighted_metrics are unknown here")
    loss = config.get("loss")
    if isinstance(loss, Mapping) and "class_name" not in loss:
        losses: Any = {key: _loss(value) for key, value in loss.items()}
    else:
        losses = [_loss(value) for value in loss] if isinstance(loss, list) else _loss(loss)
    metrics, left_out = _metrics(config.get("metrics"), outputs)
    optimizer = config.get("optimizer_config")
    if not isinstance(optimizer, Mapping) or not isinstance(optimizer.get("config"), Mapping):
        raise Unrepresentable("there is no optimizer_config")
    return {
        "optimizer": _optimizer(bare_name(optimizer.get("class_name")), optimizer["config"]),
        "loss": losses,
        "metrics": metrics,
        "loss_weights": config.get("loss_weights"),
        "sample_weight_mode": config.get("sample_weight_mode"),
    }, left_out


def _loss(value: Any) -> Any:
    name = value
    if isinstance(value, Mapping):
        arguments = value.get("config") or {}
        for key, argument in arguments.items():
            if argument and key not in _MEANINGLESS_IN_LOSSES:
                raise Unrepresentable(f"the loss {value.get('class_name')} has {key}={argument!r}")
        name = arguments.get("fn") or snake_case(bare_name(value.get("class_name")))
    if not isinstance(name, str) or bare_name(name) not in _LOSSES and bare_name(name) not in get_custom_objects():
        raise Unrepresentable(f"the loss {name!r} is unknown here")
    return get_custom_objects().get(bare_name(name), bare_name(name))


def _metrics(value: Any, outputs: Sequence[str]) -> tuple[Any, list[str]]:
    left_out: list[str] = []

    def known(items: Any) -> list:
        found = []
        for item in items if isinstance(items, list) else [items]:
            name = item
            if isinstance(item, Mapping):
                name = (item.get("config") or {}).get("fn") or snake_case(bare_name(item.get("class_name")))
            name = bare_name(name)
            if name in get_custom_objects() or name in _METRICS:
                found.append(get_custom_objects().get(name, name))
            else:
                left_out.append(name)
        return found

    if not value:
        return None, left_out
    if isinstance(value, Mapping):
        return {key: known(items) for key, items in value.items()}, left_out
    if isinstance(value, list) and len(value) == len(outputs) and all(isinstance(items, list) for items in value):
        if len(outputs) == 1:
            return known(value[0]), left_out
        return {name: known(items) for name, items in zip(outputs, value, strict=True)}, left_out
    return known(value), left_out


def _optimizer(class_name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    if class_name not in _OPTIMIZERS:
        raise Unrepresentable(f"the optimizer {class_name} is unknown here, or computes something else")
    for key, neutral in _NEUTRAL.items():
        if config.get(key) not in neutral:
            raise Unrepresentable(f"the optimizer {class_name} has {key}={config[key]!r}")
    if class_name == "RMSprop" and config.get("momentum"):
        raise Unrepresentable(f"the optimizer RMSprop has momentum={config['momentum']!r}")
    # since tf.keras took over, it bounds each gradient by itself; Keras 1 and Keras 2 bounded all together
    if config.get("clipnorm") is not None and "learning_rate" in config:
        raise Unrepresentable(f"the optimizer {class_name} has clipnorm={config['clipnorm']!r} for each gradient by itself")
    rate = config.get("learning_rate", config.get("lr"))
    if isinstance(rate, bool) or not isinstance(rate, (int, float)):
        raise Unrepresentable(f"the optimizer {class_name} has the learning rate {rate!r}")
    new: dict[str, Any] = {"lr": rate, "decay": config.get("decay", 0.0)}
    for key in _OPTIMIZERS[class_name][0]:
        if config.get(key) is not None:
            new[key] = config[key]
        elif key == "epsilon":
            new[key] = 1e-7  # Keras 2's fuzz factor
    new |= {key: config[key] for key in ("clipnorm", "clipvalue") if config.get(key) is not None}
    return {"class_name": class_name, "config": new}


def differences(model: Any) -> list[tuple[str, str]]:
    """What of a model of tf.keras trains otherwise here, though it computes the same; each with its id in docs/convert.md."""
    from ...convert.masks import calls

    penalised, normalized = [], []
    for seen in calls(model):
        if getattr(seen.layer, "activity_regularizer", None) is not None:
            penalised.append(seen.layer.name)
        if type(seen.layer).__name__ == "BatchNormalization" and seen.masked and not seen.layer._moving_only:
            normalized.append(seen.layer.name)
    found = []
    if penalised:
        what = "tf.keras divides the penalties of activity_regularizer by the number of samples, here they are those of the whole batch"
        found.append((f"{what} ({_names(penalised)})", "keras2-activity-regularizer"))
    if normalized:
        what = "recent tf.keras leaves masked steps out of a batch's mean and variance in training, here they count"
        found.append((f"{what} ({_names(normalized)})", "keras2-batch-normalization-mask"))
    return found


def _names(names: list[str]) -> str:
    return ("layers " if len(set(names)) > 1 else "layer ") + ", ".join(map(repr, dict.fromkeys(names)))


# ---------------------------------------------------------------------- the optimizer's state


def initial_state(config: Mapping[str, Any]) -> float:
    """What the optimizer's moments start from: 0 but for Adagrad's sums, which tf.keras has start elsewhere."""
    optimizer = config["optimizer_config"]
    value = optimizer["config"].get("initial_accumulator_value", 0.0) if bare_name(optimizer["class_name"]) == "Adagrad" else 0.0
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Unrepresentable(f"the optimizer Adagrad has initial_accumulator_value={value!r}")
    return float(value)


def read_state(model: Any, root: Group, flipped: bool, start: float = 0.0) -> list[Assignment]:
    """The values of the optimizer's weights and count of updates; ``start``: of weights that the file has no values for.

    May raise Unrepresentable.
    """
    count: StoredArray | None = None
    moments: list[list[StoredArray]] = []
    slots: list[Slot] = []
    if "optimizer_weights" in root:
        group = root.group("optimizer_weights")
        names = group.names("weight_names") or []
        slots = [slot for layer in stored_layers(model) for slot in slots_of(layer) if slot.trained]
        count, moments = _moments(type(model.optimizer).__name__, names, [group.array(name) for name in names], len(slots))
        _check(slots, moments)
    elif not start:
        return []
    if start and not moments:
        return initial_moments(model, start)
    found = [] if count is None else [Assignment(model.optimizer.iterations, np.asarray(count.read(), "float64"))]
    return found + moment_assignments(model, slots, moments, flipped)


def initial_moments(model: Any, start: float) -> list[Assignment]:
    """The values of the optimizer's weights before any training; nothing where they start from 0."""
    return [Assignment(weight, np.full(K.int_shape(weight), start)) for weight in _optimizing(model).optimizer.weights] if start else []


def _optimizing(model: Any) -> Any:
    """The model that has the optimizer, whose weights are made together with the updates of the training function."""
    inner = getattr(model, "model", None) or model
    inner._make_train_function()
    return inner


def moment_assignments(
    model: Any, slots: Sequence[Slot], moments: Sequence[Sequence[Any]], flipped: bool = False
) -> list[Assignment]:
    """The values of the optimizer's moments: for each one the arrays of all trained weights, in the order of ``slots``.

    May raise Unrepresentable.
    """
    if not moments:
        return []
    inner = _optimizing(model)
    found = []
    for run, own in zip(moments, moment_variables(inner, len(moments))):
        for slot, array in zip(slots, run, strict=True):
            value = array.read()
            if flipped and slot.kernel_axes:
                value = np.flip(value, slot.kernel_axes)
            for weight, part in slot.fill(value):
                if id(weight) not in own:
                    raise Unrepresentable(f"{array.where} is the state of a weight that isn't trained here")
                found.append(Assignment(own[id(weight)], part))
    return found


def _moments(
    optimizer: str, names: list[str], arrays: list[StoredArray], weights: int
) -> tuple[StoredArray | None, list[list[StoredArray]]]:
    """The count of updates, and for each moment its arrays in the order of the weights."""
    count = arrays[0] if arrays and arrays[0].shape == () else None
    rest = list(zip(names, arrays, strict=True))[count is not None :]
    if count is not None and not rest and not count.read():
        return None, []  # saved before any training
    if names and names[0].startswith("iteration") and not names[0].startswith("iterations"):
        # tf.keras from 2.11 on lists all moments of a weight together, as optimizer/moment/weight
        by_moment: dict[str, list[StoredArray]] = {}
        for name, array in rest:
            if array.shape != () or "/" in name:
                by_moment.setdefault(name.split("/")[1] if "/" in name else name, []).append(array)
        runs = list(by_moment.values())
    else:
        # Adam's place for amsgrad is an array of one number for each weight
        kept = [array for _, array in rest[: _OPTIMIZERS[optimizer][1] * weights]]
        runs = [kept[i : i + weights] for i in range(0, len(kept), weights)] if weights else []
    expected = (0, 1) if optimizer == "SGD" else (_OPTIMIZERS[optimizer][1],)
    if (runs or optimizer != "SGD") and len(runs) not in expected or any(len(run) != weights for run in runs):
        raise Unrepresentable(f"the state of {optimizer} is laid out in an unknown way")
    return count, runs


def _check(slots: list[Slot], moments: list[list[StoredArray]]) -> None:
    for run in moments:
        for slot, array in zip(slots, run, strict=True):
            if slot.shape != array.shape:
                raise Unrepresentable(f"{array.where} has the shape {array.shape} where {slot.shape} is needed")


def moment_variables(model: Any, count: int) -> list[dict[int, Any]]:
    """For each moment of the optimizer: id of a trained weight -> the variable that holds its moment."""
    trained = list(model._collected_trainable_weights)
    own = list(model.optimizer.weights)
    moments = own[len(own) - count * len(trained) :]
    runs = [moments[i * len(trained) : (i + 1) * len(trained)] for i in range(count)]
    shapes = [tuple(K.int_shape(weight)) for weight in trained]
    if any([tuple(K.int_shape(variable)) for variable in run] != shapes for run in runs):
        raise Unrepresentable("the optimizer's weights here are others")
    return [{id(weight): variable for weight, variable in zip(trained, run, strict=True)} for run in runs]
