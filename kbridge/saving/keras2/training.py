"""How a model of Keras 2 or 3 was compiled: optimizer, losses and metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ... import losses as losses_module
from ... import metrics as metrics_module
from ...activations import sparsemax
from ...training.compiling import known_name
from ...utils.generic_utils import get_custom_objects
from .optimizers import Unrepresentable, optimizer_config
from .values import NAMELESS, bare_name, snake_case

__all__ = ["Unrepresentable", "compile_arguments", "differences"]

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

# ---------------------------------------------------------------------- how it was compiled


def compile_arguments(
    config: Mapping[str, Any], outputs: Sequence[str], of_tensorflow: bool = True, shapes: Sequence[tuple] = ()
) -> tuple[dict[str, Any], list[str]]:
    """The arguments of ``compile`` in a training_config, and the metrics that are left out. May raise Unrepresentable.

    ``of_tensorflow``: whether tf.keras or Keras 3 wrote it. ``shapes``: those of the outputs.
    """
    loss = config.get("loss")
    if isinstance(loss, Mapping) and "class_name" not in loss:
        losses: Any = {key: _loss(value, of_tensorflow) for key, value in loss.items()}
    else:
        losses = [_loss(value, of_tensorflow) for value in loss] if isinstance(loss, list) else _loss(loss, of_tensorflow)
    each = [losses.get(name) for name in outputs] if isinstance(losses, dict) else losses if isinstance(losses, list) else [losses]
    if any(item is None for item in each):
        # tf.keras and Keras 3 train the outputs that have one, and what the program added
        without = [name for name, item in zip(outputs, each, strict=False) if item is None] if len(each) > 1 else []
        raise Unrepresentable(
            f"it was compiled without a loss{' for ' + ', '.join(map(repr, without)) if without else ''}; call compile with one"
        )
    left_out: list[str] = []
    found = {key: _metrics(config.get(key), outputs, left_out, key == "weighted_metrics") for key in ("metrics", "weighted_metrics")}
    if of_tensorflow:
        found = {key: _accuracies(value, losses, outputs, shapes) for key, value in found.items()}
    optimizer = config.get("optimizer_config")
    if not isinstance(optimizer, Mapping) or not isinstance(optimizer.get("config"), Mapping):
        raise Unrepresentable("there is no optimizer_config")
    arguments = {
        "optimizer": optimizer_config(str(optimizer.get("class_name")), optimizer["config"]),
        "loss": losses,
        "metrics": found["metrics"],
        "loss_weights": config.get("loss_weights"),
        "sample_weight_mode": config.get("sample_weight_mode"),
    }
    if found["weighted_metrics"]:
        arguments["weighted_metrics"] = found["weighted_metrics"]
    return arguments, left_out


def _loss(value: Any, of_tensorflow: bool) -> Any:
    """A loss as ``compile`` takes it: a name that means the same in Keras 1, else an object or a function."""
    if value is None:
        return None
    name = _function_name(value)
    custom = get_custom_objects()
    if name in custom:
        return custom[name]
    if isinstance(value, Mapping) and bare_name(value.get("class_name")) in custom:
        return _made(losses_module.deserialize, value)
    if name in _LOSSES and _is_plain(value) and not (of_tensorflow and name in _ALSO_LABELS):
        return name
    if isinstance(value, Mapping) and bare_name(value.get("class_name")) in losses_module.CLASSES:
        return _made(losses_module.deserialize, value)
    if isinstance(name, str):
        found = _made(losses_module.named, _RENAMED.get(name, name))
        if found is not None:
            return found
        if isinstance(value, Mapping) and name != NAMELESS:
            _made(losses_module.deserialize, value)  # says what is wrong with it
    given = f"; pass custom_objects={{{NAMELESS!r}: FUNCTION}}, or call compile" if name == NAMELESS else ""
    raise Unrepresentable(f"kbridge doesn't have the loss {name!r}{given}")


def _made(make: Any, value: Any) -> Any:
    try:
        return make(value)
    except (ValueError, TypeError) as error:
        raise Unrepresentable(str(error)) from None


def _function_name(value: Any) -> Any:
    """The name of a loss's or metric's function: of a text, a stored function, or an object of a class that wraps it."""
    if isinstance(value, Mapping):
        if value.get("class_name") == "__lambda__":
            return NAMELESS
        config = value.get("config")
        if isinstance(config, str):  # {'class_name': 'function', 'config': 'mean_squared_error'} of Keras 3
            return bare_name(config)
        inner = (config or {}).get("fn") if isinstance(config, Mapping) else None
        if isinstance(inner, Mapping):
            return _function_name(inner)
        return bare_name(inner) if isinstance(inner, str) else snake_case(bare_name(value.get("class_name")))
    return bare_name(value) if isinstance(value, str) else value


def _is_plain(value: Any) -> bool:
    """Whether a stored object has no option that changes what its function computes."""
    config = value.get("config") if isinstance(value, Mapping) else None
    if not isinstance(config, Mapping):
        return True
    return all(
        key in ("name", "fn", "dtype", "module", "registered_name") or argument in _NEUTRAL.get(key, (None, False, 0))
        for key, argument in config.items()
    )


_NEUTRAL: dict[str, tuple] = {"reduction": ("auto", "sum_over_batch_size", "mean", None), "axis": (-1, None)}

#: losses that take labels of 0 and 1 in tf.keras, and in Keras 1 not
_ALSO_LABELS = frozenset({"hinge", "squared_hinge"})

#: names of Keras 2 and what they are called here with the same meaning: Keras 1's cosine_proximity is a mean, theirs a sum
_RENAMED = {"cosine_proximity": "cosine_similarity", "cosine": "cosine_similarity", "huber_loss": "huber"}


def _metrics(value: Any, outputs: Sequence[str], left_out: list[str], by_weights: bool) -> Any:
    def known(items: Any) -> list:
        found = []
        for item in items if isinstance(items, list) else [items]:
            if item is None:
                continue
            try:
                found.append(_metric(item))
            except Unrepresentable:
                left_out.append(str(_function_name(item)))
        return found

    if not value:
        return None
    if isinstance(value, Mapping) and "class_name" not in value:
        return {key: known(items) for key, items in value.items()}
    if isinstance(value, list) and len(value) == len(outputs) and all(isinstance(items, list) or items is None for items in value):
        if len(outputs) == 1:
            return known(value[0] or [])
        return {name: known(items or []) for name, items in zip(outputs, value, strict=True)}
    return known(value)


def _metric(value: Any) -> Any:
    """A metric as ``compile`` takes it. May raise Unrepresentable."""
    name, custom = _function_name(value), get_custom_objects()
    if name in custom:
        return custom[name]
    if isinstance(value, Mapping):
        class_name = bare_name(value.get("class_name"))
        if class_name in custom:
            return _made(metrics_module.deserialize, value)
        if name in _METRICS and _is_plain(value) and name not in _ALSO_LABELS:
            return name
        if class_name in metrics_module.CLASSES:
            return _made(metrics_module.deserialize, value)
    elif name in _METRICS and name not in _ALSO_LABELS:
        return name
    if isinstance(name, str):
        if name in metrics_module.means.ELEMENTWISE:
            return metrics_module.means.MeanMetricWrapper(metrics_module.means.ELEMENTWISE[name], _name_in(value) or name)
        if name in metrics_module.CLASSES:
            return _made(metrics_module.get, name)
        loss = _made(losses_module.named, _RENAMED.get(name, name))
        if callable(loss) and not isinstance(loss, losses_module.Loss):
            return metrics_module.means.MeanMetricWrapper(loss, _name_in(value) or name)
    raise Unrepresentable(f"kbridge doesn't have the metric {name!r}")


def _name_in(value: Any) -> Any:
    config = value.get("config") if isinstance(value, Mapping) else None
    return config.get("name") if isinstance(config, Mapping) else None


def _accuracies(metrics: Any, losses: Any, outputs: Sequence[str], shapes: Sequence[tuple]) -> Any:
    """'accuracy' of several labels with binary_crossentropy: tf.keras compares the largest ones, Keras 1 and 2 each label."""
    if not metrics or not shapes:
        return metrics

    def turned(items: list, place: int) -> list:
        loss = losses.get(outputs[place]) if isinstance(losses, Mapping) else losses[place] if isinstance(losses, list) else losses
        if known_name(loss) != "binary_crossentropy" and loss != "binary_crossentropy" or (shapes[place][-1] or 1) == 1:
            return items
        return [metrics_module.CLASSES["CategoricalAccuracy"](name=item) if item in ("accuracy", "acc") else item for item in items]

    if isinstance(metrics, Mapping):
        return {name: turned(items, list(outputs).index(name)) if name in outputs else items for name, items in metrics.items()}
    return turned(metrics, 0) if len(outputs) == 1 else metrics


def _penalised_otherwise(layer: Any) -> bool:
    """Whether Keras 3 has other penalties of what a layer puts out than tf.keras."""
    kind = type(layer).__name__
    owner = layer.layer if kind == "TimeDistributed" else layer if kind in ("MultiHeadAttention", "GroupQueryAttention") else None
    return getattr(owner, "activity_regularizer", None) is not None


def _penalised_in_steps(layer: Any) -> bool:
    """Whether a layer is a model in TimeDistributed with a penalty of outputs in it."""
    from ...convert.masks import calls

    if type(layer).__name__ != "TimeDistributed" or not hasattr(layer.layer, "layers"):
        return False
    return any(getattr(seen.layer, "activity_regularizer", None) is not None for seen in calls(layer.layer))


def differences(model: Any, of_keras3: bool = False) -> list[tuple[str, str]]:
    """Return notes of what in a model of tf.keras or Keras 3 trains otherwise here, though it computes the same; each with its id in docs/convert.md."""
    from ...convert.masks import calls

    penalised, normalized, inside, in_steps, by_steps, sparse = [], [], [], [], [], []
    for seen in calls(model):
        if _penalised_in_steps(seen.layer):
            in_steps.append(seen.layer.name)
        if of_keras3 and _penalised_otherwise(seen.layer):
            inside.append(seen.layer.name)
        penalty = getattr(seen.layer, "activity_regularizer", None)
        if penalty is not None and not getattr(penalty, "per_sample", False):
            penalised.append(seen.layer.name)
        over_time = type(seen.layer).__name__ == "TimeDistributed"
        inner = seen.layer.layer if over_time else seen.layer
        if type(inner).__name__ == "BatchNormalization" and not inner._moving_only:
            if over_time and of_keras3:
                by_steps.append(seen.layer.name)
            elif seen.masked:
                normalized.append(seen.layer.name)
        if getattr(seen.layer, "activation", None) is sparsemax:
            sparse.append(seen.layer.name)
    found = []
    if penalised:
        what = "tf.keras divides the penalties of activity_regularizer by the number of samples; here they are those of the whole batch"
        found.append((f"{what} ({_names(penalised)})", "keras2-activity-regularizer"))
    if inside:
        what = (
            "of attention with several heads Keras 3 adds the penalties of queries, keys and values too, and of TimeDistributed none; here they are "
            "those of what comes out"
        )
        found.append((f"{what} ({_names(inside)})", "keras2-activity-regularizer"))
    if in_steps:
        times = "as often as there are steps" if of_keras3 else "twice"
        writer = "Keras 3" if of_keras3 else "tf.keras"
        found.append(
            (
                f"{writer} adds the penalties of outputs in models in TimeDistributed {times}; here once ({_names(in_steps)})",
                "keras2-activity-regularizer",
            )
        )
    if normalized:
        what = "recent tf.keras leaves masked steps out of a batch's mean and variance in training; here they count"
        found.append((f"{what} ({_names(normalized)})", "keras2-batch-normalization-mask"))
    if by_steps:
        what = "in training Keras 3 normalizes each step by itself in a TimeDistributed BatchNormalization; here all steps of all samples together"
        found.append((f"{what} ({_names(by_steps)})", "keras2-batch-normalization-steps"))
    if sparse:
        what = "Keras 3.15's sparsemax isn't the projection that it is named after: its results don't sum to 1, as they do here"
        found.append((f"{what} ({_names(sparse)})", "keras2-sparsemax"))
    return found


def _names(names: list[str]) -> str:
    return ("layers " if len(set(names)) > 1 else "layer ") + ", ".join(map(repr, dict.fromkeys(names)))
