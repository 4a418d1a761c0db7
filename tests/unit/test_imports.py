"""What importing kbridge costs: no package that isn't needed, nothing written, little time."""

import statistics

import pytest
from processes import output, python

LAZY = ("tensorflow", "theano", "scipy", "yaml", "PIL", "h5py", "torch", "sklearn", "requests", "pydot", "tensorboard")
MODEL = """
from kbridge.models import Sequential
from kbridge.layers.core import Activation, Dense
model = Sequential()
model.add(Dense(output_dim=64, input_dim=100))
model.add(Activation("relu"))
"""
#: parts of the standard library that take long to import, for what few programs do
SLOW = (
    "pathlib",
    "tempfile",
    "socket",
    "secrets",
    "difflib",
    "inspect",
    "shutil",
    "subprocess",
    "multiprocessing",
    "urllib.request",
    "email",
)
TIMES = """
import time
start = time.process_time()
import numpy
middle = time.process_time()
from kbridge.models import Sequential
print(middle - start, time.process_time() - middle)
"""


@pytest.mark.parametrize("code", ["import kbridge", MODEL], ids=["kbridge", "Sequential"])
def test_no_heavy_package_is_imported_under_numpy(code, tmp_path):
    seen = output(f"{code}\nimport sys\nprint(*sys.modules)", tmp_path).split()
    assert "kbridge" in seen
    assert [name for name in LAZY if name in seen] == []


def test_importing_models_brings_little_of_the_standard_library(tmp_path):
    before, after = output("import numpy, sys; print(*sys.modules); import kbridge.models; print(*sys.modules)", tmp_path).splitlines()
    assert [name for name in SLOW if name in after.split() and name not in before.split()] == []


def test_importing_the_package_alone_imports_no_backend(tmp_path):
    assert "numpy" not in output("import kbridge, sys; print(*sys.modules)", tmp_path).split()


@pytest.mark.parametrize("room", ["comparison", "commands.inspect", "commands.compare", "commands.run", "commands.info"])
def test_what_looks_at_files_or_starts_processes_loads_no_backend(room, tmp_path):
    seen = output(f"import kbridge.{room}, sys; print(*sys.modules)", tmp_path).split()
    assert "kbridge.backend" not in seen and "kbridge.backends.numpy" not in seen


def test_h5py_is_imported_when_a_file_is_written(tmp_path):
    code = f"{MODEL}\nimport sys\nmodel.save({str(tmp_path / 'model.h5')!r})\nprint(*sys.modules)"
    assert "h5py" in output(code, tmp_path).split()


def test_importing_and_building_writes_nothing(tmp_path):
    output(MODEL, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_importing_models_takes_no_longer_than_importing_numpy(tmp_path):
    compiled = {"PYTHONPYCACHEPREFIX": str(tmp_path), "PYTHONDONTWRITEBYTECODE": ""}
    output(TIMES, tmp_path, **compiled)
    numpy, ours = zip(*[map(float, output(TIMES, tmp_path, **compiled).split()) for _ in range(9)])
    # of processor time; half as much again and 50 ms: room for a machine whose caches others use
    assert statistics.median(ours) < 1.5 * statistics.median(numpy) + 0.05


def test_a_home_that_cant_be_written_is_survived(tmp_path):
    done = python("-c", MODEL, home=tmp_path / "nowhere")
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "nowhere").exists()


def test_a_broken_keras_json_is_named_at_import(tmp_path):
    (tmp_path / "keras.json").write_text('{"backend": ')
    done = python("-c", MODEL, home=tmp_path, KERAS_HOME=str(tmp_path))
    assert done.returncode == 1
    assert f"{tmp_path / 'keras.json'} is not valid JSON" in done.stderr.splitlines()[-1]


def test_a_backend_that_isnt_installed_is_an_error_that_names_the_extra(tmp_path):
    hidden = "import sys; sys.modules['tensorflow'] = None\n"
    done = python("-c", hidden + MODEL, home=tmp_path, KBRIDGE_BACKEND="tensorflow")
    assert done.returncode == 1
    assert "pip install '.[tensorflow]'" in done.stderr.splitlines()[-1]
