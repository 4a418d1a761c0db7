"""Help for test suites of programs that use kbridge."""

from __future__ import annotations

from typing import Any

from .comparison import compare


def assert_backends_agree(model: Any, backends=("numpy", "tensorflow", "theano"), **options) -> None:
    """AssertionError with the table of ``kbridge.compare`` unless ``model`` computes the same on all ``backends``."""
    result = compare(model, backends, **options)
    if not result.ok:
        raise AssertionError(str(result))
