"""``kbridge run``: a program as plain Python runs it, but that keras is kbridge; frameworks; Python 2."""

import os
import subprocess
import sys
import time
from importlib.util import find_spec

import pytest
from processes import ROOT, SETTINGS, kbridge, python

STATE = """
import sys, os
print(sys.argv, __name__, __file__, __package__, sys.path[0], sys.modules["__main__"].__dict__ is globals())
print(sorted(n for n in globals() if n.startswith("__")))
"""


def program(tmp_path, text, name="program.py"):
    folder = tmp_path / "project"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return folder / name


def both(*args, tmp_path, **options):
    """What plain Python and ``kbridge run`` do with the same arguments."""
    return python(*args, home=tmp_path, **options), kbridge("run", *args, home=tmp_path, **options)


@pytest.mark.parametrize("absolute", [True, False])
def test_argv_main_file_and_path_are_those_of_plain_python(absolute, tmp_path):
    file = program(tmp_path, STATE)
    plain, ours = both(str(file) if absolute else "project/program.py", "-x", "--backend", "a b", "--", tmp_path=tmp_path, cwd=tmp_path)
    assert plain.returncode == 0 and (ours.stdout, ours.stderr) == (plain.stdout, plain.stderr)


def test_a_module_and_a_line_of_code_run_too(tmp_path):
    program(tmp_path, "")
    package = tmp_path / "project" / "tool"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(STATE + "print(__spec__.name)")
    for args in (["-m", "tool", "-m", "x"], ["-c", "import sys; print(sys.argv, sys.path[0], __name__)", "-c"]):
        plain, ours = both(*args, tmp_path=tmp_path, cwd=tmp_path / "project")
        assert plain.returncode == 0, plain.stderr
        # a line of code names no file
        assert (ours.stdout, ours.stderr) == (plain.stdout, plain.stderr)


