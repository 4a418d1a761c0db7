"""Every public name of Keras 1.2.2 at its import path, with a signature that takes every call that one took.

``tests/data/spec/api.json`` holds the names and signatures of that release, found by introspection.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
from pathlib import Path

import numpy as np
import pytest

SPEC = json.loads((Path(__file__).parents[1] / "data" / "spec" / "api.json").read_text())

#: names of Keras 1.2.2 that are missing here: module -> {name: why}
MISSING: dict[str, dict[str, str]] = {
    "keras.backend": {
        "tensorflow_backend": "the backend's module, so only of the backend in use; to be imported on all",
        "tf_major_version": "of TensorFlow, there on its backend only",
        "tf_minor_version": "of TensorFlow, there on its backend only",
    },
    "keras.backend.tensorflow_backend": {
        "tf_major_version": "of TensorFlow, there on its backend only",
        "tf_minor_version": "of TensorFlow, there on its backend only",
    },
    "keras.backend.theano_backend": {"T_softsign": "a function of Theano: theano.tensor.nnet.softsign"},
    "keras.applications.audio_conv_utils": {"librosa": "another package, imported there if it was installed; here when it is used"},
    "keras.callbacks": {"requests": "another package, imported there if it was installed; RemoteMonitor needs none here"},
    "keras.preprocessing.text": {"maketrans": "str.maketrans of Python 3"},
    "keras.utils.io_utils": {"tables": "another package, imported there if it was installed; here when it is used"},
}

#: calls of Keras 1.2.2 that are refused here: function or method -> why
OTHER_SIGNATURES: dict[str, str] = {
    "keras.backend.theano_backend.pattern_broadcast": "the misspelt broatcastable is broadcastable",
    "keras.engine.topology.Input": "dtype is floatx by default, there what floatx was at the import",
}


def ours(path: str):
    return importlib.import_module("kbridge" + path.removeprefix("keras"))


def found(path: str):
    """The object at a dotted path of Keras."""
    owner, _, name = path.rpartition(".")
    return getattr(ours(owner) if owner in SPEC["modules"] else found(owner), name)


#: properties that are missing here -> why
OTHER_PROPERTIES = {"keras.optimizers.TFOptimizer.weights": "an attribute of each object, [], there a property"}


def is_of_keras(of: str) -> bool:
    return of in ("object", "builtin") or of.split(".")[0] == "keras"


#: ``from __future__ import`` leaves them in a module; they mean nothing to a program
FUTURE = {"absolute_import", "division", "print_function"}

NAMES = [
    (module, name) for module, names in SPEC["modules"].items() for name, of in names.items() if is_of_keras(of) and name not in FUTURE
]


@pytest.mark.parametrize("module", SPEC["modules"])
def test_every_module_has_every_name(module):
    missing = {name for m, name in NAMES if m == module and not hasattr(ours(module), name)}
    assert missing - set(MISSING.get(module, {})) == set()


#: what programs of its time import with a star
STARRED = [
    "layers", "optimizers", "models", "objectives", "activations", "regularizers", "preprocessing.image", "applications.vgg16",
    "applications.resnet50", "callbacks", "backend", "constraints", "initializations", "metrics", "utils", "layers.normalization",
]  # fmt: skip

#: names that no star import brings: where they are from -> why
NOT_STARRED = {
    "builtins": "there anyway: zip, range",
    "tensorflow": "the backend's own, as K.tf where it is the backend",
    "keras.backend.tensorflow_backend": "the backend's own module",
    "scipy": "another package, imported when used",
    "PIL.Image": "another package, imported when used",
    "pkg_resources": "of setuptools, which Python has no more",
}


#: standard modules that K leaves out, so that it has few names that aren't functions
FEW_OF_K = {"json", "os", "sys", "warnings"}


@pytest.mark.parametrize("module", STARRED)
def test_a_star_import_brings_every_name(module):
    found: dict[str, object] = {}
    exec(f"from kbridge.{module} import *", found)
    exceptions = FUTURE | set(MISSING.get(f"keras.{module}", {})) | (FEW_OF_K if module == "backend" else set())
    missing = {
        name: of
        for name, of in SPEC["modules"][f"keras.{module}"].items()
        if name not in found and not name.startswith("_") and name not in exceptions
    }
    assert {name: of for name, of in missing.items() if not of.startswith(tuple(NOT_STARRED))} == {}


def parameters_of(text: str) -> ast.arguments:
    """The parameters of a signature such as ``f(x, axis=-1)``."""
    definition = ast.parse(f"def {text}: pass").body[0]
    assert isinstance(definition, ast.FunctionDef)
    return definition.args


def problem(function, text: str) -> str | None:
    """What keeps calls that fit the signature ``text`` from ``function``; None if nothing does."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return "no signature"
    there = parameters_of(text)
    has = list(signature.parameters.values())
    takes_all = {p.kind for p in has} & {inspect.Parameter.VAR_POSITIONAL}
    takes_any = {p.kind for p in has} & {inspect.Parameter.VAR_KEYWORD}
    positional = [p for p in has if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    defaults = [None] * (len(there.args) - len(there.defaults)) + list(there.defaults)
    for i, (argument, default) in enumerate(zip(there.args, defaults, strict=True)):
        name = argument.arg
        if i == 0 and name in ("self", "cls"):
            continue
        if i >= len(positional) or name not in (positional[i].name, "_"):
            if not (takes_all and takes_any):
                return f"argument {i} is {positional[i].name if i < len(positional) else None}, not {name}"
            continue
        if default is None and positional[i].default is not inspect.Parameter.empty:
            continue
        if default is not None and positional[i].default is inspect.Parameter.empty:
            return f"{name} has no default"
        if default is not None:
            try:
                value = ast.literal_eval(default)
            except ValueError:
                continue
            if positional[i].default != value and value != list(np.atleast_1d(positional[i].default)):
                return f"the default of {name} is {positional[i].default!r}, not {value!r}"
    required = [p.name for p in positional[len(there.args) :] if p.default is p.empty]
    if required:
        return f"{required} must be given too"
    if there.kwarg and not takes_any:
        return "no other keywords"
    if there.vararg and not takes_all:
        return "no other values"
    return None


def callables():
    for path, text in SPEC["functions"].items():
        yield path, lambda path=path: found(path), text
    for path, spec in SPEC["classes"].items():
        for name, text in spec["methods"].items():
            yield f"{path}.{name}", lambda path=path, name=name: inspect.getattr_static(found(path), name), text


def test_every_call_of_a_function_or_method_is_possible():
    problems = {}
    for path, get, text in callables():
        try:
            function = get()
        except AttributeError:
            problems[path] = "missing"
            continue
        if isinstance(function, (staticmethod, classmethod)):
            function = function.__func__
        wrong = problem(function, text)
        if wrong:
            problems[path] = f"{wrong}: {text}"
    assert {k: v for k, v in problems.items() if k not in OTHER_SIGNATURES} == {}


def test_every_property_is_there():
    missing = [
        f"{path}.{name}"
        for path, spec in SPEC["classes"].items()
        for name in spec["properties"]
        if not hasattr(found(path), name) and f"{path}.{name}" not in OTHER_PROPERTIES
    ]
    assert missing == []


def test_the_backends_module_is_an_attribute_of_K():
    import kbridge.backend.tensorflow_backend as KTF
    import kbridge.backend.theano_backend as KTH
    from kbridge import backend as K

    assert KTF is K and KTH is K and getattr(K, K.backend() + "_backend") is K


def test_the_backends_library_is_reached_through_K():
    from kbridge import backend as K

    libraries = {"tensorflow": ["tf"], "theano": ["theano", "T"]}.get(K.backend(), [])
    assert [inspect.ismodule(getattr(K, name)) for name in libraries] == [True] * len(libraries)
    assert hasattr(K, "tf") == (K.backend() == "tensorflow")


def test_a_star_import_of_the_helpers_brings_the_progress_bar():
    found: dict[str, object] = {}
    exec("from kbridge.utils.generic_utils import *", found)
    assert {"Progbar", "get_from_module", "CustomObjectScope"} <= set(found)
