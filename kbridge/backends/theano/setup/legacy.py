"""Stand-ins for modules that Theano imports and that Python, NumPy, SciPy or setuptools no longer have. They are
in ``sys.modules`` only while Theano is imported."""

from __future__ import annotations

import importlib.util
import sys
import sysconfig
import types
from collections.abc import Iterator
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
    """``distutils``: gone on Python 3.12, unless setuptools brings it."""
    if importlib.util.find_spec("distutils") is not None:
        return {}
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
    """``pkg_resources``: gone from new setuptools."""
    if importlib.util.find_spec("pkg_resources") is not None:
        return {}

    def parse_version(version):
        return tuple(int("".join(c for c in part if c.isdigit()) or 0) for part in str(version).split("."))

    return {"pkg_resources": _module("pkg_resources", parse_version=parse_version, DistributionNotFound=ImportError)}


def scipy_signal() -> dict[str, types.ModuleType]:
    """The old names of SciPy's inner modules, for convolutions without a compiler."""
    try:
        from scipy.signal import _signaltools as tools
        from scipy.signal import _sigtools as compiled
    except ImportError:
        return {}
    names = {n: getattr(tools, n) for n in ("_valfrommode", "_bvalfromboundary", "convolve") if hasattr(tools, n)}
    return {
        "scipy.signal.signaltools": _module("scipy.signal.signaltools", **names),
        "scipy.signal.sigtools": _module("scipy.signal.sigtools", _convolve2d=compiled._convolve2d),
    }


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
    modules = {**numpy_distutils(), **distutils(), **pkg_resources(), **scipy_signal(), "numpy.linalg.linalg": numpy.linalg}
    if "mpi4py.MPI" not in sys.modules:
        # Theano imports it where it is installed: that starts MPI in a process that nobody asked to, and fails without a library
        modules["mpi4py.MPI"] = None
    before = {name: sys.modules.get(name) for name in modules}
    had = {name: numpy.__dict__.get(name) for name in ("distutils", "int")}
    sys.modules.update(modules)
    # read as attributes at import: numpy.distutils, and numpy.int by theano.tensor.random
    numpy.__dict__.update(distutils=modules["numpy.distutils"], int=int)
    try:
        yield modules["numpy.distutils"]
    finally:
        for name, value in had.items():
            if value is None:
                numpy.__dict__.pop(name, None)
            else:
                numpy.__dict__[name] = value
        for name, module in before.items():
            if module is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = module
