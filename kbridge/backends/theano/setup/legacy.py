"""Stand-ins for modules that Theano imports and that Python, NumPy, SciPy or setuptools no longer have. They are
in ``sys.modules`` only while Theano is imported."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import sysconfig
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy


def _module(name: str, **names: Any) -> types.ModuleType:
    module = types.ModuleType(name)
    module.__dict__.update(names)
    return module


def numpy_distutils() -> dict[str, types.ModuleType]:
    """``numpy.distutils``: gone on Python 3.12, slow and full of warnings before."""
    misc = _module("numpy.distutils.misc_util", get_numpy_include_dirs=lambda: [numpy.get_include()])
    config = _module("numpy.distutils.__config__", blas_opt_info={})
    whole = _module("numpy.distutils", misc_util=misc, __config__=config, __path__=[])
    return {m.__name__: m for m in (whole, misc, config)}


def distutils() -> dict[str, types.ModuleType]:
    """``distutils``: gone on Python 3.12. Setuptools brings one, for which it is loaded whole: a fifth of a second."""
    import shutil

    def library(plat_specific=0, standard_lib=0, prefix=None):
        kind = ("platstdlib" if plat_specific else "stdlib") if standard_lib else ("platlib" if plat_specific else "purelib")
        return sysconfig.get_path(kind)

    config = _module(
        "distutils.sysconfig",
        get_config_var=sysconfig.get_config_var,
        get_python_inc=lambda plat_specific=0, prefix=None: sysconfig.get_path("platinclude" if plat_specific else "include"),
        get_python_lib=library,
        get_python_version=sysconfig.get_python_version,
        get_config_h_filename=sysconfig.get_config_h_filename,
    )
    spawn = _module("distutils.spawn", find_executable=lambda name, path=None: shutil.which(name, path=path))
    whole = _module("distutils", sysconfig=config, spawn=spawn, __path__=[])
    return {m.__name__: m for m in (whole, config, spawn)}


def pkg_resources() -> dict[str, types.ModuleType]:
    """``pkg_resources``: gone from new setuptools, and slow to load in old ones."""

    def parse_version(version):
        return tuple(int("".join(c for c in part if c.isdigit()) or 0) for part in str(version).split("."))

    return {"pkg_resources": _module("pkg_resources", parse_version=parse_version, DistributionNotFound=ImportError)}


def _when_called(module: str, name: str) -> Callable:
    """A function of ``module``, which is imported when it is called."""

    def call(*args, **kwargs):
        return getattr(importlib.import_module(module), name)(*args, **kwargs)

    call.__name__ = name
    return call


def scipy_signal() -> dict[str, types.ModuleType]:
    """The old names of SciPy's inner modules, for convolutions without a compiler. SciPy's signals take most of a second to load, and
    a model without convolutions, or with a compiler, has no use for them."""
    if importlib.util.find_spec("scipy") is None:
        return {}
    names = {name: _when_called("scipy.signal._signaltools", name) for name in ("_valfrommode", "_bvalfromboundary", "convolve")}
    convolve2d = _when_called("scipy.signal._sigtools", "_convolve2d")
    return {
        "scipy.signal.signaltools": _module("scipy.signal.signaltools", **names),
        "scipy.signal.sigtools": _module("scipy.signal.sigtools", _convolve2d=convolve2d),
    }


class Later(types.ModuleType):
    """Stands for a module that Theano imports at its start and seldom uses: it is loaded when something of it is asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__path__":
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


def scipy_later() -> dict[str, types.ModuleType]:
    """The parts of SciPy that few models use: distributions, functions of physics, linear algebra. They take a third of a second to load.
    Theano's code names them through ``scipy``, which loads them when they are used."""
    if importlib.util.find_spec("scipy") is None:
        return {}
    products = ("sgemv", "dgemv", "cgemv", "zgemv", "sger", "dger", "cgeru", "zgeru")
    fblas = _module("scipy.linalg.blas.fblas", **{name: _when_called("scipy.linalg.blas", name) for name in products})
    found = {name: Later(name) for name in ("scipy.stats", "scipy.special", "scipy.linalg", "scipy.linalg.blas")}
    found["scipy.linalg.blas"].__dict__["fblas"] = fblas
    found["scipy.linalg"].__dict__["blas"] = found["scipy.linalg.blas"]
    return {name: module for name, module in found.items() if name not in sys.modules}


def numpy_later() -> dict[str, types.ModuleType]:
    """Parts of NumPy that NumPy itself loads when they are asked for. SciPy's sparse matrices, which Theano needs at its start, take over all
    names that NumPy has, and so would load them: a tenth of a second, most of it for the connection to Fortran."""
    names = ("f2py", "ma", "matlib", "polynomial", "testing", "typing")
    return {name: Later(f"numpy.{name}") for name in names if f"numpy.{name}" not in sys.modules}


def complete_convolutions() -> None:
    """Give a Theano that was imported before, and didn't find the old names of SciPy's inner modules, what it looked for there."""
    found = {name: value for module in scipy_signal().values() for name, value in vars(module).items() if not name.startswith("__")}
    for name in ("theano.tensor.nnet.abstract_conv", "theano.tensor.nnet.conv"):
        module = sys.modules.get(name)
        if found and module is not None and not getattr(module, "imported_scipy_signal", True):
            module.__dict__.update(found, imported_scipy_signal=True)


@contextmanager
def stand_ins() -> Iterator[types.ModuleType]:
    """Have the stand-ins while Theano is imported; gives that of ``numpy.distutils``."""
    modules: dict[str, Any] = {
        **numpy_distutils(),
        **distutils(),
        **pkg_resources(),
        **scipy_signal(),
        **scipy_later(),
        "numpy.linalg.linalg": numpy.linalg,
    }
    if "mpi4py.MPI" not in sys.modules:
        # Theano imports it where it is installed: that starts MPI in a process that nobody asked to, and fails without a library
        modules["mpi4py.MPI"] = None
    before = {name: sys.modules.get(name) for name in modules}
    had = {name: numpy.__dict__.get(name) for name in ("distutils", "int")}
    sys.modules.update(modules)
    # read as attributes at import: numpy.distutils, and numpy.int by theano.tensor.random
    numpy.__dict__.update(distutils=modules["numpy.distutils"], int=int)
    later = numpy_later()
    numpy.__dict__.update(later)
    try:
        yield modules["numpy.distutils"]
    finally:
        for name, module in later.items():
            # unless the module itself came in its place
            if numpy.__dict__.get(name) is module:
                del numpy.__dict__[name]
        for name, value in had.items():
            if value is None:
                numpy.__dict__.pop(name, None)
            else:
                numpy.__dict__[name] = value
        for name, old in before.items():
            if old is None:
                # here too
                if sys.modules.get(name) is modules[name]:
                    sys.modules.pop(name, None)
            else:
                sys.modules[name] = old
