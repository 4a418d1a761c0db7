"""What goes wrong on one worker ends all, with the worker and what happened named; a run that was killed goes on."""

import numpy as np
import pytest

from workers.comparison import run
from workers.kills import VICTIM, faults
from workers.kills import run as run_and_kill

#: what workers do to each other is one code for all backends
pytestmark = pytest.mark.skipif("os.environ.get('KBRIDGE_BACKEND', 'numpy') != 'numpy'", reason="the same on all backends: tried on numpy")

PROGRAM = """
import sys
import numpy as np
from kbridge import backend as K, distributed
from kbridge.callbacks import Callback
from kbridge.layers import Dense
from kbridge.models import Sequential

what, here = sys.argv[1], distributed.rank() == 1
x, y = np.random.rand(40, 3), np.random.rand(40, 1)
if what == "data" and here:
    x, y = x[:30], y[:30]
model = Sequential([Dense(4 if what == "model" and here else 5, input_dim=3), Dense(1)])
model.compile("sgd", "mse")

class Fault(Callback):
    def on_epoch_end(self, epoch, logs=None):
        if here and what == "raise":
            raise KeyError("spoiled")
        if here and what == "exit":
            sys.exit(0)
        if here and what == "part":
            first = self.model.layers[0]
            first.set_weights([w + 0.1 for w in first.get_weights()])

def batches():
    seed = distributed.rank() if what == "seeds" else 0
    rng = np.random.RandomState(seed)
    for _ in range(3 if what == "short" and here else 1000):
        yield rng.rand(8, 3), rng.rand(8, 1)

if what in ("short", "seeds"):
    model.fit_generator(batches(), 40, 2, verbose=0)
else:
    model.fit(x, y, nb_epoch=3, verbose=0, callbacks=[Fault()])
if what == "status":
    sys.exit(7)
"""

FAULTS = {
    "raise": ("worker 1 of 2", "KeyError: 'spoiled'"),
    "exit": ("worker 1 is at the end of the program", "A worker ended before the others"),
    "part": ("The weights of worker 1 are no longer those of worker 0: dense_1",),
    "model": ("the weights' shapes is [((3, 4), 'float32')", "on worker 1"),
    "data": ("nb_sample is 30 on worker 1 and 40 on worker 0",),
    "short": ("worker 1 of 2", "The generator ended after 24 samples"),
    "seeds": ("The workers' generators give different batches", "kbridge.distributed.own"),
}


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp("faults") / "program.py"
    path.write_text(PROGRAM)
    return str(path)


@pytest.mark.parametrize("what", FAULTS)
def test_a_fault_of_one_worker_ends_all_and_is_told(what, program):
    done = run(2, program, what, backend="numpy", limit=300)
    assert done.returncode == 1
    for text in FAULTS[what]:
        assert text in done.stderr


def test_the_exit_status_of_the_program_is_that_of_the_command(program):
    assert run(2, program, "status", backend="numpy", limit=300).returncode == 7


@pytest.mark.parametrize(("point", "worker", "signal"), [("save", 0, 9), ("between", 1, 19)])
def test_a_killed_worker_ends_all_and_is_named(point, worker, signal, tmp_path):
    ending = run_and_kill(point, worker, 2, tmp_path, signal)
    assert not faults(ending, worker, tmp_path)


@pytest.mark.parametrize("update", ["whole", "divided"])
def test_a_killed_run_goes_on_from_its_checkpoint_as_if_nothing_had_been(tmp_path, update):
    variables = {"KBRIDGE_DISTRIBUTED_UPDATE": update}
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    for folder in (killed, whole):
        folder.mkdir()
    assert run_and_kill("between", 1, 2, killed, **variables).status == 137
    assert 0 < len(list(killed.glob("model-*.h5"))) < 4
    for folder in (killed, whole):
        done = run(2, str(VICTIM), str(folder), backend="numpy", limit=300, **variables)
        assert done.returncode == 0, done.stderr
    with np.load(killed / "result.npz") as found, np.load(whole / "result.npz") as expected:
        assert len(expected.files) > 8
        for name in expected.files:
            np.testing.assert_array_equal(found[name], expected[name])
    assert (killed / "log.csv").read_text() == (whole / "log.csv").read_text()
