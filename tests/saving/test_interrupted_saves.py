"""A model file on the disk is whole at every moment: killed processes, full disks."""

import csv
import io
import os
import subprocess
import sys
import tempfile
import time

import numpy as np
import pytest

from kbridge.layers import Dense
from kbridge.models import Sequential, load_model

# the processes that are killed write on NumPy
pytestmark = [pytest.mark.once, pytest.mark.skipif(os.name != "posix", reason="signals and limits of POSIX")]

BUILD = """
import sys
import numpy as np
from kbridge.layers import Dense
from kbridge.models import Sequential
model = Sequential([Dense(200, input_dim=200), Dense(200)])
model.compile("sgd", "mse")
path = sys.argv[1]
"""


def run(code, *arguments, **options):
    # Writing is the same on every backend; this one starts fastest.
    return subprocess.Popen(
        [sys.executable, "-c", BUILD + code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "KBRIDGE_BACKEND": "numpy", "PYTHONPATH": os.getcwd()},
        **options,
    )


def kill_writer(code, path, seconds):
    """Run ``code`` until it says that it is ready, and end it without a warning some time later."""
    with run(code, path) as writer:
        assert writer.stdout.readline() == "ready\n"
        time.sleep(seconds)
        writer.kill()


def value_of(path) -> float:
    """The one value that all weights of a whole file have."""
    values = {float(v) for w in load_model(path).get_weights() for v in np.unique(w)}
    assert len(values) == 1
    return values.pop()


def test_kill_at_any_moment_leaves_a_whole_file(tmp_path):
    path = tmp_path / "m.h5"
    code = """
for n in range(100000):
    model.set_weights([np.full_like(w, n) for w in model.get_weights()])
    model.save(path)
    if n == 0:
        print("ready", flush=True)
"""
    random = np.random.RandomState(5)
    for _ in range(4):
        kill_writer(code, path, random.uniform(0.0, 0.15))
        assert value_of(path) >= 0


def test_full_disk_leaves_the_old_file(tmp_path):
    path = tmp_path / "m.h5"
    small = Sequential([Dense(2, input_dim=2)])
    small.compile("sgd", "mse")
    small.set_weights([np.full_like(w, 7) for w in small.get_weights()])
    small.save(path)
    code = """
import resource
for limit in (0, 1000, 20_000, 200_000):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    for save in (model.save, model.save_weights):
        try:
            save(path)
        except OSError:
            print("refused")
"""
    with run(code, path) as writer:
        output = writer.stdout.read()
    assert (writer.returncode, output) == (0, "refused\n" * 8)
    assert value_of(path) == 7
    assert os.listdir(tmp_path) == ["m.h5"]


def test_full_disk_leaves_whole_lines_in_a_log(tmp_path):
    path = tmp_path / "log.csv"
    code = """
import resource, signal
from kbridge.callbacks import CSVLogger
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
logger = CSVLogger(path)
logger.on_train_begin()
try:
    for epoch in range(100):
        logger.on_epoch_end(epoch, {"loss": 1 / 3})
except OSError as error:
    print("refused", epoch)
"""
    with run(code, path) as writer:
        output = writer.stdout.read()
    lines = path.read_text().splitlines(keepends=True)
    assert writer.returncode == 0 and output == f"refused {len(lines) - 1}\n"
    assert all(line.endswith("\n") and line.count(",") == 1 for line in lines) and len(lines) > 2


@pytest.mark.parametrize(("rest", "kept"), [("1,0.5", "1,0.5\n"), ("1,0.", "1,0.\n"), ("1", ""), ('1,"""[0.5, 0', ""), ("1,2,3", "")])
def test_a_log_goes_on_behind_its_last_whole_line(rest, kept, tmp_path):
    from kbridge.callbacks import CSVLogger

    path = tmp_path / "log.csv"
    path.write_text("epoch,loss\n0,0.7\n" + rest)
    logger = CSVLogger(path, append=True)
    logger.on_train_begin()
    logger.on_epoch_end(2, {"loss": 0.1})
    logger.on_train_end()
    assert path.read_text() == f"epoch,loss\n0,0.7\n{kept}2,0.1\n"


def test_kill_leaves_whole_lines_in_a_log(tmp_path):
    path = tmp_path / "log.csv"
    code = """
from kbridge.callbacks import CSVLogger
logger = CSVLogger(path, append=True)
logger.on_train_begin()
print("ready", flush=True)
for epoch in range(10_000_000):
    logger.on_epoch_end(epoch, {"loss": 1 / 3, "val_loss": [1 / 7] * 50})
"""
    random = np.random.RandomState(6)
    for _ in range(3):
        kill_writer(code, path, random.uniform(0.02, 0.15))
    # the system may cut a write short when it kills a process; who goes on takes such a piece out
    with run(code.replace("10_000_000", "1"), path) as writer:
        writer.stdout.read()
    text = path.read_text()
    assert text.endswith("\n")
    with open(path, newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["epoch", "loss", "val_loss"]
    assert [len(row) for row in rows] == [3] * len(rows)
    assert [row[0] for row in rows].count("0") == 4
    assert len(set(map(tuple, (row[1:] for row in rows[1:])))) == 1


@pytest.mark.parametrize("weights_only", [False, True])
def test_kill_leaves_a_whole_checkpoint(weights_only, tmp_path):
    path = tmp_path / "best.h5"
    code = f"""
from kbridge.callbacks import ModelCheckpoint
checkpoint = ModelCheckpoint(path, monitor="loss", save_best_only=True, save_weights_only={weights_only})
checkpoint.set_model(model)
for n in range(100000):
    model.set_weights([np.full_like(w, n) for w in model.get_weights()])
    checkpoint.on_epoch_end(n, {{"loss": -n}})
    if n == 0:
        print("ready", flush=True)
"""
    random = np.random.RandomState(7)
    for _ in range(2):
        kill_writer(code, path, random.uniform(0.0, 0.15))
        if weights_only:
            model = Sequential([Dense(200, input_dim=200), Dense(200)])
            model.load_weights(path)
            assert len({float(v) for w in model.get_weights() for v in np.unique(w)}) == 1
        else:
            assert value_of(path) >= 0


def test_a_save_into_an_open_temporary_file_a_stream_and_standard_output(tmp_path):
    model = Sequential([Dense(2, input_dim=2)])
    with tempfile.NamedTemporaryFile(suffix=".h5") as file:
        model.save(file.name)
        assert file.read(4) == b"\x89HDF"
        np.testing.assert_array_equal(load_model(file.name).get_weights()[0], model.get_weights()[0])
    for save, load in ((model.save, load_model), (model.save_weights, lambda stream: model.load_weights(stream) or model)):
        stream = io.BytesIO()
        save(stream, overwrite=False)
        np.testing.assert_array_equal(load(stream).get_weights()[0], model.get_weights()[0])
    with run("model.save('/dev/stdout')", "x") as writer:
        data = writer.stdout.buffer.read()
    (tmp_path / "m.h5").write_bytes(data)
    assert [w.shape for w in load_model(tmp_path / "m.h5").get_weights()] == [(200, 200), (200,), (200, 200), (200,)]


def test_a_save_removes_what_a_killed_one_left(tmp_path):
    path = tmp_path / "m.h5"
    model = Sequential([Dense(2, input_dim=2)])
    model.save(path)
    for _ in range(3):
        kill_writer("print('ready', flush=True)\nwhile True:\n    model.save(path)\n", path, 0.05)
    model.save(path)
    assert os.listdir(tmp_path) == ["m.h5"]
