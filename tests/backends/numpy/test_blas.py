"""NumPy's own BLAS is used by name only where the function of that name does what it should."""

import numpy as np
import pytest

from kbridge.backends.numpy import blas


@pytest.mark.parametrize("name", ["axpby", "gemm", "omatcopy"])
def test_a_function_of_this_name_that_does_something_else_is_not_used(monkeypatch, name):
    class Other:
        @staticmethod
        def nothing(*arguments):
            """Does nothing."""

    setattr(Other, f"s{name}_", Other.nothing)
    monkeypatch.setattr(blas, "library", lambda *releases: Other)
    assert getattr(blas, name).__wrapped__(np.dtype("float32")) is None
