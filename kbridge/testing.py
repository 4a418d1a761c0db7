"""Help for test suites of programs that use kbridge."""

from __future__ import annotations

from typing import Any

from .comparison import compare


def assert_backends_agree(model: Any, backends=("numpy", "tensorflow", "theano"), **options) -> None:
    """Raise an AssertionError with the table of ``kbridge.compare`` unless a model computes the same on all backends.

    Args:
        model: a model or the path of a model file.
        backends: the names of at least two backends.
        options: arguments of ``kbridge.compare``: ``atol``, ``rtol``, ``train_steps``, ``data`` ...

    Raises:
        AssertionError: the backends differ.
        UsageError: a backend can't run the model, or isn't installed.
    """
    __tracebackhide__ = True  # pytest shows the test's own line
    result = compare(model, backends, **options)
    if not result.ok:
        raise AssertionError(str(result))
