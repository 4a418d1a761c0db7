"""``kbridge compare``: a model on several engines, or two model files, compared layer by layer."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from ..errors import UsageError


def add_parser(subparsers) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "compare",
        help="where does a model compute otherwise on another engine?",
        description="Run a model on the same data on several engines, each in a process of its own, and compare outputs and "
        "gradients layer by layer, without dropout and noise; or compare the weights in two files. "
        "The exit status is 0 only if all is within tolerance.",
    )
    parser.add_argument("files", nargs="+", metavar="MODEL.h5", help="a model; or two files to compare with each other")
    parser.add_argument("--backends", default="numpy,tensorflow,theano", metavar="A,B", help="default: %(default)s")
    parser.add_argument("--data", metavar="FILE", type=Path, help=".npy, or .npz with an array for each input in order")
    parser.add_argument("--targets", metavar="FILE", type=Path, help="the same for the outputs")
    parser.add_argument("--loss", metavar="NAME", help="default: the model's own, or mse")
    parser.add_argument("--train-steps", type=int, default=0, metavar="N", help="training steps to compare too")
    parser.add_argument("--atol", type=float, default=1e-4, help="default: %(default)s")
    parser.add_argument("--rtol", type=float, default=1e-4, help="of the largest value of an array; default: %(default)s")
    parser.add_argument("--custom", metavar="FILE.py", help="defines the model's own layers and functions; it is run")
    parser.add_argument("--original-backend", choices=("theano", "tensorflow"), help="whose convention the kernels follow")
    parser.add_argument("--seed", type=int, default=0, help="of drawn inputs and targets; default: %(default)s")
    parser.add_argument("--html", metavar="FILE", type=Path, help="write a page")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write all results")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the table; 1 if anything is out of tolerance."""
    from .. import comparison

    if len(args.files) > 2:
        raise UsageError(f"compare takes a model or two files, got {len(args.files)}.")
    if len(args.files) == 2:
        if args.html or args.json:
            raise UsageError("--html and --json are for one model on several engines, not for two files.")
        first, second = args.files
        files = comparison.compare_files(first, second, args.atol, args.rtol)
        print(files)
        return 0 if files.ok else 1
    result = comparison.compare(
        args.files[0],
        args.backends.split(","),
        data=_arrays(args.data),
        targets=_arrays(args.targets),
        loss=args.loss,
        train_steps=args.train_steps,
        atol=args.atol,
        rtol=args.rtol,
        custom=args.custom,
        original_backend=args.original_backend,
        seed=args.seed,
        progress=lambda text: print(f"... {text}", file=sys.stderr, flush=True),
    )
    print(result)
    if args.html:
        args.html.write_text(result.to_html(), encoding="utf-8")
    if args.json:
        args.json.write_text(result.to_json(), encoding="utf-8")
    return 0 if result.ok else 1


def _arrays(path: Path | None) -> Any:
    import numpy as np

    if path is None:
        return None
    try:
        loaded = np.load(path, allow_pickle=False)
        return [loaded[name] for name in loaded.files] if hasattr(loaded, "files") else loaded
    except ValueError as error:
        raise UsageError(f"{path} can't be read as .npy or .npz: {error}") from None
