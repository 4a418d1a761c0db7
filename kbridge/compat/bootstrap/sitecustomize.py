"""Runs when a Python starts below a process in which ``keras`` is kbridge; then the sitecustomize that this one hides.

Written so that any Python can read it: a program may start another one than its own.
"""

import os
import sys


def _switch_on(names):
    root = os.path.abspath(__file__)
    for _ in range(4):  # compat/bootstrap/sitecustomize.py below the package's folder
        root = os.path.dirname(root)
    there = root in sys.path
    if not there:
        # a kbridge that is not installed; its modules are found through the package afterwards
        sys.path.append(root)
    try:
        if "keras" in names:
            import kbridge.as_keras  # noqa: F401
        if "programs" in names or "theano" in names or "tensorflow" in names:
            from kbridge.compat import names as packages

            if "programs" in names:
                packages.programs()
            if "theano" in names:
                packages.theano()
            if "tensorflow" in names:
                packages.tensorflow(version1=True)
    finally:
        if not there:
            sys.path.remove(root)


def _go_on():
    """Run the next sitecustomize on the path."""
    here = os.path.dirname(os.path.abspath(__file__))
    rest = [p for p in sys.path if os.path.abspath(p) != here]
    from importlib.machinery import PathFinder

    spec = PathFinder.find_spec("sitecustomize", rest)
    if spec is not None and spec.loader is not None:
        from importlib.util import module_from_spec

        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


if sys.version_info >= (3, 11):
    _names = [_n for _n in os.environ.get("KBRIDGE_AS_KERAS", "").split(",") if _n]
    if _names:
        _switch_on(_names)
    _go_on()
