"""``kbridge install theano``: put Theano's last release into the running environment, on Pythons that it doesn't build on.

theano-pymc 1.1.2 is pure Python, but its ``setup.py`` asks ``configparser`` for two names that Python 3.12 dropped. They are
given back to the build alone, in a process of its own; what pip finds is checked against the release's checksum, built
as a wheel and installed by pip. An extra of kbridge can't do that: pip builds a source distribution in an environment of its own,
into which a package that asks for it can bring nothing.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from ..errors import UsageError

RELEASE = "theano-pymc==1.1.2"
#: of the source distribution, Theano-PyMC-1.1.2.tar.gz
CHECKSUM = "sha256:5da6c2242ea72a991c8446d7fe7d35189ea346ef7d024c890397011114bf10fc"
#: what the Theano backend needs besides it
OTHERS = ["scipy>=1.11"]
#: what builds the wheel
TOOLS = ["setuptools>=77", "wheel"]

#: the first Python on which pip alone can't build the release
FIRST_UNFIT = (3, 12)

#: configparser as ``setup.py`` of the release expects it; Python runs a module of this name when it starts
NAMES_GIVEN_BACK = """\
import configparser


class SafeConfigParser(configparser.ConfigParser):
    def readfp(self, fp, filename=None):
        self.read_file(fp, filename)


if not hasattr(configparser, "SafeConfigParser"):
    configparser.SafeConfigParser = SafeConfigParser
"""


def add_parser(subparsers) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "install",
        description=f"Install {RELEASE}, and the other packages that the Theano backend needs, into the environment of this Python. On Python 3.11, pip installs it. "
        "On later versions, kbridge first builds a wheel in a temporary folder, from the release that pip finds.",
    )
    parser.add_argument("what", choices=["theano"], help="the backend to install")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    parser.add_argument("--wheel", metavar="FOLDER", type=Path, help="keep the built wheel in FOLDER, to install it on other machines")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Say what is done and do it; UsageError with what is missing or what pip said."""
    print(f"Python {sys.version.split()[0]} in {sys.prefix}")
    _check_pip()
    with tempfile.TemporaryDirectory(prefix="kbridge-install-") as name:
        work = Path(name)
        for text, command, variables in plan(work, args.wheel):
            print(f"- {text}\n    {shlex.join(command)}", flush=True)
            if not args.dry_run:
                _prepare(work)
                _call(command, variables, text)
        if args.wheel:
            print(f"- keep the wheel in {args.wheel}", flush=True)
            if not args.dry_run:
                args.wheel.mkdir(parents=True, exist_ok=True)
                kept = shutil.copy(built(work), args.wheel)
                print(f"    for another machine: pip install {kept} {' '.join(map(shlex.quote, OTHERS))}")
    if args.dry_run:
        print("Nothing was done (--dry-run).")
    else:
        print("Installed. `kbridge info` shows whether it works; KBRIDGE_BACKEND=theano chooses it.")
    _say_what_slows_it()
    return 0


def plan(work: Path, keep: Path | None) -> list[tuple[str, list[str], dict[str, str]]]:
    """The steps: (what for, command, variables of its environment)."""
    pip = [sys.executable, "-m", "pip"]
    quiet = ["--quiet", "--disable-pip-version-check"]
    if sys.version_info < FIRST_UNFIT and keep is None:
        return [("install the release and what it needs", [*pip, "install", *quiet, RELEASE, *OTHERS], {})]
    tools, wheels, names = work / "tools", work / "wheels", work / "names"
    path = {"PYTHONPATH": os.pathsep.join([str(names), str(tools)])}
    build = ["--no-deps", "--no-build-isolation", "--no-binary", ":all:", "--require-hashes", "-r", str(work / "release.txt")]
    return [
        ("fetch what builds a wheel, into a temporary folder", [*pip, "install", *quiet, "--target", str(tools), *TOOLS], {}),
        ("fetch the release, check it and build its wheel", [*pip, "wheel", *quiet, *build, "-w", str(wheels)], path),
        (
            "install the wheel and what it needs",
            [*pip, "install", *quiet, "--find-links", str(wheels), "--only-binary", "theano-pymc", RELEASE, *OTHERS],
            {},
        ),
    ]


def built(work: Path) -> Path:
    """The wheel."""
    found = sorted((work / "wheels").glob("*.whl"))
    if len(found) != 1:
        raise UsageError(f"pip built {len(found)} wheels of {RELEASE}, but one was expected. Nothing was installed.")
    return found[0]


def _prepare(work: Path) -> None:
    (work / "names").mkdir(exist_ok=True)
    (work / "names" / "sitecustomize.py").write_text(NAMES_GIVEN_BACK)
    (work / "release.txt").write_text(f"{RELEASE} --hash={CHECKSUM}\n")


def _check_pip() -> None:
    if importlib.util.find_spec("pip") is None:
        raise UsageError(
            f"This Python has no pip, which kbridge needs to install Theano. Nothing was installed. Run {sys.executable} -m ensurepip (or install your "
            f"system's package python3-pip), and try again."
        )


def _call(command: list[str], variables: dict[str, str], text: str) -> None:
    done = subprocess.run(
        command, env={**os.environ, **variables}, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace"
    )
    if done.returncode:
        said = done.stderr.strip()
        hint = ""
        if "hash" in said.lower() and "match" in said.lower():
            hint = " The package that pip found isn't the release that kbridge knows. Check from which package index your pip installs."
        raise UsageError(
            f"Could not {text} (pip ended with exit status {done.returncode}). Nothing was installed.{hint} pip printed:\n{said}"
        )


def _say_what_slows_it() -> None:
    """A note on what the backend works without, slowly."""
    absent = []
    if not any(shutil.which(name) for name in ("g++", "clang++")):
        absent.append("C++ compiler (g++)")
    if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        absent.append("Python.h (Python's headers)")
    if absent:
        print(f"There is no {' and no '.join(absent)} here, so Theano will be slow. On Debian and Ubuntu: apt install g++ python3-dev")
