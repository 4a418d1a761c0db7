"""The ``kbridge`` command as a user sees it: what it prints, how it ends, what it leaves."""

import importlib.metadata
import json
import os
import re

import pytest
from processes import ROOT, kbridge, python

import kbridge as package


def test_version(tmp_path):
    done = kbridge("--version", home=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"kbridge {package.__version__}\n")


def test_help_lists_all_commands_without_importing_numpy(tmp_path):
    code = "import sys; from kbridge.cli import main\ntry: main(['--help'])\nfinally: print('numpy' in sys.modules, file=sys.stderr)"
    done = python("-c", code, home=tmp_path)
    modules = {p.stem for p in (ROOT / "kbridge" / "commands").glob("*.py") if "def add_parser" in p.read_text()}
    assert modules == set(re.findall(r"^    (\w+)  +\S", done.stdout, re.M)), done.stdout
    assert done.stderr == "False\n"


@pytest.mark.parametrize("args", [[], ["frobnicate"], ["config", "--floatx"], ["config", "--epsilon", "tiny"]])
def test_wrong_use_ends_with_2_and_the_usage(args, tmp_path):
    done = kbridge(*args, home=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: kbridge")


def test_info_shows_settings_with_their_origins_and_backends(tmp_path):
    (tmp_path / "keras.json").write_text('{"floatx": "float64"}')
    done = kbridge(
        "info", "--quick", home=tmp_path, KERAS_HOME=str(tmp_path), KERAS_BACKEND="numpy", KBRIDGE_NUM_THREADS="3", KBRIDGE_EXACT_CONV="1"
    )
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["backend", "numpy", "KERAS_BACKEND"] in lines
    assert ["floatx", "float64", str(tmp_path / "keras.json")] in lines
    assert ["epsilon", "1e-07", "default"] in lines
    assert ["num_threads", "3", "KBRIDGE_NUM_THREADS"] in lines and ["exact_conv", "True", "KBRIDGE_EXACT_CONV"] in lines
    assert ["*", "numpy", "installed,", "numpy", importlib.metadata.version("numpy")] in lines
    assert (done.returncode, done.stderr) == (0, "")


def test_info_tries_the_backends_quietly_and_leaves_the_home_alone(tmp_path):
    done = kbridge("info", home=tmp_path)
    backends = dict(re.findall(r"^[* ] (\w+) +((?:works|not installed|does not work).*)$", done.stdout, re.M))
    assert set(backends) == {"numpy", "tensorflow", "theano"}
    assert backends["numpy"] == f"works, numpy {importlib.metadata.version('numpy')}"
    assert not any(status.startswith("does not work") for status in backends.values()), backends
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / ".keras").exists()


def test_info_says_how_to_get_a_backend_that_isnt_installed():
    from kbridge.commands import info

    class Hidden:
        @staticmethod
        def find_spec(name):
            return None

    whole, info.importlib.util = info.importlib.util, Hidden
    try:
        assert info.outcome("tensorflow", None) == (False, "not installed; pip install '.[tensorflow]', in the clone of kbridge")
    finally:
        info.importlib.util = whole


def test_info_shows_backends_also_with_a_broken_file(tmp_path):
    (tmp_path / "keras.json").write_text("{")
    done = kbridge("info", "--quick", home=tmp_path, KERAS_HOME=str(tmp_path))
    assert done.returncode == 1
    assert "is not valid JSON" in done.stdout
    assert "numpy " in done.stdout.split("backends:")[1]


def test_config_shows_the_file(tmp_path):
    done = kbridge("config", home=tmp_path)
    assert "does not exist" in done.stdout
    assert json.loads(done.stdout[done.stdout.index("{") :])["backend"] == "numpy"
    assert list(tmp_path.iterdir()) == []


