"""Flags under the names that they had in an earlier release."""

from __future__ import annotations

import argparse
import sys
from typing import Any


class OldFlag(argparse.Action):
    """A flag that works for one more release and tells its new name.

    Args:
        now: the flag's name today, with its dashes.
    """

    def __init__(self, *args: Any, now: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.now = now

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option_string: str | None = None
    ) -> None:
        print(f"{option_string} is now called {self.now}. The old name will stop working in the next release.", file=sys.stderr)
        setattr(namespace, self.dest, values)
