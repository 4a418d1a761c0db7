"""``kbridge run``: a Keras 1 program as it stands, with ``import keras`` meaning kbridge."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from ..errors import UsageError


def add_parser(subparsers) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "run",
        usage="kbridge run [-h] [--backend NAME] [--tf1] [--py2] [--workers N | --distributed] (FILE | -m MODULE | -c CODE) [ARGUMENT ...]",
        description="Run a program as Python would. In the program, and in the processes that it starts, `import keras` gives kbridge, and "
        "`import theano` gives the Theano that kbridge has repaired. NumPy has the names of NumPy 1 (np.int, np.float ...), and there are modules "
        "that SciPy and scikit-learn have dropped (scipy.misc, sklearn.cross_validation ...).",
        allow_abbrev=False,
    )
    parser.add_argument("--backend", metavar="NAME", help="numpy, tensorflow, theano, or the name of a backend from another package")
    parser.add_argument(
        "--tf1", action="store_true", help="give TensorFlow the names of TensorFlow 1: tf.placeholder, tf.Session, tf.python ..."
    )
    parser.add_argument(
        "--py2",
        action="store_true",
        help="translate the program and the modules beside it from Python 2, in memory, and say what changed (needs pip install '.[py2]', in the clone of kbridge)",
    )
    parser.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="train with N processes on this machine, which share each batch (needs pip install '.[distributed]', in the clone of kbridge)",
    )
    parser.add_argument(
        "--distributed",
        action="store_true",
        help="run as one of the workers that mpiexec started: mpiexec -n 4 kbridge run --distributed FILE",
    )
    parser.add_argument("-m", dest="module", nargs=argparse.REMAINDER, metavar="MODULE", help="run a module")
    parser.add_argument("-c", dest="code", nargs=argparse.REMAINDER, metavar="CODE", help="run a line of code")
    parser.add_argument("file", nargs=argparse.REMAINDER, metavar="FILE", help="the program and its arguments")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> Callable[[], int | None]:
    """Prepare everything; returns the program, to be called where none of its exceptions is caught."""
    words = args.module or args.code or args.file
    if not words:
        raise UsageError("run: which program? Name a file, -m MODULE or -c CODE. See: kbridge run --help")
    if args.workers is not None and args.distributed:
        raise UsageError("run: --workers starts workers itself, --distributed is for workers that mpiexec started. Give only one of them.")
    if args.workers is not None:
        if args.workers < 1:
            raise UsageError(f"run: --workers must be at least 1, got {args.workers}.")
        if args.workers > 1:
            return _workers(args, words)
    if args.distributed:
        from ..distributed.joining import join

        try:
            join()
        except ImportError as error:
            raise UsageError(f"run --distributed: {error}") from None
    # loaded when a program is run: help and other commands need none of it
    from ..compat import runner

    kind = runner.MODULE if args.module else runner.CODE if args.code else runner.FILE
    return runner.prepared(kind, words, args.backend, tf1=args.tf1, py2=args.py2)


def _workers(args: argparse.Namespace, words: list[str]) -> Callable[[], int]:
    """The same command on many processes."""
    from ..distributed import launching

    options = [*(["--backend", args.backend] if args.backend else []), *(["--tf1"] if args.tf1 else []), *(["--py2"] if args.py2 else [])]
    kind = ["-m"] if args.module else ["-c"] if args.code else []
    return launching.prepared(args.workers, ["run", "--distributed", *options, *kind, *words])
