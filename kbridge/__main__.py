"""``python -m kbridge``."""

import sys

from .cli import main

sys.exit(main())
