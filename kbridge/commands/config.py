"""``kbridge config``: show keras.json, or change it."""

from __future__ import annotations

import argparse
import json
import os

from .. import config
from ..files.atomic import write_bytes


def add_parser(subparsers) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "config",
        description="Without options, show keras.json. With options, write their values to it. All other keys in the file stay as they are, also "
        "those of other versions of Keras.",
    )
    parser.add_argument("--backend", metavar="NAME", help="numpy, tensorflow, theano, or the name of a backend from another package")
    parser.add_argument("--floatx", metavar="TYPE", help=", ".join(config.FLOATX))
    parser.add_argument("--epsilon", metavar="NUMBER", type=float, help="a number above 0")
    parser.add_argument("--image-dim-ordering", metavar="ORDER", help="th (channels first) or tf (channels last)")
    parser.add_argument(
        "--num-threads",
        metavar="NUMBER",
        type=int,
        help="threads that a backend computes with at most (default: each backend's own choice)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Show or write the file."""
    path = config.config_path()
    given = {key: getattr(args, key) for key in config.DEFAULTS if getattr(args, key) is not None}
    if not given and args.num_threads is None:
        there = os.path.exists(path)
        print(f"{path}{'' if there else ' does not exist, so these defaults hold:'}")
        print(path.read_text(encoding="utf-8", errors="replace").rstrip() if there else json.dumps(config.DEFAULTS, indent=4))
        return 0
    checked = {key: config.checked(key, value, f"--{key.replace('_', '-')}") for key, value in given.items()}
    if args.num_threads is not None:
        checked["num_threads"] = config.checked_threads(args.num_threads, "--num-threads")
    content = {**(config.read_file(path) or config.DEFAULTS), **checked}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, (json.dumps(content, indent=4) + "\n").encode())
    print(f"{path}: " + ", ".join(f"{key} = {value}" for key, value in checked.items()))
    return 0
