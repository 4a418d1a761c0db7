"""``numpy.testing.utils`` as it was up to NumPy 1."""

from numpy.testing import *  # noqa: F403
from numpy.testing import __all__  # noqa: F401
