"""Tests here start processes, each of which loads a backend: few of them, and short ones."""

import os

import pytest

from workers.comparison import missing


@pytest.fixture(autouse=True)
def able():
    """Skip where there is no MPI; ``pip install '.[test]'`` brings one."""
    why = missing()
    if why:
        pytest.skip(f"{why}: pip install '.[test]'")


@pytest.fixture
def backend():
    """The backend that the tests run on."""
    return os.environ.get("KBRIDGE_BACKEND", "numpy")
