"""The benchmarks run, and the contenders do the same work."""

import json

import pytest
from processes import python


def test_a_benchmark_measures_contenders_that_agree(tmp_path):
    file = tmp_path / "numbers.json"
    args = ["tiny_mlp", "--only", "numpy", "--rounds", "2", "--seconds", "0.01", "--json", str(file)]
    done = python("-m", "benchmarks", *args, home=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(file.read_text())["works"]["tiny_mlp"]
    assert list(found) == ["NumPy by hand", "kbridge numpy, K.function", "kbridge numpy, train_on_batch"]
    for numbers in found.values():
        assert numbers["result"] == pytest.approx(found["NumPy by hand"]["result"], rel=1e-4)
        assert len(numbers["rounds"]) == 2 and numbers["cpu"] > 0 and numbers["wall"] > 0
    assert "goal <= 3" in done.stdout


def test_an_unknown_work_is_named_with_those_there_are(tmp_path):
    done = python("-m", "benchmarks", "huge_mlp", home=tmp_path)
    assert done.returncode == 2 and "no such work: huge_mlp; there are: tiny_mlp" in done.stderr
