"""Optimizers: from gradients to updates of the weights. Hyperparameters are backend variables.

Each class gives its ``weights`` (moments, and the count of updates where Keras 1 stored it) in the
order of Keras 1's files; what later versions of Keras added stands behind.
"""

from __future__ import annotations

from .. import backend as K  # noqa: F401  (a star import brings it)
from ..errors import nearest
from ..utils.generic_utils import get_custom_objects, get_from_module, remembered  # noqa: F401  (programs take it from here)
from . import schedules  # noqa: F401
from .base import Optimizer, clip_norm  # noqa: F401
from .classic import SGD, Adadelta, Adagrad, Adam, Adamax, Nadam, RMSprop, TFOptimizer, _is_native
from .later import Adafactor, AdamW, Ftrl, Lamb, Lion, LossScaleOptimizer, ScheduleFreeAdamW
from .muon import Muon

sgd = SGD
rmsprop = RMSprop
adagrad = Adagrad
adadelta = Adadelta
adam = Adam
adamax = Adamax
nadam = Nadam

#: name in lower case -> optimizer
CLASSES = {
    cls.__name__.lower(): cls
    for cls in (
        SGD,
        RMSprop,
        Adagrad,
        Adadelta,
        Adam,
        Adamax,
        Nadam,
        AdamW,
        Lion,
        Ftrl,
        Adafactor,
        Lamb,
        Muon,
        ScheduleFreeAdamW,
        LossScaleOptimizer,
    )
}


def optimizer_from_config(config, custom_objects=None) -> Optimizer:
    """Return an optimizer.

    Args:
        config: ``{'class_name': ..., 'config': ...}``.
        custom_objects: classes by name, for those that aren't Keras' own.

    Raises:
        ValueError: an unknown name.
    """
    name = config["class_name"]
    custom = {**get_custom_objects(), **(custom_objects or {})}
    cls = custom.get(name) or CLASSES.get(str(name).lower()) or remembered(name)
    if cls is None:
        raise ValueError(f"Optimizer not found: {name!r}.{nearest(str(name).lower(), [*CLASSES, *custom])}")
    return cls.from_config(config.get("config", {}))


def get(identifier, kwargs=None) -> Optimizer:
    """Return an optimizer.

    Args:
        identifier: a name (in any case), a config ``{'class_name', 'config'}``, an Optimizer, which is returned as it is, or an optimizer of the
            backend's own framework, which is wrapped.
        kwargs: arguments for one that is given by its name, a dict.

    Raises:
        ValueError: an unknown name, or something else.
    """
    if isinstance(identifier, dict):
        return optimizer_from_config(identifier)
    if isinstance(identifier, str):
        return optimizer_from_config({"class_name": identifier, "config": kwargs or {}})
    if hasattr(identifier, "get_updates"):
        return identifier
    if _is_native(identifier):
        return TFOptimizer(identifier)
    raise ValueError(f"An optimizer must be a name or an object with get_updates, got {identifier!r}. The names are {', '.join(CLASSES)}.")
