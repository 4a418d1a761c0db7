"""Is there a C++ compiler, with Python's headers? And what a user is told while it runs."""

from __future__ import annotations

import functools
import platform
import shutil
import subprocess
import sys
import sysconfig
import time
import warnings
from pathlib import Path

from . import header
from .ahead import Ahead, install

#: seconds of compiling after which a message says what is going on
PATIENCE = 2.0

HELP = {
    "linux": "On Debian and Ubuntu: sudo apt-get install g++ python3-dev. On Fedora: sudo dnf install gcc-c++ python3-devel.",
    "darwin": "On macOS: xcode-select --install.",
    "win32": "With conda: conda install m2w64-toolchain.",
}


def missing() -> list[str]:
    """Return the names of what C code needs to be compiled, and isn't here."""
    absent = []
    if not any(shutil.which(name) for name in ("g++", "clang++")):
        absent.append("a C++ compiler (g++)")
    if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        absent.append("Python's headers (Python.h)")
    return absent


def warn_missing(absent: list[str]) -> None:
    """Say that Theano will be slow, why, and what to install."""
    warnings.warn(
        f"Theano needs {' and '.join(absent)} to be fast; without, it runs everything in slow Python loops. "
        f"{HELP.get(sys.platform, '')} To switch this warning off: THEANO_FLAGS=cxx=",
        stacklevel=2,
    )


def cpu_flags() -> str:
    """Code for this very CPU is up to a third faster. Theano's own detection runs g++ ten times a process."""
    known = sys.platform.startswith("linux") and platform.machine() in ("x86_64", "AMD64")
    return "-march=native" if known else ""


class Watch:
    """Stands before Theano's call of the compiler: precompiles the header before the first call, and says once
    that compiling takes long and where its results are kept."""

    def __init__(self, header_path: Path, flags: str):
        self.header_path = header_path
        self.flags = flags
        self.seconds = 0.0
        self.told = False
        self.prepared = False

    def install(self) -> None:
        """Replace ``GCC_compiler.compile_str``."""
        from theano.link.c.cmodule import GCC_compiler

        original = GCC_compiler.compile_str
        ahead = Ahead(original)

        @functools.wraps(original)
        def compile_str(module_name, src_code, location=None, *args, **kwargs):
            start = time.monotonic()
            self.prepare()
            try:
                if args or location is None:
                    return original(module_name, src_code, location, *args, **kwargs)
                return ahead.compiled(module_name, src_code, location, **kwargs)
            finally:
                self.spent(time.monotonic() - start)

        GCC_compiler.compile_str = staticmethod(compile_str)
        install(ahead)

    def prepare(self) -> None:
        """Precompile the header; everything works without, only slower."""
        if self.prepared:
            return
        self.prepared = True
        import theano
        from theano.link.c.cmodule import std_include_dirs

        if sys.platform.startswith("linux") and "-include" in theano.config.gcc__cxxflags:
            try:
                header.precompile(self.header_path, theano.config.cxx, std_include_dirs(), self.flags)
            except (OSError, subprocess.CalledProcessError):
                pass

    def spent(self, seconds: float) -> None:
        """Count the time; past ``PATIENCE`` tell the user, once a process."""
        self.seconds += seconds
        if self.seconds > PATIENCE and not self.told:
            import theano

            self.told = True
            where = theano.config.base_compiledir
            print(f"Theano compiles C++ code for this model; it is kept in {where} for the next time.", file=sys.stderr)
