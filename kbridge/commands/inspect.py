"""``kbridge inspect``: what a model file holds, without building or running anything of it."""

from __future__ import annotations

import argparse
import json
import os


def add_parser(subparsers) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "inspect",
        description="Show the layers, weights and training settings in a model file, a file of weights, or an architecture as "
        "JSON or YAML. Also show whether the file is safe, and what it needs to be loaded here. kbridge doesn't build the model, and runs "
        "nothing in the file. The exit status is 1 for a file that is damaged or hostile, and 0 for any other.",
    )
    parser.add_argument(
        "file", metavar="FILE", help="a .h5 or .keras file, a .json or .yaml architecture, a SavedModel folder or a checkpoint of tf.keras"
    )
    parser.add_argument(
        "--weights",
        action="store_true",
        help="also show the minimum, mean, maximum and standard deviation of each array, and count its NaN and infinite values",
    )
    parser.add_argument(
        "--original-backend",
        choices=("theano", "tensorflow"),
        help="the backend whose convention the convolution kernels follow, if the file doesn't say it or says it wrongly",
    )
    parser.add_argument("--json", action="store_true", help="print all facts as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the facts."""
    # nothing is computed, so that no other backend need be loaded, whichever the user has chosen
    os.environ["KBRIDGE_BACKEND"] = "numpy"
    from .. import inspection

    facts = inspection.inspect_file(args.file, weights=args.weights, original_backend=args.original_backend)
    print(json.dumps(facts, indent=2) if args.json else inspection.as_text(facts))
    return 0
