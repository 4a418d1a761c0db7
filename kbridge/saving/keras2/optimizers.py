"""Optimizers of Keras 2 and 3: their configs as those of kbridge's, and what their variables are called in files.

There are four kinds. Keras 2's own have a learning rate ``lr``; tf.keras had an older kind with a ``decay`` and has a later one; that of
Keras 3 is the later one with more options. They differ in where epsilon stands, in what clipnorm bounds, and in names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...formats.lacking import reason
from ...utils.generic_utils import get_custom_objects
from ...utils.serialized import bare_class, unwrapped


class Unrepresentable(Exception):
    """Why the training part of a file can't be taken over."""


@dataclass(frozen=True)
class Known:
    """An optimizer that kbridge has.

    Attributes:
        options: arguments with the same name and meaning there and here.
        moments: name of a moment here -> what it is called in files: by the older kind, the later kind and Keras 3.
    """

    options: tuple[str, ...]
    moments: dict[str, tuple[str, ...]]


_MEAN, _SQUARE = ("m", "momentum"), ("v", "velocity")

KNOWN: dict[str, Known] = {
    "SGD": Known(("momentum", "nesterov"), {"momentum": ("momentum", "m")}),
    "RMSprop": Known(
        ("rho", "epsilon", "momentum", "centered"),
        {"velocity": ("rms", "velocity"), "momentum": ("momentum",), "average_gradient": ("mg", "average_gradient")},
    ),
    "Adagrad": Known(("epsilon", "initial_accumulator_value"), {"accumulator": ("accumulator",)}),
    "Adadelta": Known(
        ("rho", "epsilon"),
        {"accumulated_grad": ("accum_grad", "accumulated_grad"), "accumulated_delta_var": ("accum_var", "accumulated_delta_var")},
    ),
    "Adam": Known(("beta_1", "beta_2", "epsilon", "amsgrad"), {"momentum": _MEAN, "velocity": _SQUARE, "velocity_hat": ("vhat", "velocity_hat")}),
    "AdamW": Known(("beta_1", "beta_2", "epsilon", "amsgrad"), {"momentum": _MEAN, "velocity": _SQUARE, "velocity_hat": ("vhat", "velocity_hat")}),
    "Adamax": Known(("beta_1", "beta_2", "epsilon"), {"momentum": _MEAN, "norm": ("v", "u", "norm")}),
    "Nadam": Known(("beta_1", "beta_2", "epsilon"), {"momentum": _MEAN, "velocity": _SQUARE}),
    "Lion": Known(("beta_1", "beta_2"), {"momentum": _MEAN}),
    "Ftrl": Known(
        (
            "learning_rate_power", "initial_accumulator_value", "l1_regularization_strength", "l2_regularization_strength",
            "l2_shrinkage_regularization_strength", "beta",
        ),
        {"accumulator": ("accumulator",), "linear": ("linear",)},
    ),
    "ScheduleFreeAdamW": Known(("beta_1", "beta_2", "epsilon", "warmup_steps"), {"momentum": _MEAN, "velocity": _SQUARE}),
    "Lamb": Known(("beta_1", "beta_2", "epsilon"), {"momentum": _MEAN, "velocity": _SQUARE}),
    "Adafactor": Known(
        ("beta_2_decay", "epsilon_1", "epsilon_2", "clip_threshold", "relative_step"),
        {"r": ("r",), "c": ("c",), "v": ("v",)},
    ),
    "Muon": Known(
        (
            "adam_beta_1", "adam_beta_2", "epsilon", "adam_weight_decay", "adam_lr_ratio", "momentum", "ns_steps", "nesterov", "muon_a",
            "muon_b", "muon_c", "rms_rate", "exclude_layers", "exclude_embeddings",
        ),
        {"momentum": ("momentum",), "velocity": ("velocity",)},
    ),
}  # fmt: skip

#: moments that any optimizer may have
OF_ALL = {"average": ("average",), "gradient_accumulator": ("gradient_accumulator",)}

#: options of any optimizer with the same name here
_SHARED = ("weight_decay", "clipvalue", "use_ema", "ema_momentum", "ema_overwrite_frequency", "gradient_accumulation_steps")

#: optimizers whose step for a weight depends on all of it
WHOLE_WEIGHTS = ("Lamb", "Adafactor", "Muon")


def kind_of(config: Mapping[str, Any]) -> str:
    """Which kind of optimizer has the config: 'keras2', 'older', 'later' or 'keras3'."""
    if "gradient_accumulation_steps" in config or "loss_scale_factor" in config:
        return "keras3"
    if "is_legacy_optimizer" in config or "use_ema" in config or "jit_compile" in config:
        return "later"
    return "older" if "learning_rate" in config else "keras2"


