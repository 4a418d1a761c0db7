"""``kbridge compare`` names the layer where engines part, and only that one."""

import re

import numpy as np
import pytest
from processes import ROOT, kbridge, output

import kbridge as kb
from kbridge.comparison.difference import difference

CASES = ROOT / "tests" / "data" / "oracle" / "cases"
@pytest.mark.parametrize("case", ["nested_two_outputs", "shared_lstm", "embedding_mask_zero_lstm"])
def test_real_models_agree(case, tmp_path):
    done = kbridge("compare", str(CASES / f"{case}.h5"), "--backends", "numpy,tensorflow", "--train-steps", "1", home=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_python_calls_give_rows_and_a_page_without_network(monkeypatch):
    monkeypatch.delenv("KBRIDGE_BACKEND", raising=False)
    result = kb.compare(CASES / "fit_bn.h5", ["numpy", "tensorflow"])
    assert result.ok and [row.name for row in result.layers][1:] == ["dense_1", "batchnormalization_1", "dense_2"]
    page = result.to_html()
    assert page.count('<tr id="row-') == 4 and not re.search(r"https?:|<link|<script src|@import|url\(", page)


def test_files_are_compared_by_layer(tmp_path):
    same = kbridge("compare", str(CASES / "fit_bn.h5"), str(CASES / "fit_bn.h5"), home=tmp_path)
    other = kbridge("compare", str(CASES / "fit_bn.h5"), str(CASES / "gru_cpu.h5"), home=tmp_path)
    assert (same.returncode, other.returncode) == (0, 1)
    assert "only in" in other.stdout


def test_differences_of_shapes_and_nan_are_never_within_tolerance():
    assert not difference([np.zeros(2), np.zeros(3)], 1, 1).ok
    assert not difference([np.zeros(2), np.array([0, np.nan])], 1e9, 1e9).ok
    assert difference([np.array([np.nan]), np.array([np.nan])], 0, 0).ok
    assert difference([np.array([1.0]), np.array([1.5])], 1, 0).abs == 0.5


def test_importing_the_package_loads_no_comparison(tmp_path):
    assert "kbridge.comparison" not in output("import kbridge, sys; print(*sys.modules)", tmp_path).split()