ENDINGS = {
    "well": "pass",
    "status": "import sys; sys.exit(7)",
    "message": "import sys; sys.exit('no such luck')",
    "traceback": "def f():\n    raise ValueError('x')\ntry:\n    f()\nexcept ValueError as e:\n    raise OSError('later') from e",
    "own hook": "import sys\nsys.excepthook = lambda kind, value, tb: print('mine', value, tb.tb_lineno)\n1 / 0",
    "interrupt": "raise KeyboardInterrupt",
    "syntax": "def f(:\n    pass",
    "atexit": "import atexit; atexit.register(print, 'done'); raise SystemExit(3)",
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_it_ends_as_with_plain_python(ending, tmp_path):
    file = program(tmp_path, ENDINGS[ending])
    plain, ours = both(str(file), tmp_path=tmp_path)
    assert (ours.returncode, ours.stdout, ours.stderr) == (plain.returncode, plain.stdout, plain.stderr)


@pytest.mark.parametrize(
    ("args", "part"),
    [([], "which program?"), (["nothing.py"], "there is no file nothing.py"), (["-m", "no.such"], "no module no.such")],
)
def test_what_cant_run_is_named(args, part, tmp_path):
    done = kbridge("run", *args, home=tmp_path)
    assert done.returncode == 1 and part in done.stderr and "Traceback" not in done.stderr


def test_the_backend_is_chosen_for_the_program_and_its_workers(tmp_path):
    text = "import os, keras.backend as K; print(K.backend(), os.environ['KBRIDGE_BACKEND'])"
    done = kbridge("run", "--backend", "numpy", "-c", text, home=tmp_path, KBRIDGE_BACKEND="theano")
    assert done.stdout.split() == ["numpy", "numpy"]
    done = kbridge("run", "--backend", "nonsense", "-c", text, home=tmp_path)
    assert done.returncode == 1 and "--backend: backend is 'nonsense'" in done.stderr


def test_objects_of_the_program_live_until_python_ends(tmp_path):
    file = program(
        tmp_path, "import atexit\nclass A: pass\nimport pickle\natexit.register(lambda: print(type(pickle.loads(pickle.dumps(A())))))"
    )
    done = kbridge("run", str(file), home=tmp_path)
    assert done.stdout.strip() == "<class '__main__.A'>"


needs_theano = pytest.mark.skipif(find_spec("theano") is None, reason="theano is not installed")
needs_tensorflow = pytest.mark.skipif(find_spec("tensorflow") is None, reason="tensorflow is not installed")


@needs_theano
@pytest.mark.parametrize("backend", ["theano", "numpy"])
def test_a_program_may_import_theano_first(backend, tmp_path):
    text = """
import theano.tensor as T
import theano
import numpy as np
x = T.dvector()
print(theano.function([x], T.nnet.sigmoid(x).sum())(np.zeros(4)))
import keras.backend as K
print(K.backend(), K.eval(K.sum(K.variable([1., 2.]))))
"""
    flags = {"THEANO_FLAGS": "cxx=,optimizer=fast_compile"}
    done = kbridge("run", "--backend", backend, str(program(tmp_path, text)), home=tmp_path, **flags)
    assert done.stdout.split() == ["2.0", backend, "3.0"], done.stderr


OLD_NUMPY = """
import subprocess, sys, warnings
warnings.simplefilter("error")
import numpy as np
from keras.layers import Dense
text = (np.zeros(2, dtype=np.int).dtype.kind, np.ones(2).astype(np.float).dtype.name, np.array(["a"], dtype=np.object).dtype.kind)
more = (np.product([2, 3]), np.in1d([[1, 2]], [2]).tolist(), np.math.floor(1.5), np.Inf, np.asscalar(np.ones(1)), np.trapz([1, 1]))
print(text, [float(x) if not isinstance(x, list) else x for x in more], np.bool is np.bool_)
if len(sys.argv) == 1:
    assert subprocess.call([sys.executable, __file__, "worker"]) == 0
"""


@pytest.mark.parametrize("first", ["", "import keras\n"])
def test_numpy_has_its_names_of_version_1_in_workers_too(first, tmp_path):
    done = kbridge("run", str(program(tmp_path, first + OLD_NUMPY)), home=tmp_path)
    line = "('i', 'float64', 'O') [6.0, [False, True], 1.0, inf, 1.0, 1.0] True\n"
    assert (done.returncode, done.stdout) == (0, 2 * line), done.stderr


@needs_tensorflow
@pytest.mark.parametrize("first", ["tensorflow", "keras"])
def test_tf1_has_the_names_of_version_1_and_layers_build_into_the_same_graph(first, tmp_path):
    imports = ["import tensorflow as tf", "from keras import backend as K"]
    text = "\n".join(imports if first == "tensorflow" else imports[::-1])
    text += """
import numpy as np
tf.python.control_flow_ops = tf
from tensorflow.python.ops import control_flow_ops
from keras.layers import Dense, Dropout, LSTM
from keras.models import Sequential
from keras.objectives import mean_squared_error
sess = tf.Session(config=tf.ConfigProto(allow_soft_placement=True))
K.set_session(sess)
x = tf.placeholder(tf.float32, shape=(None, 4))
y = Dense(2)(Dropout(.5)(x))
target = tf.placeholder(tf.float32, shape=(None, 2))
loss = tf.reduce_mean(mean_squared_error(target, y))
step = tf.train.GradientDescentOptimizer(.1).minimize(loss)
tf.scalar_summary("loss", loss)
merged = tf.merge_all_summaries()
sess.run(tf.initialize_all_variables())
X, Y = np.random.rand(8, 4), np.ones((8, 2))
losses = []
with sess.as_default():
    for _ in range(60):
        step.run(feed_dict={x: X, target: Y, K.learning_phase(): 0})
        losses.append(loss.eval(feed_dict={x: X, target: Y, K.learning_phase(): 0}))
assert losses[-1] < .5 * losses[0], losses
assert y.get_shape()[1].value == 2
assert tf.concat(1, [y, y]).get_shape().as_list() == tf.concat([y, y], 1).get_shape().as_list() == [None, 4]
assert [p.get_shape().as_list() for p in tf.split(1, 2, y)] == [[None, 1]] * 2
assert tf.mul(2., 3.).eval(session=sess) == 6
K.clear_session()
model = Sequential([LSTM(3, input_shape=(4, 2)), Dense(1)])
model.compile("adam", "mse")
model.fit(np.ones((4, 4, 2)), np.ones((4, 1)), nb_epoch=1, verbose=0)
assert model.predict(np.ones((4, 4, 2))).shape == (4, 1)
print("done")
"""
    done = kbridge("run", "--backend", "tensorflow", "--tf1", str(program(tmp_path, text)), home=tmp_path, TF_CPP_MIN_LOG_LEVEL="3")
    assert done.stdout.split() == ["done"], done.stderr


@needs_tensorflow
def test_layers_do_not_mind_the_dimensions_of_version_1(tmp_path):
    text = """
import numpy as np
from keras.models import Sequential
from keras.layers import *
from keras import backend as K
assert K.placeholder((None, 5)).get_shape()[1].value == 5
tf = dict(dim_ordering="tf")
stacks = [
    [Convolution2D(4, 3, 3, input_shape=(8, 8, 1), border_mode="same", **tf), Convolution2D(4, 3, 3, subsample=(2, 2), **tf),
     MaxPooling2D(**tf), Flatten(), Dense(6), Reshape((3, 2)), LSTM(3, return_sequences=True), GRU(3)],
    [Convolution3D(2, 2, 2, 2, input_shape=(4, 4, 4, 1), **tf), MaxPooling3D((2, 2, 2), **tf), Flatten()],
    [Deconvolution2D(2, 3, 3, output_shape=(None, 10, 10, 2), input_shape=(8, 8, 1), **tf),
     SeparableConvolution2D(2, 3, 3, **tf), AveragePooling2D((1, 1), **tf), Flatten()],
]
for stack in stacks:
    model = Sequential([*stack, Dense(1)])
    model.compile("adam", "mse")
    x = np.random.rand(2, *model.input_shape[1:])
    assert np.isfinite(model.train_on_batch(x, np.zeros((2, 1))))
    assert model.predict(x).shape == (2, 1)
v = K.variable([1.0, 2.0])
assert K.eval(K.gradients(K.prod(v), [v])[0]).tolist() == [2, 1]
assert K.eval(K.foldl(lambda a, b: a + b, K.map_fn(lambda t: t * 2, v))) == 6
print("done")
"""
    done = kbridge("run", "--backend", "tensorflow", "--tf1", str(program(tmp_path, text)), home=tmp_path, TF_CPP_MIN_LOG_LEVEL="3")
    assert done.stdout.split() == ["done"], done.stderr


def ends(group: int, seconds: float = 10) -> bool:
    """Whether no process of the group is left, after some time to end."""
    for _ in range(int(seconds * 10)):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.skipif(os.name != "posix", reason="process groups are POSIX's")
def test_a_program_that_is_interrupted_keeps_its_model_and_leaves_no_process(tmp_path):
    """Workers of fit_generator are processes; a program that catches Ctrl-C goes on with its model."""
    text = """
import multiprocessing, os, signal, sys, threading, time
import numpy as np
from keras.models import Sequential
from keras.layers import Dense, Dropout
from keras.callbacks import Callback
# what a shell starts in the background ignores the signal
signal.signal(signal.SIGINT, signal.default_int_handler)
model = Sequential([Dense(8, input_dim=4), Dropout(.2), Dense(1)])
model.compile("adam", "mse")
def batches():
    while True:
        yield np.ones((8, 4)), np.ones((8, 1))
class Interrupt(Callback):
    def on_batch_end(self, batch, logs=None):
        if batch == 3:
            os.kill(0, signal.SIGINT)  # the terminal sends it to all processes of the group
            time.sleep(5)
for call in (
    lambda: model.fit(np.ones((80, 4)), np.ones((80, 1)), batch_size=8, nb_epoch=10, verbose=0, callbacks=[Interrupt()]),
    lambda: model.fit_generator(batches(), 8000, 10, verbose=0, nb_worker=2, callbacks=[Interrupt()]),
    lambda: model.fit_generator(batches(), 8000, 10, verbose=0, nb_worker=2, pickle_safe=True, callbacks=[Interrupt()]),
):
    try:
        call()
        sys.exit("not interrupted")
    except KeyboardInterrupt:
        pass
    before = model.get_weights()
    model.fit(np.random.rand(8, 4), np.random.rand(8, 1), nb_epoch=1, verbose=0)
    after = model.get_weights()
    assert np.isfinite(model.predict(np.ones((8, 4)))).all() and not np.array_equal(before[0], after[0])
    model.save("model.h5")
print("usable", multiprocessing.active_children(), [t.name for t in threading.enumerate()])
"""
    file = program(tmp_path, text)
    command = [sys.executable, "-m", "kbridge", "run", str(file)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=tmp_path, env=environment(tmp_path), start_new_session=True, **pipes) as process:
        stdout, stderr = process.communicate(timeout=120)
    assert stdout.strip() == "usable [] ['MainThread']", stdout + stderr
    assert ends(process.pid), "processes of the program are still there"
    assert (tmp_path / "model.h5").exists()


def environment(home):
    return {k: v for k, v in os.environ.items() if k not in SETTINGS} | {"HOME": str(home), "PYTHONPATH": str(ROOT)}
