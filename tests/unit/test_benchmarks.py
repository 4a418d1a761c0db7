"""The benchmarks run, and the contenders compute the same."""

import json

import pytest
from processes import python


def test_a_benchmark_measures_contenders_that_agree(tmp_path):
    file = tmp_path / "numbers.json"
    args = ["tiny_mlp", "--only", "numpy", "--rounds", "2", "--seconds", "0.01", "--json", str(file)]
    done = python("-m", "benchmarks", *args, home=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(file.read_text())["workloads"]["tiny_mlp"]
    assert list(found) == ["NumPy by hand", "kbridge numpy, K.function", "kbridge numpy, train_on_batch"]
    for numbers in found.values():
        assert numbers["result"] == pytest.approx(found["NumPy by hand"]["result"], rel=1e-4)
        assert len(numbers["rounds"]) == 2 and numbers["cpu"] > 0 and numbers["wall"] > 0
    assert "goal <= 3" in done.stdout


def test_an_unknown_workload_is_named_with_those_there_are(tmp_path):
    done = python("-m", "benchmarks", "huge_mlp", home=tmp_path)
    assert done.returncode == 2 and "no such workload: huge_mlp; there are: tiny_mlp" in done.stderr


def test_what_was_measured_is_written_though_contenders_failed(tmp_path):
    # kbridge refuses to start with this
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras" / "keras.json").write_text("{")
    file = tmp_path / "numbers.json"
    args = ["tiny_mlp", "--only", "numpy", "--rounds", "2", "--seconds", "0.01", "--json", str(file)]
    done = python("-m", "benchmarks", *args, home=tmp_path)
    assert done.returncode == 1 and "kbridge numpy, K.function failed" in done.stderr
    written = json.loads(file.read_text())
    assert (
        list(written["workloads"]["tiny_mlp"]) == ["NumPy by hand"]
        and len(written["workloads"]["tiny_mlp"]["NumPy by hand"]["rounds"]) == 2
    )
    assert len(written["failures"]) == 2 and "keras.json" in written["failures"][0]
