"""``kbridge convert``: a model file in another format."""

from __future__ import annotations

import argparse
import os
import sys
import warnings

from ..custom_file import objects_in
from ..errors import UsageError

_FORMATS = ("keras1", "json", "keras2", "keras3", "onnx")


def add_parser(subparsers) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "convert",
        description="Convert a model file. The suffix of OUT chooses the format: .h5 (Keras 1, as kbridge writes it), .json "
        "(the architecture; the weights go into a .weights.h5 file beside it), .keras (Keras 3) or .onnx (ONNX). --to keras2 writes "
        "an .h5 file for Keras 2 and tf.keras, --to keras3 an .h5 file for Keras 3. If something can't be converted, kbridge lists all of it and writes "
        "nothing.",
    )
    parser.add_argument(
        "source", metavar="IN", help="a .h5 or .keras model, a SavedModel folder, or a .json or .yaml architecture with --weights"
    )
    parser.add_argument("target", metavar="OUT", help="the file to write; it is replaced if it exists")
    parser.add_argument("--to", choices=_FORMATS, help="the format, if the suffix of OUT doesn't tell it")
    parser.add_argument("--weights", metavar="FILE", help="the weights for an architecture: a .h5 file or a checkpoint of TensorFlow")
    parser.add_argument(
        "--custom", metavar="FILE.py", help="a Python file that defines the model's own layers and functions. kbridge runs it"
    )
    parser.add_argument(
        "--original-backend",
        choices=("theano", "tensorflow"),
        help="the backend whose convention the convolution kernels follow, if the file doesn't say it or says it wrongly",
    )
    parser.add_argument("--no-training", action="store_true", help="leave the loss and the optimizer out of a Keras 1 file")
    parser.add_argument(
        "--check",
        action="store_true",
        help="then predict with OUT (with onnxruntime, keras or tf_keras) and compare. The exit status is 1 if the predictions differ",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Convert, and print what was written."""
    # a model is built, but hardly computed: the backend that starts fastest, unless the user wants another
    os.environ.setdefault("KBRIDGE_BACKEND", "numpy")
    from .. import convert
    from ..saving.errors import ModelFileError

    custom = objects_in(args.custom) or None
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default")
            notes = convert.convert(
                args.source, args.target, args.to, args.weights, custom, args.original_backend, training=not args.no_training
            )
    except ModelFileError as error:
        raise UsageError(f"{error}{_hint(str(error), args)}") from error
    except (ValueError, ImportError) as error:
        raise UsageError(str(error)) from error
    for note in [*(str(warning.message) for warning in caught), *notes]:
        print(f"kbridge: note: {note}", file=sys.stderr)
    written = [args.target]
    if (args.to or convert.format_of(args.target)) == "json":
        written.append(str(convert.weights_beside(args.target)))
    print("wrote " + " and ".join(f"{name} ({os.path.getsize(name):,} bytes)" for name in written))
    return _check(args, custom) if args.check else 0


def _check(args: argparse.Namespace, custom: dict | None) -> int:
    """Compare what both files predict; 1 if that differs."""
    from ..convert import format_of
    from ..convert.check import largest_difference
    from ..convert.files import load_source

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = load_source(args.source, args.weights, custom, args.original_backend, compiled=False)
        try:
            worst, reader = largest_difference(model, args.target, args.to or format_of(args.target), custom)
        except ImportError as error:
            raise UsageError(f"{args.target} was written, but couldn't be checked: {error}") from error
    if worst <= 1:
        print(f"checked: {reader} predicts the same from it")
        return 0
    print(f"kbridge: {reader} predicts otherwise from {args.target}: by {worst:.3g} times what rounding explains", file=sys.stderr)
    return 1


def _hint(problem: str, args: argparse.Namespace) -> str:
    """Which option helps."""
    if "custom_objects" in problem and not args.custom:
        return "\nLayers and functions of your own come from a file: --custom FILE.py."
    return " Here: --weights FILE." if "an architecture without weights" in problem and not args.weights else ""
