"""Keyword arguments of training methods that belong to other versions of Keras."""

from __future__ import annotations

import functools
import inspect
import warnings

from ..errors import unknown_argument

_ACCURACY = 'pass the metric to compile: model.compile(optimizer, loss, metrics=["accuracy"])'
#: arguments that Keras 1.2.2 took from programs of earlier versions, and ignored: what to use instead
OUTDATED = {
    "show_accuracy": _ACCURACY,
    "accuracy": _ACCURACY,
    "verbose": "nothing is shown",
    "nb_val_worker": "validation data is read by one worker",
}

#: arguments of ``compile`` that other versions have: those of Keras 0 are ignored, those of Keras 2 change the result
OUTDATED_IN_COMPILE = {
    "class_mode": "the accuracy that suits the loss is chosen by metrics=['accuracy']",
    "theano_mode": "pass mode to compile on the Theano backend",
}
LATER_IN_COMPILE = ("target_tensors",)


def compile_options(kwargs: dict) -> dict:
    """``kwargs`` of ``compile`` as options of ``K.function``: without those of Keras 0, with a warning for each.

    TypeError for those that only Keras 2 has.
    """
    for name in kwargs:
        if name in LATER_IN_COMPILE:
            raise TypeError(f"compile has no argument {name!r}. It is an argument of Keras 2, which Keras 1 doesn't have.")
        if name in OUTDATED_IN_COMPILE:
            warnings.warn(f"compile: the argument {name!r} is outdated and ignored: {OUTDATED_IN_COMPILE[name]}.", stacklevel=3)
    return {name: value for name, value in kwargs.items() if name not in OUTDATED_IN_COMPILE}


def keras1_arguments(method):
    """Give ``method`` Keras 1's answer to keywords that it doesn't have.

    TypeError names the nearest argument, or the Keras 1 name of one from Keras 2 (before Python complains
    of the ones that are missing then). Those of earlier versions are dropped with a warning, as in 1.2.2.
    """
    parameters = inspect.signature(method).parameters
    known = [name for name, p in parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD and name != "self"]
    accepted = frozenset(known)

    @functools.wraps(method)
    def checked(self, *args, **kwargs):
        if not accepted.issuperset(kwargs):
            kwargs = {name: value for name, value in kwargs.items() if _takes(method.__name__, name, known)}
        return method(self, *args, **kwargs)

    return checked


def _takes(owner: str, name: str, known: list[str]) -> bool:
    if name in known:
        return True
    if name not in OUTDATED:
        raise unknown_argument(owner, name, known)
    warnings.warn(f"{owner}: the argument {name!r} is outdated and ignored: {OUTDATED[name]}.", stacklevel=4)
    return False
