"""Makes of the arguments of ``compile`` losses, weights and metrics for each output."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator

from .. import backend as K
from .. import losses as losses_module
from .. import objectives
from ..errors import nearest
from .weighting import masked


@contextlib.contextmanager
def unchanged_on_error(model) -> Iterator[None]:
    """Give the model back all it had if something is raised within: a mistake in ``compile`` must not cost what was compiled."""
    before = dict(vars(model))
    try:
        yield
    except BaseException:
        vars(model).clear()
        vars(model).update(before)
        raise


def not_compiled(model, what: str) -> RuntimeError:
    """The error for a model that was asked to train, or the like, before ``compile``."""
    return RuntimeError(f"The model {model.name} needs to be compiled before it can {what}: call model.compile(optimizer, loss).")


def per_output(value, names, what, default=None) -> list:
    """``value`` for each output: a dict by name, a list, or one value for all."""
    if isinstance(value, dict):
        for name in value:
            if name not in names:
                raise ValueError(
                    f"Unknown entry in {what} dictionary: {name!r}. Only expected the following keys: {', '.join(names)}."
                    f"{nearest(name, names)}"
                )
        return [value.get(name, default) for name in names]
    if isinstance(value, (list, tuple)):
        if len(value) != len(names):
            raise ValueError(
                f"When passing a list as {what}, it should have one entry per model output. The model has {len(names)} outputs, got {value!r}."
            )
        return list(value)
    return [value] * len(names)


def losses_of(loss, names) -> list:
    """The loss function of each output."""
    if isinstance(loss, dict) and "class_name" in loss and "class_name" not in names:
        loss = objectives.get(loss)
    if isinstance(loss, dict):
        for name in names:
            if name not in loss and not set(loss) - set(names):
                raise ValueError(f"Missing output {name!r} in the loss dictionary.")
    listed = per_output(loss, names, "loss")
    for item, name in zip(listed, names, strict=True):
        if item is None:
            raise ValueError(f"compile needs a loss for the output {name!r}, for example loss='mse'.")
    losses = [objectives.get(item) for item in listed]
    for function, name in zip(losses, names, strict=True):
        if _of_backend(function):
            warnings.warn(
                f"The loss of {name!r} is K.{function.__name__}, whose arguments are (output, target), but a loss gets the "
                f"targets first. You probably want loss={function.__name__!r} [differences: losses-of-the-backend]",
                stacklevel=5,
            )
    return losses


#: functions of K that programs give as losses
_OF_BACKEND = ("binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy")


def _of_backend(loss) -> bool:
    return getattr(loss, "__name__", "") in _OF_BACKEND and loss == getattr(K, loss.__name__)


def known_name(loss) -> str | None:
    """The name of a loss of kbridge, also where it is given as the function of the backend; None for a program's own."""
    if isinstance(loss, losses_module.Loss):
        return (
            getattr(getattr(type(loss), "function", None), "__name__", None)
            if losses_module.CLASSES.get(type(loss).__name__) is type(loss)
            else None
        )
    name = getattr(loss, "__name__", "")
    if getattr(losses_module.functions, name, None) is loss:
        return name
    return name if getattr(objectives, name, None) is loss or _of_backend(loss) else None


def loss_weights_of(loss_weights, names) -> list:
    """The factor of each output's loss: numbers, or variables that a callback changes."""
    if loss_weights is None:
        return [1.0] * len(names)
    if not isinstance(loss_weights, (list, tuple, dict)):
        raise TypeError(f"loss_weights must be a list or a dict by output name, got {loss_weights!r}.")
    return per_output(loss_weights, names, "loss_weights", 1.0)


def collect_metrics(metrics, output_names) -> list[list]:
    """A list of metrics for each output."""
    if not metrics:
        return [[] for _ in output_names]
    if isinstance(metrics, (list, tuple)):
        if len(output_names) > 1 and len(metrics) == len(output_names) and all(isinstance(m, (list, tuple)) for m in metrics):
            return [list(m) for m in metrics]
        return [list(metrics) for _ in output_names]
    if isinstance(metrics, dict):
        found = per_output(metrics, output_names, "metrics", [])
        return [list(m) if isinstance(m, (list, tuple)) else [m] for m in found]
    raise TypeError(f"metrics must be a list, or a dict by output name, got {metrics!r}.")


