"""Search on joblib's back ends and prediction with Dask need no code of ours: they must go on working."""

import importlib.util
from pathlib import Path

import pytest

from workers.comparison import run

pytestmark = [
    pytest.mark.skipif("os.environ.get('KBRIDGE_BACKEND', 'numpy') != 'numpy'", reason="the same on all backends: tried on numpy"),
    pytest.mark.skipif(
        any(importlib.util.find_spec(name) is None for name in ("sklearn", "dask", "distributed")),
        reason="needs scikit-learn and dask[distributed]",
    ),
]


def test_search_and_prediction_run_in_other_processes_with_the_same_results():
    done = run(0, str(Path(__file__).with_name("search.py")), backend="numpy", limit=600)
    assert done.returncode == 0, done.stderr
    found = dict(line.split() for line in done.stdout.splitlines() if line.count(" ") == 1)
    assert int(found["loky"]) > 0 and int(found["dask"]) > 0 and found["predicted"] == "True"