def test_config_writes_what_is_named_and_keeps_the_rest(tmp_path):
    file = tmp_path / "keras.json"
    file.write_text('{"mine": [1, 2], "backend": "jax", "floatx": "float64"}')
    done = kbridge("config", "--backend", "numpy", "--epsilon", "1e-5", home=tmp_path, KERAS_HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert json.loads(file.read_text()) == {"mine": [1, 2], "backend": "numpy", "floatx": "float64", "epsilon": 1e-5}
    assert list(tmp_path.iterdir()) == [file]
    done = kbridge("config", "--num-threads", "2", home=tmp_path, KERAS_HOME=str(tmp_path))
    assert done.returncode == 0 and done.stdout.endswith(": num_threads = 2\n"), done.stderr
    assert json.loads(file.read_text())["num_threads"] == 2 and json.loads(file.read_text())["mine"] == [1, 2]


def test_config_makes_a_whole_file_where_there_is_none(tmp_path):
    done = kbridge("config", "--image-dim-ordering", "th", home=tmp_path)
    assert done.returncode == 0, done.stderr
    content = json.loads((tmp_path / ".keras" / "keras.json").read_text())
    assert content == {"backend": "numpy", "floatx": "float32", "epsilon": 1e-7, "image_dim_ordering": "th"}


@pytest.mark.parametrize("args", [["--backend", "tensorflwo"], ["--floatx", "float8"], ["--epsilon", "-1"], ["--num-threads", "0"]])
def test_config_refuses_bad_values_without_touching_the_file(args, tmp_path):
    done = kbridge("config", *args, home=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"kbridge: {args[0]}: ") and "must be" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_config_doesnt_overwrite_a_broken_file(tmp_path):
    (tmp_path / "keras.json").write_text("{broken")
    done = kbridge("config", "--floatx", "float32", home=tmp_path, KERAS_HOME=str(tmp_path))
    assert (done.returncode, (tmp_path / "keras.json").read_text()) == (1, "{broken")
    assert "is not valid JSON" in done.stderr and "Traceback" not in done.stderr


def test_demo_trains_saves_and_loads_whatever_keras_json_says(tmp_path):
    (tmp_path / "keras.json").write_text("{broken")
    done = kbridge("demo", home=tmp_path, cwd=tmp_path, KERAS_HOME=str(tmp_path), KERAS_BACKEND="none")
    assert done.returncode == 0, done.stderr
    right = float(re.search(r"([\d.]+)% of 360 other digits are right", done.stdout)[1])
    assert right >= 95
    assert "Epoch 15/15" in done.stdout and "the model says 0" in done.stdout
    assert "the predictions are identical" in done.stdout
    assert (tmp_path / "my_model.h5").stat().st_size > 0


def test_demo_names_the_allowed_backends(tmp_path):
    done = kbridge("demo", "--backend", "jax", home=tmp_path, cwd=tmp_path)
    assert done.returncode == 1
    assert "'numpy', 'tensorflow', 'theano'" in done.stderr and "Traceback" not in done.stderr


def test_a_reader_that_stops_early_is_no_error_to_see(tmp_path):
    code = (
        "import subprocess, sys; p = subprocess.Popen([sys.executable, '-m', 'kbridge', 'info', '--quick'], "
        "stdout=subprocess.PIPE, stderr=subprocess.PIPE); p.stdout.close(); print(p.stderr.read().decode())"
    )
    assert python("-c", code, home=tmp_path, cwd=ROOT).stdout.strip() == ""


def test_digits_are_the_same_split_each_time():
    from kbridge.datasets import digits

    (x_train, y_train), (x_test, y_test) = digits.load_data()
    assert (x_train.shape, x_test.shape) == ((1437, 8, 8), (360, 8, 8))
    assert (y_train.shape, y_test.shape) == ((1437,), (360,))
    assert (x_train.min(), x_train.max(), set(y_test.tolist())) == (0, 16, set(range(10)))
    assert (int(x_test.sum(dtype=int)), int(y_test.sum(dtype=int))) == (111806, 1770)


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
def test_a_full_disk_leaves_keras_json_as_it_was(tmp_path):
    path = tmp_path / "keras.json"
    path.write_text('{"backend": "numpy", "mine": 1}')
    code = """
import resource, sys
from kbridge.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (20, resource.RLIM_INFINITY))
sys.exit(main(["config", "--epsilon", "1e-5"]))
"""
    done = python("-c", code, home=tmp_path, KERAS_HOME=str(tmp_path))
    assert done.returncode == 1
    assert "kbridge:" in done.stderr and "Traceback" not in done.stderr
    assert path.read_text() == '{"backend": "numpy", "mine": 1}'
    assert os.listdir(tmp_path) == ["keras.json"]
