"""Dense, Embedding and BatchNormalization."""

from __future__ import annotations

from ..options import Options
from ..values import constraint, initializer, regularizer, zeros
from .common import Translated, affine


def dense(options: Options) -> Translated:
    return "Dense", {"output_dim": options.need("units"), **affine(options)}


def embedding(options: Options) -> Translated:
    return "Embedding", {
        "input_dim": options.need("input_dim"),
        "output_dim": options.need("output_dim"),
        "init": initializer(options, "embeddings_initializer", "uniform"),
        "W_regularizer": regularizer(options, "embeddings_regularizer"),
        "activity_regularizer": regularizer(options, "activity_regularizer"),
        "W_constraint": constraint(options, "embeddings_constraint"),
        "mask_zero": bool(options.take("mask_zero", False)),
        "input_length": options.take("input_length"),
    }


def batch_normalization(options: Options) -> Translated:
    for key in ("virtual_batch_size", "adjustment"):
        options.only(key, None)
    options.only("renorm", False)
    options.ignore("synchronized", "fused", "renorm_clipping", "renorm_momentum")
    zeros(options, "moving_mean_initializer", "zero")
    zeros(options, "moving_variance_initializer", "one")
    axis = options.take("axis", -1)
    if isinstance(axis, (list, tuple)):
        if len(axis) != 1:
            raise options.error("axis", axis)
        axis = axis[0]
    config = {
        "axis": axis,
        "momentum": options.take("momentum", 0.99),
        "epsilon": options.take("epsilon", 1e-3),
        "mode": 0,
        "beta_init": initializer(options, "beta_initializer", "zero"),
        "gamma_init": initializer(options, "gamma_initializer", "one"),
        "beta_regularizer": regularizer(options, "beta_regularizer"),
        "gamma_regularizer": regularizer(options, "gamma_regularizer"),
    }
    for key in ("beta_constraint", "gamma_constraint"):
        if (value := constraint(options, key)) is not None:
            config[key] = value
    return "BatchNormalization", config | {key: False for key in ("center", "scale") if not options.take(key, True)}
