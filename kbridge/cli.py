"""The ``kbridge`` command: ``kbridge COMMAND ...`` or ``python -m kbridge COMMAND ...``."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from ._version import __version__
from .backends.registry import BackendUnavailable
from .config import ConfigError
from .errors import UsageError
from .saving.errors import ModelFileError

#: sub-commands, each a module of ``kbridge.commands``
COMMANDS = ("info", "demo", "config", "install", "parity", "run", "compare", "inspect", "convert")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status (0 done, 1 failed, 2 wrong use)."""
    parser = argparse.ArgumentParser(prog="kbridge", description="The Keras 1 API on NumPy, TensorFlow 2 and Theano.")
    parser.add_argument("--version", action="version", version=f"kbridge {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in COMMANDS:
        importlib.import_module(f".commands.{name}", __package__).add_parser(subparsers)
    args = parser.parse_args(argv)
    try:
        status = args.run(args) or 0
        sys.stdout.flush()
    except BrokenPipeError:
        # the reader (head, say) has seen enough; Python's own flush at exit must not fail again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (UsageError, ModelFileError, ConfigError, BackendUnavailable, OSError) as error:
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
