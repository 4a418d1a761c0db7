"""Theano's configuration. ``THEANO_FLAGS`` of the user come last, so they win."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


def user_flags() -> dict[str, str]:
    """Return the flags in the variable ``THEANO_FLAGS``, as a dict."""
    pairs = (flag.partition("=") for flag in os.environ.get("THEANO_FLAGS", "").split(",") if flag.strip())
    return {key.strip(): value for key, _, value in pairs}


@contextmanager
def in_environment(flags: dict[str, str]) -> Iterator[None]:
    """Have ``flags``, then the user's, in ``THEANO_FLAGS`` while Theano is imported; child processes get the
    user's alone."""
    before = os.environ.get("THEANO_FLAGS")
    mine = ",".join(f"{key}={value}" for key, value in flags.items())
    os.environ["THEANO_FLAGS"] = f"{mine},{before}" if before else mine
    try:
        yield
    finally:
        if before is None:
            del os.environ["THEANO_FLAGS"]
        else:
            os.environ["THEANO_FLAGS"] = before
