"""The old path of ``kbridge.conformance``, kept for one release."""

import warnings

from ..conformance import *  # noqa: F403

warnings.warn(
    "kbridge.backends.optable is now called kbridge.conformance. The old name will stop working in the next release.",
    DeprecationWarning,
    stacklevel=2,
)
