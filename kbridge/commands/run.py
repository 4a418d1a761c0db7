"""``kbridge run``: a Keras 1 program as it stands, with ``import keras`` meaning kbridge."""

from __future__ import annotations

import argparse
import functools
import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import Any

from .. import config
from ..backends import registry
from ..errors import UsageError

#: as Python shows it: the program's own frames are those from its first one on
_OWN = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def add_parser(subparsers) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "run",
        help="run a Keras 1 program as it stands",
        usage="kbridge run [-h] [--backend NAME] [--tf1] [--py2] (FILE | -m MODULE | -c CODE) [ARGUMENT ...]",
        description="Run a program as Python would, with `import keras` meaning kbridge, also in the processes it starts. "
        "An `import theano` gets the Theano that kbridge has repaired, NumPy has its names of version 1 (np.int, np.float ...), "
        "and modules that SciPy and scikit-learn had then (scipy.misc, sklearn.cross_validation ...) are there.",
        allow_abbrev=False,
    )
    parser.add_argument("--backend", metavar="NAME", help="numpy, tensorflow, theano or an extension's name")
    parser.add_argument(
        "--tf1", action="store_true", help="give TensorFlow its names of version 1: tf.placeholder, tf.Session, tf.python ..."
    )
    parser.add_argument(
        "--py2",
        action="store_true",
        help="translate Python 2 in memory, also modules that lie beside the program, and say what changed "
        "(pip install 'kbridge[py2]')",
    )
    parser.add_argument("-m", dest="module", nargs=argparse.REMAINDER, metavar="MODULE", help="run a module")
    parser.add_argument("-c", dest="code", nargs=argparse.REMAINDER, metavar="CODE", help="run a line of code")
    parser.add_argument("file", nargs=argparse.REMAINDER, metavar="FILE", help="the program and its arguments")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> Callable[[], None]:
    """Prepare everything; returns the program, to be called where none of its exceptions is caught."""
    words = args.module or args.code or args.file
    if not words:
        raise UsageError("run: no program. Name a file, -m MODULE or -c CODE. See: kbridge run --help")
    if args.backend:
        os.environ["KBRIDGE_BACKEND"] = config.checked("backend", args.backend, "--backend")
        config.startup.cache_clear()
    from .. import as_keras

    as_keras.enable()
    frameworks(args)
    translate = translation(args, words)
    main = ModuleType("__main__")
    if args.module:
        code, argv0 = _module(words[0], main)
    elif args.code:
        code, argv0 = _line(words[0], main, translate), "-c"
    else:
        code, argv0 = _file(words[0], main, translate), words[0]
    return functools.partial(_start, main, code, [argv0, *words[1:]])


def frameworks(args: argparse.Namespace) -> None:
    """Arrange what the program gets for numpy, theano and tensorflow, here and in its workers."""
    from .. import as_keras
    from ..compat import names as packages

    packages.numpy()
    as_keras.announce("numpy")
    packages.theano()
    as_keras.announce("theano")
    if args.tf1:
        if importlib.util.find_spec("tensorflow") is None:
            raise registry.EngineUnavailable("--tf1: TensorFlow is not installed; pip install 'kbridge[tensorflow]'.")
        packages.tensorflow(version1=True)
        as_keras.announce("tensorflow")


def translation(args: argparse.Namespace, words: list[str]) -> Callable[[str, str], str] | None:
    """What turns (source, file name) into Python 3, for modules in the program's folder too; None without --py2."""
    if not args.py2:
        return None
    from ..compat import python2

    folder = os.getcwd() if args.module or args.code else os.path.dirname(os.path.realpath(words[0]))
    python2.install(folder)
    return python2.translate


def _file(path: str, main: ModuleType, translate) -> CodeType:
    if os.path.isdir(path):
        raise UsageError(f"run: {path} is a folder; name a Python file, or a package with -m.")
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
    from ..compat.python2 import decode

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
        raise UsageError(f"run: no module {name} ({error}).") from None
    get_code = getattr(spec and spec.loader, "get_code", None)
    code = get_code(name) if get_code else None
    if spec is None or code is None:
        raise UsageError(f"run: no module {name} that Python could run.")
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


def _start(main: ModuleType, code: CodeType, argv: list[str]) -> None:
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
