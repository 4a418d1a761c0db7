"""``kbridge info``: the settings with where they come from, and the engines that work here."""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import os
import platform
import subprocess
import sys

from .. import __version__, config
from ..backends import registry

#: engine -> (module, distribution) that it runs on
FRAMEWORKS = {"numpy": ("numpy", "numpy"), "tensorflow": ("tensorflow", "tensorflow"), "theano": ("theano", "Theano-PyMC")}


def add_parser(subparsers) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser("info", help="show settings and engines", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="don't start the engines to see whether they work")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print both tables."""
    print(f"kbridge {__version__}, Python {platform.python_version()} on {platform.system()} {platform.machine()}\n")
    path = config.config_path()
    print(f"keras.json: {path}{'' if path.exists() else ' (not there)'}")
    try:
        startup = config.startup()
    except config.ConfigError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    for key in config.DEFAULTS:
        print(f"  {key:20} {startup.value(key)!s:12} from {startup.origin(key)}")
    print("\nengines:")
    for name in registry.names():
        print(f"  {name:12} {status(name, args.quick)}", flush=True)
    return 0


def status(name: str, quick: bool = False) -> str:
    """One line about an engine: its version and whether it works here, or why not."""
    module, distribution = FRAMEWORKS.get(name, (None, None))
    version = "extension"
    if module is not None:
        if importlib.util.find_spec(module) is None:
            extra = registry.BUILT_IN[name][2]
            return f"not installed: pip install 'kbridge[{extra}]'" + _python_note(name)
        version = f"{module} {importlib.metadata.version(distribution)}"
    if quick:
        return version
    problem = _try(name)
    return f"{version}, works" if problem is None else f"{version}, does not work: {problem}"


def _python_note(name: str) -> str:
    if name == "theano" and sys.version_info >= (3, 12):
        return " (on Python 3.11: theano-pymc can't be built on later ones)"
    return ""


def _try(name: str) -> str | None:
    """Why the engine fails at a small sum in a process of its own; None if it doesn't."""
    code = (
        "import sys; from kbridge.backends import registry; K = registry.load(sys.argv[1]); "
        "assert float(K.eval(K.sum(K.variable([1., 2.])))) == 3"
    )
    env = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3")}
    try:
        done = subprocess.run([sys.executable, "-c", code, name], capture_output=True, text=True, timeout=120, env=env)
    except subprocess.TimeoutExpired:
        return "no answer in 2 minutes"
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or ["no message"])[-1]
