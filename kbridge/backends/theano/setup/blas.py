"""Finds a BLAS to link: the OpenBLAS with 32-bit integers that SciPy's wheels bundle. No system package is
needed. Without one Theano calls NumPy for products of matrices and can't compile BatchedDot."""

from __future__ import annotations

import ctypes
import importlib.util
import os
from pathlib import Path

from ....config import num_threads
from . import cache

#: all Fortran symbols that Theano's C code calls, without the trailing underscore
SYMBOLS = (
    "sgemm dgemm cgemm zgemm sgemv dgemv cgemv zgemv sger dger cgerc zgerc cgeru zgeru sdot ddot sdsdot dsdot "
    "saxpy daxpy caxpy zaxpy sscal dscal cscal zscal csscal zdscal scopy dcopy ccopy zcopy sswap dswap cswap zswap "
    "snrm2 dnrm2 scnrm2 dznrm2 sasum dasum isamax idamax srot drot srotg drotg ssyrk dsyrk ssyr dsyr "
    "strsm dtrsm strmm dtrmm"
).split()


class Blas:
    """A library, and the prefix of its symbols (SciPy's has ``scipy_sgemm_``)."""

    def __init__(self, path: Path, prefix: str):
        self.path = path
        self.prefix = prefix

    def link_flags(self, root: Path) -> str:
        """Flags for the linker. The library gets a plain name in a directory of the cache, because Theano
        takes ``-L`` and ``-l`` only, and its flags can hold no comma (so no ``-Wl,-rpath``)."""
        directory = root / f"blas_{cache.digest(str(self.path))}"
        directory.mkdir(exist_ok=True)
        for name in ("libkbblas.so", self.path.name):
            try:
                os.symlink(self.path, directory / name)
            except FileExistsError:
                pass
        return f"-L{directory} -lkbblas"

    def definitions(self) -> str:
        """C macros that rename Theano's symbols to the library's."""
        if not self.prefix:
            return ""
        return "\n".join(f"#define {symbol}_ {self.prefix}{symbol}_" for symbol in SYMBOLS)


def find() -> Blas | None:
    """The library inside the installed SciPy, or of the scipy-openblas32 package. It is loaded here, so that
    compiled modules find it by its name, and told how many threads ``KBRIDGE_NUM_THREADS`` allows."""
    for path in _candidates():
        if any(c in str(path.parent) for c in " ,"):
            continue
        try:
            library = ctypes.CDLL(str(path), mode=ctypes.RTLD_LOCAL)
        except OSError:
            continue
        for prefix in ("scipy_", ""):
            if hasattr(library, f"{prefix}sgemm_"):
                wanted = num_threads()
                if wanted:
                    getattr(library, f"{prefix}openblas_set_num_threads")(wanted)
                return Blas(path, prefix)
    return None


def _candidates() -> list[Path]:
    found: list[Path] = []
    for package, where, pattern in (
        ("scipy", "../scipy.libs", "libscipy_openblas-*.so*"),
        ("scipy_openblas32", "lib", "libscipy_openblas*.so*"),
    ):
        spec = importlib.util.find_spec(package)
        if spec is not None and spec.origin:
            found += sorted((Path(spec.origin).parent / where).resolve().glob(pattern))
    return found
