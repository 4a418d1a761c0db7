"""Normalization, and layers that do something in training only."""

from .case import Case

PENALTIES = {"beta_regularizer": "l2", "gamma_regularizer": "l1", "beta_constraint": "non_neg", "gamma_constraint": "non_neg"}
STARTS = {"beta_initializer": "ones", "gamma_initializer": "zeros"}
MOVING = {"momentum": 0.5, "moving_mean_initializer": "ones", "moving_variance_initializer": "zeros"}


def of(name: str, *options: dict, x: str = "series", **more) -> list[Case]:
    return [Case(name, own, (x,), **more) for own in options]


CASES = [
    *of("BatchNormalization", {}, {"axis": 1, "epsilon": 0.1}, {"center": False}, {"scale": False}, {"synchronized": True}, {**PENALTIES, **STARTS, **MOVING}),
    # tf.keras' moving variance of images is that of a sample, n / (n - 1) times that of the batch
    *of("BatchNormalization", {"axis": -1, "momentum": 0.3}, {"axis": 1, "momentum": 0.3}, {"axis": 2, "momentum": 0.3}, x="image"),
    *of("BatchNormalization", {"axis": [-1]}, {"axis": [2], "momentum": 0.9}, library="tf_keras"),
    *of("LayerNormalization", {}, {"axis": 1, "epsilon": 0.1}, {"axis": [1, 2]}, {"axis": [-1, 1], "scale": False}, {"center": False}, {**PENALTIES, **STARTS}),
    *of("LayerNormalization", {"axis": [1, 3]}, {"axis": (1, 2, 3)}, x="image"), *of("LayerNormalization", {"rms_scaling": True}, library="keras3"),
    *of("GroupNormalization", {"groups": 2}, {"groups": -1, "epsilon": 0.1}, {"groups": 2, "center": False, "scale": False}, {"groups": 2, **PENALTIES, **STARTS}),
    *of("GroupNormalization", {"groups": 5, "axis": 1}, {"groups": 1, "axis": -2}, x="image"),
    *of("UnitNormalization", {}, {"axis": 1}, {"axis": [1, 2]}), *of("UnitNormalization", {"axis": [1, 3]}, {"axis": -2}, x="image"),
    *of("RMSNormalization", {}, {"axis": -1, "epsilon": 0.1}, library="keras3"),
]  # fmt: skip
