"""``kbridge info``: the settings with where they come from, and the backends that work here."""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import os
import platform
import subprocess
import sys
import tempfile

from .. import config
from .._version import __version__
from ..backends import registry
from . import install

#: backend -> (module, distribution) that it runs on
FRAMEWORKS = {"numpy": ("numpy", "numpy"), "tensorflow": ("tensorflow", "tensorflow"), "theano": ("theano", "theano-pymc")}

#: a small sum in a process of its own: whatever a backend prints or breaks there, it doesn't here
TRIAL = (
    "import sys; from kbridge.backends import registry; K = registry.load(sys.argv[1]); "
    "assert float(K.eval(K.sum(K.variable([1., 2.])))) == 3, 'a sum came out wrong'"
)
TIMEOUT = 120


def add_parser(subparsers) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "info",
        description="Show each setting and where it comes from, and which backends work on this machine. The exit status is 1 if the chosen backend doesn't work.",
    )
    parser.add_argument(
        "--quick", action="store_true", help="only show which backends are installed; don't start them to see whether they work"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print both tables; 1 if the settings are unusable or their backend doesn't work."""
    print(f"kbridge {__version__}, Python {platform.python_version()} on {platform.system()} {platform.machine()}")
    path = config.config_path()
    print(f"\nsettings ({path}{'' if os.path.exists(path) else ', which is not there'}):", flush=True)
    chosen = None
    try:
        startup, threads, exact = config.startup(), config.threads_setting(), config.exact_convolutions()
    except config.ConfigError as error:
        print(f"  {error}")
    else:
        chosen = startup.value("backend")
        for key in config.DEFAULTS:
            print(f"  {key:20} {startup.value(key)!s:12} {startup.origin(key)}")
        print(f"  {'num_threads':20} {threads.value!s:12} {threads.origin}")
        print(f"  {'exact_conv':20} {exact!s:12} {'KBRIDGE_EXACT_CONV' if os.environ.get('KBRIDGE_EXACT_CONV', '').strip() else 'default'}")
    print("\nbackends:", flush=True)
    names = registry.names()
    with tempfile.TemporaryDirectory() as home:
        trials = {name: None if args.quick or missing(name) else start_trial(name, home) for name in names}
        well = {}
        for name in names:
            well[name], status = outcome(name, trials[name])
            print(f"{'*' if name == chosen else ' ':1} {name:20} {status}", flush=True)
    if chosen:
        print("\n* the backend that the settings choose")
    return 0 if chosen and well.get(chosen) else 1


def missing(name: str) -> bool:
    """Whether the framework of one of kbridge's own backends isn't installed."""
    return name in FRAMEWORKS and importlib.util.find_spec(FRAMEWORKS[name][0]) is None


def start_trial(name: str, home: str) -> subprocess.Popen:
    """Start a backend in a process of its own, without the user's keras.json."""
    env = {**os.environ, "KERAS_HOME": home, "KBRIDGE_BACKEND": "numpy"}
    env.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    return subprocess.Popen(
        [sys.executable, "-c", TRIAL, name],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env=env,
    )


def outcome(name: str, trial: subprocess.Popen | None) -> tuple[bool, str]:
    """(whether nothing speaks against the backend, one line about it)."""
    if missing(name):
        return False, f"not installed; {_how_to_install(name)}"
    version = _version(name)
    if trial is None:
        return True, f"installed, {version}"
    try:
        _, errors = trial.communicate(timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        trial.kill()
        trial.communicate()
        return False, f"does not work, {version}: no answer in {TIMEOUT} s"
    if trial.returncode:
        return False, f"does not work, {version}: {(errors.strip().splitlines() or ['no message'])[-1]}"
    return True, f"works, {version}"


def _version(name: str) -> str:
    if name not in FRAMEWORKS:
        return "an extension"
    module, distribution = FRAMEWORKS[name]
    try:
        return f"{distribution} {importlib.metadata.version(distribution)}"
    except importlib.metadata.PackageNotFoundError:
        return f"{module} of unknown version"


def _how_to_install(name: str) -> str:
    if name == "theano" and sys.version_info >= install.FIRST_UNFIT:
        return "kbridge install theano"
    return f"pip install '.[{registry.BUILT_IN[name][2]}]', in the clone of kbridge"
