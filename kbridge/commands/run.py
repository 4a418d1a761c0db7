"""``kbridge run``: a Keras 1 program as it stands, with ``import keras`` meaning kbridge."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from ..errors import UsageError


def add_parser(subparsers) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "run",
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
    # loaded when a program is run: help and other commands need none of it
    from ..compat import runner

    kind = runner.MODULE if args.module else runner.CODE if args.code else runner.FILE
    return runner.prepared(kind, words, args.backend, tf1=args.tf1, py2=args.py2)
