"""The header that every C++ file of Theano is compiled with (``-include``): it gives Theano's code, written for
NumPy 1 and Python 2, the names that NumPy 2 and Python 3 no longer have."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from . import cache

TEXT = r"""
#ifndef KBRIDGE_THEANO_COMPAT_H
#define KBRIDGE_THEANO_COMPAT_H
#ifndef NPY_TARGET_VERSION
#define NPY_TARGET_VERSION 0x00000012   /* NumPy 2.0's C interface, which still has PyArray_Descr's fields */
#endif
#ifndef NPY_PY3K
#define NPY_PY3K 1
#endif
#include <Python.h>
#define PyInt_Type PyLong_Type
#define PyInt_Check PyLong_Check
#define PyInt_CheckExact PyLong_CheckExact
#define PyInt_FromLong PyLong_FromLong
#define PyInt_FromSsize_t PyLong_FromSsize_t
#define PyInt_FromSize_t PyLong_FromSize_t
#define PyInt_AsLong PyLong_AsLong
#define PyInt_AS_LONG PyLong_AsLong
#define PyInt_AsSsize_t PyLong_AsSsize_t
#define PyNumber_Int PyNumber_Long
#define PyString_Check PyUnicode_Check
#define PyString_FromString PyUnicode_FromString
#define PyString_AsString PyUnicode_AsUTF8
#include <iostream>
#include <vector>
#include <algorithm>
#include <math.h>
#include <numpy/arrayobject.h>
#include <numpy/arrayscalars.h>
/* Theano passes NPY_MAXDIMS where it means "no axis"; NumPy 2 spells that NPY_RAVEL_AXIS, which is INT_MIN */
#undef NPY_MAXDIMS
#define NPY_MAXDIMS NPY_MIN_INT
%(blas)s
#endif
"""

#: what Theano passes to g++ for the code of its default mode; a precompiled header is used only with the same
PRECOMPILE_FLAGS = (
    "-g -O3 -fno-math-errno -Wno-unused-label -Wno-unused-variable -Wno-write-strings -g0 -w {extra} "
    "-DNPY_NO_DEPRECATED_API=NPY_1_7_API_VERSION -m64 -fPIC"
)


def write(root: Path, blas_definitions: str, flags: str) -> Path:
    """The header's file in the cache. Its name holds a hash of the text and of the compiler flags: Theano keys
    compiled code by it, and g++ needs one precompiled header a set of flags."""
    text = TEXT % {"blas": blas_definitions}
    return cache.write_once(root / f"compat_{cache.digest(text + flags)}.h", text)


def precompile(path: Path, compiler: str, include_dirs: list[str], flags: str) -> None:
    """Make ``path.gch``, which g++ reads in place of the header and falls back from silently: it saves a third
    of the time that a model takes to compile. About 40 MB."""
    done = Path(f"{path}.gch") / "default"
    if done.exists():
        return
    done.parent.mkdir(exist_ok=True)
    unfinished = done.with_name(f"default.{os.getpid()}")
    command = [compiler, "-x", "c++-header", *PRECOMPILE_FLAGS.format(extra=flags).split()]
    command += [f"-I{d}" for d in include_dirs] + ["-fvisibility=hidden", str(path), "-o", str(unfinished)]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    os.replace(unfinished, done)
