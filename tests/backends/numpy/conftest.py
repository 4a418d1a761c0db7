"""What tests of the NumPy backend share."""

import pytest

from kbridge.backends.numpy import blas as blas_module
from kbridge.backends.numpy.executor import costs, plan, threads
from kbridge.backends.numpy.ops import panels


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


@pytest.fixture
def small_products(monkeypatch):
    """Products in parts on all processors, of some thousand multiplications."""
    monkeypatch.setattr(blas_module, "small_products", lambda: True)
    monkeypatch.setattr(plan, "alone", lambda: True)
    monkeypatch.setattr(panels, "SMALL_PRODUCT", 2000)


@pytest.fixture
def blas():
    """(read, set) the number of BLAS' threads, which is 2."""
    control = threads.control()
    if control is None:
        pytest.skip("NumPy's BLAS library here has no known way to set its threads")
    get, set_ = control
    before = get()
    set_(2)
    if get() != 2:
        set_(before)
        pytest.skip("NumPy's BLAS library has one thread here")
    yield control
    set_(before)
