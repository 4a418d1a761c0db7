"""What tests of the backends share."""

import pytest

from kbridge.backends import settings


@pytest.fixture
def in_double_precision():
    """floatx is float64."""
    before = settings.floatx()
    settings.set_floatx("float64")
    yield
    settings.set_floatx(before)
