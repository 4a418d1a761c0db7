"""Makes theano-pymc 1.1.2 import, compile and run on NumPy 2 and Python 3.11 to 3.13, without flags from the user.

Only Theano's own modules are changed. :func:`ensure` does it once in a process:

* ``compiler``: is there one; messages about it
* ``cache``, ``blas``, ``header``: where compiled code is kept, what it is compiled and linked with
* ``answers``: what Theano asks other programs, remembered
* ``flags``: the configuration, in which the user's ``THEANO_FLAGS`` win
* ``legacy``: modules that Theano imports and that no longer exist
* ``numpy_proxy``: NumPy as Theano knew it
* ``patches``: repairs of Theano's code
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.util
import logging
import sys
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from . import answers, blas, cache, compiler, flags, header, legacy, numpy_proxy, patches

#: modules that Theano imports late; they must be there before NumPy is replaced in all of them
MODULES = (
    "theano.link.c.cmodule",
    "theano",
    "theano.tensor",
    "theano.ifelse",
    "theano.gradient",
    "theano.printing",
    "theano.tensor.signal.pool",
    "theano.tensor.nnet.bn",
    "theano.tensor.nnet.neighbours",
    "theano.tensor.slinalg",
    "theano.tensor.nlinalg",
    "theano.sandbox.rng_mrg",
    "theano.scan.op",
    "theano.scan.utils",
    "theano.sparse",
    "theano.sparse.opt",
    "theano.tensor.random.basic",
    "theano.tensor.random.utils",
)
#: needed only by some paths of scan and jacobian
OPTIONAL_MODULES = ("theano.gpuarray", "theano.gpuarray.linalg")

_done = False


def ensure(without: Iterable[str] = ()) -> None:
    """Import and repair Theano, once. ``without`` names patches to leave out (for tests).

    Raises ImportError if theano isn't installed, and RuntimeError if the script imported it before in a way
    that can't be repaired.
    """
    global _done
    if _done:
        return
    if "theano" in sys.modules:
        _repair_imported(without)
    else:
        _forget_failed_import()
        _import(without)
    _done = True


def _forget_failed_import() -> None:
    """A script may have tried to import theano, in vain; what was loaded then has read the configuration already."""
    for name in [n for n in sys.modules if n.startswith("theano.")]:
        del sys.modules[name]


def _import(without: Iterable[str]) -> None:
    root = cache.directory()
    user = flags.user_flags()
    settings = {"base_compiledir": str(cache.compile_directory(root))}
    absent = [] if "cxx" in user else compiler.missing()
    watch = None
    if absent:
        compiler.warn_missing(absent)
    if absent or user.get("cxx") == "":
        settings["cxx"] = ""
        # let convolutions run in Python rather than raise; fused operations are for compilers
        settings["optimizer_excluding"] = "AbstractConvCheck:fusion"
    else:
        settings |= _compile_settings(root)
        watch = compiler.Watch(_header_of(settings), compiler.cpu_flags())
    answers.install(root)
    with flags.in_environment(settings), legacy.stand_ins() as distutils, _quiet():
        _import_modules()
    sys.modules["theano"].utils = sys.modules["theano.utils"]  # type: ignore[attr-defined]
    numpy_proxy.install(distutils)
    patches.apply(without)
    if watch is not None:
        watch.install()


def _compile_settings(root: Path) -> dict[str, str]:
    library = blas.find()
    cpu = compiler.cpu_flags()
    path = header.write(root, library.definitions() if library else "", cpu)
    # -g0: a seventh less time to compile; -w: warnings about Theano's code help nobody here
    return {
        "blas__ldflags": library.link_flags(root) if library else "",
        "gcc__cxxflags": f"-g0 -w {cpu} -include {path}".replace("  ", " "),
    }


def _header_of(settings: dict[str, str]) -> Path:
    return Path(settings["gcc__cxxflags"].split()[-1])


def _import_modules() -> None:
    with _without_drawings():
        for name in MODULES:
            importlib.import_module(name)
    for name in OPTIONAL_MODULES:
        with contextlib.suppress(Exception):
            importlib.import_module(name)


@contextlib.contextmanager
def _without_drawings() -> Iterator[None]:
    """Theano calls Graphviz' program to see whether it could draw; a program that wants to asks when it draws."""
    hidden = [name for name in ("pydot_ng", "pydot") if name not in sys.modules and "theano.printing" not in sys.modules]
    # None says that a module can't be imported
    modules: dict[str, Any] = dict.fromkeys(hidden)
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
        if hidden:
            _draw_on_demand()


def _draw_on_demand() -> None:
    """Let ``theano.printing.pydotprint`` look for pydot when it is called."""
    from theano import printing

    original = printing.pydotprint

    @functools.wraps(original)
    def pydotprint(*args, **kwargs):
        with contextlib.suppress(ImportError):
            printing.pd = importlib.import_module("pydot")
            printing.pydot_imported = True
        return original(*args, **kwargs)

    printing.pydotprint = pydotprint


def _repair_imported(without: Iterable[str]) -> None:
    """Theano was imported before, with its defaults. What can be set at run time is set; its cache stays where
    Theano put it."""
    import theano

    root = cache.directory()
    user = flags.user_flags()
    try:
        if theano.config.cxx:
            settings = _compile_settings(root)
            for name, value in settings.items():
                if name not in user:
                    setattr(theano.config, name, value)
            compiler.Watch(_header_of(settings), compiler.cpu_flags()).install()
        with legacy.stand_ins() as distutils, _quiet():
            _import_modules()
        legacy.complete_convolutions()
        numpy_proxy.install(distutils)
        patches.apply(without)
    except Exception as error:
        raise RuntimeError(
            f"theano was imported before kbridge, in a way that can't be repaired ({type(error).__name__}: {error}). Import "
            f"kbridge first, or start the script with: kbridge run --backend theano SCRIPT"
        ) from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without Theano's warnings at import: about NumPy's names, and that it found no BLAS of its own."""
    loggers = [logging.getLogger(name) for name in ("theano.tensor.blas", "theano.configdefaults")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels):
            logger.setLevel(level)
