"""``kbridge predict``: a model's answers for pictures, tables and arrays."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import config
from ..errors import UsageError
from .picture_flags import add_picture_flags, fit_and_interpolation

FORMATS = ("table", "csv", "jsonl", "npy")
SUFFIXES = {".csv": "csv", ".jsonl": "jsonl", ".json": "jsonl", ".ndjson": "jsonl", ".npy": "npy"}
#: seconds after which a run shows how far it is
PATIENCE = 2.0
#: inputs that could not be predicted and are named on the screen beside the file that has them all
SHOWN = 20


def add_parser(subparsers) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "predict",
        description="Print or write a model's answer for each input. Inputs are pictures and folders of pictures, .npy, .npz, CSV, JSON and "
        "JSON lines files, or - for standard input. kbridge recognises a file by its content, and gives pictures the size, channels and "
        "ordering that the model takes. If a model has several inputs, give NAME=FILE for each. If kbridge can't predict an input, it reports "
        "the input's name and goes on with the others; the exit status is then 1.",
    )
    parser.add_argument("model", metavar="MODEL", help="a model file or folder of any Keras")
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help="a file, a folder, - or NAME=FILE")
    parser.add_argument(
        "--labels",
        metavar="FILE",
        type=Path,
        help="the names of the classes, one in each line. Default: labels.txt beside the model, if it fits",
    )
    parser.add_argument("--top", type=int, default=3, metavar="N", help="the number of classes to show. Default: %(default)s")
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=Path,
        help="write the answers to this file; its suffix chooses the format: .csv, .jsonl (JSON lines) or .npy",
    )
    parser.add_argument("--format", choices=FORMATS, help="the format, if the suffix doesn't say it. Default: a table on the screen")
    parser.add_argument("--resume", action="store_true", help="skip the inputs whose answers the output file already holds")
    parser.add_argument("--strict", action="store_true", help="stop at the first input that can't be predicted")
    parser.add_argument(
        "--batch-size", type=int, metavar="N", help="how many inputs to compute at once. Default: as many as fit into memory"
    )
    parser.add_argument("--columns", metavar="A,B", help="the columns of a CSV file to use, by their names in its first line")
    pictures = add_picture_flags(parser, "pictures")
    pictures.add_argument(
        "--explain", metavar="FOLDER", type=Path, help="for each picture, write a PNG that shows on which pixels the answer depends"
    )
    parser.add_argument(
        "--custom", metavar="FILE.py", help="a Python file that defines the model's own layers and functions. kbridge runs it"
    )
    parser.add_argument("--backend", metavar="NAME", help="numpy (default), tensorflow or theano")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Predict, print or write; 1 if an input could not be predicted."""
    if args.resume and args.output is None:
        raise UsageError("--resume needs the file to continue: -o FILE.")
    for name in ("top", "batch_size"):
        if getattr(args, name) is not None and getattr(args, name) < 1:
            raise UsageError(f"--{name.replace('_', '-')} must be at least 1, got {getattr(args, name)}.")
    if args.backend:
        os.environ["KBRIDGE_BACKEND"] = config.checked("backend", args.backend, "--backend")
    else:
        os.environ.setdefault("KBRIDGE_BACKEND", "numpy")
    from ..prediction import run as running
    from ..prediction.opening import open_model
    from ..prediction.scaling import hint
    from ..prediction.signature import inputs_of, outputs_of
    from ..prediction.sources import source

    model, notes = open_model(args.model, args.custom)
    for note in notes:
        say(f"note: {note}")
    inputs, outputs = inputs_of(model), outputs_of(model)
    fitting = _fitting(args)
    items = source(args.inputs, inputs, fitting, args.columns.split(",") if args.columns else None)
    advice = hint(model, fitting.scaling) if items.pictures else None
    if advice:
        say(f"hint: {advice}")
    results = _results(args, model, outputs)
    explain = None
    if args.explain is not None:
        from ..prediction.explain import Saliency

        explain = Saliency(model, args.explain)
    if results.done:
        say(f"{args.output} holds {results.done} results; continuing after them")
    try:
        outcome = running.predict(model, items, results, args.batch_size, args.strict, _progress(args), explain)
    finally:
        results.close()
    if args.output is not None:
        for name, problem in outcome.failed[:SHOWN]:
            say(f"not predicted: {name}: {problem}")
        say(f"wrote {args.output}: {outcome.predicted} predicted")
    if outcome.failed:
        say(f"{len(outcome.failed)} of {outcome.predicted + len(outcome.failed)} could not be predicted")
    return int(bool(outcome.failed))


def say(text: str) -> None:
    """A line for the person at the terminal."""
    print(f"kbridge: {text}", file=sys.stderr)


def _fitting(args: argparse.Namespace) -> Any:
    from ..prediction.pictures import Fitting
    from ..prediction.scaling import Scaling

    return Fitting(*fit_and_interpolation(args), Scaling(args.scaling, args.scale, args.shift))


def _labels(args: argparse.Namespace, outputs: list) -> list[str] | None:
    from ..prediction import labels

    path = args.labels or labels.beside(args.model)
    if path is None:
        return None
    if not path.is_file():
        raise UsageError(f"There is no file {str(path)!r} for --labels.")
    found = labels.read_labels(path)
    if labels.fitting(found, outputs):
        if args.labels is None:
            say(f"labels: {path}")
        return found
    if args.labels is not None:
        raise UsageError(f"The model returns {', '.join(map(str, outputs))}, but {str(path)!r} has {len(found)} labels.")
    say(f"{path} isn't used: it has {len(found)} labels, which don't fit the model's outputs")
    return None


def _results(args: argparse.Namespace, model: Any, outputs: list) -> Any:
    from ..prediction import results
    from ..prediction.labels import gives_classes, independent

    form = args.format or (SUFFIXES.get(args.output.suffix.lower()) if args.output else "table")
    if form is None:
        raise UsageError(f"The suffix of {str(args.output)!r} must be .csv, .jsonl or .npy. For another name, give --format.")
    labels = _labels(args, outputs)
    classes = labels is not None or (gives_classes(model) and outputs[0].shape != (1,))
    if form == "table":
        if args.output is not None:
            raise UsageError("--format table is only for the screen. In a file, use csv, jsonl or npy.")
        return results.Table(outputs, labels, classes, args.top, 40, independent(model))
    if form == "npy":
        return results.Npy(args.output, args.resume, outputs)
    if form == "csv":
        return results.Csv(args.output, args.resume, outputs, labels, classes)
    return results.JsonLines(args.output, args.resume, outputs, labels, classes, args.top)


def _progress(args: argparse.Namespace) -> Callable[[int, int | None], None] | None:
    """A line that is written over, on a terminal that isn't taken by the table."""
    if not sys.stderr.isatty() or (args.output is None and sys.stdout.isatty()):
        return None
    start = time.monotonic()

    def show(done: int, count: int | None) -> None:
        seconds = time.monotonic() - start
        if seconds > PATIENCE:
            share = f"{done}/{count} [{'=' * (30 * done // count):<30}]" if count else f"{done}"
            print(f"\r{share} {done / seconds:.0f}/s", end="\n" if done == count else "", file=sys.stderr, flush=True)

    return show
