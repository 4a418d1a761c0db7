"""Predictions and evaluation that workers share, from files that are read by rows; a killed call is gone on with."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest

from workers.comparison import run

pytestmark = pytest.mark.skipif("os.environ.get('KBRIDGE_BACKEND', 'numpy') != 'numpy'", reason="the same on all backends: tried on numpy")
PROGRAM = str(Path(__file__).with_name("share_predictions.py"))
FILES = "files ['a.npy', 'b.npy', 'data.h5', 'out.npy', 'parts', 'x.npy']"


def test_a_killed_prediction_is_gone_on_with_by_fewer_workers(tmp_path):
    assert run(3, PROGRAM, str(tmp_path), "die", backend="numpy", limit=300).returncode == 137
    assert (tmp_path / "out.npy.partial").exists() and not (tmp_path / "out.npy").exists()
    done = run(2, PROGRAM, str(tmp_path), "count", backend="numpy", limit=300)
    assert done.returncode == 0, done.stderr
    assert FILES in done.stdout
    # of 10 blocks the killed worker had finished number 1 and left numbers 4 and 7
    again = ast.literal_eval(re.search(r"again (.*)", done.stdout)[1])
    assert again and 1 not in again and len(again) <= 5


def test_one_process_predicts_and_evaluates_as_the_model_does(tmp_path, backend):
    done = run(0, PROGRAM, str(tmp_path), backend=backend)
    assert done.returncode == 0, done.stderr
    assert FILES in done.stdout


def test_bad_sources_and_files_are_told(tmp_path):
    from kbridge.distributed.results import Results
    from kbridge.distributed.sources import opened

    for source, expected in {
        "x.csv": "neither a .npy file",
        str(tmp_path): "holds no .npy files",
        f"{tmp_path}/d.h5:q": "no data set 'q'",
        3: "must be an array, a path",
    }.items():
        if ".h5" in str(source):
            import h5py

            h5py.File(tmp_path / "d.h5", "w").close()
        with pytest.raises(ValueError, match=expected):
            opened(source)
    np.save(tmp_path / "a.npy", np.zeros((2, 3)))
    np.save(tmp_path / "b.npy", np.zeros((2, 4)))
    with pytest.raises(ValueError, match="b.npy' has rows of shape"):
        opened(tmp_path)
    with pytest.raises(ValueError, match="must name a .npy file"):
        Results("out.h5", {}, 0)
    first = Results(tmp_path / "o.npy", {"model": 1}, 0)
    assert first.begin((4, 2), np.dtype("float32")) == set()
    first.write(0, 0, np.ones((2, 2), "float32"))
    first.close()
    with pytest.raises(ValueError, match="started with another model"):
        Results(tmp_path / "o.npy", {"model": 2}, 0).begin((4, 2), np.dtype("float32"))
    # a line that was cut short doesn't count
    with open(tmp_path / "o.npy.partial.done-0", "ab") as file:
        file.write(b"          1")
    assert Results(tmp_path / "o.npy", {"model": 1}, 1).begin((4, 2), np.dtype("float32")) == {0}
