"""Every test here gets a backend of its own, with nothing in its graph, or is skipped where TensorFlow is missing."""

import pytest

from kbridge.backends import registry
from kbridge.conformance import harness


@pytest.fixture
def K():
    try:
        return harness.fresh(registry.load("tensorflow"))
    except registry.BackendUnavailable as error:
        pytest.skip(str(error))


@pytest.fixture
def tf(K):
    import tensorflow

    return tensorflow
