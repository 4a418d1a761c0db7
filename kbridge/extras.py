"""Packages that kbridge needs for some tasks only: imported when they are used, with an error that names the extra."""

from __future__ import annotations

import importlib
from types import ModuleType


class PackageMissing(ImportError):
    """A package of an extra isn't installed; the message names the task and the extra."""


def needed(module: str, extra: str, task: str) -> ModuleType:
    """The module called ``module``. PackageMissing says that ``task`` needs it and how to install ``extra``."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise PackageMissing(
            f"{task} needs {package} ({error}): pip install '.[{extra}]', in the clone of kbridge.", name=package
        ) from error
