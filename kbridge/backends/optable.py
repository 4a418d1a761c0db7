"""The old path of ``kbridge.conformance``, kept for one release."""

import warnings

from ..conformance import *  # noqa: F403

warnings.warn(
    "kbridge.backends.optable is now kbridge.conformance; the old path goes with the next release.", DeprecationWarning, stacklevel=2
)
