"""The old path of ``kbridge.conformance.harness``, kept for one release."""

import warnings

from ..conformance.harness import *  # noqa: F403

warnings.warn(
    "kbridge.backends.parity is now called kbridge.conformance.harness. The old name will stop working in the next release.",
    DeprecationWarning,
    stacklevel=2,
)
