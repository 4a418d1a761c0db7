"""The commands; see the package's text."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from . import __doc__ as text
from .architectures import NARROW, TINY, architectures
from .comparison import compare
from .library import library, record
from .recorded import DATA, check


def main() -> int:
    parser = argparse.ArgumentParser(prog="keras_applications", description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    checked = commands.add_parser("check")
    checked.add_argument("folder", nargs="?", type=Path, default=DATA)
    for name in ("record", "compare"):
        command = commands.add_parser(name)
        command.add_argument("library", choices=("tf_keras", "keras3"))
        command.add_argument("names", nargs="*")
        if name == "record":
            command.add_argument("--folder", type=Path, default=DATA)
        else:
            command.add_argument("--backends", default="numpy,tensorflow,theano,converted", help="'converted' is ONNX and Keras 3")
            command.add_argument("--results", type=Path, help="append each result as a line of JSON")
            command.add_argument("--only-h5-from", type=int, default=60_000_000, metavar="WEIGHTS", help="larger ones: .h5, on NumPy")
            command.add_argument("--python", default=sys.executable, help="what runs the library, perhaps in another environment")
    args = parser.parse_args()
    if args.command == "check":
        return min(check(args.folder), 1)
    names = args.names
    if not names or "tiny" in names:
        k = library(args.library)
        small = [name for name, (module, *_) in {**TINY, **NARROW}.items() if hasattr(k.src.applications, module)]
        names = [*small, *([name for name in names if name != "tiny"] or ([] if names else architectures(k)))]
    if args.command == "compare":
        return min(compare(args.library, names, args.backends.split(","), args.only_h5_from, args.results, args.python), 1)
    k = library(args.library)
    for name in names:
        with tempfile.TemporaryDirectory() as scratch:
            record(k, args.library, name, Path(scratch), args.folder)
        print(name, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
