"""The old path of ``kbridge.conformance.harness``, kept for one release."""

import warnings

from ..conformance.harness import *  # noqa: F403

warnings.warn(
    "kbridge.backends.parity is now kbridge.conformance.harness; the old path goes with the next release.", DeprecationWarning, stacklevel=2
)
