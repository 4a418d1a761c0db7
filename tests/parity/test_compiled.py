"""The matrix lets backends compile fast rather than run fast; here one case of every function runs as for a user."""

from __future__ import annotations

import pytest
from parity import matrix

from kbridge.conformance import FAMILIES, harness


@pytest.mark.parametrize(
    ("name", "family"),
    [
        pytest.param(name, family, id=f"{family}-{name}")
        for name in matrix.BACKENDS
        for family in FAMILIES
        if any(op.cases for op in FAMILIES[family].OPS)
    ],
)
def test_one_case_of_every_function(name, family):
    results = harness.run(harness.fresh(matrix.backend(name)), FAMILIES[family].OPS, "float32", most=1)
    assert results
    assert [str(r) for r in results if not r.ok] == []
