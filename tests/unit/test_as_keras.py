"""``import kbridge.as_keras``: keras is kbridge, for programs, their workers and their pickles, and TensorFlow still loads."""

import textwrap
from importlib.util import find_spec

import pytest
from processes import ROOT, output, python

PATHS = """
import sys, importlib, kbridge.as_keras
import keras
from keras.layers.core import Dense
import keras.backend as K
from keras import backend as K2, models
import kbridge
assert keras is kbridge and K is K2 is kbridge.backend
for path in ("models", "layers.core", "engine.topology", "engine.training", "utils.np_utils", "backend.common", "optimizers"):
    ours = importlib.import_module("kbridge." + path)
    assert importlib.import_module("keras." + path) is ours is sys.modules["kbridge." + path], path
    assert ours.__name__ == ours.__spec__.name == "kbridge." + path
assert Dense is kbridge.layers.core.Dense is keras.layers.Dense
assert keras.__version__ == "1.2.2"
"""


def other_keras(tmp_path):
    """The path of a folder with another Keras."""
    folder = tmp_path / "other" / "keras" / "layers"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("value = 'other'\n__version__ = '3'\n")
    (folder / "__init__.py").write_text("")
    return str(tmp_path / "other")


def code(text):
    return textwrap.dedent(text)


def test_every_path_is_the_module_itself_also_where_another_keras_is_installed(tmp_path):
    output(f"import sys; sys.path.insert(0, {other_keras(tmp_path)!r}){PATHS}", tmp_path)


def test_a_path_that_isnt_there_is_an_import_error_that_names_it(tmp_path):
    program = """
    import kbridge.as_keras
    for name in ("keras.legacy", "keras.layers.nonsense"):
        try:
            __import__(name)
        except ModuleNotFoundError as error:
            print(error.name)
    from importlib.util import find_spec
    print(find_spec("keras.layers").name)
    """
    assert output(code(program), tmp_path).split() == ["keras.legacy", "keras.layers.nonsense", "kbridge.layers"]


def test_it_can_be_switched_off_and_on_and_another_keras_comes_back(tmp_path):
    program = f"""
    import sys, os
    sys.path.insert(0, {other_keras(tmp_path)!r})
    import keras, keras.layers
    other = keras
    before = dict(os.environ)
    from kbridge import as_keras
    import kbridge
    import keras
    assert keras is kbridge and as_keras.enabled()
    as_keras.enable()
    as_keras.disable()
    import keras, keras.layers
    assert keras is other and keras.layers is sys.modules["keras.layers"] is not kbridge.layers
    assert not as_keras.enabled() and kbridge.__version__ != "1.2.2"
    assert dict(os.environ) == before
    as_keras.disable()
    as_keras.enable()
    import keras.models
    assert keras.models is kbridge.models
    """
    output(code(program), tmp_path)


WORKERS = """
import multiprocessing, subprocess, sys, os

def where(_):
    import keras, keras.models
    return keras.__name__, keras.models.__name__, keras.backend.backend()

if __name__ == "__main__":
    for method in sys.argv[1:]:
        with multiprocessing.get_context(method).Pool(1) as pool:
            assert pool.map(where, [0]) == [("kbridge", "kbridge.models", "numpy")], method
    line = "import keras, sys; print(keras.__name__, *sys.argv[1:], os.environ.get('FROM_SITE') if (os := __import__('os')) else '')"
    print(subprocess.run([sys.executable, "-c", line, "x"], capture_output=True, text=True, check=True).stdout)
"""


