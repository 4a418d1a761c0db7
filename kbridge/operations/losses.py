"""Losses and metrics that a function of tensors calls: ``keras.losses.mean_squared_error(x, y)``, a value for each sample."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from ..backends.in_use import K
from ..losses import functions
from ..metrics import means
from ..objectives import mean_absolute_error, mean_absolute_percentage_error, mean_squared_error, mean_squared_logarithmic_error, poisson
from .names import operation
from .operands import axes, dtype_of, is_float, pair, shape_of, tensor


def _both(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Both as tensors of the prediction's dtype, a float one."""
    y_pred = tensor(y_pred)
    y_pred = y_pred if is_float(y_pred) else K.cast(y_pred, K.floatx())
    return tensor(y_true, K.dtype(y_pred)), y_pred


def _loss(function: Callable[..., Any], *others: str) -> None:
    """An operation of the function's name that is a loss or metric of two tensors; ``others``: more names of it."""
    name = function.__name__
    options = inspect.signature(function).parameters

    def compute(y_true, y_pred, **given):
        given = {key: axes(value) if key == "axis" else value for key, value in given.items()}
        return function(*_both(y_true, y_pred), **given)

    compute.__doc__ = function.__doc__
    compute.__signature__ = inspect.Signature(list(options.values()))  # type: ignore[attr-defined]
    heads = [f"{module}.{spelled}" for spelled in (name, *others) for module in ("keras.losses", "keras.metrics")]
    operation(f"{' '.join(heads)}({', '.join(options)})", own=f"loss.{name}")(compute)


for _function, *_others in (
    (mean_squared_error, "mse", "MSE"),
    (mean_absolute_error, "mae", "MAE"),
    (mean_absolute_percentage_error, "mape", "MAPE"),
    (mean_squared_logarithmic_error, "msle", "MSLE"),
    (functions.kl_divergence, "kullback_leibler_divergence", "kld", "KLD"),
    (poisson,),
    (functions.huber, "huber_loss"),
    (functions.log_cosh, "logcosh"),
    (functions.hinge,),
    (functions.squared_hinge,),
    (functions.categorical_hinge,),
    (functions.binary_crossentropy,),
    (functions.categorical_crossentropy,),
    (functions.sparse_categorical_crossentropy,),
    (functions.binary_focal_crossentropy,),
    (functions.categorical_focal_crossentropy,),
    (functions.categorical_generalized_cross_entropy,),
    (functions.dice,),
    (functions.tversky,),
    (means.binary_accuracy,),
    (means.categorical_accuracy,),
    (means.sparse_categorical_accuracy,),
    (means.top_k_categorical_accuracy,),
    (means.sparse_top_k_categorical_accuracy,),
    (means.pearson_correlation,),
    (means.concordance_correlation,),
):
    _loss(_function, *_others)


@operation("keras.losses.cosine_similarity(y_true, y_pred, axis=-1)")
def cosine_similarity(y_true, y_pred, axis=-1):
    """Minus the cosine of the angle between both along an axis."""
    return functions.cosine_similarity(*_both(y_true, y_pred), axes(axis))


@operation("K.sparse_categorical_crossentropy(target, output, from_logits, axis:!=-1, ignore_class:!=None)", "keras.ops.sparse_categorical_crossentropy(target, output, from_logits, axis:!=-1)")  # fmt: skip
def sparse_categorical_crossentropy(target, output, from_logits=False):
    """Cross-entropy of the probabilities in ``output``, whose classes ``target`` holds as indices."""
    return K.sparse_categorical_crossentropy(tensor(output), tensor(target), from_logits)


@operation("K.categorical_focal_crossentropy(target, output, alpha, gamma, from_logits, axis)")
def categorical_focal_crossentropy(target, output, alpha=0.25, gamma=2.0, from_logits=False, axis=-1):
    """The cross-entropy of classes, each one's part times alpha (1 - p) ** gamma (Lin et al., 2017)."""
    return functions.categorical_focal_crossentropy(*_both(target, output), alpha, gamma, from_logits, axis=axis)


@operation("K.binary_focal_crossentropy(target, output, apply_class_balancing, alpha, gamma, from_logits)")
def binary_focal_crossentropy(target, output, apply_class_balancing=False, alpha=0.25, gamma=2.0, from_logits=False):
    """The cross-entropy of two classes, element by element, times (1 - p) ** gamma (Lin et al., 2017)."""
    target, output = (K.expand_dims(x, -1) for x in _both(target, output))
    return functions.binary_focal_crossentropy(target, output, apply_class_balancing, alpha, gamma, from_logits)


@operation(
    "tf.nn.softmax_cross_entropy_with_logits(labels, logits, axis|dim:axis=-1)",
    "tf1.nn.softmax_cross_entropy_with_logits(labels, logits, dim|axis:axis=-1)",
    "tf.nn.softmax_cross_entropy_with_logits_v2 tf1.nn.softmax_cross_entropy_with_logits_v2(labels, logits, axis=-1, name:-, dim:axis=-1)",
)
def softmax_cross_entropy_with_logits(labels, logits, axis=-1):
    """The cross-entropy of the softmax of ``logits`` along an axis."""
    labels, logits = _both(labels, logits)
    return -K.sum(labels * K.log_softmax(logits, axis), axis=axis)


@operation(
    "tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)",
    "tf1.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)",
)
def sparse_softmax_cross_entropy_with_logits(labels, logits):
    """The cross-entropy of the softmax of ``logits``, whose classes ``labels`` holds as indices."""
    logits = tensor(logits)
    classes = shape_of(logits)[-1]
    if classes is None:
        raise ValueError("the number of classes must be known.")
    return -K.sum(K.one_hot(tensor(labels, "int32"), classes, dtype=dtype_of(logits)) * K.log_softmax(logits), axis=-1)


@operation("tf.nn.weighted_cross_entropy_with_logits(labels|targets:labels, logits, pos_weight)")
def weighted_cross_entropy_with_logits(labels, logits, pos_weight):
    """The cross-entropy of sigmoids, in which class 1 counts ``pos_weight``."""
    labels, logits = _both(labels, logits)
    logits, pos_weight = pair(logits, pos_weight)
    weight = (pos_weight - 1.0) * labels + 1.0
    return (1.0 - labels) * logits + weight * K.softplus(-logits)


@operation("K.ctc_batch_cost")
def ctc_batch_cost(y_true, y_pred, input_length, label_length):
    """-log p(labels) for each sample (Graves et al., 2006); the last class is the blank."""
    return K.ctc_batch_cost(tensor(y_true), tensor(y_pred), tensor(input_length), tensor(label_length))


@operation("K.ctc_decode(y_pred, input_length, greedy, beam_width, top_paths)")
def ctc_decode(y_pred, input_length, greedy=True, beam_width=100, top_paths=1):
    """(a list of the most probable labels, their scores)."""
    return K.ctc_decode(tensor(y_pred), tensor(input_length), greedy, beam_width, top_paths)
