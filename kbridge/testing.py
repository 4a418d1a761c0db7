"""Help for test suites of programs that use kbridge."""

from __future__ import annotations

from typing import Any

from .comparison import compare


def assert_backends_agree(model: Any, backends=("numpy", "tensorflow", "theano"), **options) -> None:
    """AssertionError with the table of ``kbridge.compare`` unless ``model`` computes the same on all ``backends``.

    ``model``: a model or the path of a model file. ``options``: those of ``kbridge.compare``, as ``atol``, ``rtol``,
    ``train_steps``, ``data``. UsageError where a backend can't run the model, as one that isn't installed.
    """
    __tracebackhide__ = True  # pytest shows the test's own line
    result = compare(model, backends, **options)
    if not result.ok:
        raise AssertionError(str(result))
