"""What tests of the NumPy backend share."""

import pytest

from kbridge.backends.numpy.executor import plan


@pytest.fixture
def schedules(monkeypatch):
    """The schedules of new plans."""
    found = []
    original = plan.Schedule
    monkeypatch.setattr(plan, "Schedule", lambda *args: found.append(original(*args)) or found[-1])
    return found
