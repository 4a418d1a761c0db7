"""What loading the backend does to the process."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def run(code, **variables):
    env = {k: v for k, v in os.environ.items() if not k.startswith("TF_")} | variables
    return subprocess.run([sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, env=env, capture_output=True, text=True, timeout=180)


@pytest.fixture(scope="module")
def loaded():
    return run("""
        import sys
        from kbridge.backends import registry
        K = registry.load("tensorflow")
        assert K.eval(K.variable([1.0]) * 2.0)[0] == 2.0
        assert not [m for m in sys.modules if m.partition(".")[0] in ("keras", "tf_keras")]
        import tensorflow as tf
        assert tf.keras.layers.Dense is not None
        print("fine")
    """)


@pytest.mark.usefixtures("K")
def test_no_other_keras_is_imported_and_tf_keras_loads_when_used(loaded):
    assert loaded.stdout == "fine\n", loaded.stderr


@pytest.mark.usefixtures("K")
def test_nothing_is_printed(loaded):
    assert loaded.stderr == ""


@pytest.mark.usefixtures("K")
def test_a_module_called_keras_that_is_there_stays():
    result = run("""
        import sys, types
        sys.modules["keras"] = mine = types.ModuleType("keras")
        from kbridge.backends import registry
        K = registry.load("tensorflow")
        assert sys.modules["keras"] is mine
        assert K.eval(K.variable([1.0]) * 2.0)[0] == 2.0
        print("fine")
    """)
    assert result.stdout == "fine\n", result.stderr


@pytest.mark.usefixtures("K")
def test_the_users_log_level_counts():
    code = "from kbridge.backends import registry; registry.load('tensorflow'); import os; print(os.environ.get('TF_CPP_MIN_LOG_LEVEL'))"
    assert run(code).stdout == "None\n"
    assert run(code, TF_CPP_MIN_LOG_LEVEL="1").stdout == "1\n"


def test_functions_of_the_users_own_make_variables_beside_it(K):
    import tensorflow as tf

    class Counter(tf.Module):
        count = None

        @tf.function
        def __call__(self, x):
            if self.count is None:
                self.count = tf.Variable(tf.zeros((2,)))
            return self.count.assign_add(x)

    for _ in range(2):
        assert Counter()(tf.ones(2)).numpy().tolist() == [1, 1]
        assert K.eval(K.sum(K.variable([1.0, 2.0]))) == 3


LSTM_STEPS = """
    import numpy as np
    from kbridge import backend as K
    from kbridge.layers import LSTM, Dense
    from kbridge.models import Sequential
    np.random.seed(0)
    model = Sequential([LSTM(3, input_shape=(4, 2)), Dense(1)])
    model.compile("adam", "mse")
    x = np.random.rand(5, 4, 2)
    print(*[float(model.train_on_batch(x, x[:, 0, :1])) for _ in range(3)])
    print(K.get_session()._config)
"""


@pytest.mark.usefixtures("K")
def test_threads_and_xla_by_variables_change_no_numbers():
    plain = run(LSTM_STEPS, KBRIDGE_BACKEND="tensorflow")
    other = run(
        LSTM_STEPS,
        KBRIDGE_BACKEND="tensorflow",
        KBRIDGE_NUM_THREADS="1",
        TF_XLA_FLAGS="--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit",
    )
    assert plain.returncode == other.returncode == 0, plain.stderr + other.stderr
    numbers, settings = other.stdout.split("\n", 1)
    assert [float(n) for n in numbers.split()] == pytest.approx([float(n) for n in plain.stdout.split("\n")[0].split()], rel=1e-5)
    assert "intra_op_parallelism_threads: 1" in settings
