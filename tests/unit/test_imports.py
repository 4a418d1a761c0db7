"""What importing kbridge costs: no package that isn't needed, nothing written, little time."""

import statistics
from pathlib import Path

import pytest
from processes import output, python

import kbridge

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


def imported(code, folder):
    """The modules that ``code`` imports beside those of NumPy."""
    before, after = output(f"import numpy, sys\nprint(*sys.modules)\n{code}\nprint(*sys.modules)", folder).splitlines()
    return set(after.split()) - set(before.split())


@pytest.mark.parametrize("code", ["import kbridge.models", "from kbridge.models import Sequential"])
def test_importing_models_brings_little_of_the_standard_library(code, tmp_path):
    assert imported(code, tmp_path) & {*SLOW} == set()


def test_importing_models_brings_no_more_modules_than_it_did(tmp_path):
    # each costs about a quarter of a millisecond. If it must be more: say in benchmarks/README.md what an import takes then
    seen = imported("from kbridge.models import Sequential", tmp_path)
    assert len([name for name in seen if name.startswith("kbridge")]) <= 209
    assert not seen & {"kbridge.saving", "kbridge.layers", "kbridge.callbacks.output", "kbridge.training.generators"}


def test_a_network_without_trained_weights_brings_nothing_that_downloads(tmp_path):
    seen = imported("from kbridge.applications import ResNet50", tmp_path)
    assert "kbridge.applications.resnet50" in seen
    assert seen & {"urllib.request", "http.client", "ssl", "email", "socket", "tarfile", "tempfile", "kbridge.saving", "h5py"} == set()


def test_a_module_that_finds_names_when_asked_for_imports_nothing_for_names_that_it_lacks(tmp_path):
    """Python asks a module that something is imported from for ``__path__``."""
    root = Path(kbridge.__file__).parent
    files = [path.relative_to(root.parent) for path in root.rglob("*.py") if "\ndef __getattr__(" in path.read_text()]
    names = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in files]
    assert {"kbridge.models", "kbridge.random", "kbridge.utils.layer_utils"} <= {*names}
    code = f"""
import builtins, importlib
imported, before = [], builtins.__import__
modules = [importlib.import_module(name) for name in {sorted(names)}]
builtins.__import__ = lambda name, *rest: imported.append(name) or before(name, *rest)
for module in modules:
    getattr(module, "__path__", None)
    print(module.__name__, *imported)
    imported.clear()
"""
    assert output(code, tmp_path).splitlines() == sorted(names)


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