def optimizer_config(class_name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """{'class_name', 'config'} here for an optimizer of a file. Unrepresentable for what kbridge lacks."""
    class_name, config = bare_class(class_name), unwrapped(dict(config))
    if class_name in get_custom_objects():
        return {"class_name": class_name, "config": config}
    if class_name.startswith("LossScaleOptimizer"):
        return _loss_scale(config)
    if class_name not in KNOWN:
        raise Unrepresentable(f"kbridge doesn't have the optimizer {class_name}, or has another one by this name{reason(class_name)}")
    kind = kind_of(config)
    if class_name == "Adafactor" and "relative_step" not in config:
        raise Unrepresentable(f"kbridge doesn't know this kind of Adafactor: it has {', '.join(config)}")
    new: dict[str, Any] = {"lr": _rate(class_name, config)}
    for key in KNOWN[class_name].options:
        if config.get(key) is not None:
            new[key] = config[key]
        elif key == "epsilon":
            new[key] = 1e-7  # Keras 2's fuzz factor
    for key in _SHARED:
        if config.get(key) not in (None, False):
            new[key] = config[key]
    if not new.get("use_ema"):
        for key in ("ema_momentum", "ema_overwrite_frequency"):
            new.pop(key, None)
    # since tf.keras took over, it bounds each gradient by itself; Keras 1 and Keras 2 bounded all together
    names = ("clipnorm", "clipnorm") if kind == "keras2" else ("clipnorm_by_weight", "clipnorm")
    for key, own in zip(("clipnorm", "global_clipnorm"), names, strict=True):
        if config.get(key) is not None:
            new[own] = config[key]
    decay = config.get("decay")
    if class_name == "Nadam":
        new["schedule_decay"] = {"keras2": config.get("schedule_decay", 0.004), "older": decay or 0.004}.get(kind, 1.0)
    elif decay and kind in ("keras2", "older"):
        new["decay"] = decay
    if class_name == "RMSprop":
        new["epsilon_inside"] = kind in ("later", "keras3") or bool(new.get("momentum"))
    if class_name == "Adagrad":
        new["epsilon_inside"] = kind in ("later", "keras3")
    usual = {"amsgrad": False, "centered": False, "momentum": 0.0, "epsilon_inside": False, "initial_accumulator_value": 0.0}
    if class_name in ("Adam", "RMSprop", "Adagrad"):
        new = {key: value for key, value in new.items() if key not in usual or value != usual[key]}
    if kind == "keras2" and class_name != "Nadam":
        new.setdefault("decay", 0.0)
    return {"class_name": class_name, "config": new}


def _rate(class_name: str, config: Mapping[str, Any]) -> Any:
    from ...optimizers import schedules

    rate = config.get("learning_rate", config.get("lr"))
    if isinstance(rate, Mapping):
        try:
            return schedules.serialize(schedules.deserialize(dict(rate)))
        except (ValueError, TypeError) as error:
            raise Unrepresentable(f"kbridge can't represent the learning rate of the optimizer {class_name}: {error}") from None
    if isinstance(rate, bool) or not isinstance(rate, (int, float)):
        raise Unrepresentable(f"kbridge can't represent the learning rate of the optimizer {class_name}: {rate!r}")
    return rate


def _loss_scale(config: Mapping[str, Any]) -> dict[str, Any]:
    inner = config.get("inner_optimizer", config.get("optimizer"))
    if not isinstance(inner, Mapping) or not isinstance(inner.get("config"), Mapping):
        raise Unrepresentable("the LossScaleOptimizer has no inner optimizer")
    new: dict[str, Any] = {"inner_optimizer": optimizer_config(str(inner.get("class_name")), inner["config"])}
    for key in ("initial_scale", "dynamic_growth_steps", "dynamic"):
        if config.get(key) is not None:
            new[key] = config[key]
    return {"class_name": "LossScaleOptimizer", "config": new}


# ---------------------------------------------------------------------- the order of Keras 3's variables


def keras3_moments(name: str, made: Mapping[str, Sequence[Any]]) -> list[tuple[str, int]]:
    """(moment here, number of the weight) for each of the variables behind an optimizer's scalars, in Keras 3's order.

    ``name``: the optimizer's class. ``made``: its moments, with anything for each weight, None where that has none.
    """
    names = list(KNOWN[name].moments)
    first = names[: _TOGETHER.get(name, 1)]
    groups = [["average"], ["gradient_accumulator"], first, *([other] for other in names[len(first) :])]
    found = []
    for group in groups:
        kept = [moment for moment in group if moment in made]
        for number in range(len(made[kept[0]]) if kept else 0):
            found += [(moment, number) for moment in kept if made[moment][number] is not None]
    return found


#: how many moments of a weight stand beside each other
_TOGETHER = {
    "Adam": 2,
    "AdamW": 2,
    "Adamax": 2,
    "Nadam": 2,
    "Ftrl": 2,
    "Adadelta": 2,
    "Lamb": 2,
    "ScheduleFreeAdamW": 2,
    "Adafactor": 3,
    "Muon": 2,
}
