"""The parity matrix: every row of the op specs on every backend, against NumPy and against each other."""

from __future__ import annotations

import pytest
from parity import matrix

from kbridge.conformance import FAMILIES, harness

FULL = [
    pytest.param(family, row, name, dtype, id=f"{row}-{name}-{dtype}")
    for name in matrix.BACKENDS
    for dtype in ("float32", "float64")
    for family in FAMILIES
    for row in (*matrix.cases(family), *matrix.checks(family, name))
]
HALF = [
    pytest.param(family, row, name, id=f"{row}-{name}-float16")
    for name in matrix.BACKENDS
    for family in FAMILIES
    for row in matrix.cases(family, float16=True)
]
PAIRS = [
    pytest.param(family, row, name, id=f"{row}-{matrix.BACKENDS[0]}-{name}")
    for name in matrix.BACKENDS[1:]
    for family in FAMILIES
    for row in matrix.cases(family)
]


@pytest.mark.parametrize(("family", "row", "name", "dtype"), FULL)
def test_matches_reference_and_central_differences(family, row, name, dtype):
    result = matrix.results(name, dtype, family)[row]
    assert result.ok, str(result)


@pytest.mark.parametrize(("family", "row", "name"), HALF)
def test_float16_works_or_says_that_it_cannot(family, row, name):
    result = matrix.results(name, "float16", family)[row]
    refused = any("NotImplementedError" in p and "float16" in p for p in result.problems)
    assert result.ok or refused, str(result)


@pytest.mark.parametrize(("family", "row", "name"), PAIRS)
def test_backends_agree_in_float32(family, row, name):
    mine = matrix.results(matrix.BACKENDS[0], "float32", family)[row]
    theirs = matrix.results(name, "float32", family)[row]
    assert mine.outputs, f"{mine} gave nothing"
    assert theirs.outputs, f"{theirs} gave nothing"
    assert not harness.differences(mine, theirs)
