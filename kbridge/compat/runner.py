"""Runs a Keras 1 program as it stands: as Python would, with ``import keras`` meaning kbridge and what its years had given back."""

from __future__ import annotations

import functools
import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import Any

from .. import as_keras, config
from ..backends import registry
from ..errors import UsageError
from . import names

#: what the first word of a command is
FILE, MODULE, CODE = "file", "module", "code"

#: names of Python 2 whose lack means that a program was written for it, though Python 3 can read it
PYTHON2_NAMES = {
    "basestring", "cmp", "execfile", "file", "long", "raw_input", "reduce", "unichr", "unicode", "xrange",
    "ConfigParser", "Queue", "StringIO", "cPickle", "cStringIO", "urllib2", "urlparse", "__builtin__", "copy_reg", "commands",
}  # fmt: skip


def prepared(kind: str, words: list[str], backend: str | None = None, tf1: bool = False, py2: bool = False) -> Callable[[], None]:
    """Arrange everything for a program; returns it, to be called where none of its exceptions is caught.

    ``words``: the file, module or line of code, by ``kind``, and the program's arguments.
    """
    if backend:
        os.environ["KBRIDGE_BACKEND"] = config.checked("backend", backend, "--backend")
        config.startup.cache_clear()
    as_keras.enable()
    _frameworks(tf1)
    translate = _translation(kind, words) if py2 else None
    main = ModuleType("__main__")
    if kind == MODULE:
        code, argv0 = _module(words[0], main)
    elif kind == CODE:
        code, argv0 = _line(words[0], main, translate), "-c"
    else:
        code, argv0 = _file(words[0], main, translate), words[0]
    return functools.partial(_start, main, code, [argv0, *words[1:]], py2)


def _frameworks(tf1: bool) -> None:
    """Arrange what the program gets for numpy, theano, tensorflow and all that is in the table, here and in its workers."""
    names.programs()
    as_keras.announce("programs")
    names.theano()
    as_keras.announce("theano")
    if tf1:
        if importlib.util.find_spec("tensorflow") is None:
            raise registry.BackendUnavailable(
                "--tf1 needs TensorFlow, which isn't installed: pip install '.[tensorflow]', in the clone of kbridge."
            )
        names.tensorflow(version1=True)
        as_keras.announce("tensorflow")


def _translation(kind: str, words: list[str]) -> Callable[[str, str], str]:
    """Return the function that turns (source, file name) into Python 3; modules that the program imports are translated from now on."""
    from . import python2

    python2.install(os.path.dirname(os.path.realpath(words[0])) if kind == FILE else os.getcwd())
    return python2.translate


def _file(path: str, main: ModuleType, translate) -> CodeType:
    if os.path.isdir(path):
        raise UsageError(f"run: {path} is a folder. Name a Python file, or a package with -m.")
    if not os.path.exists(path):
        raise UsageError(f"run: there is no file {path}.")
    # Python takes the folder of the file that a link leads to
    sys.path[0:1] = [os.path.dirname(os.path.realpath(path))]
    absolute = os.path.abspath(path)
    main.__file__ = absolute
    main.__dict__["__cached__"] = None
    main.__loader__ = importlib.machinery.SourceFileLoader("__main__", absolute)
    data = Path(path).read_bytes()
    if translate is None:
        return _compiled(data, absolute)
    from .python2 import decode

    return _compiled(translate(decode(data), absolute), absolute)


def _line(code: str, main: ModuleType, translate) -> CodeType:
    sys.path[0:1] = [""]
    main.__loader__ = importlib.machinery.BuiltinImporter  # type: ignore[assignment]
    return _compiled(translate(code, "<string>") if translate else code, "<string>")


def _module(name: str, main: ModuleType) -> tuple[CodeType, str]:
    sys.path[0:1] = [os.getcwd()]
    try:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            name += ".__main__"
            spec = importlib.util.find_spec(name)
    except ModuleNotFoundError as error:
        raise UsageError(f"run: there is no module {name} ({error}).") from None
    get_code = getattr(spec and spec.loader, "get_code", None)
    code = get_code(name) if get_code else None
    if spec is None or code is None:
        raise UsageError(f"run: there is no module {name} that Python can run.")
    main.__spec__, main.__loader__, main.__package__ = spec, spec.loader, spec.parent
    main.__file__ = spec.origin
    main.__dict__["__cached__"] = spec.cached
    return code, spec.origin or name


def _compiled(source: str | bytes, name: str) -> CodeType:
    try:
        return compile(source, name, "exec", dont_inherit=True)
    except SyntaxError as error:
        if "--py2" not in sys.argv and _looks_like_python2(source):
            error.add_note("This may be Python 2: kbridge run --py2 translates it.")
        _let_python_show(error, lambda tb: None)
        raise


def _looks_like_python2(source: str | bytes) -> bool:
    text = source if isinstance(source, str) else source.decode("utf-8", "replace")
    words = ("print ", "xrange", "except ", "exec ", "raise ", "<>", "`", "0777", "\t")
    return any(word in text for word in words)


def _start(main: ModuleType, code: CodeType, argv: list[str], translated: bool) -> None:
    """Run ``code`` as ``__main__``. Its exceptions go on, to be shown and turned into an exit status by Python."""
    sys.argv[:] = argv
    # kept: objects of the program live in it until Python ends
    sys.modules["__main__"] = main
    main.__dict__["__builtins__"] = sys.modules["builtins"]
    if sys.version_info < (3, 14):
        main.__annotations__ = {}
    try:
        exec(code, main.__dict__)
    except SystemExit:
        raise
    except BaseException as error:
        name = getattr(error, "name", None)
        if isinstance(error, (NameError, ModuleNotFoundError)) and name in PYTHON2_NAMES and not translated:
            error.add_note(f"{name!r} is of Python 2: kbridge run --py2 translates such programs.")
        _let_python_show(error, _from_program(code))
        raise


def _from_program(code: CodeType) -> Callable[[Any], Any]:
    def cut(traceback: TracebackType | None) -> TracebackType | None:
        while traceback is not None and traceback.tb_frame.f_code is not code:
            traceback = traceback.tb_next
        return traceback

    return cut


def _let_python_show(error: BaseException, cut) -> None:
    """Have the hook that shows ``error`` begin where the program begins."""
    hook = sys.excepthook

    def show(kind, value, traceback):
        if value is error:
            traceback = cut(traceback)
            value = value.with_traceback(traceback)
        hook(kind, value, traceback)

    sys.excepthook = show
