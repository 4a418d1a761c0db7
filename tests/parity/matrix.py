"""Results of the parity matrix, computed once in a process for each backend, dtype and family."""

from __future__ import annotations

from functools import cache

import pytest

from kbridge.backends import registry
from kbridge.backends.interface import Backend
from kbridge.conformance import FAMILIES, harness
from kbridge.conformance.harness import Result

BACKENDS = list(registry.BUILT_IN)


@cache
def backend(name: str) -> Backend:
    """The backend, or a skip that says why it can't run here."""
    try:
        return registry.load(name)
    except registry.BackendUnavailable as error:
        pytest.skip(str(error))


@cache
def results(name: str, dtype: str, family: str) -> dict[str, Result]:
    """By id (``conv2d[3]``, ``function[swap_by_updates]``); checks run in float32 and float64."""
    K, ops = harness.fresh(backend(name)), FAMILIES[family].OPS
    with harness.quick(K):
        found = harness.run(K, ops, dtype)
        if dtype != "float16":
            found += harness.run_checks(K, ops, dtype)
    return {result.id: result for result in found}


def cases(family: str, float16: bool = False) -> list[str]:
    """The ids of a family's cases; with ``float16`` those that have a meaning there."""
    return [f"{op.name}[{i}]" for op in FAMILIES[family].OPS for i, case in enumerate(op.cases) if case.float16 or not float16]


def checks(family: str, name: str) -> list[str]:
    """The ids of a family's checks on a backend."""
    return [
        f"{op.name}[{check.name}]" for op in FAMILIES[family].OPS for check in op.checks if check.backends is None or name in check.backends
    ]
