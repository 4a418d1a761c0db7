"""Modules of SciPy and scikit-learn that programs of Keras 1's years import and that no longer exist.

Each file here is one of them, made from what those packages and Pillow have today. ``scipy_misc.py`` becomes ``scipy.misc``, and
so on, when a program imports it; a package that isn't installed stays missing.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import sys
from pathlib import Path

MODULES = {
    name: Path(__file__).with_name(name.replace(".", "_") + ".py")
    for name in (
        "scipy.misc",
        "sklearn.cross_validation",
        "sklearn.externals.joblib",
        "sklearn.grid_search",
        "sklearn.learning_curve",
    )
}


class Finder(importlib.abc.MetaPathFinder):
    """Finds them, before the empty ``scipy.misc`` that some versions of SciPy have."""

    def find_spec(self, fullname, path=None, target=None):
        file = MODULES.get(fullname)
        return importlib.util.spec_from_file_location(fullname, file) if file else None


def install() -> None:
    """From now on."""
    if not any(isinstance(finder, Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, Finder())
