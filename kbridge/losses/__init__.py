"""Losses under the names of Keras 2 and 3, as functions and as objects with options; Keras 1's are those of ``objectives``.

A name that means something else there keeps its later meaning here: ``hinge`` takes labels of 0 and 1 too.
"""

from __future__ import annotations

from typing import Any

from .. import objectives
from ..errors import nearest
from ..objectives import (  # noqa: F401
    MAE,
    MAPE,
    MSE,
    MSLE,
    kullback_leibler_divergence,
    mae,
    mape,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    mse,
    msle,
    poisson,
)
from ..utils.generic_utils import get_custom_objects, remembered
from ..utils.serialized import bare_class, unwrapped
from . import functions
from .classes import *  # noqa: F403
from .classes import CLASSES, Loss, is_over_classes, value_of  # noqa: F401
from .functions import *  # noqa: F403
from .pairs import CTC, Circle, circle, ctc  # noqa: F401
from .reductions import REDUCTIONS, reduced  # noqa: F401

KLD = kld = kl_divergence = functions.kl_divergence

CLASSES |= {"CTC": CTC, "Circle": Circle}


def serialize(loss) -> Any:
    """Return the config of ``loss``: {'class_name', 'config'} for an object, the name for a function."""
    if isinstance(loss, Loss):
        return {"class_name": type(loss).__name__, "config": loss.get_config()}
    return getattr(loss, "__name__", loss)


def as_object(loss) -> Any:
    """Return ``loss``, or, for a function whose name means another one in Keras 1, {'class_name', 'config'} of the object that computes the same."""
    name = getattr(loss, "__name__", None)
    if name is None or getattr(functions, name, None) is not loss or getattr(objectives, name, loss) is loss:
        return loss
    return next(serialize(cls()) for cls in CLASSES.values() if getattr(cls, "function", None) is loss)


def deserialize(config: dict[str, Any] | str, custom_objects=None) -> Any:
    """Return a loss.

    Args:
        config: {'class_name': ..., 'config': ...} or a name.
        custom_objects: classes and functions by name, for those that aren't Keras' own.

    Raises:
        ValueError: an unknown name.
    """
    if isinstance(config, str):
        return get(config)
    custom = {**get_custom_objects(), **(custom_objects or {})}
    name = str(config.get("class_name"))
    bare = bare_class(name)
    cls = custom.get(name) or custom.get(bare) or CLASSES.get(bare) or remembered(bare)
    if cls is None:
        raise ValueError(f"Unknown loss: {name!r}.{nearest(bare, [*CLASSES, *custom])}")
    inner = unwrapped(dict(config.get("config") or {}))
    if cls in CLASSES.values():
        for key in ("fn", "dtype"):
            inner.pop(key, None)
    return cls.from_config(inner)


def named(name: str) -> Any:
    """Return the loss of Keras 2 or 3 called ``name``, or None; the name of a class gives an object with the default options."""
    if name in CLASSES:
        return CLASSES[name]()
    if name in ("ctc", "circle"):
        return globals()[name]
    own = globals().get(name)
    return own if getattr(own, "__module__", None) in (functions.__name__, objectives.__name__) else None


def get(identifier) -> Any:
    """Return a loss; names mean what they mean in Keras 2 and 3.

    Args:
        identifier: a name, a config {'class_name', 'config'}, a function or an object, which is returned as it is.

    Raises:
        ValueError: an unknown name.
    """
    if isinstance(identifier, str) and identifier not in get_custom_objects():
        later = named(identifier)
        if later is not None:
            return later
    return objectives.get(identifier)
