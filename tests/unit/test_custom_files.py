"""Files of ``--custom``: written for Keras 2 or 3, found by every command in the same way."""

import pytest
from processes import ROOT, output

from kbridge.cli import main
from kbridge.custom_file import objects_in

MODEL = str(ROOT / "tests" / "data" / "keras3" / "own_layers.keras")

FOR_TF_KERAS = """
from tensorflow import keras
from tensorflow.keras import backend as K, layers
from tensorflow.keras.layers import Dense, Layer
import tensorflow.keras.utils

@keras.utils.register_keras_serializable(package="mine")
class Scale(Layer):
    def __init__(self, units=3, **kwargs):
        super().__init__(**kwargs)
        self.units, self.inner = units, Dense(units)
    def build(self, shape):
        self.g = self.add_weight(name="g", shape=(self.units,), initializer="ones")
        super().build(shape)
    def call(self, x, training=None):
        return K.relu(self.inner(x)) * self.g + K.mean(x)
    def get_config(self):
        return {**super().get_config(), "units": self.units}
"""


def test_a_file_for_tf_keras_needs_no_tensorflow(tmp_path):
    (tmp_path / "own.py").write_text(FOR_TF_KERAS)
    (tmp_path / "more.py").write_text("import tensorflow as tf\nimport tensorflow.keras\ntf.data\n")
    program = f"""
import importlib.machinery, sys
finder = importlib.machinery.PathFinder
real = finder.find_spec
finder.find_spec = lambda name, *rest: None if name.partition(".")[0] == "tensorflow" else real(name, *rest)

from kbridge.custom_file import objects_in
from kbridge.errors import UsageError
own = objects_in({str(tmp_path / "own.py")!r})
assert not [name for name in sys.modules if name.partition(".")[0] == "tensorflow"]
import numpy as np
from kbridge.models import Sequential, model_from_json
from kbridge.layers import Dense
model = Sequential([Dense(4, input_dim=4), own["Scale"](2)])
again = model_from_json(model.to_json(), custom_objects=own)
again.set_weights(model.get_weights())
print(np.abs(again.predict(np.eye(4)) - model.predict(np.eye(4))).max(), len(model.trainable_weights))
try:
    objects_in({str(tmp_path / "more.py")!r})
except UsageError as error:
    print(error)
"""
    lines = output(program, tmp_path, KBRIDGE_BACKEND="numpy").splitlines()
    assert lines[0] == "0.0 5"
    assert "AttributeError: tensorflow.data: TensorFlow isn't installed here" in lines[1]


def test_where_keras_ops_lacks_a_function_it_says_so(tmp_path, capsys):
    (tmp_path / "own.py").write_text("from keras import ops\nops.no_such_function\n")
    assert main(["convert", MODEL, str(tmp_path / "out.h5"), "--custom", str(tmp_path / "own.py")]) == 1
    assert "keras.ops has no function 'no_such_function' here" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["convert", "predict"])
def test_commands_say_alike_what_is_wrong_with_the_file(command, tmp_path, capsys):
    words = {"convert": [MODEL, str(tmp_path / "out.h5")], "predict": [MODEL, "x.npy"]}[command]
    (tmp_path / "bad.py").write_text("1 / 0\n")
    for name, message in (("bad.py", "bad.py failed with ZeroDivisionError: division by zero"), ("none.py", "--custom: ")):
        assert main([command, *words, "--custom", str(tmp_path / name)]) == 1
        assert message in capsys.readouterr().err


def test_a_file_with_own_classes_is_converted(tmp_path, capsys):
    own = str(ROOT / "tests" / "own_layers.py")
    assert main(["convert", MODEL, str(tmp_path / "out.h5"), "--custom", own]) == 0
    assert "wrote" in capsys.readouterr().out


def test_what_a_file_imports_from_python_is_none_of_the_models_objects(tmp_path):
    (tmp_path / "own.py").write_text(
        "from functools import partial\nfrom os import system\nfrom pathlib import Path\nimport os\n"
        "def double(x):\n    return 2 * x\n\nhalf = partial(double)\nclass Own:\n    pass\n"
    )
    assert sorted(objects_in(str(tmp_path / "own.py"))) == ["Own", "double", "half"]
