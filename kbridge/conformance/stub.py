"""``kbridge/backend/__init__.pyi`` from the contract: what editors and type checkers know of ``K``.

Write it with ``python -m kbridge.conformance.stub kbridge/backend/__init__.pyi``; a test checks that the file in the
repository is what this module gives. The functions of ``K`` are put into the module when a backend is chosen, so no
tool finds them by reading the source.
"""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

from ..backend import common, private
from ..backends.interface import Backend

HEAD = '''\
"""``K``: the functions of the backend that keras.json or the environment chose, as a module.

Written by `python -m kbridge.conformance.stub kbridge/backend/__init__.pyi`; don't edit by hand.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..backends.interface import Backend, Shape, Tensor

#: the backend's own libraries, each there on its backend alone
tf: Any
theano: Any
T: Any
th_sparse_module: Any

tensorflow_backend: Any
theano_backend: Any

def backend() -> str:
    """The name of the backend in use: 'numpy', 'tensorflow', 'theano' ..."""

def active() -> Backend:
    """The ``kbridge.backends.interface.Backend`` object whose methods are the functions of ``K``."""

class Function:
    """Keras 1's name for what ``function`` makes: a class, so that programs can ask ``isinstance(f, K.Function)``."""

    def __init__(self, inputs: Sequence, outputs: Any, updates: Sequence = (), **kwargs: Any) -> None: ...
    def __call__(self, inputs: Sequence) -> list: ...

def clear_session() -> None:
    """Forget the backend's graph and start naming layers from 1 again. Models made before are lost."""
'''

#: functions that ``HEAD`` has, and methods of a backend object that aren't functions of ``K``
LEFT_OUT = {"backend", "clear_session", "libraries", "keras1_helpers"}


def stub() -> str:
    """The text of the stub file."""
    functions = {name: getattr(common, name) for name in common.__all__}
    functions |= {name: f for name, f in inspect.getmembers(Backend, inspect.isfunction) if not name.startswith("_")}
    parts = [HEAD, *(f"{name}: Any" for name in sorted(private.SETTINGS)), ""]
    parts += [definition(name, f) for name, f in sorted(functions.items()) if name not in LEFT_OUT]
    return "\n".join(parts)


def definition(name: str, function: Callable) -> str:
    """``function`` as a stub's function with its docstring."""
    signature = inspect.signature(function)
    parameters = [p for p in signature.parameters.values() if p.name != "self"]
    shown = ", ".join(parameter(p) for p in parameters)
    returned = signature.return_annotation
    result = "" if returned is signature.empty else f" -> {returned}"
    text = inspect.getdoc(function) or ""
    quoted = textwrap.indent(f'"""{text}"""' if "\n" not in text else f'"""{text}\n"""', "    ", lambda line: bool(line.strip()))
    raw = quoted.replace('"""', 'r"""', 1) if "\\" in quoted else quoted
    return f"def {name}({shown}){result}:\n{raw}\n"


def parameter(p: inspect.Parameter) -> str:
    """A parameter as it is written in a signature; the contract's annotations are texts already."""
    stars = "*" if p.kind is p.VAR_POSITIONAL else "**" if p.kind is p.VAR_KEYWORD else ""
    annotation = "" if p.annotation is p.empty else f": {p.annotation}"
    if p.default is p.empty:
        return f"{stars}{p.name}{annotation}"
    return f"{p.name}{annotation} = {p.default!r}" if annotation else f"{p.name}={p.default!r}"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(stub(), encoding="utf-8")
