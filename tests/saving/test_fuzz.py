"""A small, seeded run of the fuzzer; ``python tests/saving/fuzz.py`` does more."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kbridge import backend as K


def test_mutants_of_stored_functions_are_read_or_refused():
    count = 1500 if K.backend() == "numpy" else 100
    done = subprocess.run(
        [sys.executable, str(Path(__file__).parent / "fuzz_bytecode.py"), "--count", str(count), "--seed", "7"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "changed refused" in done.stdout
    assert "made refused" in done.stdout


@pytest.mark.needs("yaml")
def test_mutants_of_checkpoints_folders_archives_and_texts_load_or_are_refused():
    count = 1000 if K.backend() == "numpy" else 60
    done = subprocess.run(
        [sys.executable, str(Path(__file__).parent / "fuzz_formats.py"), "--count", str(count), "--seed", "5"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for outcome in ("checkpoint in_objects loaded", "checkpoint in_table refused", "pieced in_table refused", "in_metadata refused"):
        assert outcome in done.stdout or count < 1000


def test_mutants_load_or_are_refused():
    count = 300 if K.backend() == "numpy" else 25
    done = subprocess.run(
        [sys.executable, str(Path(__file__).parent / "fuzz.py"), "--count", str(count), "--seed", "11"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "refused" in done.stdout
    assert "loaded" in done.stdout
