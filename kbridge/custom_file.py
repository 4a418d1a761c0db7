"""A program's own layers and functions from a Python file: what ``--custom FILE.py`` of the commands reads."""

from __future__ import annotations

import builtins
import inspect
import runpy
import sys
import threading
from typing import Any

from .errors import UsageError

#: one file at a time: while it runs, keras is kbridge for what it imports
_running = threading.RLock()


def objects_in(path: str | None) -> dict[str, Any]:
    """The public names of a Python file, which is run; nothing without one.

    In it, and in its functions whenever they are called, ``keras``, ``tensorflow.keras`` and the functions of ``tensorflow`` are those of
    :mod:`kbridge.later_keras`, also where there is no TensorFlow. Modules that it imports get kbridge for ``keras`` while it runs. Afterwards
    ``keras`` means for all others what it did. What its classes register (``register_keras_serializable``) is known under the registered
    names too.

    Args:
        path: the file.

    Raises:
        UsageError: there is no such file, or it fails; the message says with what.
    """
    if not path:
        return {}
    from . import later_keras

    names = {**vars(builtins), "__import__": later_keras.importing()}
    try:
        with _running, _keras_is_kbridge():
            found = runpy.run_path(path, {"__builtins__": names})
    except OSError as error:
        raise UsageError(f"--custom: {error}") from error
    except Exception as error:
        raise UsageError(f"{path} failed with {type(error).__name__}: {error}") from error
    return {name: value for name, value in found.items() if not name.startswith("_") and not _is_imported(name, value)}


def _is_imported(name: str, value: Any) -> bool:
    """Whether a name of the file is that of a module, or of a layer or function of kbridge's: in files of models it means Keras' own.

    What Python itself brings along (``os.system``, ``pathlib.Path``) is imported too: a model file can't have it called by its name.
    """
    root = str(getattr(value, "__module__", None)).partition(".")[0]
    of_python = root in sys.stdlib_module_names and (inspect.isroutine(value) or inspect.isclass(value))
    return inspect.ismodule(value) or of_python or root == __package__ and getattr(value, "__name__", None) == name


class _keras_is_kbridge:
    """Within the context ``import keras`` gives kbridge, and afterwards what it gave before."""

    def __enter__(self) -> None:
        module = sys.modules.get(f"{__package__}.as_keras")
        self.before = module is not None and module.enabled()
        if not self.before:
            from . import as_keras

            as_keras.enable()

    def __exit__(self, *error: Any) -> None:
        if not self.before:
            from . import as_keras

            as_keras.disable()