@pytest.mark.parametrize("start", ["run", "import"])
def test_workers_inherit_it_and_a_sitecustomize_of_the_user_still_runs(start, tmp_path):
    program = tmp_path / "program.py"
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text("import os; os.environ['FROM_SITE'] = 'customized'")
    # with `import` only the main process says it: workers must not depend on running it again
    line = "if __name__ == '__main__':\n    import kbridge.as_keras\n" if start == "import" else ""
    program.write_text(line + WORKERS)
    args = ["-m", "kbridge", "run"] if start == "run" else []
    path = f"{tmp_path / 'site'}:{other_keras(tmp_path)}:{ROOT}"
    done = python(*args, str(program), "fork", "spawn", "forkserver", home=tmp_path, PYTHONPATH=path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["kbridge", "x", "customized"]


def test_pickles_made_with_it_load_without_it_and_those_of_keras_paths_load_with_it(tmp_path):
    file = tmp_path / "model.pkl"
    write = f"""
    import kbridge.as_keras
    import pickle
    from keras.models import Sequential
    from keras.layers import Dense
    model = Sequential([Dense(2, input_dim=3)])
    with open({str(file)!r}, "wb") as f:
        pickle.dump((model, model.predict(__import__("numpy").ones((1, 3)))), f)
    assert b"keras.models" not in pickle.dumps(Dense).replace(b"kbridge", b"")
    assert pickle.loads(b"ckeras.layers.core\\nDense\\n.") is Dense
    """
    read = f"""
    import pickle, sys, numpy
    model, y = pickle.load(open({str(file)!r}, "rb"))
    assert numpy.array_equal(model.predict(numpy.ones((1, 3))), y)
    assert "keras" not in sys.modules and type(model).__module__ == "kbridge.models"
    """
    output(code(write), tmp_path)
    output(code(read), tmp_path)


@pytest.mark.skipif(find_spec("tensorflow") is None, reason="tensorflow is not installed")
@pytest.mark.parametrize("first", ["tensorflow", "keras"])
def test_tensorflow_loads_and_computes_before_and_after(first, tmp_path):
    program = f"""
    {"import tensorflow as tf" if first == "tensorflow" else ""}
    import kbridge.as_keras
    {"import keras.models" if first == "keras" else ""}
    import tensorflow as tf
    tf.python.control_flow_ops = tf
    import keras, kbridge
    assert keras is kbridge
    assert float(tf.reduce_sum(tf.constant([1., 2.]))) == 3
    from keras.models import Sequential
    from keras.layers import Dense
    import numpy as np
    model = Sequential([Dense(1, input_dim=2)])
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 2)), np.ones((4, 1)), nb_epoch=1, verbose=0)
    assert keras.backend.backend() == "numpy"
    """
    # TensorFlow imported by itself writes a keras.json that names it
    output(code(program), tmp_path, KBRIDGE_BACKEND="numpy")
    if first == "keras":
        # TensorFlow's own Keras would choose its backend for the next start
        assert not (tmp_path / ".keras").exists()


needs_keras_3 = pytest.mark.skipif(
    find_spec("tensorflow") is None or find_spec("keras") is None, reason="needs TensorFlow and the Keras of today"
)


@needs_keras_3
@pytest.mark.parametrize("on", [True, False])
def test_tf_keras_of_a_tensorflow_imported_later_is_an_error_that_says_what_to_do(on, tmp_path):
    program = f"""
    from kbridge import as_keras
    import tensorflow as tf
    import keras, kbridge
    assert keras is kbridge
    if not {on}:
        as_keras.disable()
    try:
        print(tf.keras.layers.Dense.__module__)
    except ModuleNotFoundError as error:
        print(error)
    """
    printed = output(code(program), tmp_path, KBRIDGE_BACKEND="numpy", TF_CPP_MIN_LOG_LEVEL="3")
    assert ("import tensorflow before kbridge.as_keras" if on else "keras.src") in printed


@needs_keras_3
def test_tf_keras_of_a_tensorflow_imported_before_goes_on(tmp_path):
    program = """
    import numpy as np, tensorflow as tf
    import kbridge.as_keras
    import keras, kbridge
    assert keras is kbridge
    dense = tf.keras.layers.Dense
    model = tf.keras.Sequential([tf.keras.layers.Input((3,)), dense(2), tf.keras.layers.LeakyReLU()])
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
    model.save("three.keras")
    again = tf.keras.models.load_model("three.keras")
    assert np.allclose(again.predict(np.ones((1, 3)), verbose=0), model.predict(np.ones((1, 3)), verbose=0))
    from keras.models import Sequential
    from keras.layers import Dense
    assert Dense is kbridge.layers.Dense and not issubclass(dense, Dense)
    assert Sequential([Dense(2, input_dim=3)]).predict(np.ones((1, 3))).shape == (1, 2)
    """
    output(f"import os; os.chdir({str(tmp_path)!r}){code(program)}", tmp_path, KBRIDGE_BACKEND="numpy", TF_CPP_MIN_LOG_LEVEL="3")


@needs_keras_3
def test_the_keras_of_today_is_set_aside_and_comes_back(tmp_path):
    program = """
    import keras
    dense, version = keras.layers.Dense, keras.__version__
    assert version > "2"
    from kbridge import as_keras
    import keras, sys, keras.layers.core
    assert keras.__version__ == "1.2.2" and keras.layers.core.Dense is keras.layers.Dense is not dense
    as_keras.disable()
    import keras, keras.layers
    assert keras.layers.Dense is dense and keras.__version__ == version
    """
    output(code(program), tmp_path, KBRIDGE_BACKEND="numpy", TF_CPP_MIN_LOG_LEVEL="3")


def test_it_loads_no_backend_by_itself(tmp_path):
    seen = output("import kbridge.as_keras, sys; print(*sys.modules)", tmp_path).split()
    assert "numpy" not in seen and "tensorflow" not in seen
