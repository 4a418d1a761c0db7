"""The modules ``keras`` and ``tensorflow`` of a file of ``--custom``, and the ``__import__`` by which it finds them."""

from __future__ import annotations

import builtins
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from ..operations import constant, knows
from ..ops import function

_TENSORFLOW = "tensorflow"
#: other names of keras, as imports have them
_AS_KERAS = ("tensorflow.python.keras", "tensorflow.keras", "tensorflow.compat.v1.keras", "tensorflow.compat.v2.keras", "tf_keras.src", "tf_keras",
             "keras.src", "keras.api", "keras_core", "keras")  # fmt: skip
#: parts of TensorFlow with functions of tensors
_PARTS = (
    "nn", "math", "linalg", "image", "random", "compat", "compat.v1", "compat.v1.nn", "compat.v1.image", "compat.v2", "dtypes", "debugging",
    "image.ResizeMethod", "python", "python.ops", "initializers", "compat.v1.initializers",
)  # fmt: skip
_KINDS = {"regularizers": "regularizer", "constraints": "constraint", "activations": "activation"}


class _Part(ModuleType):
    """A module of these, whose names are looked up when they are asked for."""

    def __init__(self, name: str, find: Callable[[str], Any], names: Callable[[], list[str]]):
        super().__init__(name)
        vars(self).update(__path__=[], _find=find, _names=names)

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return self._names()
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        found = self._find(name)
        vars(self)[name] = found
        return found


# ---------------------------------------------------------------------- keras


def _keras() -> ModuleType:
    return _part_of_keras("", importlib.import_module("kbridge"), _top())


def _part_of_keras(path: str, ours: ModuleType | None, special: Mapping[str, Callable[[], Any]]) -> ModuleType:
    """The module ``keras.path``: the special names, then what kbridge has there, then the functions of the table."""
    full = f"keras.{path}" if path else "keras"

    def find(name: str) -> Any:
        if name in special:
            return special[name]()
        below = f"{path}.{name}" if path else name
        if path.partition(".")[0] in ("ops", "random"):
            return getattr(ours, name)
        found = _own(ours, name)
        if isinstance(found, ModuleType) and found.__name__.partition(".")[0] == "kbridge":
            return _part_of_keras(below, found, _special(below))
        if path in ("backend", "activations") and inspect.isfunction(found) or inspect.ismethod(found):
            return _flexible(found, f"{full}.{name}")
        if found is not None:
            return found
        if knows(f"{full}.{name}"):
            return function(f"{full}.{name}")
        raise AttributeError(f"{full} has no {name!r} here: keras is kbridge in this file, with the names of later Keras that it has.")

    def names() -> list[str]:
        own = getattr(ours, "__all__", None) or [name for name in vars(ours or ModuleType("none")) if not name.startswith("_")]
        return sorted({*own, *special} - ({"np", "K"} if path != "layers" else set()))

    return _Part(full, find, names)


def _own(module: ModuleType | None, name: str) -> Any:
    """Return what a module of kbridge has under a name, a module below it too; None for nothing."""
    if module is None:
        return None
    try:
        return getattr(module, name)
    except AttributeError:
        pass
    full = f"{module.__name__}.{name}"
    if hasattr(module, "__path__") and full in sys.modules or _exists(full):
        return importlib.import_module(full)
    return None


