"""Tests of the Theano backend share one cache of compiled code in the working tree, and are left out without Theano.

To run them alone, fast: ``THEANO_FLAGS=optimizer=fast_compile python -m pytest tests/backends/theano``.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
os.environ.setdefault("KBRIDGE_THEANO_CACHE", str(ROOT / ".cache" / "theano"))
os.environ.setdefault("THEANO_FLAGS", "optimizer=fast_compile")

if importlib.util.find_spec("theano") is None:
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def K():
    """The backend."""
    from kbridge.backends import registry

    return registry.load("theano")


@pytest.fixture
def quick(K):
    """Functions of the test run without C code."""
    with K.quick_compilation():
        yield