def metric_tensors(metric, loss, output_shape, y_true, y_pred, mask, weights=None) -> list[tuple[str, object, object]]:
    """(name, tensor, None or the object that makes a value of it) for one entry of ``metrics``.

    'accuracy' is chosen by the loss and the output's shape. ``weights``: those of samples, for an entry of ``weighted_metrics``.
    """
    from .. import metrics as metrics_module  # which many programs don't need

    if isinstance(metric, str) and metric in ("accuracy", "acc"):
        chosen = _accuracy(loss, output_shape)
        if weights is None:
            return [("acc", _mean(chosen(y_true, y_pred), mask), None)]
        metric = metrics_module.means.MeanMetricWrapper(metrics_module.means.ELEMENTWISE[chosen.__name__], metric)
    function = _metric(metric) if weights is None else metrics_module.weighted(metric)
    if isinstance(function, metrics_module.Metric):
        return [(function.name, function.statistics(y_true, y_pred, _counted(mask, weights)), function)]
    values = function(y_true, y_pred)
    if not isinstance(values, dict):
        values = {name_of(function): values}
    return [(name, _mean(value, mask), None) for name, value in values.items()]


def _counted(mask, weights):
    """The weights of samples (and steps) in a metric: those that are given, without what is masked."""
    if mask is None:
        return weights
    kept = K.cast(mask, K.floatx())
    if weights is None:
        return kept
    while K.ndim(weights) < K.ndim(kept):
        weights = K.expand_dims(weights)
    return kept * weights


def _accuracy(loss, output_shape):
    from .. import metrics as metrics_module

    name = known_name(loss)
    if output_shape[-1] == 1 or name == "binary_crossentropy":
        return metrics_module.binary_accuracy
    if name == "sparse_categorical_crossentropy":
        return metrics_module.sparse_categorical_accuracy
    return metrics_module.categorical_accuracy


def _metric(metric):
    from .. import metrics as metrics_module

    try:
        found = metrics_module.get(metric)
    except ValueError:
        hint = nearest(metric, ("accuracy", "acc"))
        if not isinstance(metric, str) or not hint:
            raise
        raise ValueError(f"Invalid metric: {metric!r}.{hint}") from None
    # a loss's function means the metric of its name
    name = getattr(found, "__name__", "")
    return getattr(metrics_module, name, found) if getattr(objectives, name, None) is found else found


def name_of(function) -> str:
    """A function's name, or that of the class of a callable object."""
    return getattr(function, "__name__", type(function).__name__)


def _mean(value, mask):
    """A metric as a scalar: the mean over what the mask leaves, if it has a value for each of that."""
    if K.ndim(value) == 0:
        return value
    return K.mean(masked(value, mask) if mask is not None and K.ndim(value) >= K.ndim(mask) else value)


def labels_of(names: list[str]) -> list[str]:
    """``metrics_names`` as keys of logs: those that come more than once are numbered, acc_1, acc_2 ..."""
    return [f"{name}_{names[:i].count(name) + 1}" if names.count(name) > 1 else name for i, name in enumerate(names)]


def weight_modes_of(sample_weight_mode, names, shapes) -> list:
    """The ``sample_weight_mode`` of each output, None or 'temporal'."""
    modes = per_output(sample_weight_mode, names, "sample_weight_mode")
    for mode, shape, name in zip(modes, shapes, names, strict=True):
        if mode not in (None, "temporal"):
            raise ValueError(f"sample_weight_mode of the output {name!r} must be None or 'temporal', got {mode!r}.")
        if mode == "temporal" and len(shape) < 3:
            raise ValueError(f"sample_weight_mode 'temporal' needs an output (samples, time, ...), but {name!r} has shape {shape}.")
    return modes


def target_shape(loss, shape: tuple) -> tuple:
    """Return the part of a target's shape that is known before there are data.

    Args:
        loss: the loss. kbridge's own take targets of the output's shape, or class indices with a last axis of 1; of others only the number of axes is known.
        shape: the output's shape.
    """
    ndim = getattr(loss, "target_ndim", len(shape))
    name = known_name(loss)
    if ndim != len(shape) or not name:
        return (None,) * ndim
    if name == "sparse_categorical_crossentropy" and ndim > 1:
        shape = (*shape[:-1], 1)
    return (None, *shape[1:])
