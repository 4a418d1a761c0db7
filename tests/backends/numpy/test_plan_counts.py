"""Plans do no more than the table says: calls, storage, bytes moved, multiplications. See tests/plan_counts.py."""

import json
import os

import numpy as np
import pytest
from plan_counts import TABLE, names
from processes import ROOT, python

from kbridge.backends.numpy.blas import axpby

BOUNDS = json.loads(TABLE.read_text())


def test_the_table_has_all_rows():
    assert list(BOUNDS) == names()


@pytest.mark.skipif(axpby(np.dtype("float32")) is None, reason="without axpby there are more calls")
def test_no_plan_does_more_than_the_table_says(tmp_path):
    script = "import json, plan_counts; print(json.dumps(plan_counts.measured()))"
    paths = os.pathsep.join(map(str, (ROOT, ROOT / "tests")))
    done = python("-c", script, home=tmp_path, KBRIDGE_BACKEND="numpy", KBRIDGE_EXACT_CONV="0", KBRIDGE_NUM_THREADS="1", PYTHONPATH=paths)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    more = [
        f"{name}, {kind}: {count}, at most {BOUNDS[name][kind]}"
        for name, row in found.items()
        for kind, count in row.items()
        if count > BOUNDS[name][kind] * 1.001
    ]
    assert not more, "\n".join([*more, "A reason for it? Then: PYTHONPATH=.:tests KBRIDGE_BACKEND=numpy python -m plan_counts --write"])
