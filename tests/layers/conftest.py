"""The setting that shapes in tests are written for."""

import pytest

from kbridge import backend as K


@pytest.fixture
def channels_last():
    """Images have their channels last, whatever was set before."""
    before = K.image_dim_ordering()
    K.set_image_dim_ordering("tf")
    yield
    K.set_image_dim_ordering(before)
