"""Programs written as in 2016, which say ``import keras``, run as they are by ``kbridge run``."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kbridge import backend as K

PROGRAMS = Path(__file__).parents[1] / "data" / "programs"

#: what each must print
EXPECTED = {
    "actor_critic": ["actor moved True", "['loss', 'loss_loss', 'activation_2_loss']"],
    "custom_layers": ["23 23", "True (None, 2)", "(2, 4)\n(2, 3)"],
    "ocr_ctc": ["(2, 12, 6) True"],
    "two_branches": ["['acc', 'fmeasure', 'loss', 'val_acc', 'val_fmeasure', 'val_loss'] (3,) (3, 3)", "Total params: 1,909"],
}


@pytest.mark.parametrize("name", [path.stem for path in sorted(PROGRAMS.glob("*.py"))])
def test_a_program_runs_as_it_is(name, tmp_path):
    env = {**os.environ, "PYTHONPATH": str(PROGRAMS.parents[2]), "KBRIDGE_BACKEND": K.backend()}
    command = [sys.executable, "-m", "kbridge", "run", PROGRAMS / f"{name}.py"]
    run = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stderr[-2000:]
    assert [words for words in EXPECTED[name] if words not in run.stdout] == [], run.stdout[-2000:]
