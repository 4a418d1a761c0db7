"""Gradients of the backend's own for operations of TensorFlow's.

``tf.custom_gradient`` registers a function of each call for the life of the process, and with it the graph that the call
was made in. Here every gradient is registered once, under a name that operations carry.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from .quiet import tf

_PREFIX = "Kbridge"


def gradient(name: str) -> Callable:
    """Register ``function(op, *gradients of its outputs)``, which gives a gradient or None for each input of ``op``."""
    return tf.RegisterGradient(_PREFIX + name)


@contextlib.contextmanager
def with_gradient(**names: str):
    """Operations of the given types that are made inside have these gradients: ``with_gradient(Round="Zero")``."""
    with tf.compat.v1.get_default_graph().gradient_override_map({kind: _PREFIX + name for kind, name in names.items()}):
        yield


def passed(name: str, result: Any, *operands: Any) -> Any:
    """``result`` as it is, whose gradient flows to ``operands`` as the one called ``name`` says.

    Its function gets an operation whose inputs are ``result`` and ``operands``, and gives None for ``result``.
    """
    with with_gradient(IdentityN=name):
        return tf.identity_n([result, *operands])[0]
