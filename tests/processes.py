"""Python in processes of their own: with a home of their own and no setting of kbridge but the given ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = ("KERAS_HOME", "KERAS_BACKEND", "KBRIDGE_BACKEND")


def python(*args: str, home: Path, cwd: Path = ROOT, **variables: str) -> subprocess.CompletedProcess:
    """Run Python with ``args``; returns what it printed and how it ended."""
    env = {key: value for key, value in os.environ.items() if key not in SETTINGS}
    env |= {"HOME": str(home), "USERPROFILE": str(home), "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"} | variables
    done = subprocess.run([sys.executable, *args], cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8")
    return done


def output(code: str, home: Path, **variables: str) -> str:
    """What ``code`` prints; an error if it fails."""
    done = python("-c", code, home=home, **variables)
    assert done.returncode == 0, done.stderr
    return done.stdout


def kbridge(*args: str, home: Path, cwd: Path = ROOT, **variables: str) -> subprocess.CompletedProcess:
    """Run the command."""
    return python("-m", "kbridge", *args, home=home, cwd=cwd, **variables)


def kbridge_here(*args: str, capsys) -> tuple[int, str]:
    """Run the command in this process, for what ends before it has changed a thing: its status and what it said on standard error."""
    from kbridge.cli import main

    status = main(args)
    return status, capsys.readouterr().err
