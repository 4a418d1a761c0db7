"""``keras.ops`` for layers of programs that were written for Keras 3: its functions, of tensors of the backend in use.

``from keras import ops``, in a program under ``kbridge run`` or in a file of ``--custom``, gives this module. Its functions are those of the
table of operations (``kbridge.operations``), by the names that they have in Keras 3; one that the table lacks is an error that names it.

Example:
    ::

        from kbridge import ops
        y = ops.mean(ops.relu(x), axis=-1, keepdims=True)
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any


def function(path: str) -> Callable[..., Any]:
    """The function that Keras 3 calls ``path``, such as 'keras.ops.image.resize'.

    Args:
        path: its name, with the module's.

    Raises:
        AttributeError: the table of operations lacks it.
    """
    module, _, name = path.rpartition(".")
    found = not name.startswith("_")
    if found:
        # not for ``__path__``, which Python asks for when something is imported from a module
        from ..operations import knows, resolve

        found = knows(path)
    if not found:
        raise AttributeError(f"{module} has no function {name!r} here: the table of operations lacks it. [convert: operations]")

    def called(*args: Any, **kwargs: Any) -> Any:
        operation, arguments = resolve(path, args, kwargs)
        return operation.call(arguments)

    called.__name__ = called.__qualname__ = name
    called.__doc__ = f"``{path}`` of Keras 3; see its documentation for the arguments."
    return called


#: its modules, which come with it
_MODULES = ("image", "linalg", "nn", "numpy")


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    return function(f"keras.ops.{name}")
