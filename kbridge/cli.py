"""The ``kbridge`` command: ``kbridge COMMAND ...`` or ``python -m kbridge COMMAND ...``."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from ._version import __version__
from .commands import COMMANDS
from .config import ConfigError
from .errors import BackendUnavailable, ModelFileError, UsageError
from .extras import PackageMissing


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status (0 done, 1 failed, 2 wrong use)."""
    parser = argparse.ArgumentParser(prog="kbridge", description="The Keras 1 API on NumPy, TensorFlow 2 and Theano.")
    parser.add_argument("--version", action="version", version=f"kbridge {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    argv = sys.argv[1:] if argv is None else list(argv)
    command = next((word for word in argv if not word.startswith("-")), None)
    if command in COMMANDS:
        importlib.import_module(f".commands.{command}", __package__).add_parser(subparsers)
    else:
        # for help and mistakes: the commands' own modules take several times as long to import
        for name, text in COMMANDS.items():
            subparsers.add_parser(name, help=text)
    args = parser.parse_args(argv)
    try:
        status = args.run(args) or 0
        sys.stdout.flush()
    except BrokenPipeError:
        # the reader (head, say) has seen enough; Python's own flush at exit must not fail again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (UsageError, ModelFileError, ConfigError, BackendUnavailable, PackageMissing, OSError) as error:
        sys.stdout.flush()
        print(f"kbridge: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nkbridge: interrupted", file=sys.stderr)
        return 130
    # a program to run: its exceptions are its own
    return status() if callable(status) else status


if __name__ == "__main__":
    sys.exit(main())
