"""Flags that say how pictures get a model's size and values, for the commands that take pictures."""

from __future__ import annotations

import argparse
from typing import Any

# names that kbridge.prediction knows; its modules are imported when a run needs them
FITS = ("stretch", "crop")
INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos", "box", "hamming")
WAYS = ("0..1", "-1..1", "imagenet-caffe", "imagenet-tf", "imagenet-torch", "teachable-machine")


def add_picture_flags(parser: argparse.ArgumentParser, title: str) -> Any:
    """Add the flags as a group called ``title``, which is returned."""
    group = parser.add_argument_group(title)
    group.add_argument("--fit", choices=FITS, help="how a picture gets the model's size: stretch it, or crop its middle. Default: stretch")
    group.add_argument(
        "--interpolation",
        choices=INTERPOLATIONS,
        help="how pixels are computed when a picture changes its size. Default: nearest, as load_img does",
    )
    group.add_argument(
        "--scaling",
        choices=WAYS,
        help="how values from 0 to 255 are scaled. teachable-machine also means --fit crop and --interpolation lanczos. Default: not scaled",
    )
    group.add_argument("--scale", type=float, default=1.0, metavar="S", help="multiply all values by S")
    group.add_argument("--shift", type=float, default=0.0, metavar="T", help="add T to all values, after --scale")
    return group


def fit_and_interpolation(args: argparse.Namespace) -> tuple[str, str]:
    """Return the fit and interpolation that were asked for, or those that go with the way of scaling."""
    teachable = args.scaling == "teachable-machine"
    return args.fit or ("crop" if teachable else "stretch"), args.interpolation or ("lanczos" if teachable else "nearest")
