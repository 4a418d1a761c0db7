"""What tests of the NumPy backend share."""

import pytest

from kbridge.backends.numpy.executor import costs, plan


@pytest.fixture
def schedules(monkeypatch):
    """The schedules of new plans."""
    found = []
    original = plan.Schedule
    monkeypatch.setattr(plan, "Schedule", lambda *args: found.append(original(*args)) or found[-1])
    return found


@pytest.fixture
def cheap_lanes(monkeypatch):
    """Lanes pay wherever they are possible, however small."""
    for name in ("LEAST_PART", "CALL", "SHARED", "BYTE"):
        monkeypatch.setattr(costs, name, 0.0)
