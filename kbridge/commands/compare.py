"""``kbridge compare``: a model on several backends, or two model files, compared layer by layer."""

from __future__ import annotations

import argparse
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

from ..errors import UsageError


def add_parser(subparsers) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "compare",
        description="Compare a model on several backends, or compare two model files. Given one model, kbridge runs it on the same data on each "
        "backend, each in a process of its own, with dropout and noise switched off, and compares outputs and gradients layer by layer. Given two "
        "files, it compares their architectures and weights. The exit status is 0 if everything is within tolerance, else 1.",
    )
    parser.add_argument(
        "files",
        nargs="+",
        metavar="MODEL.h5",
        help="one model file, to run it on several backends; or two files, to compare them with each other. Checkpoints and SavedModel folders can be given, too",
    )
    parser.add_argument(
        "--backends",
        metavar="A,B",
        help="the backends to run on. The first is compared with each of the others. Default for one model: those of numpy, tensorflow and theano "
        "that are installed. Default for two files: none; only architectures and weights are compared",
    )
    parser.add_argument(
        "--data",
        metavar="FILE",
        type=Path,
        help="the inputs: a .npy file, or a .npz file with an array for each input, under the inputs' names or in their order. Default: random inputs",
    )
    parser.add_argument("--targets", metavar="FILE", type=Path, help="the targets, in the same form. Default: random targets")
    parser.add_argument(
        "--loss", metavar="NAME", help="the loss whose gradients are compared. Default: the one that the model was compiled with, or mse"
    )
    parser.add_argument(
        "--train-steps", type=int, default=0, metavar="N", help="also train for N steps, and compare losses and weights. Default: 0"
    )
    parser.add_argument("--atol", type=float, help="the absolute tolerance. Default: 1e-4, or 0 for two files")
    parser.add_argument(
        "--rtol", type=float, help="the tolerance relative to the largest value of an array. Default: 1e-4, or 0 for two files"
    )
    parser.add_argument(
        "--custom",
        metavar="FILE.py",
        help="a Python file that defines the model's own layers and functions. kbridge runs it, once for each backend",
    )
    parser.add_argument(
        "--original-backend",
        choices=("theano", "tensorflow"),
        help="the backend whose convention the convolution kernels in the file follow, if the file doesn't say it or says it wrongly",
    )
    parser.add_argument("--seed", type=int, default=0, help="the seed for random inputs and targets. Default: %(default)s")
    parser.add_argument("--html", metavar="FILE", type=Path, help="write the results as a page with a drawing of the model")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the results as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the table; 1 if anything is out of tolerance."""
    from .. import comparison
    from ..files.atomic import write_bytes

    if len(args.files) > 2:
        raise UsageError(f"compare takes one model or two files, got {len(args.files)} files.")
    for path in (args.html, args.json):
        if path is not None and not path.absolute().parent.is_dir():
            raise UsageError(f"Can't write {path}: there is no folder {path.parent}.")
    backends = args.backends.split(",") if args.backends else []
    shared: dict[str, Any] = {"data": _arrays(args.data), "custom": args.custom, "original_backend": args.original_backend}
    shared |= {"seed": args.seed, "progress": lambda text: print(f"... {text}", file=sys.stderr, flush=True)}
    shared |= {name: value for name, value in (("atol", args.atol), ("rtol", args.rtol)) if value is not None}
    result: Any
    if len(args.files) == 2:
        unfit = [name for name in ("html", "targets", "loss", "train_steps") if getattr(args, name)]
        if unfit:
            raise UsageError(f"--{unfit[0].replace('_', '-')} can only be used with one model on several backends, not with two files.")
        # reading files needs no particular backend, so that which starts fastest will do
        os.environ.setdefault("KBRIDGE_BACKEND", "numpy")
        from ..comparison.files import compare_files

        result = compare_files(args.files[0], args.files[1], backends=backends, **shared)
    else:
        result = comparison.compare(
            args.files[0],
            backends or None,
            targets=_arrays(args.targets),
            loss=args.loss,
            train_steps=args.train_steps,
            **shared,
        )
    print(result)
    if args.html:
        write_bytes(args.html, result.to_html().encode())
    if args.json:
        write_bytes(args.json, result.to_json().encode())
    return 0 if result.ok else 1


def _arrays(path: Path | None) -> Any:
    import numpy as np

    if path is None:
        return None
    try:
        loaded = np.load(path, allow_pickle=False)
        return {name: loaded[name] for name in loaded.files} if hasattr(loaded, "files") else loaded
    except FileNotFoundError:
        raise UsageError(f"There is no file {path}.") from None
    except (ValueError, zipfile.BadZipFile) as error:
        raise UsageError(f"Can't read {path} as .npy or .npz: {error}") from None
