"""Whether a package is installed: ``kbridge.as_keras`` answers to the name 'keras' as well, where no Keras is."""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import PathFinder
from typing import Any

import pytest


def installed(module: str) -> bool:
    """Whether a package of that name lies on the path."""
    return PathFinder.find_spec(module.partition(".")[0], sys.path) is not None


def needed(module: str) -> Any:
    """The module, or the test is skipped."""
    if not installed(module):
        pytest.skip(f"{module} is not installed", allow_module_level=True)
    return importlib.import_module(module)
