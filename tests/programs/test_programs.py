"""Programs written as in 2015 to 2017, which say ``import keras``, run as they are by ``kbridge run``."""

import importlib.util
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
    "attention": ["(16, 2)", "True [(7,), (6,)]", "True [1.0, 1.0, 1.0, 1.0]"],
    "contributed_layers": ["tf True\n(2, 6, 6, 4)\nth True\n(2, 4, 6, 6)\n[(4,), (4,)]", "True True True\n[[[8.0, 9.0], [6.0, 7.0]]]"],
    "custom_layers": ["23 23", "True (None, 2)", "(2, 4)\n(2, 3)"],
    "dueling_dqn": ["4 ['loss', 'loss_loss'] True\n0.005\n4"],
    "finetune": ["9 True True", "list (24, 3)\nTrue\n(24, 8) True", "['acc', 'fbeta_score', 'loss', 'precision', 'recall'] (2, 1) (2, 1)"],
    "gan_shared_flags": [3 * "True True True\n" + "True"],
    "memory_network": ["(10, 12)", "True ['loss', 'top3', 'mean_absolute_error']", "(12, 2) (1, 6)\nTrue"],
    "ocr_ctc": ["(2, 12, 6) True"],
    "old_scikit_learn": ["3\n" + 2 * "['batch_size', 'nb_epoch', 'optimizer'] (5,)\n" + "True ['optimizer', 'init'] True 2"],
    "own_models": ["True 2 True\n1 wrapped\nTrue\nHistory\n(2, 6)\n[(0, 4), (4, 8), (8, 10)] (3, 4) 10\n['loss']"],
    "own_training_loops": ["[] True\n[False, True, False, True]\nTrue\n(10, 1)"],
    "python2_text": ["corpus length: 270", "made 5 made 5", "True 14 True"],
    "python2_with_library": ["read 6\nvocab 11, (6, 8)\nTrue a 2 ab ok\n2.5 511\nto a buffer\n3 3 True True 3 [0, 1] 3 a"],
    "recurrent_cells": [
        "(2, 5, 2) 18",
        "[] True\n['consume_less'] True\n['stateful'] False\n['go_backwards'] True\n['unroll'] True\n(2, 6, 2)",
    ],
    "style_transfer": ["True True\nTrue"],
    "theano_streams": ["True False True\n(3, 5) [0.0, 1.0]\nTrue"],
    "two_branches": ["['acc', 'fmeasure', 'loss', 'val_acc', 'val_fmeasure', 'val_loss'] (3,) (3, 3)", "Total params: 1,909"],
    "weights_by_h5py": ["6 True\n(3, 2) made {'a': 1}\n(3, 1)"],
}
OPTIONS = {"python2_text": ["--py2"], "python2_with_library": ["--py2"]}
#: packages that they need
NEEDS = {
    "old_scikit_learn": ["sklearn"],
    "python2_text": ["fissix"],
    "python2_with_library": ["fissix"],
    "style_transfer": ["scipy", "PIL"],
    "finetune": ["scipy"],
}
#: those that are written for one backend
ONLY = {"theano_streams": "theano"}


@pytest.mark.parametrize("name", [path.stem for path in sorted(PROGRAMS.glob("*.py"))])
def test_a_program_runs_as_it_is(name, tmp_path):
    if ONLY.get(name, K.backend()) != K.backend():
        pytest.skip(f"{name} is written for {ONLY[name]}")
    missing = [package for package in NEEDS.get(name, []) if importlib.util.find_spec(package) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed")
    env = {**os.environ, "PYTHONPATH": str(PROGRAMS.parents[2]), "KBRIDGE_BACKEND": K.backend()}
    command = [sys.executable, "-m", "kbridge", "run", *OPTIONS.get(name, []), PROGRAMS / f"{name}.py"]
    run = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stderr[-2000:]
    assert [words for words in EXPECTED[name] if words not in run.stdout] == [], run.stdout[-2000:]