def _exists(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _flexible(own: Callable, path: str) -> Callable:
    """A function of kbridge; with arguments that only the later one has, that of the table."""

    def called(*args: Any, **kwargs: Any) -> Any:
        try:
            inspect.signature(own).bind(*args, **kwargs)
        except TypeError:
            if knows(path):
                return function(path)(*args, **kwargs)
        return own(*args, **kwargs)

    called.__name__ = called.__qualname__ = own.__name__
    called.__doc__ = own.__doc__
    return called


def _layers() -> dict[str, Callable[[], Any]]:
    from . import layers
    from .arguments import ARGUMENTS, SHORTER

    return {name: lambda name=name: layers.layer_class(name) for name in (*ARGUMENTS, *SHORTER)}  # type: ignore[misc]


def _stack() -> Any:
    from .stack import sequential

    return sequential


def _special(path: str) -> dict[str, Callable[[], Any]]:
    """The names of a module that aren't kbridge's own there."""
    if path == "layers" or path.startswith("layers."):
        return _layers()
    if path == "models":
        return {"Sequential": _stack}
    if path in _KINDS:
        from .penalties import names_of

        return {name: lambda value=value: value for name, value in names_of(_KINDS[path]).items()}  # type: ignore[misc]
    if path == "saving":
        models = importlib.import_module("kbridge.models")
        return {name: lambda name=name: getattr(models, name) for name in ("load_model", "save_model")}  # type: ignore[misc]
    return {}


def _top() -> dict[str, Callable[[], Any]]:
    def of(module: str, name: str) -> Callable[[], Any]:
        return lambda: getattr(importlib.import_module(f"kbridge.{module}"), name)

    def below(name: str) -> Callable[[], Any]:
        return lambda: _part_of_keras(name, importlib.import_module(f"kbridge.{name}"), _special(name))

    return {
        "Sequential": _stack,
        "Model": of("models", "Model"),
        "Input": of("layers", "Input"),
        "InputSpec": of("layers", "InputSpec"),
        "Layer": of("layers", "Layer"),
        **{name: below(name) for name in ("ops", "random", "saving", "initializers", "losses", *_KINDS)},
    }


# ---------------------------------------------------------------------- TensorFlow


def _tensorflow(keras: ModuleType, path: str = "") -> ModuleType:
    """The module ``tensorflow.path``: functions of the table, dtypes, keras; for all else TensorFlow itself, if it is installed."""
    full = f"{_TENSORFLOW}.{path}" if path else _TENSORFLOW

    def find(name: str) -> Any:
        below = f"{path}.{name}" if path else name
        if name == "keras":
            return keras
        if knows(f"{_TENSORFLOW}.{below}"):
            return function(f"{_TENSORFLOW}.{below}")
        try:
            return constant(f"{_TENSORFLOW}.{below}")
        except KeyError:
            pass
        if below in _PARTS or path == "python.ops":
            return _tensorflow(keras, below)
        if below in _OTHER:
            return _OTHER[below]
        if path.rpartition(".")[2] == "initializers" or name in _INITIALIZERS:
            return getattr(importlib.import_module("kbridge.initializers"), _INITIALIZERS.get(name, name))
        return _of_tensorflow_itself(below)

    return _Part(full, find, list)


def _as_it_is(*args: Any, **kwargs: Any) -> Any:
    """A decorator of TensorFlow that says how a function is compiled, with or without arguments."""
    return args[0] if len(args) == 1 and callable(args[0]) and not kwargs else lambda item: item


def _shape(lengths: Any = None) -> tuple:
    return tuple(lengths)


_OTHER = {"function": _as_it_is, "autograph.experimental.do_not_convert": _as_it_is, "TensorShape": _shape}


#: initializers as TensorFlow calls them -> as Keras does
_INITIALIZERS = {
    "random_normal_initializer": "RandomNormal", "random_uniform_initializer": "RandomUniform", "zeros_initializer": "Zeros",
    "ones_initializer": "Ones", "constant_initializer": "Constant", "truncated_normal_initializer": "TruncatedNormal",
    "glorot_uniform_initializer": "GlorotUniform", "glorot_normal_initializer": "GlorotNormal", "orthogonal_initializer": "Orthogonal",
}  # fmt: skip


def _of_tensorflow_itself(path: str) -> Any:
    if path == "Variable":
        raise AttributeError(
            "tensorflow.Variable: a layer here makes its weights by self.add_weight(shape=..., initializer=..., name=...)."
        )
    try:
        module = importlib.import_module(_TENSORFLOW)
    except ImportError:
        raise AttributeError(
            f"tensorflow.{path}: TensorFlow isn't installed here, and the table of operations lacks it; what there is are tensorflow.keras and "
            "the functions of the table. [convert: operations]"
        ) from None
    found: Any = module
    for name in path.split("."):
        found = getattr(found, name)
    return found


# ---------------------------------------------------------------------- imports


def importing() -> Callable[..., Any]:
    """An ``__import__`` to which ``keras`` and ``tensorflow`` are these modules, and all else is what it is."""
    keras = _keras()
    tensorflow = _tensorflow(keras)

    def found(name: str) -> Any:
        """The module of that name; None for one of others."""
        for prefix in _AS_KERAS:
            if name == prefix or name.startswith(f"{prefix}."):
                return _walked(keras, name[len(prefix) + 1 :], name)
        if name == _TENSORFLOW or name.startswith(f"{_TENSORFLOW}."):
            return _walked(tensorflow, name[len(_TENSORFLOW) + 1 :], name)
        return None

    def __import__(name, globals=None, locals=None, fromlist=(), level=0):
        module = found(name) if level == 0 else None
        if module is None:
            return builtins.__import__(name, globals, locals, fromlist, level)
        if fromlist:
            return module
        # `import a.b` gives a, of which b is taken
        return found(name.partition(".")[0]) if "." in name else module

    return __import__


def _walked(module: Any, path: str, name: str) -> Any:
    for part in path.split(".") if path else ():
        try:
            module = getattr(module, part)
        except AttributeError as error:
            raise ModuleNotFoundError(f"No module named {name!r}: {error}", name=name) from error
    return module
