"""TensorFlow, imported without its notices and without the Keras that comes with it.

The notices: the user can have them back with TF_CPP_MIN_LOG_LEVEL. The other Keras: TensorFlow imports it at its own
import to register optimizers, which takes time; ``tf.keras`` still loads when it is used. That Keras, and the older one
that lies inside TensorFlow itself, write a keras.json naming TensorFlow where there is none. kbridge would read that
file at the next start, and its default backend would have changed because somebody tried this one: the home that
TensorFlow sees while it is imported is an empty directory.
"""

from __future__ import annotations

import contextlib
import importlib.abc
import importlib.machinery
import os
import re
import sys
import tempfile
from collections.abc import Iterator


@contextlib.contextmanager
def _variables(**values: str) -> Iterator[None]:
    """Environment variables for a while; child processes that start later decide for themselves."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class _Refuse(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the other Keras (TensorFlow asks where it lies) and doesn't load it."""

    names = ("keras", "tf_keras")

    def find_spec(self, fullname, path=None, target=None):
        if fullname.partition(".")[0] not in self.names:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None:
            spec.loader = self
        return spec

    def create_module(self, spec):
        raise ImportError(f"{spec.name} isn't imported while kbridge imports TensorFlow.", name=spec.name)

    def exec_module(self, module):
        raise AssertionError("create_module has refused before")


@contextlib.contextmanager
def _without_keras() -> Iterator[None]:
    refuse = _Refuse()
    sys.meta_path.insert(0, refuse)
    try:
        yield
    finally:
        sys.meta_path.remove(refuse)


#: what TensorFlow's C++ says while it is loaded, before it looks at TF_CPP_MIN_LOG_LEVEL
_NOTICE = re.compile(rb"WARNING: All log messages before absl|[IW]\d{4} |To enable the following instructions:")


@contextlib.contextmanager
def _without_notices() -> Iterator[None]:
    """Hold back standard error, then pass on all of it but the notices (all of it after an error)."""
    try:
        sys.stderr.flush()
        real = os.dup(2)
    except (AttributeError, OSError):  # a process without standard error
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        failed = True
        try:
            yield
            failed = False
        finally:
            if sys.stderr is not None:
                sys.stderr.flush()
            os.dup2(real, 2)
            os.close(real)
            held.seek(0)
            for line in held:
                if failed or not _NOTICE.match(line):
                    os.write(2, line)


with contextlib.ExitStack() as stack:
    if "TF_CPP_MIN_LOG_LEVEL" not in os.environ:
        # read by the C++ library when it is loaded
        stack.enter_context(_variables(TF_CPP_MIN_LOG_LEVEL="3"))
        stack.enter_context(_without_notices())
    stack.enter_context(_without_keras())
    home = stack.enter_context(tempfile.TemporaryDirectory())
    stack.enter_context(_variables(KERAS_HOME=home))
    import tensorflow as tf

__all__ = ["tf"]
