"""Modules that programs of Keras 1's years import and that no longer exist.

Each file here is one of them, made from what NumPy, SciPy, scikit-learn, Theano, Pillow and Python have today. ``scipy_misc.py``
becomes ``scipy.misc``, and so on, when a program imports it; a package that isn't installed stays missing.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from pathlib import Path

#: module -> what it is now, for the table in the documentation
TOLD = {
    "imp": "`importlib`, where Python has no `imp`",
    "numpy.testing.utils": "`numpy.testing`",
    "scipy.misc": "functions for images, based on Pillow, and functions of `scipy.special`",
    "sklearn.cross_validation": "`sklearn.model_selection`, with the arguments of those years",
    "sklearn.externals.joblib": "`joblib`",
    "sklearn.grid_search": "`sklearn.model_selection`, with `grid_scores_`",
    "sklearn.learning_curve": "`sklearn.model_selection`",
    "theano.gof": "`theano.graph`",
    "theano.sandbox.cuda": "says that there is no GPU",
    "theano.sandbox.cuda.basic_ops": "says that there is no GPU; arrays stay where they are",
    "theano.sandbox.cuda.dnn": "says that there is no GPU",
    "theano.tensor.shared_randomstreams": "`RandomStreams`, drawn by the streams of `theano.sandbox.rng_mrg`",
    "theano.tensor.signal.downsample": "`theano.tensor.signal.pool`",
    "xml.etree.cElementTree": "`xml.etree.ElementTree`",
}
MODULES = {name: Path(__file__).with_name(name.replace(".", "_") + ".py") for name in TOLD}
#: those that only take the place of a missing one
IF_MISSING = {"imp"}
#: those that have modules below them
PACKAGES = {"theano.sandbox.cuda"}


class Finder(importlib.abc.MetaPathFinder):
    """Finds them, before the empty ``scipy.misc`` that some versions of SciPy have."""

    def find_spec(self, fullname, path=None, target=None):
        file = MODULES.get(fullname)
        if file is None or (fullname in IF_MISSING and importlib.machinery.PathFinder.find_spec(fullname, path)):
            return None
        below: list[str] | None = [] if fullname in PACKAGES else None
        return importlib.util.spec_from_file_location(fullname, file, submodule_search_locations=below)


def install() -> None:
    """From now on."""
    if not any(isinstance(finder, Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, Finder())
