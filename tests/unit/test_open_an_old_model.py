"""The page *Open an old model*: its lines run on real files under the names that the page uses."""

import re
import shutil

import pytest
from processes import ROOT, python

DATA = ROOT / "tests" / "data"
PAGE = (ROOT / "docs" / "open-an-old-model.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"^```py\n(.*?)^```", PAGE, re.M | re.S)
#: names on the page -> real files
FILES = {
    "model.h5": DATA / "old" / "keras-2.2.4" / "perceptron.h5",
    "model_folder": DATA / "checkpoints" / "keras2" / "training_adam" / "saved_model",
    "model.json": DATA / "old" / "tf.keras-1.15.5" / "perceptron.json",
    "weights.h5": DATA / "old" / "tf.keras-1.15.5" / "perceptron.h5",
    "checkpoint_folder": DATA / "old" / "tf.keras-1.15.5" / "perceptron" / "objects",
}


@pytest.fixture
def folder(tmp_path):
    for name, path in FILES.items():
        (shutil.copytree if path.is_dir() else shutil.copy)(path, tmp_path / name)
    archive = next(iter(sorted(DATA.glob("**/*.keras"))), None)
    assert archive is not None, "tests/data has no .keras file"
    shutil.copy(archive, tmp_path / "model.keras")
    (tmp_path / "my_program.py").write_text(
        'from kbridge.models import model_from_json\nmodel = model_from_json(open("model.json").read())\n'
    )
    (tmp_path / "my_layers.py").write_text("from keras import layers\n\n\nclass Mine(layers.Layer):\n    pass\n")
    return tmp_path


def test_all_lines_of_the_page_open_what_they_say(folder):
    assert len(PROGRAMS) == 7
    done = python("-c", "\n".join(f"{program}\nprint(len(model.get_weights()))" for program in PROGRAMS), home=folder, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert [int(line) > 0 for line in done.stdout.split()] == [True] * len(PROGRAMS)


def test_each_kind_of_file_takes_two_lines():
    *kinds, own_classes = PROGRAMS
    assert "objects_in" in own_classes
    assert all(len(program.strip().splitlines()) == 2 for program in kinds)
