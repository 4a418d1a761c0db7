"""How a model of Keras 3 was compiled, as Keras 2 would have said it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def as_of_keras2(compiled: Mapping[str, Any]) -> dict[str, Any]:
    """A compile_config as Keras 2's training_config."""
    optimizer = compiled.get("optimizer")
    if optimizer is None:
        optimizer = USUAL_OPTIMIZER
    if isinstance(optimizer, str):
        name = _CLASSES.get(optimizer.lower(), optimizer)
        usual = {"learning_rate": _RATES.get(name, 0.001), "gradient_accumulation_steps": None, **_USUAL.get(name, {})}
        optimizer = {"class_name": name, "config": usual}
    kept = ("loss", "loss_weights", "metrics", "weighted_metrics")
    return {**{key: compiled.get(key) for key in kept}, "optimizer_config": optimizer}


#: what ``compile`` of Keras 3 takes if it isn't told; Keras 3.15 stores no optimizer that was given by its place (``compile("adam", "mse")``)
USUAL_OPTIMIZER = "rmsprop"

#: how compile's texts name optimizers
_CLASSES = {
    "sgd": "SGD", "rmsprop": "RMSprop", "adagrad": "Adagrad", "adadelta": "Adadelta", "adam": "Adam", "adamax": "Adamax", "nadam": "Nadam",
    "adamw": "AdamW", "ftrl": "Ftrl", "lion": "Lion", "lamb": "Lamb", "adafactor": "Adafactor", "muon": "Muon",
    "schedulefreeadamw": "ScheduleFreeAdamW",
}  # fmt: skip

#: learning rates of those that don't start with 0.001
_RATES = {"SGD": 0.01, "ScheduleFreeAdamW": 0.0025}

#: options that kbridge's optimizer has otherwise if they are left out
_USUAL: dict[str, dict[str, Any]] = {"Adagrad": {"initial_accumulator_value": 0.1}, "Adafactor": {"relative_step": True}}
