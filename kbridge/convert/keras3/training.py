"""How a model is compiled, and its optimizer's state, as Keras 3 stores them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ... import backend as K
from ... import losses, metrics, objectives
from ...optimizers import Optimizer, schedules
from ...saving.keras2.optimizers import KNOWN, keras3_moments
from ..problems import with_id


@dataclass
class Compiled:
    """A compile_config, and the optimizer's variables in Keras 3's order."""

    config: dict[str, Any]
    variables: list[np.ndarray] = field(default_factory=list)


class _Lacking(Exception):
    """The error for something that Keras 3 has no counterpart for."""


def compiled(model, convert) -> tuple[Compiled | None, list[str]]:
    """(how ``model`` is compiled in Keras 3, notes of what is left out); None if it isn't, or can't be.

    ``convert``: gives the Keras 3 model for what the weights are at the time.
    """
    if getattr(model, "optimizer", None) is None:
        return None, []
    notes: list[str] = []
    try:
        optimizer, note = _optimizer(model.optimizer)
        config = {
            "optimizer": optimizer,
            "loss": _each(model.loss, _loss),
            "loss_weights": _numbers(getattr(model, "loss_weights", None)),
            "metrics": _metrics(model.metrics, notes),
            "weighted_metrics": _metrics(model.weighted_metrics, notes),
            "run_eagerly": False,
            "steps_per_execution": 1,
            "jit_compile": False,
        }
    except _Lacking as problem:
        return None, [with_id("keras3-training", f"the result isn't compiled: {problem}")]
    if note:
        notes.append(with_id("keras3-epsilon", note))
    return Compiled(config, _variables(model, convert)), notes


def _object(module: str, class_name: str, config: dict[str, Any]) -> dict[str, Any]:
    return {"module": f"keras.{module}", "class_name": class_name, "config": config, "registered_name": None}


# ---------------------------------------------------------------------- optimizers


def _optimizer(optimizer: Any) -> tuple[dict[str, Any], str]:
    """(the optimizer's entry, what it computes otherwise)."""
    name = type(optimizer).__name__
    if name == "LossScaleOptimizer":
        inner, note = _optimizer(optimizer.inner_optimizer)
        scaled = {"name": "loss_scale_optimizer", "inner_optimizer": inner}
        scaled |= {"initial_scale": optimizer.initial_scale, "dynamic_growth_steps": optimizer.dynamic_growth_steps}
        return _object("optimizers", name, scaled), note
    if name not in KNOWN or not isinstance(optimizer, Optimizer):
        raise _Lacking(f"Keras doesn't have the optimizer {name}")
    own = optimizer.get_config()
    config: dict[str, Any] = {"learning_rate": _rate(optimizer, own)}
    config |= {key: own[key] for key in KNOWN[name].options if key in own}
    for key, theirs in (("clipnorm", "global_clipnorm"), ("clipnorm_by_weight", "clipnorm"), ("clipvalue", "clipvalue")):
        if own.get(key):
            config[theirs] = own[key]
    for key in ("weight_decay", "use_ema", "ema_momentum", "ema_overwrite_frequency", "gradient_accumulation_steps"):
        if key in own:
            config[key] = own[key]
    if name == "Adagrad":
        config.setdefault("initial_accumulator_value", 0.0)
    if name == "Nadam" and own["schedule_decay"] != 1.0:
        raise _Lacking(f"Nadam has schedule_decay={own['schedule_decay']}, which is always 1 in Keras 3")
    note = ""
    if name in ("RMSprop", "Adagrad") and not own.get("epsilon_inside"):
        note = f"Keras 3's {name} adds epsilon before it takes the root, here it is added to the root"
    return _object("optimizers", name, config), note


def _rate(optimizer: Any, own: dict[str, Any]) -> Any:
    rate, decay = own["lr"], own.get("decay")
    if isinstance(rate, dict):
        if rate["class_name"] not in schedules.CLASSES:
            raise _Lacking(f"Keras doesn't have the learning-rate schedule {rate['class_name']}")
        if decay:
            raise _Lacking(f"{type(optimizer).__name__} has both a schedule and decay={decay}")
        return _object("optimizers.schedules", rate["class_name"], rate["config"])
    if decay:
        # the same formula
        return _object("optimizers.schedules", "InverseTimeDecay", schedules.InverseTimeDecay(rate, 1, decay).get_config())
    return rate


def _variables(model: Any, convert) -> list[np.ndarray]:
    """The optimizer's variables: its scalars, then the moments, each laid out as the weights are."""
    optimizer = model.optimizer
    inner = getattr(optimizer, "inner_optimizer", None)
    if inner is not None or not optimizer.weights and not optimizer.moments:
        return []  # nothing has been trained; or Keras 3 makes the state of two optimizers anew
    trained = getattr(model, "model", None) or model
    params = list(trained._collected_trainable_weights)
    before = K.batch_get_value(params)
    laid_out: dict[str, list[np.ndarray]] = {}
    scalars = [np.asarray(K.get_value(optimizer.iterations)).astype("int64")]
    if K.is_variable(optimizer.lr) and not getattr(optimizer, "initial_decay", 0.0):
        scalars.append(np.asarray(K.get_value(optimizer.lr), "float32"))
    if type(optimizer).__name__ in ("Adafactor", "Muon"):
        return scalars  # rows, columns and weights of Adam alone: Keras 3 starts them anew
    try:
        for moment, variables in optimizer.moments.items():
            K.batch_set_value(list(zip(params, K.batch_get_value(variables), strict=True)))
            laid_out[moment] = [weight.value for _, weight in convert().all_weights() if weight.trainable]
    finally:
        K.batch_set_value(list(zip(params, before, strict=True)))
    if type(optimizer).__name__ == "SGD" and not float(K.get_value(optimizer.momentum)):
        laid_out.pop("momentum")
    several = {id(moment): len(moment) for moment in laid_out.values()}
    if len(set(several.values())) > 1:
        return scalars
    moments = [laid_out[moment][number] for moment, number in keras3_moments(type(optimizer).__name__, laid_out)]
    if type(optimizer).__name__ == "Nadam":
        moments.append(np.asarray(K.get_value(optimizer.m_schedule), "float32"))
    return [*scalars, *moments]


# ---------------------------------------------------------------------- losses and metrics


def _each(value: Any, one) -> Any:
    if isinstance(value, dict) and "class_name" not in value:
        return {key: one(item) for key, item in value.items()}
    return [one(item) for item in value] if isinstance(value, (list, tuple)) else one(value)


def _numbers(factors: Any) -> Any:
    """The factors of losses, of which some may be variables."""
    if isinstance(factors, dict):
        return {key: _numbers(item) for key, item in factors.items()}
    if isinstance(factors, (list, tuple)):
        return [_numbers(item) for item in factors]
    return float(K.get_value(factors)) if K.is_variable(factors) else factors


#: names of Keras 1 for losses that Keras 3 has with the same meaning
_LOSSES = frozenset(
    {
        "mean_squared_error", "mse", "MSE", "mean_absolute_error", "mae", "MAE", "mean_absolute_percentage_error", "mape", "MAPE", "hinge",
        "mean_squared_logarithmic_error", "msle", "MSLE", "squared_hinge", "categorical_crossentropy", "binary_crossentropy",
        "sparse_categorical_crossentropy", "poisson",
    }
)  # fmt: skip
_LATER = frozenset(
    {
        "huber",
        "log_cosh",
        "logcosh",
        "cosine_similarity",
        "categorical_hinge",
        "kl_divergence",
        "binary_focal_crossentropy",
        "categorical_focal_crossentropy",
    }
)


def _loss(value: Any) -> Any:
    loss = objectives.get(value) if isinstance(value, (str, dict)) else value
    if isinstance(loss, losses.Loss):
        name = type(loss).__name__
        if losses.CLASSES.get(name) is not type(loss):
            raise _Lacking(f"the loss {name} is a function of your own")
        config = loss.get_config()
        config["reduction"] = "sum_over_batch_size" if config["reduction"] == "auto" else config["reduction"] or "none"
        if name in ("CosineSimilarity", "Huber", "SparseCategoricalCrossentropy") and config.get("axis", -1) == -1:
            config.pop("axis", None)
        return _object("losses", name, config)
    name = getattr(loss, "__name__", "")
    if name == "kullback_leibler_divergence" and loss is objectives.kullback_leibler_divergence:
        return "kl_divergence"
    if name in _LOSSES and getattr(objectives, name) is loss:
        return name
    if name in _LATER and getattr(losses, name) is loss:
        return "log_cosh" if name == "logcosh" else name
    raise _Lacking(f"Keras 3 doesn't have the loss {name or loss!r}, or has another one by this name")


def _metrics(value: Any, notes: list[str]) -> Any:
    def known(item: Any) -> Any:
        if isinstance(item, (list, tuple)):
            return [found for found in map(known, item) if found is not None]
        found = "accuracy" if item in ("acc", "accuracy") else None
        if found is None:
            found = _metric(item)
        if found is None:
            notes.append(
                with_id("keras3-metrics", f"the metric {getattr(item, '__name__', None) or getattr(item, 'name', item)!r} is left out")
            )
        return found

    if not value:
        return None
    if isinstance(value, dict):
        return {key: known(item) for key, item in value.items()}
    return known(list(value))


_METRICS = _LOSSES | {"binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy", "top_k_categorical_accuracy"}


def _metric(value: Any) -> Any:
    metric = metrics.get(value) if isinstance(value, (str, dict)) else value
    if isinstance(metric, metrics.Metric):
        name = type(metric).__name__
        if metrics.CLASSES.get(name) is not type(metric) or name == "MeanRelativeError":
            return None
        config = metric.get_config()
        if name == "MeanMetricWrapper":
            if metrics.means.ELEMENTWISE.get(config["fn"]) is not getattr(metric, "fn", None):
                return None
            config["fn"] = {"module": "builtins", "class_name": "function", "config": config["fn"], "registered_name": "function"}
        if name == "CosineSimilarity":
            config.pop("axis", None)
        return _object("metrics", name, {**config, "dtype": "float32"})
    name = getattr(metric, "__name__", "")
    return name if name in _METRICS and getattr(metrics, name, None) is metric else None
