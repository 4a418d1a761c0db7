"""What a program on many workers meets: its own random numbers, agreed stops, one output; and backends of other packages."""

import re
import shutil
import subprocess
import sys
import tomllib

import pytest

from workers.comparison import ROOT, environment, launcher, train, worst
from workers.matrix import LIMITS

pytestmark = pytest.mark.skipif("os.environ.get('KBRIDGE_BACKEND', 'numpy') != 'numpy'", reason="the same on all backends: tried on numpy")

PROGRAM = """
import subprocess
import sys

import numpy as np
from sklearn.datasets import make_classification

from kbridge import backend as K
from kbridge import distributed
from kbridge.callbacks import Callback
from kbridge.layers import Dense
from kbridge.models import Sequential
from kbridge.wrappers.scikit_learn import KerasClassifier

from kbridge.optimizers import SGD

rank = distributed.rank()
weight = K.variable(1.0)
SGD().get_updates([weight], {}, K.square(weight))
dropped = K.function([], [K.dropout(K.ones((1, 40)), 0.5)])([])[0]
found = ["kept", *dropped.ravel().astype(int)]


class Stopping(Callback):
    def on_epoch_end(self, epoch, logs=None):
        if distributed.rank() == 1 and epoch == 1:
            self.model.stop_training = True


def build():
    model = Sequential([Dense(2, activation="softmax", input_dim=5)])
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model


x, y = make_classification(60, 5, random_state=1)
classifier = KerasClassifier(build, nb_epoch=9, batch_size=16, verbose=2)
history = classifier.fit(x, y, callbacks=[Stopping()])
drawn = np.random.rand()
child = subprocess.run([sys.executable, "-c", "from kbridge import distributed as d; print(d.size())"], capture_output=True, text=True).stdout
line = f"worker {rank} epochs {len(history.epoch)} drawn {drawn} child {child.strip()} {found}"
sys.stderr.write(line + chr(10))
"""


def test_a_program_that_imports_kbridge_joins_and_nothing_in_it_changes(tmp_path):
    pytest.importorskip("sklearn")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    env = environment("numpy", KBRIDGE_DISTRIBUTED="mpi")
    done = subprocess.run(
        [launcher(), "-n", "2", sys.executable, str(program)], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90
    )
    assert done.returncode == 0, done.stderr
    lines = dict(re.findall(r"worker (\d) (epochs .*)", done.stderr))
    epochs, drawn, child, kept = zip(*(re.fullmatch(r"epochs (\d+) drawn (\S+) child (\d) (.*)", lines[rank]).groups() for rank in "01"))
    # one worker wanted to stop; NumPy's state is the same; what a worker starts is none; masks of dropout differ
    assert epochs == ("2", "2") and drawn[0] == drawn[1] and child == ("1", "1") and kept[0] != kept[1]
    assert done.stdout.count("Epoch 1/9") == 1
    assert done.stderr.count("Using NumPy backend") == 1
    # and none about what the model's optimizer does
    assert done.stderr.count("SGD is used without a model on 2 workers") == 1 and "Adam is used without" not in done.stderr


def test_a_backend_of_another_package_trains_on_workers(tmp_path):
    package = ROOT / "tests" / "packages" / "kbridge_checking"
    project = tomllib.loads((package / "pyproject.toml").read_text())["project"]
    shutil.copy(package / "kbridge_checking.py", tmp_path)
    info = tmp_path / f"kbridge_checking-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = (
        f"[{group}]\n" + "".join(f"{name} = {target}\n" for name, target in entries.items())
        for group, entries in project["entry-points"].items()
    )
    (info / "entry_points.txt").write_text("\n".join(groups))
    path = f"{ROOT}:{tmp_path}"
    alone = train(0, ["weighted_mlp", "penalties"], tmp_path, backend="checking", PYTHONPATH=path)
    found = train(2, ["weighted_mlp", "penalties"], tmp_path, backend="checking", PYTHONPATH=path)
    assert all(difference <= LIMITS["float32"] for difference, _ in worst(alone, found).values())


def test_values_of_the_environment_that_mean_nothing_are_told(tmp_path):
    code = "import kbridge.models"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment("numpy", KBRIDGE_DISTRIBUTED="rings"), capture_output=True, text=True
    )
    assert done.returncode and "KBRIDGE_DISTRIBUTED must be 'mpi', got 'rings'" in done.stderr
