"""``kbridge config``: show keras.json, or change it."""

from __future__ import annotations

import argparse
import json

from .. import config
from ..saving.atomic import write_bytes


def add_parser(subparsers) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "config",
        help="show keras.json, or change it",
        description="Without options show the file; with options write them, and keep all other keys.",
    )
    parser.add_argument("--backend", metavar="NAME", help="numpy, tensorflow, theano or an extension")
    parser.add_argument("--floatx", metavar="TYPE", help=", ".join(config.FLOATX))
    parser.add_argument("--epsilon", metavar="NUMBER", type=float)
    parser.add_argument("--image-dim-ordering", metavar="ORDER", help="th (channels first) or tf (channels last)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Show or write the file."""
    path = config.config_path()
    given = {key: getattr(args, key) for key in config.DEFAULTS if getattr(args, key) is not None}
    if not given:
        print(f"{path}{'' if path.exists() else ' (not there; the defaults hold)'}")
        print(path.read_text(encoding="utf-8") if path.exists() else json.dumps(config.DEFAULTS, indent=4))
        return 0
    checked = {key: config.checked(key, value, f"--{key.replace('_', '-')}") for key, value in given.items()}
    content = {**({} if path.exists() else config.DEFAULTS), **config.read_file(path), **checked}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, (json.dumps(content, indent=4) + "\n").encode())
    print(f"wrote {path}: " + ", ".join(f"{key} = {value}" for key, value in checked.items()))
    return 0
