"""What ``compile`` makes of its arguments: losses, weights and metrics for each output."""

from __future__ import annotations

from .. import backend as K
from .. import metrics as metrics_module
from .. import objectives
from .weighting import masked_metric


def per_output(value, names, what, default=None) -> list:
    """``value`` for each output: a dict by name, a list, or one value for all."""
    if isinstance(value, dict):
        for name in value:
            if name not in names:
                raise ValueError(f"Unknown entry in {what} dictionary: {name!r}. Only expected the following keys: {', '.join(names)}.")
        return [value.get(name, default) for name in names]
    if isinstance(value, list):
        if len(value) != len(names):
            raise ValueError(f"When passing a list as {what}, it should have one entry per model output. The model has {len(names)} outputs, got {value!r}.")
        return value
    return [value] * len(names)


def losses_of(loss, names) -> list:
    """The loss function of each output."""
    if loss is None:
        raise ValueError("compile needs a loss, for example loss='mse'.")
    if isinstance(loss, dict):
        for name in names:
            if name not in loss:
                raise ValueError(f"Missing output {name!r} in the loss dictionary.")
    return [objectives.get(item) for item in per_output(loss, names, "loss")]


def loss_weights_of(loss_weights, names) -> list[float]:
    """The factor of each output's loss."""
    if loss_weights is None:
        return [1.0] * len(names)
    if not isinstance(loss_weights, (list, dict)):
        raise TypeError(f"loss_weights must be a list or a dict by output name, got {loss_weights!r}.")
    return per_output(loss_weights, names, "loss_weights", 1.0)


def collect_metrics(metrics, output_names) -> list[list]:
    """A list of metrics for each output."""
    if not metrics:
        return [[] for _ in output_names]
    if isinstance(metrics, list):
        return [list(metrics) for _ in output_names]
    if isinstance(metrics, dict):
        found = per_output(metrics, output_names, "metrics", [])
        return [m if isinstance(m, list) else [m] for m in found]
    raise TypeError(f"metrics must be a list, or a dict by output name, got {metrics!r}.")


def metric_tensors(metric, loss, output_shape, y_true, y_pred, mask) -> list[tuple[str, object]]:
    """(name, scalar tensor) for one entry of ``metrics``. 'accuracy' is chosen by the loss and the output's shape."""
    if metric in ("accuracy", "acc"):
        if output_shape[-1] == 1 or loss is objectives.binary_crossentropy:
            function = metrics_module.binary_accuracy
        elif loss is objectives.sparse_categorical_crossentropy:
            function = metrics_module.sparse_categorical_accuracy
        else:
            function = metrics_module.categorical_accuracy
        return [("acc", masked_metric(function)(y_true, y_pred, mask))]
    function = metrics_module.get(metric)
    if mask is None:
        value = function(y_true, y_pred)
        if isinstance(value, dict):
            return [(name, K.mean(v) if K.ndim(v) else v) for name, v in value.items()]
    return [(getattr(function, "__name__", type(function).__name__), masked_metric(function)(y_true, y_pred, mask))]
